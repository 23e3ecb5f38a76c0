"""A folder of results as a reader finds it: a finished sweep, one still running or interrupted, or a single run."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from commonweal.agents.errors import InputError
from commonweal.agents.module_names import in_short
from commonweal.economy.round.words import Words
from commonweal.scenarios.runs.store import ABOUT, is_results, read_about
from commonweal.scenarios.runs.tables import TABLES
from commonweal.scenarios.schema.library import SCENARIO, read_document
from commonweal.scenarios.schema.words import words_in
from commonweal.scenarios.sweeps.compaction import ROUNDS, RUNS, compacted
from commonweal.scenarios.sweeps.manifest import MANIFEST, is_sweep, read_design, read_manifest
from commonweal.scenarios.sweeps.rows import Factor
from commonweal.scenarios.sweeps.shards import SHARDS, committed, read_checked, shard_files

KEYS = ("run_id", "run", "point", "seed", "round")  # columns of rounds that are neither factors nor metrics
OK, FAILED = "ok", "failed"


@dataclass(frozen=True)
class Stored:
    """Where the tables of a folder lie, and what they hold."""

    folder: Path
    name: str  # what was played
    factors: tuple[str, ...]  # columns of the fields that vary
    cells: tuple[Mapping[str, Any], ...]  # per point its values by path; empty for a folder of ``run``
    plan: Mapping[str, Any]  # the plan's document; empty for a folder of ``run``
    runs_files: tuple[Path, ...]  # parquet files of one row per run, later rows replacing earlier ones of the same run
    rounds_files: tuple[Path, ...]  # parquet files of one row per run and recorded round
    notices: tuple[str, ...] = ()  # what a reader must know: unfinished, unreadable parts

    def runs_table(self) -> pa.Table:
        """One row per run, as stored, each run once."""
        with _readable(self.folder):
            table = self._dataset(self.runs_files).to_table()
        if not self.cells or len(self.runs_files) == 1:
            return table
        names = table["run_id"].to_numpy(zero_copy_only=False)
        _, newest = np.unique(names[::-1], return_index=True)
        return table.take(pa.array(np.sort(len(names) - 1 - newest)))

    def runs(self) -> pd.DataFrame:
        """One row per run, by point and seed, with run_id, point, seed and status whatever wrote the folder."""
        frame: pd.DataFrame = self.runs_table().to_pandas()
        if not self.cells:
            varied = list(self.factors)
            point = frame.groupby(varied, sort=False, dropna=False).ngroup() if varied else 0
            frame = frame.assign(run_id=frame["run"].astype(str), point=point, status=OK, stage=None, message=None)
        return frame.sort_values(["point", "seed"], kind="stable", ignore_index=True)

    def rounds(self) -> Any:
        """The dataset of recorded rounds, to stream over; where tables are ``joining`` a run may be in two files."""
        return self._dataset(self.rounds_files)

    def newer_rounds(self) -> tuple[Any, Any]:
        """Where tables are ``joining``: the dataset of the joined rounds, and that of the shards."""
        return self._dataset(self.rounds_files[:1]), self._dataset(self.rounds_files[1:])

    @property
    def joining(self) -> bool:
        """Whether there are both tables and shards that are not in them yet."""
        return len(self.rounds_files) > 1 and self.rounds_files[0].parent == self.folder

    def views(self) -> dict[str, tuple[Any, str]]:
        """Rows and definitions of what a question in SQL may see, by name; rows of ``x`` are called ``_x`` there."""
        runs = {"runs": (self.runs_table(), "SELECT * FROM _runs")}
        if not self.joining:
            return runs | {"rounds": (self.rounds(), "SELECT * FROM _rounds")}
        joined, newer = self.newer_rounds()
        # The joined table may hold what shards still hold too, if joining was interrupted.
        once = ("SELECT * FROM _rounds WHERE run_id NOT IN (SELECT run_id FROM _newer)"
                " UNION ALL BY NAME SELECT * FROM _newer")  # fmt: skip
        return runs | {"newer": (newer, "SELECT * FROM _newer"), "rounds": (joined, once)}

    def owns(self, file: Path) -> bool:
        """Whether a file is one that the folder's own tables or their description lie in."""
        own = {f"{name}.parquet" for name in TABLES} | {MANIFEST, ABOUT, SCENARIO}
        place = file.resolve().relative_to(self.folder.resolve()) if self._around(file) else Path()
        return place.name in own or place.name.startswith("design-") or SHARDS in place.parts

    def _around(self, file: Path) -> bool:
        return file.resolve().is_relative_to(self.folder.resolve())

    def rounds_of(self, run_id: str) -> pd.DataFrame:
        """The recorded rounds of one run."""
        column, value = ("run_id", run_id) if self.cells else ("run", int(run_id))
        with _readable(self.folder):
            rows: pd.DataFrame = self.rounds().to_table(filter=pads.field(column) == value).to_pandas()
        return rows.sort_values("round").drop_duplicates("round", ignore_index=True)

    def metrics(self, runs: pd.DataFrame) -> list[str]:
        """Columns that were measured: numbers of every recorded round that ``runs`` has too, in their order."""
        recorded = set(self.rounds().schema.names) - set(KEYS) - set(self.factors)
        return [name for name in runs.columns if name in recorded and pd.api.types.is_numeric_dtype(runs[name])]

    def words(self) -> Words:
        """What all runs call things."""
        cells = pd.DataFrame(self.cells) if self.cells else self.runs()
        return words_in(self._base(), {path: cells[path].tolist() for path in self.factors})

    def start(self) -> float | None:
        """The share that delegates at the start of all runs; None where it varies or is not said."""
        path = "population.start_delegate"
        said = self._base().get("population", {}).get("start_delegate")
        return None if path in self.factors or said is None else float(said)

    def _base(self) -> Mapping[str, Any]:
        """The scenario that all points start from."""
        return self.plan.get("base") or read_document(self.folder / SCENARIO)

    def _dataset(self, files: tuple[Path, ...]) -> Any:
        with _readable(self.folder):
            distinct = dict.fromkeys(pq.read_schema(file).remove_metadata() for file in files)
            schema = pa.unify_schemas(list(distinct), promote_options="permissive")
            return pads.dataset([str(file) for file in files], schema=schema, format="parquet")


