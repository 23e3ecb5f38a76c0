"""The attacks that every rule is tried against, and the space in which a search looks for others."""

from collections.abc import Sequence
from dataclasses import replace

from commonweal.agents.actions import Action
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.schema.relevance import learns
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.incentives import IncentivesOptions
from commonweal.scenarios.studies.incentives.catalogue import chosen, objections

_ONE, _TWO = (0,), (0, 1)
_AS_HONEST = "delegate"  # what everybody does anyway


def attacks_on(scenario: Scenario, horizon: int) -> tuple[Deviation, ...]:
    """What principal 0, or 0 and 1, may do otherwise than delegate honestly.

    The catalogue of the study ``incentives``, and what is known to beat single parts of rules: data under noise, less
    than all data, several names, copies.

    Args:
        scenario: whose rules decide what makes sense.
        horizon: rounds that an attack lasts.
    """
    found = [d for d in chosen(scenario, IncentivesOptions(horizon=horizon)) if d.name != _AS_HONEST]
    found += [Deviation(f"less, {share:.0%}", _ONE, share=share) for share in (0.75, 0.25)]
    if learns(scenario):
        found.append(Deviation("disguised data", _ONE, Action.DELEGATE, "disguised"))
        found.append(Deviation("copies, 3 names", _ONE, identities=3, copies=True))
        if scenario.population.count > 1:
            found.append(Deviation("pair, one copies", _TWO, copies=True))
    if "sybil" not in objections(scenario, IncentivesOptions()):
        found.append(Deviation("sybil, 5 names", _ONE, identities=5))
        if learns(scenario):
            found.append(Deviation("stale, 4 names", _ONE, Action.DELEGATE, "stale", identities=4))
    return tuple(found)


def by_members(attacks: Sequence[Deviation], principals: int, count: int) -> list[Deviation]:
    """Each attack by ``count`` principals in turn, spread over all, attack by attack."""
    firsts = [(2 * k + 1) * principals // (2 * count) for k in range(min(count, principals))]
    return [
        replace(attack, members=tuple((first + member) % principals for member in attack.members))
        for attack in attacks
        for first in firsts
    ]
