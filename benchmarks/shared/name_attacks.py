"""Attacks on names: what slander, rings and shed names bring where bad names cost something, in various ways.

Twenty principals on drifting digits follow stern judging (L6) unless they attack. Adding a rule or an attack is one
line.
"""

from functools import partial

from commonweal.agents.actions import Action
from commonweal.economy.futures.deviations import Deviation
from shared.attacks import BASE, STAKES, Attack, Changes

ROUNDS = 50
ECONOMY: Changes = {
    **BASE,
    "population.count": 20,
    "policy.mix": {"norm:L6": 1.0},
    "policy.revision": 1.0,
    "settlement.horizon": 1,
    "market.model_value": 0.0,
    "reciprocity.kind": "requests",
    "reciprocity.norm": "L6",
    "reciprocity.execution": 0.02,
    "reciprocity.assignment": 0.02,
}
JURY: Changes = {"reciprocity.judges": 5}
POOL: Changes = {"reciprocity.kind": "pool"}
PAY: Changes = {"reciprocity.terms.pay": 1.0, "reciprocity.terms.to": "good"}
STAKED: Changes = {**STAKES, "stakes.stake": 0.01, "reciprocity.terms.stake": 5.0}
COSTLY: Changes = {"population.endowment": 1.0, "identity.cost": 0.02}
RULES: dict[str, Changes] = {
    "requests": {},
    "requests, juries of five": JURY,
    "requests, names cost": COSTLY,
    "requests, three rounds out": {"reciprocity.terms.out": 3},
    "pool": POOL,
    "pool, pay by names": {**POOL, **PAY},
    "pool, pay by names, juries of five": {**POOL, **PAY, **JURY},
    "pool, pay by names, names cost": {**POOL, **PAY, **COSTLY},
    "pool, three rounds out": {**POOL, "reciprocity.terms.out": 3},
    "pool, stakes by names": {**POOL, **STAKED},
    "admission by vote": {"reciprocity.kind": "admission"},
    "admission, juries of five": {"reciprocity.kind": "admission", **JURY},
}

ALONE, FOUR = partial(Deviation, members=(0,)), partial(Deviation, members=(0, 1, 2, 3))
SHIRKS = Action.FREE_RIDE
ATTACKS = tuple(
    Attack(deviation, ECONOMY)
    for deviation in (
        ALONE("shirks", action=SHIRKS),
        ALONE("slanders", slanders=True),
        FOUR("four slander", slanders=True),
        FOUR("four shirk", action=SHIRKS),
        FOUR("ring of four", action=SHIRKS, praises=True),
        FOUR("ring that slanders", action=SHIRKS, praises=True, slanders=True),
        ALONE("sheds names", action=SHIRKS, identities=1 + ROUNDS // 2, sheds=True),
        ALONE("Sybil, 2", identities=2),
    )
)