def open_results(folder: Path) -> Stored:
    """Look at a folder of results.

    Args:
        folder: of ``commonweal sweep`` or ``commonweal run``; a sweep need not be finished.

    Raises:
        InputError: if it holds no results, none yet, or they cannot be read.
    """
    if is_sweep(folder):
        return _open_sweep(folder)
    if not is_results(folder):
        raise InputError(f"{folder}: holds no results of commonweal (no {MANIFEST} and no about.json of ours)")
    about, files = read_about(folder), {name: (folder / name,) for name in (RUNS, ROUNDS)}
    if missing := [name for name, (file,) in files.items() if not file.is_file()]:
        raise InputError(f"{folder}: {missing[0]} is missing")
    return Stored(folder, about["scenario"], tuple(about["varied"]), (), {}, files[RUNS], files[ROUNDS])


def _open_sweep(folder: Path) -> Stored:
    manifest = read_manifest(folder)
    design = read_design(folder, manifest)
    held = compacted(folder)
    newer = [shard_files(folder, number) for number in committed(folder) if number not in set(held)]
    whole = [pair for pair in newer if _is_whole(*pair)]
    damaged = [runs for runs, rounds in newer if (runs, rounds) not in whole]
    files = [(folder / RUNS, folder / ROUNDS)] * bool(held) + whole
    if not files:
        raise InputError(f"{folder}: no run is finished yet; the same sweep command goes on")
    stored = Stored(
        folder=folder,
        name=manifest.plan["name"],
        factors=tuple(Factor(path, "").column for path in manifest.plan["factors"]),
        cells=tuple(map(json.loads, design.cells)),
        plan=manifest.plan,
        runs_files=tuple(runs for runs, _ in files),
        rounds_files=tuple(rounds for _, rounds in files),
        notices=tuple(f"{file}: is damaged and left out; the same sweep command plays it again" for file in damaged),
    )
    there = len(stored.runs_table())
    unfinished = f"unfinished: {there} of {design.runs} runs are stored; the same sweep command goes on"
    return stored if there >= design.runs else replace(stored, notices=(unfinished, *stored.notices))


def _is_whole(runs: Path, rounds: Path) -> bool:
    try:
        read_checked(runs)
        pq.read_metadata(rounds)
    except (OSError, ValueError, pa.ArrowException):
        return False
    return True


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    """Say in one line that a table is damaged."""
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{folder}: a table is damaged ({str(error).strip().splitlines()[0]})") from None


def plain(value: object) -> Any:
    """A value of a table as plain Python: numbers of numpy as numbers, arrays as lists."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def in_words(value: object) -> str:
    """A value as a table shows it."""
    value = plain(value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{' '.join(map(in_words, value))}]" if isinstance(value, list | tuple) else in_short(str(value))
