"""Stored runs that are played again: which one it was, and whether it is the same that was stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.scenarios.reading.one_run import find_run, scenario_of
from commonweal.scenarios.reading.stored import FAILED
from commonweal.scenarios.reading.survey import Survey, survey
from commonweal.scenarios.schema.scenario import Scenario

SAME = 1e-6  # relative difference of a metric that rounding explains: a run alone adds in another order than in a sweep
_DIGITS = 8  # of a run's number that name it


@dataclass(frozen=True)
class StoredRun:
    """One run of a folder of results."""

    name: str  # how the page calls it
    scenario: Scenario  # complete
    seed: int
    rounds: int  # rounds it was played for
    kept: pd.DataFrame  # one row per recorded round, counted from 0
    changes: tuple[str, ...] | None = None  # what is otherwise in this version; None where that is not known
    version: str = ""  # that played it, where this is another one


def find_stored(place: Path) -> StoredRun:
    """The run at ``DIR/ID``: a folder of ``commonweal sweep`` or ``run``, and a run's number or its first digits.

    Raises:
        InputError: if there is no such run, it failed, or its folder cannot be read.
    """
    folder = place.parent
    if not folder.is_dir():
        raise InputError(f"--run {place}: {folder} is no folder; write DIR/ID, a folder of results and a run's number")
    found = survey(folder)
    return stored_run(found, find_run(found.runs, place.name))


def stored_run(found: Survey, row: "pd.Series[Any]") -> StoredRun:
    """A run of a folder of results, by its row in the table of runs.

    Raises:
        InputError: if it failed, its scenario is not known any more, or its rounds cannot be read.
    """
    assert found.stored is not None  # there is a row
    if row["status"] == FAILED:
        raise InputError(f"run {row['run_id']} failed at {row['stage']}: {row['message']}")
    kept = found.stored.rounds_of(str(row["run_id"]))
    rounds = int(row["rounds"]) if "rounds" in row.index else int(kept["round"].max()) + 1
    name = f"{found.stored.name}, run {str(row['run_id'])[:_DIGITS]}"
    scenario = scenario_of(found.stored, row)
    changes = tuple(found.changes())
    version = found.version[: found.version.find("+") + 5] if "+" in found.version else found.version
    return StoredRun(name, scenario, int(row["seed"]), rounds, kept, changes, version if changes else "")


def agreement(course: Mapping[str, Floats], stored: pd.DataFrame, changes: Sequence[str] | None = None) -> str:
    """Whether a run played again is the run that was stored, in a sentence.

    Args:
        course: (T,) metrics of every round of the run played again.
        stored: recorded rounds, counted from 0, with some of its metrics as columns.
        changes: what is otherwise in this version than in the one that stored it; None where that is not known.

    Raises:
        InputError: if the stored rounds are not rounds of the run.
    """
    rows = stored["round"].to_numpy(dtype=np.int64)
    names = [name for name in course if name in stored.columns and name != "round"]
    if not names or rows.max(initial=-1) >= len(course[names[0]]):
        raise InputError("the stored rounds do not fit the run")
    gaps = np.stack([_gap(stored[name].to_numpy(dtype=np.float64), course[name][rows]) for name in names])
    widest, where = float(gaps.max(initial=0.0)), names[int(gaps.max(axis=1, initial=0.0).argmax())]
    told = f"{len(names)} metrics in {len(rows)} stored rounds"
    if widest == 0:
        return f"Played again and the same to the last bit: {told}."
    if widest < SAME:
        return f"Played again and the same but for rounding: {told}, largest relative difference {widest:.0e}."
    by = f"most in {where}, by {f'{widest:.1%}' if widest >= 0.001 else 'less than 0.1%'} of its range"
    if changes is None:
        return f"Differs from what was stored, {by}: played by another version?"
    if changes:
        return f"Differs from what was stored, {by}: {'; '.join(changes)}."
    until = int(rows[(gaps >= SAME).any(axis=0)][0])
    grown = f"then rounding has grown, since a run alone adds in another order than in a sweep; {by}"
    return f"Played again and the same but for rounding until round {until}; {grown}."


def _gap(kept: Floats, again: Floats) -> Floats:
    """(T,) how far a metric is from what was stored, as a share of its largest value; infinite where one is unknown."""
    scale = max(1e-9, float(np.nanmax(np.abs(kept), initial=0.0)))
    with np.errstate(invalid="ignore"):
        gap = np.nan_to_num(np.abs(kept - again), nan=0.0) / scale
    return np.where(np.isnan(kept) != np.isnan(again), np.inf, gap)
