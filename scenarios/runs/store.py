"""Results on disk: parquet tables, the resolved scenario and where everything comes from, put in place at once."""

import json
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from os import getpid
from pathlib import Path
from typing import Any

import pandas as pd
import tomli_w

from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals
from commonweal.agents.version import software_version
from commonweal.scenarios.runs.tables import TABLES, SweepResults
from commonweal.scenarios.schema.loading import load

ABOUT, SCENARIO = "about.json", "scenario.toml"


@contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """A new folder beside ``folder`` that takes its place when the block ends well, and vanishes when it does not.

    Args:
        folder: where results shall lie. Older results are replaced; anything else is not touched.

    Raises:
        InputError: if the folder holds something else, or cannot be written.
    """
    folder = folder.absolute()
    check_replaceable(folder)
    partial = folder.parent / f".{folder.name}.{getpid()}.partial"
    created = [parent for parent in folder.parents if not parent.exists()]
    try:
        with refusals(folder):
            partial.mkdir(parents=True)
        yield partial
        with refusals(folder):
            _replace(folder, partial)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for parent in created:
            _remove_if_empty(parent)


def check_replaceable(folder: Path) -> None:
    """Check that ``folder`` is absent, empty, or holds results.

    Raises:
        InputError: if it holds something else.
    """
    if not folder.exists() or is_results(folder):
        return
    if not folder.is_dir():
        raise InputError(f"{folder}: is a file; results need a folder")
    with refusals(folder):
        if (folder / "manifest.json").is_file():
            raise InputError(f"{folder}: holds a sweep, which is not replaced; name another folder")
        if any(folder.iterdir()):
            raise InputError(f"{folder}: is not empty and holds no results of commonweal; name another folder")


def is_results(folder: Path) -> bool:
    """Whether ``folder`` holds results written by this library."""
    try:
        return "commonweal" in json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def _replace(folder: Path, partial: Path) -> None:
    """Move ``partial`` to ``folder``, after what was there, since a full folder cannot be overwritten."""
    aside = partial.with_suffix(".old")
    if folder.exists():
        folder.rename(aside)
    try:
        partial.rename(folder)
    except BaseException:
        if aside.exists():
            aside.rename(folder)
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
