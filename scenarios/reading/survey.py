"""All of a folder of results at a glance: every point of its design, what was played of it, failed or is to come."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads

from commonweal.agents.documents import differences
from commonweal.agents.errors import InputError
from commonweal.agents.version import software_version
from commonweal.economy.round.words import Words
from commonweal.scenarios.reading.stored import FAILED, Stored, open_results, plain
from commonweal.scenarios.runs.store import ABOUT, is_results, read_about
from commonweal.scenarios.schema.library import SCENARIO, read_document
from commonweal.scenarios.schema.validation import validate
from commonweal.scenarios.schema.words import words_in
from commonweal.scenarios.sweeps.compaction import ROUNDS, RUNS
from commonweal.scenarios.sweeps.manifest import MANIFEST, code_version, is_sweep, read_design, read_manifest
from commonweal.scenarios.sweeps.shards import SHARDS

_COLUMNS = ("run_id", "point", "seed", "status", "stage", "message")  # of the runs of a folder where none is stored


@dataclass(frozen=True)
class Survey:
    """A folder of results; a sweep need not be finished, nor have a run yet."""

    folder: Path
    name: str  # what was played
    factors: tuple[str, ...]  # dotted paths of what varies
    points: tuple[Mapping[str, Any], ...]  # (P,) the values of every point by path, played or not
    seeds: tuple[int, ...]  # that every point is played with
    runs: pd.DataFrame  # a row a stored run: run_id, point, seed, status, stage, message and measures
    measures: tuple[str, ...]  # columns of runs that were measured in every round
    words: Words  # what all runs call things
    rounds: int | None  # that every run is played for, at most; None where it varies
    version: str  # of the code that plays its runs
    current: str  # the version that is here, said the same way
    when: datetime | None  # when it was begun; a stored comparison: when it ended
    base: Mapping[str, Any]  # the document of the scenario that all points start from
    plan: Mapping[str, Any]  # of a sweep; empty for a comparison
    stored: Stored | None  # the tables; None before the first run is finished

    @property
    def wanted(self) -> int:
        """Runs of the whole design."""
        return len(self.points) * len(self.seeds)

    @property
    def failed(self) -> int:
        """Stored runs that failed."""
        return int((self.runs["status"] == FAILED).sum())

    @property
    def unfinished(self) -> bool:
        """Whether runs are to come."""
        return len(self.runs) < self.wanted

    def values(self, measure: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(S, P) a measure of every seed and point: mean of a run's last quarter; nan where there is none."""
        table = np.full((len(self.seeds), len(self.points)), np.nan)
        if measure not in self.runs:
            return table
        kept = self.runs[self.runs["status"] != FAILED]
        seeds = {seed: place for place, seed in enumerate(self.seeds)}
        rows = kept["seed"].map(seeds).to_numpy(dtype=np.int64)
        table[rows, kept["point"].to_numpy(dtype=np.int64)] = kept[measure].to_numpy(dtype=np.float64)
        return table

    def courses(self, point: int, measures: Sequence[str]) -> dict[int, pd.DataFrame]:
        """The recorded rounds of a point's runs by seed: columns round (from 0) and measures."""
        here = self.runs[(self.runs["point"] == point) & (self.runs["status"] != FAILED)]
        if self.stored is None or here.empty:
            return {}
        name, kind = ("run_id", str) if self.plan else ("run", int)
        wanted = pa.array([kind(each) for each in here["run_id"]])
        columns = [name, "seed", "round", *measures]
        try:
            rows = self.stored.rounds().to_table(columns=columns, filter=pads.field(name).isin(wanted)).to_pandas()
        except (OSError, ValueError, pa.ArrowException) as error:
            said = str(error).strip().splitlines()[0]
            raise InputError(f"{self.folder}: a table is damaged ({said})") from None
        rows = rows.drop_duplicates([name, "round"]).sort_values("round")
        return {int(seed): group.drop(columns=[name, "seed"]) for seed, group in rows.groupby("seed")}

    def changes(self) -> list[str]:
        """What this version knows otherwise than the one that played the runs; [] where they are the same.

        The version that played them, whether the code that decides on runs has changed, and fields that came since.
        """
        if self.version == self.current:
            return []
        (was, _, code), (now, _, other) = self.version.partition("+"), self.current.partition("+")
        said = [f"version {was} played it and this is {now}"] if was != now else []
        said += [f"the code of agents and economy has changed ({code} to {other})"] if code != other else []
        return said + self._fields_since()

    def _fields_since(self) -> list[str]:
        try:
            now = validate(self.base).model_dump(mode="json", exclude_none=True)
        except InputError as error:
            return [f"this version does not take its scenario: {error}"]
        stored = json.loads(json.dumps(self.base, default=str))
        came = [path for path, was, _ in differences(stored, now) if was is None]
        few = ", ".join(came[:3]) + (", …" if len(came) > 3 else "")
        return [f"fields came since: {few}"] if came else []


