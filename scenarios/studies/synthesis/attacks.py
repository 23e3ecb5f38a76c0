"""The attacks that every rule is tried against, those its finalists are, and those that were held out of the search."""

from collections.abc import Sequence
from dataclasses import replace

from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.attacks.registry import ATTACKS, Attack, attacks_of, searched_families
from commonweal.scenarios.schema.relevance import learns
from commonweal.scenarios.schema.scenario import Scenario

IN_SEARCH = ("catalogue", "names")  # families that every rule is tried against
PAIRS = "pairs"
_TOGETHER = (0, 1)
_AS_HONEST = "delegate"  # what everybody does anyway


def tried_in_search(scenario: Scenario, horizon: int) -> tuple[Attack, ...]:
    """What every rule is tried against: what is known of single principals, and two who copy each other.

    Args:
        scenario: whose rules decide what makes sense.
        horizon: rounds that an attack lasts.
    """
    return (*_of(IN_SEARCH, scenario, horizon), *_pairs(scenario))


def tried_at_last(scenario: Scenario, horizon: int) -> tuple[Attack, ...]:
    """What finalists are tried against: every family that is not held out."""
    others = [name for name in searched_families() if name not in IN_SEARCH]
    return (*tried_in_search(scenario, horizon), *_of(others, scenario, horizon))


def held_out(scenario: Scenario, horizon: int) -> tuple[Attack, ...]:
    """What no rule was chosen by."""
    return _of([name for name in ATTACKS if ATTACKS.facts(name).held_out], scenario, horizon)


def _of(families: Sequence[str], scenario: Scenario, horizon: int) -> tuple[Attack, ...]:
    given = (each for family in families for each in attacks_of(family, scenario, horizon))
    return tuple({each.identity: each for each in given if each.name != _AS_HONEST}.values())


def _pairs(scenario: Scenario) -> tuple[Attack, ...]:
    if scenario.population.count < 2 or not learns(scenario):
        return ()
    return (Attack(PAIRS, Deviation("pair, one copies", _TOGETHER, copies=True)),)


def by_members(attacks: Sequence[Attack], principals: int, count: int) -> list[Deviation]:
    """Each attack by ``count`` principals in turn, spread over all, attack by attack."""
    firsts = [(2 * k + 1) * principals // (2 * count) for k in range(min(count, principals))]
    return [
        replace(each.deviation, members=tuple((first + member) % principals for member in each.deviation.members))
        for each in attacks
        for first in firsts
    ]
