"""Mechanisms: settlement × credit × model reward rules × modes of screening, each the scenario with those rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from commonweal.agents.errors import InputError
from commonweal.economy.money.settlement import SETTLEMENTS
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario

_PATHS = ("settlement.kind", "credit.kind", "screening.mode", "rewards.kind")


@dataclass(frozen=True)
class Mechanism:
    """One row of the league."""

    name: str
    scenario: Scenario


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
        settlements or list(SETTLEMENTS),
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
