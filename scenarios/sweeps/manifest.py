"""The folder of a sweep: its manifest says what the sweep is, its design which run belongs to which chunk."""

import fcntl
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.agents.errors import InputError
from commonweal.agents.files import is_there, refusals, replacing
from commonweal.scenarios.runs.store import EXPLANATIONS, foreign_explanations, pictures_of
from commonweal.scenarios.runs.tables import TABLES
from commonweal.scenarios.schema.notation import as_json, shorten
from commonweal.scenarios.sweeps.chunks import Chunk
from commonweal.scenarios.sweeps.shards import SCHEMA, SHARDS, write_table

if TYPE_CHECKING:
    from commonweal.scenarios.sweeps.plan import Plan

MANIFEST = "manifest.json"
_LOCK = ".lock"
_FIGURES = ("main_effects", "heat_maps", "responses", "indices")
_ROOT = Path(__file__).parents[2]
DECISIVE = ("agents", "economy")  # packages whose code decides what a run does


@dataclass(frozen=True)
class Design:
    """Every run of a sweep in the order of its chunks. A point keeps its number when others are added."""

    cells: tuple[str, ...]  # per point its values, as JSON
    keys: tuple[str, ...]  # per point the same, with what files say in the place of where they lay
    chunk: np.ndarray[Any, np.dtype[np.int32]]  # per run: its chunk
    point: np.ndarray[Any, np.dtype[np.int32]]  # per run
    seed: np.ndarray[Any, np.dtype[np.int64]]  # per run

    @classmethod
    def empty(cls) -> "Design":
        """No runs yet."""
        return cls((), (), *(np.empty(0, kind) for kind in (np.int32, np.int32, np.int64)))  # type: ignore[arg-type]

    @property
    def chunks(self) -> int:
        """How many chunks there are, numbered from 0."""
        return int(self.chunk[-1]) + 1 if len(self.chunk) else 0

    @property
    def seeds(self) -> tuple[int, ...]:
        """The different seeds, in the order in which they came."""
        return tuple(dict.fromkeys(self.seed.tolist()))

    @property
    def runs(self) -> int:
        """How many different runs there are; those that are tried again count once."""
        return len(self.cells) * len(self.seeds)

    def take(self, number: int) -> Chunk:
        """The chunk with that number."""
        first, last = np.searchsorted(self.chunk, [number, number + 1])
        return Chunk(number, tuple(self.point[first:last].tolist()), tuple(self.seed[first:last].tolist()))

    def sizes(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Runs of each chunk."""
        return np.bincount(self.chunk, minlength=self.chunks)

    def added(self, cells: Sequence[str], keys: Sequence[str], chunks: Sequence[Chunk]) -> "Design":
        """The design with further points, by cell and key, and chunks."""
        sizes = [len(chunk) for chunk in chunks]
        return Design(
            (*self.cells, *cells),
            (*self.keys, *keys),
            np.append(self.chunk, np.repeat([chunk.number for chunk in chunks], sizes)).astype(np.int32),
            np.append(self.point, [point for chunk in chunks for point in chunk.points]).astype(np.int32),
            np.append(self.seed, [seed for chunk in chunks for seed in chunk.seeds]).astype(np.int64),
        )


@dataclass(frozen=True)
class Manifest:
    """What a folder of a sweep holds."""

    schema: int  # of the manifest and the tables
    version: str  # of the code that plays its runs
    created: str  # when
    plan: Mapping[str, Any]  # the plan's own document
    identity: Mapping[str, Any]  # what must not change while the sweep is continued
    design: str  # name of the file that holds the design
    platform: Mapping[str, str]  # where it was created
    sources: Mapping[str, str] = field(default_factory=dict)  # what files and rules from elsewhere were, by name
    keys: Mapping[str, str] = field(default_factory=dict)  # of the cells that name files


def identity(plan: "Plan") -> dict[str, Any]:
    """Everything that decides what the runs of a plan are, apart from its points, seeds and sources; as JSON."""
    text: dict[str, Any] = {
        "scenario": plan.base.model_dump(),
        "factors": list(plan.factors),
        "metrics": None if plan.metrics is None else list(plan.metrics),
        "every": plan.every,
        "stop": None if plan.stop is None else str(plan.stop),
        **({"keep": list(plan.keep)} if plan.keep else {}),
    }
    # What the base says of fields that vary decides nothing, since every point has its own.
    for path in plan.factors:
        _drop(text["scenario"], path)
    plain: dict[str, Any] = json.loads(json.dumps(plan.by_contents(text), default=as_json))
    return plain


def _drop(table: dict[str, Any], path: str) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        table = table.get(parent) or {}
        if not isinstance(table, dict):
            return
    table.pop(last, None)


@cache
def code_version(packages: tuple[str, ...] = DECISIVE) -> str:
    """The version of the library, and a hash of the code that decides what a run does.

    Args:
        packages: that the code lies in.
    """
    from commonweal.agents.version import software_version

    digest = hashlib.sha256()
    for file in sorted(file for package in packages for file in (_ROOT / package).rglob("*.py")):
        digest.update(file.relative_to(_ROOT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return f"{software_version()}+{digest.hexdigest()[:12]}"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from playing the same sweep or study. The lock ends with this process, however it ends.

    Raises:
        InputError: if another process plays it, or the folder cannot be written.
    """
    with refusals(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{folder}: another process is playing this") from None
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(handle)


def is_sweep(folder: Path) -> bool:
    """Whether ``folder`` holds a sweep."""
    return (folder / MANIFEST).is_file()


def check_place(folder: Path) -> None:
    """Check that ``folder`` holds a sweep, or nothing.

    Raises:
        InputError: if it holds something else.
    """
    with refusals(folder):
        if not is_there(folder) or is_sweep(folder):
            return
        if any(entry.name != _LOCK for entry in folder.iterdir()):
            raise InputError(f"{folder}: is not empty and holds no sweep; name another folder with --out")


def clear(folder: Path, plan: "Plan") -> None:
    """Remove the sweep in ``folder`` if it is not one that ``plan`` can continue.

    Raises:
        InputError: if there is something else in the folder too, it is damaged, or another process plays the sweep.
    """
    if not is_sweep(folder):
        return
    with locked(folder):
        manifest = read_manifest(folder)
        if _same(folder, manifest, plan):
            return
        entries = list(folder.iterdir())
        figures = [f"figures/{entry.name}" for entry in (folder / "figures").glob("*")]
        names = {entry.name for entry in entries}.union(figures, foreign_explanations(folder))
        if others := sorted(names - _own(folder)):
            raise InputError(f"{folder}: holds {others[0]}, which is not of commonweal; name another folder with --out")
        with refusals(folder):
            for entry in sorted(entries, key=lambda entry: entry.name != MANIFEST):
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                elif entry.name != _LOCK:
                    entry.unlink()


def withdraw(folder: Path, made: Sequence[Path]) -> None:
    """Remove a folder that was made for a sweep of which nothing was stored.

    Args:
        folder: of the sweep.
        made: folders that were made for it, itself first, then those that it lies in.
    """
    for entry in folder.iterdir():
        if entry.name in _own(folder):
            entry.rmdir() if entry.is_dir() else entry.unlink()
    for place in made:
        if any(place.iterdir()):
            return
        place.rmdir()


def _same(folder: Path, manifest: Manifest, plan: "Plan") -> bool:
    """Whether a folder holds the sweep of a plan, by the code that is here."""
    design = read_design(folder, manifest)
    same = manifest.version == code_version() and manifest.identity == identity(plan)
    same = same and changed_source(manifest, plan) is None
    return same and set(design.keys) == set(plan.keys) and set(design.seeds) == set(plan.seeds)


def changed_source(manifest: Manifest, plan: "Plan") -> str | None:
    """The first file or rule from elsewhere that is not what it was when the sweep was begun; None if there is none."""
    return next((name for name, now in plan.sources.items() if manifest.sources.get(name, now) != now), None)


def _own(folder: Path) -> set[str]:
    """Every name that a sweep may give to what it keeps in its folder."""
    designs, left = (entry.name for entry in folder.glob("design-*.parquet")), (e.name for e in folder.glob(".*.tmp"))
    figures = pictures_of(f"figures/{name}" for name in _FIGURES)
    tables = (f"{name}.parquet" for name in TABLES)
    return {MANIFEST, _LOCK, SHARDS, EXPLANATIONS, "figures", *tables, *designs, *left, *figures}


def read_manifest(folder: Path) -> Manifest:
    """The manifest in ``folder``.

    Raises:
        InputError: if it is damaged, or of another version.
    """
    file = folder / MANIFEST
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        schema = int(document["schema"])
        if schema == SCHEMA:
            return Manifest(**document)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file}: is damaged ({shorten(str(error))}); restore it or name another folder") from None
    raise InputError(
        f"{file}: is of schema {schema} and this version of commonweal writes schema {SCHEMA}; name another folder"
    )


def write_manifest(folder: Path, plan: "Plan", design: Design) -> None:
    """Store the design, then the manifest that names it, then remove outdated files.

    Raises:
        InputError: if the folder cannot be written.
    """
    with refusals(folder):
        old = {file.name for file in folder.glob("design-*.parquet")}
        name = next(f"design-{n:04d}.parquet" for n in range(len(old) + 1) if f"design-{n:04d}.parquet" not in old)
        write_table(_design_table(design), folder / name)
        kept = read_manifest(folder) if is_sweep(folder) else None
        labels = dict(zip(design.keys, design.cells, strict=True))  # of points that name files: by the first paths
        points = [json.loads(labels[key]) for key in plan.keys]
        manifest = Manifest(
            schema=SCHEMA,
            version=code_version(),
            created=kept.created if kept else datetime.now(UTC).isoformat(timespec="seconds"),
            plan=plan.document() | {"points": [[values[path] for path in plan.factors] for values in points]},
            identity=identity(plan),
            design=name,
            platform=dict(kept.platform if kept else _platform()),
            sources={**(kept.sources if kept else {}), **plan.sources},
            keys={cell: key for cell, key in zip(design.cells, design.keys, strict=True) if cell != key},
        )
        with replacing(folder / MANIFEST) as partial:
            partial.write_text(json.dumps(vars(manifest), indent=1) + "\n", encoding="utf-8")
        for outdated in old:
            (folder / outdated).unlink(missing_ok=True)


def _platform() -> dict[str, str]:
    from importlib.metadata import version

    libraries = {name: version(name) for name in ("torch", "numpy", "pyarrow")}
    return {"python": platform.python_version(), "system": platform.platform(), **libraries}


def _design_table(design: Design) -> pa.Table:
    cells = pa.DictionaryArray.from_arrays(pa.array(design.point), pa.array(design.cells, pa.string()))
    return pa.table({"batch": design.chunk, "point": design.point, "seed": design.seed, "cell": cells})


def read_design(folder: Path, manifest: Manifest) -> Design:
    """The design in ``folder`` that its manifest names.

    Raises:
        InputError: if it is missing or damaged.
    """
    name = manifest.design
    try:
        table = pq.ParquetFile(folder / name, page_checksum_verification=True, read_dictionary=["cell"]).read()
        chunk, point, seed = (table[column].to_numpy() for column in ("batch", "point", "seed"))
        _, firsts = np.unique(point, return_index=True)
        cells = tuple(table["cell"].take(pa.array(firsts)).to_pylist())
        return Design(cells, tuple(manifest.keys.get(cell, cell) for cell in cells), chunk, point, seed)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise InputError(f"{folder / name}: is damaged ({shorten(str(error))}); name another folder") from None
