"""Which attacks a matrix tries: what is known, what others registered, or those that are named."""

from collections.abc import Sequence

from commonweal.agents.errors import InputError, shown
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.registry import ATTACKS, Attack, attacks_of
from commonweal.scenarios.studies.synthesis.attacks import tried_in_search


def attacks_on(scenario: Scenario, names: Sequence[str], horizon: int) -> tuple[Attack, ...]:
    """The attacks that make sense in a scenario.

    Args:
        scenario: whose rules are attacked.
        names: of attacks or of families; the known ones, and all families from elsewhere, if empty.
        horizon: rounds that an attack lasts.

    Raises:
        InputError: if a family gives something else than attacks.
    """
    known = tried_in_search(scenario, horizon)
    if not names:
        return _distinct([*known, *(each for name in own_families() for each in attacks_of(name, scenario, horizon))])
    found: list[Attack] = []
    for name in names:
        family = name in ATTACKS
        found += attacks_of(name, scenario, horizon) if family else [each for each in known if each.name == name]
    return _distinct(found)


def own_families() -> list[str]:
    """Families that are not of this library: those of files and of packages."""
    return [name for name in ATTACKS if ATTACKS.source(name)]


def demand_known(names: Sequence[str], rows: Sequence[Sequence[Attack]]) -> None:
    """Raise InputError where a name stands for nothing that any settlement is tried against.

    Args:
        names: of attacks or of families, as they were asked for.
        rows: the attacks of each settlement.
    """
    there = {word for row in rows for each in row for word in (each.name, each.family)}
    for name in names:
        if name not in there:
            raise InputError(
                f"option attacks: {shown(name)} is no attack that makes sense here; there are the families"
                f" {', '.join(ATTACKS)}, and single attacks as the table of a matrix names them, like free_ride"
            )
    if not any(rows):
        raise InputError("option attacks: no attack makes sense in this scenario")


def _distinct(attacks: Sequence[Attack]) -> tuple[Attack, ...]:
    """Each once, whatever it is called; of two that are called alike the second with its family."""
    found: dict[str, Attack] = {}
    taken: set[str] = set()
    for each in attacks:
        if each.identity not in found and each.name not in taken:
            found[each.identity] = each
            taken.add(each.name)
    return tuple(found.values())
