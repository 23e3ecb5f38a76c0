"""What a browser tab begins with: the scenarios to choose from, and a stored run to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.figures.browser.fields.parameters import settings_of
from commonweal.figures.browser.tab.folders import USUAL, Folders
from commonweal.scenarios.reading.one_run import find_run, scenario_of
from commonweal.scenarios.reading.stored import FAILED
from commonweal.scenarios.reading.survey import Survey, holds_results, survey
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.validation import validate

DEFAULT = "commons"
_DIGITS = 8  # of a run's number that name it


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
    changes: tuple[str, ...] | None = None  # what is otherwise in this version; None where that is not known
    version: str = ""  # that played it, where this is another one


@dataclass(frozen=True)
class Opening:
    """What every tab of a server begins with; it never changes."""

    begin: str  # name of the scenario that is played first
    own: Scenario | None = None  # of a file, under its name
    stored: StoredRun | None = None
    folders: Folders = field(default_factory=lambda: Folders(USUAL))  # of results that the page may open
    results: str = ""  # name of the one among them that is open first

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
        scenario: library name, file, or a folder of results or of such folders; the commons if not given.
        run: DIR/ID of a stored run.

    Raises:
        InputError: if one of them does not exist or cannot be read.
    """
    if scenario is not None and _is_folder(scenario):
        opening = _open_results(Path(scenario))
    else:
        begin = scenario or DEFAULT
        own = load(begin)
        in_library = begin in library_names()
        opening = Opening(begin if in_library else Path(begin).name, None if in_library else own)
    if run is None:
        return opening
    return replace(opening, stored=find_stored(run), folders=Folders(run.parent), results=".")


def _is_folder(name: str) -> bool:
    """Whether that is the name of a folder; too long a one is not."""
    try:
        return Path(name).is_dir()
    except OSError:
        return False


def _open_results(folder: Path) -> Opening:
    """A folder of results is opened, with the scenario that it began from; of a folder of them one can be chosen."""
    folders = Folders(folder)
    if not holds_results(folder):
        if not folders.names():
            raise InputError(f"{folder}: holds no results of commonweal, nor does a folder in it")
        return Opening(DEFAULT, folders=folders)
    found = survey(folders.find("."))
    opening = Opening(DEFAULT, folders=folders, results=".")
    try:
        base = validate(found.base)
    except InputError:  # of another version; its maps can be looked at all the same
        return opening
    if base.name in library_names() and load(base.name) == base:
        return replace(opening, begin=base.name)
    return replace(opening, begin=folder.resolve().name, own=base)


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
