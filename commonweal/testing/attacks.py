"""What attack families promise: deviations of principal 0, each by its own name, that can be played."""

from collections.abc import Mapping
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.economy.futures.play import play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.registry import attacks_of
from commonweal.scenarios.studies.attacks.written import deviation_document, read_deviation
from commonweal.testing.promises import Promises

_SMALL: Mapping[str, Any] = {
    "rounds": 6, "population.count": 4, "task.kind": "wine", "task.validation": 40, "task.test": 40,
    "learning.samples": 4,
}  # fmt: skip
_HORIZON = 4


def check_attack(name: str, changes: Mapping[str, Any] | None = None, horizon: int = _HORIZON) -> None:
    """Hold a registered family of attacks to what every family promises.

    It gives deviations of principal 0 alone, each by a name of its own; the same each time; each can be written down
    in a file of attacks and read again; and each can be played in the scenario that it is asked about.

    Args:
        name: of the family.
        changes: fields of a small scenario in which it is asked what it tries.
        horizon: rounds that an attack lasts.

    Raises:
        AssertionError: which promise is broken, and by which attack.
        InputError: if there is no such family, or no such scenario.
    """
    says, scenario = Promises(f"attack family {name!r}"), revise(Scenario(), dict(_SMALL) | dict(changes or {}))
    try:
        attacks, again = attacks_of(name, scenario, horizon), attacks_of(name, scenario, horizon)
    except InputError as error:
        if "attack family" in str(error) and "unknown" not in str(error):
            raise AssertionError(str(error)) from None
        raise
    says.demand(bool(attacks), "it tries something where data are learned from")
    says.demand([each.identity for each in attacks] == [each.identity for each in again], "it gives the same each time")
    for attack in attacks:
        document = deviation_document(attack.deviation)
        kept = deviation_document(read_deviation(document)) == document
        says.demand(kept, "each can be written down and read again", attack.name)
        try:
            play_futures(Ensemble(scenario, [0]).snapshot, [attack.deviation], horizon)
        except InputError as error:
            says.demand(False, "each can be played where it is given", f"{attack.name}: {error}")
