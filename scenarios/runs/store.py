"""Results on disk: parquet tables, the resolved scenario and where everything comes from, put in place at once."""

import hashlib
import json
import platform
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from os import getpid
from pathlib import Path
from secrets import token_hex
from typing import Any

import pandas as pd
import tomli_w

from commonweal.agents.errors import InputError
from commonweal.agents.files import is_there, refusals
from commonweal.agents.version import software_version
from commonweal.scenarios.runs.tables import TABLES, SweepResults
from commonweal.scenarios.schema.library import SCENARIO
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.notation import as_json

ABOUT = "about.json"
EXPLANATIONS = "explanations"  # folder of what was asked of the runs in a folder of results
FIGURES = (
    "overview", "actions", "accuracy", "result", "wealth", "credit_quality", "rewards", "names", "concern",
    "probe_levels", "value_map",
)  # fmt: skip
PICTURES = ("png", "pdf", "svg", "csv")  # suffixes of figures and of their data
_EXPLAINED = re.compile(rf"\w[\w.+-]*\.(json|{'|'.join(PICTURES)})")
_TEMPORARY = re.compile(r"\.(\d+-[0-9a-f]{4}\.(partial|old)|[0-9a-f]{8}\.unfinished|checkpoints|lock)")


@contextmanager
def writing(folder: Path, identity: str = "", *, force: bool = False) -> Iterator[Path]:
    """A new folder whose contents come to lie in ``folder`` when the block ends well, and vanish when it does not.

    The new folder lies inside of ``folder`` where that exists, since it may be a link or a mount point.

    Args:
        folder: where results shall lie. Results of the same identity are replaced.
        identity: of what is written, as ``identity_of`` gives it; the block writes it into ``about.json``.
        force: replace results of another identity too.

    Raises:
        InputError: if the folder holds something else, or cannot be written.
    """
    folder = folder.absolute()
    check_place(folder, identity, force=force)
    partial = hidden(folder, f"{getpid()}-{token_hex(2)}.partial")
    created = [parent for parent in folder.parents if not parent.exists()]
    try:
        with refusals(folder):
            partial.mkdir(parents=True)
        yield partial
        with refusals(folder):
            _put_in_place(partial, folder, identity, force)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in created:
            _remove_if_empty(parent)


def hidden(folder: Path, what: str) -> Path:
    """A name for what is not finished: in ``folder`` where that exists, else beside it."""
    return folder / f".{what}" if folder.exists() else folder.with_name(f".{folder.name}.{what}")


def identity_of(command: str, document: Any) -> str:
    """What tells results of one command apart from all others.

    Args:
        command: what wrote them: comparison, study or contract.
        document: everything that decides what they are, as JSON.
    """
    return hashlib.sha256(json.dumps([command, document], sort_keys=True, default=as_json).encode()).hexdigest()[:16]


def check_place(folder: Path, identity: str = "", *, force: bool = False) -> None:
    """Check that ``folder`` is absent, empty, or holds results that may be replaced.

    Args:
        folder: where results shall lie.
        identity: of what shall be written.
        force: whether results of another identity may be replaced.

    Raises:
        InputError: if it is something else, or holds something else.
    """
    with refusals(folder):
        if not is_there(folder):
            return
        if (folder / "manifest.json").is_file():
            raise InputError(f"{folder}: holds a sweep, which is not replaced; name another folder with --out")
        if not (entries := _contents(folder)):
            return
        if not is_results(folder):
            raise InputError(f"{folder}: is not empty and holds no results of commonweal; name another folder")
        about = read_about(folder)
        if others := sorted(entries - _own(about)):
            raise InputError(f"{folder}: holds {others[0]}, which is not of commonweal; name another folder with --out")
    if not force and about.get("identity", "") != identity:
        words = about.get("command", "another command")
        said = words if isinstance(words, str) else f"commonweal {' '.join(map(str, words))}"
        raise InputError(f"{folder}: holds results of {said!r}; replace them with --force or name another --out")


def _contents(folder: Path) -> set[str]:
    """What lies in a folder and in its figures, without what commands that still play or were killed keep there."""
    entries = {entry.name for entry in folder.iterdir() if not _TEMPORARY.fullmatch(entry.name)}
    if (folder / "figures").is_dir():
        entries |= {f"figures/{entry.name}" for entry in (folder / "figures").iterdir()}
    return entries | foreign_explanations(folder)


def foreign_explanations(folder: Path) -> set[str]:
    """What lies among the explanations of results and is none, by its name in their folder."""
    if not (folder / EXPLANATIONS).is_dir():
        return set()
    names = (entry.name for entry in (folder / EXPLANATIONS).iterdir())
    return {f"{EXPLANATIONS}/{name}" for name in names if not (_EXPLAINED.fullmatch(name) or name.endswith(".tmp"))}


