"""Deviations judged in utility: payoff less what broken limits cost, by the limits that a principal really has."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Futures, play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

ALL = ["abstain", "delegate", "free_ride", "defect"]
ONE_STRICT = [{"share": 0.125, "limits": [3.0, 0.93]}, {"share": 0.875, "limits": [3.0, 0.0]}]


def minding(**fields: Any) -> Scenario:
    """Value-conflict with eight principals who mind what becomes of their values, everybody keeping its action."""
    usual = {
        "population.count": 8, "actions.available": ALL, "values.concern": "member", "values.influence": "none",
        "task.kind": "synthetic", "task.classes": 10, "task.samples": 900, "task.validation": 100,
    }  # fmt: skip
    return revise(load("value-conflict"), {**usual, **fields})


def futures_of(ensemble: Ensemble, *deviations: Deviation, rounds: int = 4, judge: Any = "utility") -> Futures:
    return play_futures(ensemble.snapshot, deviations, rounds, others="freeze", judge=judge)


LEAVES, DEFECTS = Deviation("leaves", (1,), Action.ABSTAIN), Deviation("defects", (2,), Action.DEFECT)


class TestUnits:
    def test_futures_keep_money_and_value_cost_apart(self) -> None:
        ensemble = Ensemble(minding(**{"screening.mode": "off"}), [0, 1])
        futures = futures_of(ensemble, LEAVES)
        records = [ensemble.step() for _ in range(4)]
        for name in ("payoffs", "utility"):
            expected = np.stack([getattr(record.payday, name) for record in records], axis=1)
            found = futures.payoffs if name == "payoffs" else futures.utilities
            np.testing.assert_allclose(found[:, 0], expected, rtol=1e-6, atol=1e-9)
        assert futures.value_costs is not None and futures.value_costs[:, 0].max() > 0
        assert not futures.value_costs[:, 1, :, 1].any()  # who leaves has no part in what it minds

    def test_gains_and_losses_are_in_utility_unless_money_is_asked(self) -> None:
        ensemble = Ensemble(minding(**{"screening.mode": "off"}), [0, 1])
        futures = futures_of(ensemble, LEAVES, DEFECTS)
        money = futures_of(ensemble, LEAVES, DEFECTS, judge="money")
        np.testing.assert_array_equal(money.payoffs, futures.payoffs)
        for found, worth in ((futures, futures.utilities), (money, money.payoffs)):
            change = (worth[:, 1:] - worth[:, :1]).mean(axis=2)
            for k, who in enumerate((1, 2)):
                np.testing.assert_allclose(found.gains[:, k], change[:, k, who], rtol=1e-12)
                np.testing.assert_allclose(found.losses[:, k], change[:, k, who] - change[:, k].sum(axis=1), atol=1e-12)
        assert (futures.gains[:, 0] > money.gains[:, 0]).all()  # leaving sheds complicity

    def test_where_nobody_minds_utility_is_the_payoff_to_the_last_bit(self) -> None:
        ensemble = Ensemble(minding(**{"values.concern": "none"}), [0])
        utility, money = (futures_of(ensemble, LEAVES, judge=judge) for judge in ("utility", "money"))
        assert utility.value_costs is None
        for name in ("utilities", "gains", "losses"):
            np.testing.assert_array_equal(getattr(utility, name), getattr(money, name))

    def test_a_principal_under_several_names_minds_once(self) -> None:
        """All have the same limits: a member minds as much as any other; by harm all names share what one minds."""
        alike = [{"sense": "protect", "label": 3, "limit": 2.0}, {"sense": "withhold", "label": 9, "limit": 0.93}]
        fields = {"screening.mode": "off", "values.dimensions": alike, "values.outcome_low": 0.0}
        split = Deviation("split", (6,), Action.DELEGATE, identities=3)  # whose names do harm
        member, share = (
            futures_of(Ensemble(minding(**fields, **{"values.concern": concern}), [0]), split, rounds=1).value_costs
            for concern in ("member", "share")
        )
        assert member is not None and share is not None
        costs = member[0, 1, 0]
        assert costs[0] > 0 and not costs[8:].any()
        np.testing.assert_allclose(costs[:8], costs[0], rtol=1e-12)
        assert share[0, 1, 0, 8:].any()
        assert share[0, 1, 0].sum() == pytest.approx(costs[0], rel=1e-9)


@pytest.fixture(scope="module")
def lies() -> list[Futures]:
    """One principal minds a class that the others want; everybody is screened by its own declared limits."""
    scenario = minding(**{"values.camps": ONE_STRICT, "screening.scope": "own"})
    played = []
    for seed in range(2):
        ensemble = Ensemble(scenario, [seed])
        strict = (int(np.flatnonzero(ensemble.people.camp[0] == 0)[0]),)
        claims = [Deviation("looser", strict, looser=0.5), Deviation("stricter", strict, looser=-0.05)]
        played.append(futures_of(ensemble, *claims, rounds=25))
    return played


class TestMisreports:
    def test_claiming_looser_limits_pays_in_money_and_not_in_utility(self, lies: list[Futures]) -> None:
        """More of its update is credited, and its true limits are broken further."""
        for futures in lies:
            assert replace(futures, judge="money").gains[0, 0] > 0 > futures.gains[0, 0]

    def test_claiming_stricter_limits_pays_in_utility_and_not_in_money(self, lies: list[Futures]) -> None:
        for futures in lies:
            assert replace(futures, judge="money").gains[0, 1] < 0 < futures.gains[0, 1]
