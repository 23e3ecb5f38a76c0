"""Attack families by name: each says what one principal could try against a scenario's rules.

Register your own with ``@attack("name")`` or as an entry point of the group ``commonweal.attacks``.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from commonweal.agents.errors import InputError, shown
from commonweal.agents.registry import Registry
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.written import deviation_document

ATTACKER = (0,)  # members of what a family gives; whoever tries it takes their place


@dataclass(frozen=True)
class AttackFacts:
    """What others must know of a family."""

    held_out: bool = False  # used to break certificates and never in a search, so that it can test the search


Family = Callable[[Scenario, int], Sequence[Deviation]]
"""Scenario, rounds that a deviation lasts → deviations of principal 0 that make sense there, each by its own name."""

ATTACKS: Registry[Family, AttackFacts] = Registry("attack family", "commonweal.attacks", "", AttackFacts())
attack = ATTACKS.register


@dataclass(frozen=True)
class Attack:
    """A deviation of one principal, and the family that it is of."""

    family: str
    deviation: Deviation

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.deviation.name

    @cached_property
    def identity(self) -> str:
        """What it does, whatever it is called and whichever family it is of."""
        return json.dumps(deviation_document(self.deviation) | {"name": ""}, sort_keys=True)


def searched_families() -> tuple[str, ...]:
    """The families that certificates are made with: all that are not held out."""
    return tuple(name for name in ATTACKS if not ATTACKS.facts(name).held_out)


def attacks_of(family: str, scenario: Scenario, horizon: int) -> tuple[Attack, ...]:
    """What a family tries in a scenario; nothing where it has nothing to try there.

    Args:
        family: its name.
        scenario: whose rules are attacked.
        horizon: rounds that a deviation lasts.

    Raises:
        InputError: if there is no such family, or it gives something else than deviations of principal 0.
    """
    given = ATTACKS[family](scenario, horizon)
    deviations = tuple(given) if isinstance(given, Sequence) else (given,)
    for deviation in deviations:
        if not isinstance(deviation, Deviation):
            raise InputError(f"attack family {family!r} gives {shown(deviation)}: must be Deviations")
        if deviation.members != ATTACKER:
            raise InputError(f"attack family {family!r}: {deviation.name} must be of principal 0 alone")
    if len({deviation.name for deviation in deviations}) < len(deviations):
        raise InputError(f"attack family {family!r} gives two deviations of one name")
    return tuple(Attack(family, deviation) for deviation in deviations)
