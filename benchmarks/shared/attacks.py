"""Every attack under a settlement: what attackers gain and honest principals lose, and whether the ledger adds up.

Ten principals on drifting digits, all of whom delegate honestly unless they attack. Adding a settlement or an attack is
one line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from results_page import markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Futures, play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import Interval, mean_interval, written
from commonweal.scenarios.schema.loading import load, revise

Changes = Mapping[str, Any]
SEEDS, ROUNDS = range(8), 100
TRIED = (0, 3, 6)  # the first attacker, each in runs of its own
LN2 = float(np.log(2))

BASE: Changes = {
    "population.count": 10,
    "population.start_delegate": 1.0,
    "population.start_free_ride": 0.0,
    "population.start_defect": 0.0,
    "policy.mix": {"fixed": 1.0},
    "policy.mutation": 0.0,
    "population.cost_low": 0.0005,
    "population.cost_high": 0.0005,
    "task.partition": "equal",
    "market.model_value": 0.005,
}
FEDAVG: Changes = {"learning.method": "federated", "learning.rate": 0.2}
VALUES: Changes = {
    "task.validation": 650,
    "task.drift": 0.0,
    "values.dimensions": [{"sense": "withhold", "label": 9, "limit": 0.5, "spread": 0.03, "samples": 64}],
    "values.for_sale": 0.5,
    "values.price_low": 0.002,
    "values.price_high": 0.01,
    "screening.mode": "project",
    "screening.scope": "all",
    "screening.gate": False,
}

STAKES: Changes = {"population.endowment": 0.05, "stakes.stake": 0.05, "stakes.audit": 0.1}
NAMES: Changes = {"population.endowment": 1.0, "identity.cost": 0.2}  # what a name earns in some 25 rounds
ROBUST: Changes = {"settlement.kind": "robust", "settlement.hold_back": 1.0, "clawback.share": 1.0}
MODELS: Changes = {"market.price": 0.0, "market.model_value": 0.02}  # the model is all that anybody is paid with
MENU: Changes = {**MODELS, "rewards.kind": "menu", "menu.offer": "menu", "rewards.accuracy.kind": "fitted",
                 "menu.term": 10, "population.cost_types": [0.00075, 0.0005, 0.00025]}  # fmt: skip
CONTENT: Changes = {"rewards.content": 0.5, "credit.novelty.memory": 2}
SETTLEMENTS: dict[str, Changes] = {
    "equal": {"settlement.kind": "equal"},
    "data": {"settlement.kind": "data"},
    "credit": {},
    "credit, stakes and audits": STAKES,
    "credit, novelty": {"credit.novelty.memory": 2},
    "credit, replication": {"credit.replication.penalty": LN2},
    "credit, hold-back": {"settlement.hold_back": 1.0},
    "credit, clawback": {"clawback.share": 1.0},
    "credit, identity cost": NAMES,
    "robust": {"settlement.kind": "robust"},
    "robust, all of these": {**STAKES, **ROBUST, **NAMES},
    "quota": {"settlement.kind": "quota"},
    "time cumulation": {"settlement.kind": "time_cumulation"},
    "time valuation": {"settlement.kind": "time_valuation"},
    "time cumulation, claimed": {"settlement.kind": "time_cumulation", "rewards.joining": "claimed"},
    "time valuation, claimed": {"settlement.kind": "time_valuation", "rewards.joining": "claimed"},
    "equal, negotiated deals": {"settlement.kind": "equal", "negotiation.kind": "shapley_coop",
                                "negotiation.returns": 1.0},
    "tolerance for sale": {**VALUES, "settlement.reserve": 0.3, "tolerance.budget": 0.03},
    "model: shared": MODELS,
    "model: shaping": {**MODELS, "rewards.kind": "shaping"},
    "model: shaping, content": {**MODELS, "rewards.kind": "shaping", **CONTENT},
    "model: quota": {**MODELS, "rewards.kind": "quota"},
    "model: menu": MENU,
    "model: menu, content": {**MENU, **CONTENT},
    "model: time cumulation": {**MODELS, "rewards.kind": "time_cumulation"},
    "model: time valuation": {**MODELS, "rewards.kind": "time_valuation"},
}  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """What one principal, or a pair, does otherwise, and what the economy needs for it to be possible."""

    deviation: Deviation
    changes: Changes = field(default_factory=dict)


ALONE, PAIR = partial(Deviation, members=(0,)), partial(Deviation, members=(0, 1))
CHEATS = partial(ALONE, action=Action.FREE_RIDE)  # which is what an audit reveals
ATTACKS = (
    Attack(CHEATS("idle")),
    Attack(CHEATS("junk", form="junk")),
    Attack(CHEATS("stale", form="stale")),
    Attack(CHEATS("disguised", form="disguised")),
    Attack(CHEATS("label flips", form="wrong")),
    Attack(CHEATS("disguised, FedAvg", form="disguised"), FEDAVG),
    Attack(CHEATS("replay, FedAvg", form="replay"), FEDAVG),
    Attack(ALONE("Sybil, 2", identities=2)),
    Attack(ALONE("Sybil, 5", identities=5)),
    Attack(ALONE("replication, 3", identities=3, copies=True)),
    Attack(PAIR("pair, one copies", copies=True)),
    Attack(ALONE("cost +50 %", dearer=0.5)),
    Attack(ALONE("stricter limits", looser=-0.5), VALUES),
    Attack(ALONE("late", joins=ROUNDS // 4)),
    Attack(ALONE("late, says not", joins=ROUNDS // 4, earlier=ROUNDS // 4)),
    Attack(ALONE("leaves", leaves=ROUNDS // 2)),
)


@dataclass(frozen=True)
class Outcome:
    """What attacks brought under one settlement, in S seeds; all relative to the mean honest payoff."""

    gain: dict[str, Floats]  # (S,) of an attacker
    loss: dict[str, Floats]  # (S,) of one honest principal
    imbalance: int  # micro-units, of the ledger that is farthest from adding up
    lowest: int  # micro-units on the lowest account other than the market's


def play(settlement: Changes, attacks: Sequence[Attack], seeds: Sequence[int], rounds: int) -> Outcome:
    """Play attacks under a settlement; those that need the same economy together."""
    gain, loss, imbalance, lowest = {}, {}, 0, 0
    for changes in {str(attack.changes): attack.changes for attack in attacks}.values():
        together = [attack.deviation for attack in attacks if attack.changes == changes]
        tried = [by(first, deviation) for deviation in together for first in TRIED]
        futures = futures_of({**BASE, **changes, **settlement}, tried, seeds, rounds)
        honest = abs(futures.payoffs[:, 0, :, : futures.principals].mean())  # below 0 in the first rounds
        for k, deviation in enumerate(together):
            columns = slice(k * len(TRIED), (k + 1) * len(TRIED))
            others = futures.principals - len(deviation.members)
            gain[deviation.name] = futures.gains[:, columns].mean(axis=1) / honest
            loss[deviation.name] = futures.losses[:, columns].mean(axis=1) / others / honest
        imbalance = max(imbalance, int(np.abs(futures.balances.sum(axis=2)).max()))
        lowest = min(lowest, int(futures.balances[..., :-1].min()))
    return Outcome(gain, loss, imbalance, lowest)


def by(first: int, deviation: Deviation) -> Deviation:
    """The same attack by other principals, from ``first`` on."""
    return replace(deviation, members=tuple(first + member for member in deviation.members))


def futures_of(changes: Changes, deviations: Sequence[Deviation], seeds: Sequence[int], rounds: int) -> Futures:
    """The runs of all seeds, without and with each deviation."""
    ensemble = Ensemble(revise(load("commons"), changes), seeds)
    return play_futures(ensemble.snapshot, deviations, rounds)


def figures_of(outcomes: Mapping[str, Outcome], what: str) -> Interval:
    """(settlements, attacks) means over seeds, percent of the mean honest payoff."""
    values = [[100 * seeds for seeds in getattr(each, what).values()] for each in outcomes.values()]
    return mean_interval(np.moveaxis(np.array(values), 2, 0))


def table(outcomes: Mapping[str, Outcome], what: str, rows_are: str = "settlement") -> str:
    """Settlements × attacks, percent of the mean honest payoff; bold where the interval is above 0."""
    heads = [rows_are, *attacks_of(outcomes)]
    found = figures_of(outcomes, what)
    rows = [
        [name, *(_cell(*ends) for ends in zip(*found.at(place), strict=True))] for place, name in enumerate(outcomes)
    ]
    return markdown(heads, rows)


def attacks_of(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Names of the attacks, in the order of the columns."""
    return list(next(iter(outcomes.values())).gain)


def _cell(value: float, low: float, high: float) -> str:
    text = written(value, low, high, 0, "+").replace("-", "−")
    return f"**{text}**" if low > 0 else text
