"""Foregone payoffs: policies that compare actions see every payoff that payday pays.

The property: what an action that was taken is said to have brought is what its principal got. Where a network learns,
the other actions are first order in one principal's weight; elsewhere they are exact too.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.credit import CREDITS
from commonweal.economy.money.ledger import MICRO, Reason
from commonweal.economy.money.settlement import SETTLEMENTS, SettlementTerms, Standing
from commonweal.economy.rewards.rules import REWARDS, RewardTerms
from commonweal.economy.round.play import play_round
from commonweal.economy.round.record import Record
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.world.replicas import pick_streams
from commonweal.scenarios.schema.loading import load, revise

CLOSE = 3e-5  # money: payments are whole micro-units, also of each group
ALL = ["abstain", "delegate", "free_ride", "defect"]
MIXED = {
    "policy.mix": {"fixed": 0.999, "best_response": 0.001},  # foregone payoffs are worked out, and nobody follows them
    "policy.revision": 0.5,
    "policy.mutation": 0.5,
    "actions.available": ALL,
    "population.count": 8,
    "population.start_delegate": 0.4,
    "population.start_abstain": 0.2,
    "population.start_free_ride": 0.2,
    "population.start_defect": 0.2,
    "population.outside_option": 0.03,
    "actions.defect_gain": 0.02,
}
MODEL = MIXED | {
    "task.kind": "wine", "task.validation": 40, "task.test": 40, "learning.hidden": [], "learning.samples": 8,
    "market.price": 1.0, "market.model_value": 0.7, "market.baseline": 0.0, "settlement.horizon": 3,
    "actions.free_ride": "junk", "rewards.shaping_margin": 0.1,
}  # fmt: skip
CURVE = MIXED | {
    "market.kind": "curve", "market.price": 1.0, "market.model_value": 0.7, "market.baseline": 0.0,
    "learning.samples": 300, "settlement.horizon": 3, "actions.free_ride": "junk",
}  # fmt: skip
PUBLIC = MIXED | {
    "market.kind": "public_goods", "settlement.kind": "equal", "market.group_size": 4, "market.model_value": 0.0,
    "actions.available": ALL[:3], "population.start_defect": 0.0, "population.start_free_ride": 0.4,
}  # fmt: skip
MARKETS = {"model": MODEL, "curve": CURVE, "public_goods": PUBLIC}
STAKES = {"population.endowment": 5.0, "stakes.stake": 0.5, "stakes.slash": 0.5, "stakes.audit": 1.0}
MENU = {"population.cost_types": [1e-3, 2e-3], "menu.offer": "menu", "rewards.kind": "menu", "menu.term": 2}
VALUED = {
    "values": load("tolerance-for-sale").model_dump()["values"], "screening.mode": "project", "screening.scope": "all",
    "screening.gate": False, "tolerance.budget": 0.05, "population.endowment": 1.0, "settlement.reserve": 0.3,
    "task.kind": "digits", "learning.rate": 0.5, "values.price_low": 0.01, "values.price_high": 0.03,
}  # fmt: skip
PUNISHING = {"market.punishment.probability": 1.0, "market.punishment.cost": 0.05, "market.punishment.fine": 0.1}


@pytest.fixture
def to_outsiders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that give something to those who stay away, too; gone after the test."""
    for registry in (SETTLEMENTS, REWARDS):
        monkeypatch.setattr(registry, "_plugs", dict(registry._plugs))

    @SETTLEMENTS.register("pensions")
    def pensions(standing: Standing, terms: SettlementTerms) -> Floats:
        return np.full(standing.member.shape, 1 / standing.member.shape[1])

    @REWARDS.register("open")
    def open_to_all(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
        return np.where(standing.member, 1.0, 0.5) * quality[:, None]


def played(changes: dict[str, Any], rounds: int = 5, seeds: int = 2) -> Iterator[tuple[Ensemble, Record]]:
    """An economy after each of its rounds."""
    ensemble = Ensemble(revise(load("commons"), changes | {"rounds": rounds}), range(seeds))
    for _ in range(rounds):
        yield ensemble, ensemble.step()


def taken(ensemble: Ensemble, record: Record) -> Floats:
    """(R, N) what the action taken is said to have brought."""
    return np.take_along_axis(ensemble.people.foregone, record.actions[..., None], axis=2)[..., 0]


def demand_seen(changes: dict[str, Any], rounds: int = 5, moving: tuple[Reason, ...] = ()) -> None:
    """Every payoff of every round is what the action taken is said to have brought; money of ``moving`` moves."""
    acted, moved = set(), set()
    for ensemble, record in played(changes, rounds):
        acted |= set(record.actions.ravel().tolist())
        moved |= {reason for reason in moving if record.payday.net(reason).any()}
        np.testing.assert_allclose(taken(ensemble, record), record.payday.payoffs, rtol=0, atol=CLOSE)
    assert len(acted) >= 2 and moved == set(moving)


@pytest.mark.parametrize("kind", [*sorted(REWARDS), "open"])
@pytest.mark.parametrize("market", ["model", "curve"])
def test_every_settlement_and_reward_is_seen(market: str, kind: str, to_outsiders: None) -> None:
    for settlement in [*sorted(SETTLEMENTS), "pensions"]:
        menu = MENU if kind == "menu" else {}
        demand_seen(MARKETS[market] | menu | {"settlement.kind": settlement, "rewards.kind": kind}, rounds=3)


@pytest.mark.parametrize(
    "changes",
    [
        *({"market.groups": groups} for groups in ("all", "blocks", "random", "neighbourhoods")),
        PUNISHING | {"market.groups": "random"},
        PUNISHING | {"settlement.reserve": 0.3},
        STAKES | {"stakes.reveal": 1.0},
    ],
)
def test_everything_that_a_public_good_pays_is_seen(changes: dict[str, Any]) -> None:
    demand_seen(PUBLIC | changes)


@pytest.mark.parametrize("kind", sorted(CREDITS))
def test_the_action_taken_has_the_credit_of_its_rule(kind: str) -> None:
    demand_seen(MODEL | {"credit.kind": kind, "settlement.kind": "credit", "credit.budget": 30}, rounds=3)


NAMES = {"settlement.horizon": 1, "reciprocity.norm": "image-scoring", "reciprocity.execution": 0.1}
MECHANISMS: dict[str, dict[str, Any]] = {
    "clawback": {"clawback.share": 0.8},
    "clawback of the poor": {"clawback.share": 1.0, "rewards.kind": "quota", "settlement.kind": "equal"},
    "stakes, revealed": STAKES | {"stakes.reveal": 1.0},
    "stakes, by evidence": STAKES | {"stakes.reveal": 0.0},
    "stakes that not all can afford": STAKES | {"population.endowment": 0.3, "stakes.reveal": 1.0},
    "clawback and stakes": STAKES | {"clawback.share": 0.8, "stakes.reveal": 1.0},
    "noise": {"rewards.kind": "quota", "rewards.realise": "noise"},
    "sparsify": {"rewards.kind": "quota", "rewards.realise": "sparsify"},
    "snapshot": {"rewards.kind": "quota", "rewards.realise": "snapshot"},
    "menu": MENU,
    "amounts": {"menu.offer": "amounts", "population.count": 6},
    "alone": {"rewards.alone": True, "menu.term": 2},
    "tolerance": VALUED,
    "tolerance, by Clarke taxes": VALUED | {"tolerance.kind": "clarke"},
    "tolerance, by expected externalities": VALUED | {"tolerance.kind": "dagva"},
    "tolerance and clawback": VALUED | {"clawback.share": 0.5},
    "held back": {"settlement.hold_back": 0.5},
    "held back of estimates": {"settlement.hold_back": 0.5, "credit.kind": "estimated_shapley", "credit.budget": 20},
    "gross": {"settlement.clip": "gross"},
    "content": {"rewards.content": 0.5, "rewards.kind": "shaping"},
    "reserve and floor": {"settlement.reserve": 0.3, "settlement.floor": 0.2},
    "gated": {"screening.gate": True},
    "pool": {"learning.sampling": "pool", "learning.batch": 40},
    "federated": {"learning.method": "federated", "actions.free_ride": "replay"},
    "leak": {"actions.defect": "leak"},
    "requests": NAMES | {"reciprocity.kind": "requests"},
    "a pool of what all are paid": NAMES | {"reciprocity.kind": "pool"},
    "admission": NAMES | {"reciprocity.kind": "admission", "reciprocity.judges": 3},
    "clawback among requests": NAMES
    | {"reciprocity.kind": "requests", "clawback.share": 0.8, "settlement.kind": "equal"},
    "requests and stakes": STAKES | NAMES | {"reciprocity.kind": "requests", "stakes.reveal": 1.0},
}
MOVING = {"clawback": Reason.CLAWBACK, "stakes": Reason.SLASH, "tolerance": Reason.TOLERANCE}
MOVING |= {"requests": Reason.REQUEST, "a pool": Reason.REQUEST, "admission": Reason.WITHHELD}


@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.parametrize("settlement", ["equal", "credit"])
def test_everything_that_mechanisms_pay_and_take_is_seen(name: str, settlement: str) -> None:
    moving = tuple(reason for part, reason in MOVING.items() if part in name)
    demand_seen(MODEL | {"settlement.kind": settlement, **MECHANISMS[name]}, rounds=7, moving=moving)


OF_CURVES = [
    "requests", "a pool of what all are paid", "admission", "stakes, revealed", "menu",
    "amounts", "alone", "reserve and floor", "gross", "held back",
]  # fmt: skip


@pytest.mark.parametrize("name", OF_CURVES)
def test_everything_that_mechanisms_pay_and_take_is_seen_where_a_curve_says_how_good_the_model_is(name: str) -> None:
    demand_seen(CURVE | MECHANISMS[name])


def test_who_cannot_pay_all_that_is_clawed_back_loses_what_it_has() -> None:
    changes = MODEL | STAKES | {"settlement.kind": "equal", "clawback.share": 1.0, "population.endowment": 0.0}
    demand_seen(changes | {"settlement.horizon": 50}, rounds=10, moving=(Reason.CLAWBACK, Reason.SLASH))


def test_a_fee_that_is_paid_for_good_counts_against_taking_part_only_before_it_is_paid() -> None:
    changes = MODEL | {"identity.cost": 0.2, "population.endowment": 1.0, "settlement.kind": "equal"}
    paid = np.zeros((2, 8), dtype=bool)
    for ensemble, record in played(changes):
        fees = -record.payday.net(Reason.IDENTITY) / MICRO
        np.testing.assert_allclose(taken(ensemble, record) - record.payday.payoffs, fees, atol=CLOSE)
        paid |= fees > 0
    assert paid.any()


@pytest.mark.parametrize("market", ["model", "public_goods"])
def test_who_pays_for_data_and_who_is_paid_for_them_see_the_deals_of_the_round(market: str) -> None:
    changes = {"population.endowment": 2.0, "negotiation.kind": "shapley_coop", "settlement.kind": "equal"}
    if market == "model":
        changes |= {"market.price": 0.01, "market.model_value": 0.0, "actions.defect_gain": 0.0}
    demand_seen(MARKETS[market] | {"actions.free_ride": "idle"} | changes, rounds=8, moving=(Reason.DEAL,))


FEW = PUBLIC | PUNISHING | {
    "market.lonely": "outside", "population.count": 8, "market.group_size": 2, "population.start_delegate": 0.25,
    "population.start_free_ride": 0.125, "population.start_abstain": 0.625,
}  # fmt: skip
EXACT: dict[str, dict[str, Any]] = {
    "curve": CURVE,
    "curve, quota": CURVE | {"rewards.kind": "quota", "settlement.kind": "quota"},
    "curve, for outsiders": CURVE | {"rewards.kind": "open", "settlement.kind": "pensions"},
    "curve, by time": CURVE | {"rewards.kind": "time_valuation", "settlement.kind": "time_cumulation"},
    "curve, menu": CURVE | MENU,
    "curve, stakes": CURVE | STAKES | {"stakes.reveal": 1.0},
    "public good": PUBLIC,
    "public good of random groups": PUBLIC | PUNISHING | {"market.groups": "random"},
    **{f"optional public good of {groups}": FEW | {"market.groups": groups} for groups in ("all", "random")},
    "optional public good of neighbours": FEW
    | {"market.groups": "neighbourhoods", "population.graph": "ring", "population.degree": 2},
    "public good of neighbours": PUBLIC | PUNISHING | {"market.groups": "neighbourhoods", "population.graph": "ring"},
}


def replayed(ensemble: Ensemble, actions: Ints) -> Floats:
    """(R, N, 4) payoffs of each principal's every action, played instead with everybody else's as it is."""
    runs, count = ensemble.world.shape
    found = np.full((runs, count, len(Action)), np.nan)
    for who, action in product(range(count), ensemble.world.terms.available):
        instead = actions.copy()
        instead[:, who] = action
        streams = pick_streams(ensemble.streams, np.arange(runs))
        _, _, record = play_round(ensemble.state, ensemble.people, instead, ensemble.world, streams)
        found[:, who, action] = record.payday.payoffs[:, who]
    return found


@pytest.mark.parametrize("name", EXACT)
def test_where_nothing_is_learned_every_action_would_have_brought_what_is_said(name: str, to_outsiders: None) -> None:
    ensemble = Ensemble(revise(load("commons"), EXACT[name] | {"rounds": 3}), range(2))
    for _ in range(3):
        actions = ensemble.decide()
        found = replayed(ensemble, actions)
        ensemble.act(actions)
        np.testing.assert_allclose(ensemble.people.foregone, found, rtol=0, atol=CLOSE)


def gaps(kind: str) -> tuple[Floats, Floats]:
    """What untaken actions are said to bring, and what they would have, where a network learns little in a round."""
    changes = MODEL | {"credit.kind": kind, "settlement.kind": "credit", "settlement.horizon": 1, "rounds": 3}
    changes |= {"learning.rate": 1e-4, "precision": "float64", "actions.free_ride": "stale"}
    ensemble = Ensemble(revise(load("commons"), changes), range(4))
    said, true = [], []
    for _ in range(3):
        actions = ensemble.decide()
        found = replayed(ensemble, actions)
        ensemble.act(actions)
        other = (np.arange(len(Action)) != actions[..., None]) & (np.arange(len(Action)) != Action.ABSTAIN)
        said.append(ensemble.people.foregone[other])
        true.append(found[other])
    return np.concatenate(said), np.concatenate(true)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["first_order", "second_order", "aumann_shapley", "shapley", "banzhaf"])
def test_first_order_is_what_every_action_would_have_brought_where_a_network_learns_little(kind: str) -> None:
    said, true = gaps(kind)
    np.testing.assert_allclose(said, true, rtol=0, atol=1e-3)  # of money per round, .66 on average


@pytest.mark.parametrize("kind", ["cosine", "neighbours"])
def test_untaken_actions_are_credited_in_the_unit_of_the_rule(kind: str) -> None:
    said, true = gaps(kind)  # in nats at this rate they would earn nothing
    assert 0.8 < said.mean() / true.mean() < 1.25
