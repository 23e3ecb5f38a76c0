"""A run that lies in a folder of results, found again by its number and ready to be played again from its seed."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.scenarios.reading.one_run import find_run, scenario_of
from commonweal.scenarios.reading.stored import FAILED, open_results
from commonweal.scenarios.schema.scenario import Scenario


@dataclass(frozen=True)
class StoredRun:
    """One run of a folder of results."""

    name: str  # how the page calls it
    scenario: Scenario  # complete
    seed: int
    rounds: int  # rounds it was played for
    kept: pd.DataFrame  # one row per recorded round, counted from 0


def find_stored(place: Path) -> StoredRun:
    """The run at ``DIR/ID``: a folder of ``commonweal sweep`` or ``run``, and a run's number or its first digits.

    Raises:
        InputError: if there is no such run, it failed, or its folder cannot be read.
    """
    folder = place.parent
    if not folder.is_dir():
        raise InputError(f"--run {place}: {folder} is no folder; write DIR/ID, a folder of results and a run's number")
    stored = open_results(folder)
    row = find_run(stored.runs(), place.name)
    if row["status"] == FAILED:
        raise InputError(f"--run {place}: this run failed at {row['stage']}: {row['message']}")
    kept = stored.rounds_of(str(row["run_id"]))
    rounds = int(row["rounds"]) if "rounds" in row.index else int(kept["round"].max()) + 1
    return StoredRun(f"{stored.name}, run {row['run_id']}", scenario_of(stored, row), int(row["seed"]), rounds, kept)
