"""What a browser tab begins with: the scenarios to choose from, and a stored run to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.figures.browser.tab.parameters import settings_of
from commonweal.scenarios.reading.one_run import find_run, scenario_of
from commonweal.scenarios.reading.stored import FAILED, open_results
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario

DEFAULT = "commons"


@dataclass(frozen=True)
class Choice:
    """What the controls say."""

    scenario: str  # name of one of the opening's
    settings: Mapping[str, Any]  # values by path
    seed: str  # as typed


@dataclass(frozen=True)
class StoredRun:
    """One run of a folder of results."""

    name: str  # how the page calls it
    scenario: Scenario  # complete
    seed: int
    rounds: int  # rounds it was played for
    kept: pd.DataFrame  # one row per recorded round, counted from 0


@dataclass(frozen=True)
class Opening:
    """What every tab of a server begins with; it never changes."""

    begin: str  # name of the scenario that is played first
    own: Scenario | None = None  # of a file, under its name
    stored: StoredRun | None = None

    @cached_property
    def scenarios(self) -> Mapping[str, Scenario]:
        """All that can be chosen, by name."""
        listed = {name: load(name) for name in library_names()}
        more = {} if self.own is None else {self.begin: self.own}
        return listed | more | ({} if self.stored is None else {self.stored.name: self.stored.scenario})

    def choose(self, name: str, seed: str = "0") -> Choice:
        """The controls set to a scenario as it is."""
        return Choice(name, settings_of(self.scenarios[name]), seed)

    @property
    def first(self) -> Choice:
        """What the controls say first."""
        if self.stored is not None:
            return self.choose(self.stored.name, str(self.stored.seed))
        return self.choose(self.begin)


def open_with(scenario: str | None, run: Path | None) -> Opening:
    """What a server is started with.

    Args:
        scenario: library name or file; the commons if not given.
        run: DIR/ID of a stored run.

    Raises:
        InputError: if one of them does not exist or cannot be read.
    """
    begin = scenario or DEFAULT
    own = load(begin)
    in_library = begin in library_names()
    opening = Opening(begin if in_library else Path(begin).name, None if in_library else own)
    return opening if run is None else replace(opening, stored=find_stored(run))


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
