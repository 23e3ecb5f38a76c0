"""Mechanisms: settlement × credit × model reward rules × modes of screening, each the scenario with those rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from commonweal.agents.errors import InputError
from commonweal.agents.foreign_code import raised_in_foreign_code
from commonweal.agents.registry import offered
from commonweal.economy.money.settlement import SETTLEMENTS
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.relevance import forms
from commonweal.scenarios.schema.scenario import Scenario

_PATHS = ("settlement.kind", "credit.kind", "screening.mode", "rewards.kind")
_TRIED = 2  # rounds of a run in which a rule is tried before all are compared


@dataclass(frozen=True)
class Mechanism:
    """One row of the league."""

    name: str
    scenario: Scenario


@dataclass(frozen=True)
class League:
    """Who is compared, and who is not."""

    mechanisms: tuple[Mechanism, ...]
    left_out: tuple[str, ...]  # a sentence for each rule that makes no sense in the scenario


def league(
    scenario: Scenario,
    settlements: Sequence[str] = (),
    credits: Sequence[str] = (),
    screenings: Sequence[str] = (),
    rewards: Sequence[str] = (),
) -> League:
    """Every combination of the rules that are named; where no settlement is, all that make sense in the scenario.

    Args:
        scenario: gives everything else.
        settlements: settlement rules; all there are if empty, those of installed packages too.
        credits: credit rules; the scenario's own if empty.
        screenings: modes; the scenario's own if empty.
        rewards: model reward rules; the scenario's own if empty.

    Raises:
        InputError: if not at least two are left, or one that is named is not valid.
    """
    if settlements:
        return League(mechanisms(scenario, settlements, credits, screenings, rewards), ())
    against = objections(scenario)
    kept = [name for name in settlements_for(scenario) if name not in against]
    left_out = tuple(f"{name} is left out: {reason}" for name, reason in against.items())
    try:
        return League(mechanisms(scenario, kept or [scenario.settlement.kind], credits, screenings, rewards), left_out)
    except InputError as error:
        raise InputError(". ".join([str(error), *left_out])) from None


def objections(scenario: Scenario) -> dict[str, str]:
    """Why a settlement rule makes no sense in a scenario, by name; those that do are not in it."""
    own = scenario.settlement.kind
    if not scenario.market.price:
        idle = "nothing is paid in money here (market.price = 0)"
        return {name: idle for name in settlements_for(scenario) if name != own}
    found = {point.name: reason for point in offered(SETTLEMENTS.group) if (reason := _fault(point.name))}
    return found | {name: reason for name in settlements_for(scenario) if (reason := _objection(scenario, name))}


def settlements_for(scenario: Scenario) -> list[str]:
    """The settlement rules that there are, without those that are another one in the scenario's market."""
    return [name for name in SETTLEMENTS if forms(scenario) or not SETTLEMENTS.facts(name).by_worth]


def _fault(name: str) -> str:
    """Why a rule that an installed package offers cannot be used, if it cannot."""
    try:
        SETTLEMENTS[name]
    except InputError as error:
        return str(error)
    return ""


def _objection(scenario: Scenario, name: str) -> str:
    """Why a rule fails in a scenario, found by playing a round or two."""
    try:
        ensemble = Ensemble(revise(scenario, {"settlement.kind": name}), [0])
        for _ in range(_TRIED):
            ensemble.step()
    except InputError as error:
        return str(error)
    except Exception as error:  # whatever foreign code raises
        return raised_in_foreign_code(error) or f"{type(error).__name__}: {error}"
    return ""


def mechanisms(
    scenario: Scenario,
    settlements: Sequence[str],
    credits: Sequence[str],
    screenings: Sequence[str],
    rewards: Sequence[str] = (),
) -> tuple[Mechanism, ...]:
    """Every combination; a settlement rule that looks at no credit comes with the first credit rule only.

    Args:
        scenario: gives everything else.
        settlements: settlement rules; all there are if empty.
        credits: credit rules; the scenario's own if empty.
        screenings: modes; the scenario's own if empty.
        rewards: model reward rules; the scenario's own if empty.

    Raises:
        InputError: if there are not at least two, or one is not valid.
    """
    lists: list[Sequence[str]] = [
        settlements or settlements_for(scenario),
        credits or [scenario.credit.kind],
        screenings or [scenario.screening.mode],
        rewards or [scenario.rewards.kind],
    ]
    for path, names in zip(_PATHS, lists, strict=True):
        if len(set(names)) < len(names):
            raise InputError(f"{path} = {', '.join(names)}: name each once")
    told = [k for k, names in enumerate(lists) if len(names) > 1] or [0]
    staked = scenario.stakes.stake > 0  # then credit decides who is slashed, however payments are made
    blind = {name for name in SETTLEMENTS if not SETTLEMENTS.facts(name).by_credit}
    found = []
    for rules in product(*lists):
        if rules[0] in blind and rules[1] != lists[1][0] and not staked:
            continue
        name = ", ".join(rules[k] for k in told if not (k == 1 and rules[0] in blind and not staked))
        found.append(Mechanism(name, revise(scenario, dict(zip(_PATHS, rules, strict=True)))))
    if len(found) < 2:
        raise InputError(f"compare: {found[0].name} is the only mechanism; name further rules of one kind or another")
    return tuple(found)
