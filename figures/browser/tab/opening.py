"""What a browser tab begins with: the scenarios to choose from, and a stored run to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from commonweal.figures.browser.tab.parameters import settings_of
from commonweal.figures.browser.tab.stored import StoredRun, find_stored
from commonweal.scenarios.schema.loading import library_names, load
from commonweal.scenarios.schema.scenario import Scenario

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
