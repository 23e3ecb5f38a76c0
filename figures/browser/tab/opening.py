"""What a browser tab begins with: the scenarios to choose from, and a stored run to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.figures.browser.fields.parameters import settings_of
from commonweal.figures.browser.tab.folders import USUAL, Folders
from commonweal.scenarios.reading.replaying import StoredRun, find_stored
from commonweal.scenarios.reading.survey import holds_results, survey
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.validation import validate

DEFAULT = "commons"


@dataclass(frozen=True)
class Choice:
    """What the controls say."""

    scenario: str  # name of one of the opening's
    settings: Mapping[str, Any]  # values by path
    seed: str  # as typed


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
