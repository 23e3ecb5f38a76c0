"""What decides on runs beside scenario and library: what the files say that it names, and rules from elsewhere."""

from collections.abc import Iterable

from commonweal.agents.documents import files_in, said_by
from commonweal.agents.errors import InputError
from commonweal.agents.files import contents_of
from commonweal.agents.registry import rules_from_elsewhere
from commonweal.scenarios.schema.owned import demand_usable
from commonweal.scenarios.schema.relevance import learns, matters, tabled
from commonweal.scenarios.schema.scenario import Scenario


def files_of(scenarios: Iterable[Scenario]) -> dict[str, str]:
    """What the files say that scenarios name, as fingerprints by path."""
    return {str(file): said_by(file) for scenario in scenarios for _, file in files_in(scenario.model_dump())}


def rules_of(scenarios: Iterable[Scenario]) -> dict[str, str]:
    """What the rules are that scenarios name and that are not of this library, as fingerprints by noun and name."""
    found: dict[str, str] = {}
    for scenario in scenarios:
        found |= rules_from_elsewhere(scenario.model_dump())
    return found


def demand_files(scenario: Scenario) -> None:
    """Check that every file that a scenario needs can be read, and data of one's own be used.

    Raises:
        InputError: if one cannot; names the field and the file.
    """
    if tabled(scenario) and learns(scenario):
        demand_usable(scenario)
    for path, file in files_in(scenario.model_dump()):
        if matters(scenario, path):
            try:
                contents_of(file)
            except InputError as error:
                raise InputError(f"{path}: {error}") from None
