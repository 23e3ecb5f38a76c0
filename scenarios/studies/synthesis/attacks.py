"""The attacks that every rule is tried against, those its finalists are, and those that were held out of the search."""

from collections.abc import Sequence
from dataclasses import replace

from commonweal.agents.actions import Action
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.schema.relevance import learns
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.registry import ATTACKS, Attack, attacks_of, searched_families
from commonweal.scenarios.studies.incentives import IncentivesOptions
from commonweal.scenarios.studies.incentives.catalogue import objections

CATALOGUE, NAMES, PAIRS = "catalogue", "names", "pairs"
IN_SEARCH = (CATALOGUE, NAMES, PAIRS)  # what every rule is tried against
_ONE, _TWO = (0,), (0, 1)
_AS_HONEST = "delegate"  # what everybody does anyway


def tried_in_search(scenario: Scenario, horizon: int) -> tuple[Attack, ...]:
    """What every rule is tried against: what is known of single principals, and two who copy each other.

    Args:
        scenario: whose rules decide what makes sense.
        horizon: rounds that an attack lasts.
    """
    return (*_of([CATALOGUE], scenario, horizon), *_names(scenario), *_pairs(scenario))


def tried_at_last(scenario: Scenario, horizon: int) -> tuple[Attack, ...]:
    """What finalists are tried against: every family that is not held out."""
    others = [name for name in searched_families() if name != CATALOGUE]
    return (*tried_in_search(scenario, horizon), *_of(others, scenario, horizon))


def held_out(scenario: Scenario, horizon: int) -> tuple[Attack, ...]:
    """What no rule was chosen by."""
    return _of([name for name in ATTACKS if ATTACKS.facts(name).held_out], scenario, horizon)


def _of(families: Sequence[str], scenario: Scenario, horizon: int) -> tuple[Attack, ...]:
    given = (each for family in families for each in attacks_of(family, scenario, horizon))
    return tuple({each.identity: each for each in given if each.name != _AS_HONEST}.values())


def _names(scenario: Scenario) -> tuple[Attack, ...]:
    """What is known to beat single parts of rules: less than all data, several names, copies, data under noise."""
    against = objections(scenario, IncentivesOptions())
    tried = [Deviation(f"less, {share:.0%}", _ONE, share=share) for share in (0.75, 0.25) if "less" not in against]
    if "sybil" not in against:
        tried.append(Deviation("sybil, 5 names", _ONE, identities=5))
    if learns(scenario):
        tried.append(Deviation("disguised data", _ONE, Action.DELEGATE, "disguised"))
        tried.append(Deviation("copies, 3 names", _ONE, identities=3, copies=True))
        if "sybil" not in against:
            tried.append(Deviation("stale, 4 names", _ONE, Action.DELEGATE, "stale", identities=4))
    return tuple(Attack(NAMES, each) for each in tried)


def _pairs(scenario: Scenario) -> tuple[Attack, ...]:
    if scenario.population.count < 2 or not learns(scenario):
        return ()
    return (Attack(PAIRS, Deviation("pair, one copies", _TWO, copies=True)),)


def by_members(attacks: Sequence[Attack], principals: int, count: int) -> list[Deviation]:
    """Each attack by ``count`` principals in turn, spread over all, attack by attack."""
    firsts = [(2 * k + 1) * principals // (2 * count) for k in range(min(count, principals))]
    return [
        replace(each.deviation, members=tuple((first + member) % principals for member in each.deviation.members))
        for each in attacks
        for first in firsts
    ]
