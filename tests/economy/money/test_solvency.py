"""Insolvency cannot happen: 10,000 random rounds with every kind of payment at once, and not a micro-unit is lost."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from commonweal.agents.actions import Action
from commonweal.economy.money.ledger import MICRO, Reason, entries, reconcile
from commonweal.economy.money.settlement import SETTLEMENTS
from commonweal.economy.round.record import Record
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import solvency
from commonweal.scenarios.schema.loading import load, revise

RUNS, ROUNDS, PRINCIPALS = 50, 25, 6
RULES = sorted(name for name, rule in SETTLEMENTS.items() if rule.__module__.startswith("commonweal.economy."))
LEARNT = {
    "rounds": ROUNDS,
    "population.count": PRINCIPALS,
    "population.start_abstain": 0.5,
    "population.start_delegate": 0.5,
    "population.start_free_ride": 0.0,
    "population.start_defect": 0.0,
    "actions.available": ["abstain", "delegate", "free_ride", "defect"],
    "actions.free_ride": "junk",
    "task.kind": "synthetic",
    "task.samples": 300,
    "task.features": 3,
    "task.validation": 20,
    "task.test": 20,
    "learning.hidden": [],
    "learning.samples": 2,
    "policy.mix": {"fixed": 1.0},
    "policy.mutation": 0.6,
    "settlement.horizon": 5,
}
PLAYED = {
    "public_goods": LEARNT
    | {"market.kind": "public_goods", "settlement.kind": "equal"}
    | {"actions.available": ["abstain", "delegate", "free_ride"]},
    "curve": LEARNT | {"market.kind": "curve", "learning.samples": 100},
}
MORE = {
    "deals": {"negotiation.kind": "shapley_coop", "negotiation.every": 2},
    "tolerance": {
        "values.dimensions": [{"sense": "protect", "label": 0, "limit": 0.7, "spread": 0.4, "samples": 8}],
        "values.for_sale": 0.8,
        "values.price_low": 1e-7,
        "values.price_high": 1e-6,
        "screening.mode": "project",
        "screening.scope": "all",
        "screening.gate": False,
        "tolerance.budget": 0.5,
        "task.validation": 60,
    },
}
MORE |= {f"{kind} tolerance": MORE["tolerance"] | {"tolerance.kind": kind} for kind in ("clarke", "dagva")}
HARMLESS = tuple(PLAYED)  # nobody can put in what is worth less than nothing


def random_terms(rng: np.random.Generator, kind: str) -> dict[str, Any]:
    """Prices and terms of one run; one in five is nothing, one in five is all there is."""
    corners = rng.choice([0.0, 1.0, np.nan], 8, p=[0.2, 0.2, 0.6])
    audit, reveal, slash, reserve, floor, clawback, fee, hold = np.where(np.isnan(corners), rng.random(8), corners)
    endowment = 2 * rng.random()
    changes = {
        "population.endowment": endowment,
        "stakes.stake": 3 * rng.random(),
        "identity.cost": fee * endowment,
        "stakes.audit": audit,
        "stakes.reveal": reveal,
        "stakes.slash": slash,
        "settlement.reserve": reserve,
        "settlement.floor": floor,
        "market.price": 10 ** rng.uniform(-3, 6),
    }
    uncertain = {"clawback.share": clawback, "settlement.hold_back": 3 * hold}
    return changes if kind == "public_goods" else changes | uncertain


def economy(kind: str, seed: int) -> Ensemble:
    """Runs of one settlement rule, or of a public good, that differ in all their terms."""
    rng = np.random.default_rng(seed)
    rule, _, more = kind.partition(" with ")
    fixed = PLAYED.get(kind) or LEARNT | {"settlement.kind": rule} | MORE.get(more, {})
    base = revise(load("commons"), fixed)
    scenarios = [revise(base, random_terms(rng, kind)) for _ in range(RUNS)]
    return Ensemble(scenarios, [seed + run for run in range(RUNS)])


def moved(record: Record) -> NDArray[np.int64]:
    """(R, N) micro-units that each principal gained in a round, balance and escrow together, by its parts."""
    payday, deals, sale = record.payday, record.notes.get("deals"), record.notes.get("tolerance")
    dealt = 0 if deals is None else deals.received - deals.paid
    sold = 0 if sale is None else sale.received
    taken = payday.net(Reason.SLASH, Reason.CLAWBACK, Reason.REDISTRIBUTION, Reason.IDENTITY)
    return payday.payments + taken + dealt + sold


KINDS = [*RULES, "credit with deals", "equal with deals", "robust with deals", "credit with tolerance", *PLAYED,
         "credit with clarke tolerance", "credit with dagva tolerance"]  # fmt: skip


@pytest.mark.parametrize(("seed", "kind"), list(enumerate(KINDS)))
def test_no_round_creates_or_loses_money_and_no_account_falls_below_nothing(seed: int, kind: str) -> None:
    ensemble = economy(kind, 100 * seed)
    stored = [entries(ensemble.opening, 0)]
    received = -ensemble.state.ledger.balances[:, -1]
    seen: set[str] = set()
    for _ in range(ROUNDS):
        before, cost = ensemble.state, ensemble.people.cost
        record = ensemble.step()
        ledger = ensemble.state.ledger
        received = received + record.payday.revenue
        assert (ledger.balances.sum(axis=1) == 0).all()
        assert (ledger.balances[:, :-1] >= 0).all()
        assert (ledger.balances[:, -1] == -received).all()
        owned = [book.principals + book.escrows for book in (before.ledger, ledger)]
        np.testing.assert_array_equal(owned[1] - owned[0], moved(record))
        if kind not in PLAYED and not kind.endswith("tolerance"):  # where other things than data cost something
            private = (record.actions == Action.DEFECT) * 0.002 - cost * record.produce.put.delegated
            np.testing.assert_allclose(record.payday.payoffs, moved(record) / MICRO + private, rtol=1e-12, atol=1e-9)
        stored.append(entries(record.payday.transfers, record.round))
        seen.update(stored[-1]["reason"])
    assert not reconcile(pd.concat([pd.DataFrame(rows) for rows in stored]), ledger.balances).any()
    assert seen >= {"revenue", "payment", "stake", "release", "slash", "identity"}
    assert ("clawback" in seen) == ("redistribution" in seen) == (kind not in HARMLESS)
    assert ("deal" in seen) == kind.endswith("with deals")
    assert ("tolerance" in seen) == kind.endswith("tolerance")
    assert not solvency(ledger)["unfunded"].any()


def test_ten_thousand_rounds_are_played() -> None:
    assert RUNS * ROUNDS * len(KINDS) >= 10_000