def survey(folder: Path) -> Survey:
    """Look at all of a folder of results.

    Args:
        folder: of ``commonweal sweep`` or ``commonweal run``.

    Raises:
        InputError: if it holds no results, or they cannot be read.
    """
    return _of_sweep(folder) if is_sweep(folder) else _of_comparison(folder)


def holds_results(folder: Path) -> bool:
    """Whether a folder holds runs that can be surveyed: not a study or a contract."""
    if is_sweep(folder):
        return True
    return (folder / SCENARIO).is_file() and (folder / RUNS).is_file() and is_results(folder)


def stamp(folder: Path) -> tuple[tuple[int, int], ...]:
    """What differs once something was stored in a folder or taken from it; reads no table."""
    names = (MANIFEST, ABOUT, RUNS, ROUNDS, SHARDS)
    found = []
    for name in names:
        try:
            said = (folder / name).stat()
            found.append((said.st_mtime_ns, said.st_size))
        except OSError:
            found.append((0, 0))
    return tuple(found)


def _of_sweep(folder: Path) -> Survey:
    manifest = read_manifest(folder)
    design = read_design(folder, manifest)
    plan = manifest.plan
    stored = _stored_so_far(folder)
    runs = pd.DataFrame(columns=list(_COLUMNS)) if stored is None else stored.runs()
    factors, points = tuple(plan["factors"]), tuple(map(json.loads, design.cells))
    versions = list(runs["version"].unique()) if "version" in runs else []
    return Survey(
        folder=folder,
        name=plan["name"],
        factors=factors,
        points=points,
        seeds=design.seeds,
        runs=runs,
        measures=() if stored is None else tuple(stored.metrics(runs)),
        words=_words(plan["base"], factors, points),
        rounds=_rounds(plan["base"], factors),
        version=next((each for each in versions if each != manifest.version), manifest.version),
        current=code_version(),
        when=datetime.fromisoformat(manifest.created),
        base=plan["base"],
        plan=plan,
        stored=stored,
    )


def _stored_so_far(folder: Path) -> Stored | None:
    """The tables of a sweep; None where no run is finished yet."""
    if not (folder / RUNS).exists() and not any((folder / SHARDS).glob("[0-9]*.runs.parquet")):
        return None
    return open_results(folder)


def _of_comparison(folder: Path) -> Survey:
    stored = open_results(folder)
    about, base, runs = read_about(folder), read_document(folder / SCENARIO), stored.runs()
    first = runs.drop_duplicates("point").sort_values("point")
    rows = first[list(stored.factors)].to_dict("records")
    points = tuple({str(path): plain(value) for path, value in row.items()} for row in rows) or ({},)
    return Survey(
        folder=folder,
        name=about["scenario"],
        factors=stored.factors,
        points=points,
        seeds=tuple(about["seeds"]),
        runs=runs,
        measures=tuple(stored.metrics(runs)),
        words=_words(base, stored.factors, points),
        rounds=_rounds(base, stored.factors),
        version=str(about["commonweal"]),
        current=software_version(),
        when=_ended(about, folder),
        base=base,
        plan={},
        stored=stored,
    )


def _ended(about: Mapping[str, Any], folder: Path) -> datetime:
    said = about.get("started")
    if isinstance(said, str):
        return datetime.fromisoformat(said)
    return datetime.fromtimestamp((folder / ABOUT).stat().st_mtime, UTC)


def _words(base: Mapping[str, Any], factors: Sequence[str], points: Sequence[Mapping[str, Any]]) -> Words:
    return words_in(base, {path: [point[path] for point in points] for path in factors})


def _rounds(base: Mapping[str, Any], factors: Sequence[str]) -> int | None:
    return None if "rounds" in factors or "rounds" not in base else int(base["rounds"])