def _own(about: Mapping[str, Any]) -> set[str]:
    """Every file that may be among results that ``about.json`` describes."""
    if "study" in about:
        tables = (f"{name}.parquet" for name in about.get("tables", ()))
        pictures = pictures_of(about.get("figures", ()))
        explained = (f"{name}.json" for name in about.get("explanations", ()))
        return {ABOUT, "report.md", "report.html", *tables, *pictures, *explained}
    if "contract" in about:
        return {ABOUT, "menu.csv", "menu.json", *pictures_of(["menu", "menu_figure"])}
    figures = pictures_of(f"figures/{name}" for name in FIGURES)
    return {ABOUT, SCENARIO, EXPLANATIONS, "figures", *(f"{name}.parquet" for name in TABLES), *figures}


def pictures_of(names: Iterable[str]) -> Iterator[str]:
    """The files that figures of some names may be kept in."""
    yield from (f"{name}.{suffix}" for name in names for suffix in PICTURES)


def is_results(folder: Path) -> bool:
    """Whether ``folder`` holds results written by this library."""
    try:
        return "commonweal" in json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def _put_in_place(partial: Path, folder: Path, identity: str, force: bool) -> None:
    """Move what is in ``partial`` into ``folder``; if it was taken in the meantime, keep it beside ``partial``."""
    try:
        check_place(folder, identity, force=force)
    except InputError as error:
        spare = partial.with_name(f"{folder.name}-{partial.stem.rpartition('.')[2]}")
        partial.rename(spare)
        raise InputError(f"{error}; what was played lies in {spare}") from None
    if folder.exists():
        same = is_results(folder) and read_about(folder).get("identity") == identity != ""
        _exchange(partial, folder, {EXPLANATIONS} if same else set())
    else:
        partial.rename(folder)


def _exchange(partial: Path, folder: Path, stays: set[str]) -> None:
    """Move the contents of ``partial`` into ``folder`` in place of its own, which come back if that fails.

    Args:
        partial: what is new.
        folder: what is old.
        stays: names of what is not replaced: explanations of the same runs.
    """
    aside = partial.with_suffix(".old")
    aside.mkdir()
    moves = [(folder / name, aside / name) for name in sorted(_contents(folder) - stays) if "/" not in name]
    moves += [(entry, folder / entry.name) for entry in sorted(partial.iterdir())]
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            source.rename(target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            target.rename(source)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def save(results: SweepResults, folder: Path, about: Mapping[str, Any] | None = None) -> None:
    """Write the tables, the resolved scenario and ``about.json`` into an existing folder.

    Args:
        results: what to write.
        folder: where; usually one given by ``writing``.
        about: more to say about where the results come from (command, duration).
    """
    document = _plain_first(results.scenario.model_dump(mode="json", exclude_none=True))
    said = {**provenance(results), **(about or {})}
    with refusals(folder):
        for name, table in results.tables().items():
            table.to_parquet(folder / f"{name}.parquet", compression="zstd", index=False)
        (folder / SCENARIO).write_text(tomli_w.dumps(document), encoding="utf-8")
        (folder / ABOUT).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


def provenance(results: SweepResults) -> dict[str, Any]:
    """Where results come from, as kept in ``about.json``."""
    libraries = {name: version(name) for name in ("torch", "numpy", "pandas", "mesa")}
    return {
        "commonweal": software_version(),
        "scenario": results.scenario.name,
        "varied": list(results.varied),
        "seeds": list(results.seeds),
        "runs": len(results.runs),
        "platform": {"python": platform.python_version(), "system": platform.platform(), **libraries},
    }


def _plain_first(table: dict[str, Any]) -> dict[str, Any]:
    """The same table with its tables last, the order in which TOML is easiest to read."""
    ordered = sorted(table.items(), key=lambda item: isinstance(item[1], dict))
    return {key: _plain_first(value) if isinstance(value, dict) else value for key, value in ordered}


def read_about(folder: Path) -> dict[str, Any]:
    """Where the results in ``folder`` come from.

    Raises:
        InputError: if it holds no results.
    """
    if not is_results(folder):
        raise InputError(f"{folder}: holds no results of commonweal (no {ABOUT} of ours)")
    about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    return about


def read(folder: Path) -> SweepResults:
    """The results in ``folder``, as they were saved.

    Raises:
        InputError: if it holds no results, or a table is missing.
    """
    about = read_about(folder)
    missing = [name for name in TABLES[:4] if not (folder / f"{name}.parquet").is_file()]
    if missing:
        raise InputError(f"{folder}: {missing[0]}.parquet is missing")
    files = {name: folder / f"{name}.parquet" for name in TABLES}
    tables = {name: pd.read_parquet(file) for name, file in files.items() if file.is_file()}
    return SweepResults(load(folder / SCENARIO), tuple(about["varied"]), tuple(about["seeds"]), **tables)
