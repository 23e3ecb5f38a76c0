"""Principals who mind what becomes of their values, in a cooperative that plays."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.round.record import Record
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

CAMPS = [{"share": 0.25, "limits": [2.0, 0.1]}, {"share": 0.75, "weights": [0.0, 2.0]}]
ALL = ["abstain", "delegate", "free_ride", "defect"]


def minding(**fields: Any) -> Scenario:
    """Value-conflict, small, in which nobody is screened and everybody may leave."""
    usual = {
        "population.count": 8, "actions.available": ALL, "screening.mode": "off", "policy.mix": {"imitation": 1.0},
        "population.start_delegate": 0.5, "population.start_free_ride": 0.25, "population.start_abstain": 0.25,
        "task.kind": "synthetic", "task.classes": 10, "task.samples": 900, "task.validation": 100,
    }  # fmt: skip
    return revise(load("value-conflict"), {**usual, **fields})


def played(scenario: Scenario, rounds: int = 6, seeds: range = range(2)) -> tuple[Ensemble, list[Record]]:
    ensemble = Ensemble(scenario, seeds=seeds)
    return ensemble, [ensemble.step() for _ in range(rounds)]


class TestUtility:
    def test_money_and_value_cost_are_kept_apart(self) -> None:
        ensemble, records = played(minding(**{"values.concern": "member", "values.complicity_low": 0.02}))
        for record in records:
            cost = record.payday.value_cost
            assert cost is not None and cost.max() > 0
            np.testing.assert_array_equal(record.payday.utility, record.payday.payoffs - cost)
            assert not cost[record.actions == Action.ABSTAIN].any()  # nobody minds the outcome itself here
            violation, levels = record.notes["concern"].violation, record.taught.levels[:, None]
            told = np.maximum((record.limits - levels) * ensemble.world.senses, 0.0)
            np.testing.assert_allclose(violation, told, atol=1.1e-6)
            by_hand = (ensemble.people.complicity_concern * violation).sum(axis=2) * (record.actions != Action.ABSTAIN)
            np.testing.assert_allclose(cost, by_hand, rtol=1e-12)

    def test_what_is_remembered_is_utility(self) -> None:
        ensemble, records = played(minding(**{"values.concern": "member", "policy.memory": 0.5}))
        remembered = records[0].payday.utility
        for record in records[1:]:
            remembered = 0.5 * remembered + 0.5 * record.payday.utility
        np.testing.assert_allclose(ensemble.people.utility, remembered, rtol=1e-12)

    def test_counterfactuals_are_less_their_value_cost(self) -> None:
        mix = {"policy.mix": {"best_response": 1.0}, "values.concern": "member", "values.outcome_high": 0.01}
        free, minded = (played(minding(**{**mix, "values.concern": kind}), 1)[0].people for kind in ("none", "member"))
        known = ~np.isnan(free.foregone)
        lost = (free.foregone - minded.foregone)[known]
        np.testing.assert_allclose(lost, minded.value_costs[known], atol=1e-12)
        assert lost.max() > 0

    def test_learners_learn_from_utility(self) -> None:
        fields = {"policy.mix": {"learning": 1.0}, "values.concern": "member", "policy.learning.rate": 1.0}
        ensemble, records = played(minding(**fields), 1)
        taken = np.take_along_axis(ensemble.people.action_values, records[0].actions[..., None], axis=2)[..., 0]
        np.testing.assert_array_equal(taken, records[0].payday.utility)

    def test_complicity_by_harm_costs_less_than_complicity_of_all_together(self) -> None:
        member, share = (
            played(minding(**{"values.concern": kind}), 1)[1][0].payday.value_cost for kind in ("member", "share")
        )
        assert member is not None and share is not None
        assert (share <= member + 1e-15).all() and 0 < share.sum() < member.sum()

    @pytest.mark.parametrize("policy", ["imitation", "best_response", "learning"])
    def test_concern_of_nothing_changes_nothing(self, policy: str) -> None:
        """With concerns of 0 every number is that of the economy without concerns, to the last bit."""
        fields = {"policy.mix": {policy: 1.0}, "values.experience": 0.05}
        nothing = {"values.concern": "member", "values.complicity_low": 0.0, "values.complicity_high": 0.0}
        plain, minded = (Ensemble(minding(**fields, **more), seeds=[3]).run(12) for more in ({}, nothing))
        pd.testing.assert_frame_equal(plain.rounds, minded.rounds[plain.rounds.columns], check_exact=True)
        pd.testing.assert_frame_equal(plain.principals, minded.principals[plain.principals.columns], check_exact=True)

    def test_results_tell_money_and_values_apart(self) -> None:
        results = Ensemble(minding(**{"values.concern": "member"}), seeds=[0]).run(5)
        rounds, principals = results.rounds, results.principals
        np.testing.assert_allclose(rounds["net_welfare"], rounds["welfare"] - rounds["value_cost"])
        assert rounds["violated"].between(0, 1).all() and rounds["violated"].max() > 0
        np.testing.assert_allclose(principals["utility"], principals["payoff"] - principals["value_cost"])
        assert principals["value_cost"].sum() == pytest.approx(rounds["value_cost"].sum())
        assert principals["violated"].mean() == pytest.approx(rounds["violated"].mean())


class TestExit:
    def test_who_minds_may_leave(self) -> None:
        with pytest.raises(InputError, match="actions.available must be with abstain where values.concern"):
            minding(**{"values.concern": "member", "actions.available": ALL[1:], "population.start_abstain": 0.0,
                       "population.start_delegate": 0.75})  # fmt: skip

    def test_an_unscreened_cooperative_empties(self) -> None:
        """Concern .05 of who takes part, everybody violated: imitators leave."""
        fields = {"population.count": 20, "policy.revision": 0.5, "population.start_abstain": 0.1,
                  "population.start_delegate": 0.65}  # fmt: skip
        stays, leaves = (
            Ensemble(minding(**fields, **{"values.concern": kind}), seeds=range(4)).run(60).rounds
            for kind in ("none", "member")
        )
        late = [rounds[rounds["round"] >= 40]["share_abstain"].mean() for rounds in (stays, leaves)]
        assert late[1] > late[0] + 0.3


class TestCamps:
    def test_camps_have_limits_and_concerns_of_their_own(self) -> None:
        scenario = minding(**{"values.camps": CAMPS, "values.concern": "member"})
        people = Ensemble(scenario, seeds=range(3)).people
        assert (people.camp == 0).sum(axis=1).tolist() == [2, 2, 2]  # a quarter of 8, exactly
        assert (people.limits[people.camp == 0, 1] < 0.2).all()
        assert (people.limits[people.camp == 1, 1] > 0.8).all()
        concern = people.complicity_concern
        np.testing.assert_allclose(concern[people.camp == 1], np.tile([0.0, 0.1], (18, 1)))
        np.testing.assert_allclose(concern[people.camp == 0], 0.05)

    def test_homophily_gives_a_camp_neighbouring_places(self) -> None:
        apart, together = (
            Ensemble(minding(**{"values.camps": CAMPS, "values.homophily": h}), seeds=range(8)).people.camp
            for h in (0.0, 1.0)
        )
        np.testing.assert_array_equal(together, np.tile([0, 0, 1, 1, 1, 1, 1, 1], (8, 1)))
        assert (apart != together).any(axis=1).mean() > 0.5

    def test_a_value_that_a_camp_does_not_hold_is_not_broken(self) -> None:
        unheld = [{"share": 0.5, "weights": [0.0, 0.0]}, {"share": 0.5}]
        results = Ensemble(minding(**{"values.camps": unheld, "values.concern": "member"}), seeds=[0]).run(4)
        by_camp = results.principals.groupby("camp")["violated"].mean()
        assert by_camp[0] == 0 and by_camp[1] == 1
        assert results.rounds["violated"].max() <= 0.5

    @pytest.mark.parametrize(("camps", "error"), [
        ([{"share": 0.5}], "the shares of camps sum to 0.5"),
        ([{"share": 1.0, "limits": [1.0]}], r"camps\[0\].limits has 1 entries for 2 dimensions"),
    ])  # fmt: skip
    def test_camps_that_do_not_fit_are_refused(self, camps: list[dict[str, Any]], error: str) -> None:
        with pytest.raises(InputError, match=error):
            minding(**{"values.camps": camps})

    def test_who_is_violated_and_who_is_away_is_told_by_camp(self) -> None:
        results = Ensemble(minding(**{"values.concern": "member", "values.camps": CAMPS}), seeds=[3]).run(1)
        rounds, people = results.rounds.iloc[-1], results.principals  # of a single round
        away = people["action"] == "abstain"
        for number, own in people.groupby("camp"):
            assert rounds[f"violated_camp_{number}"] == own["violated"].mean()
            assert rounds[f"abstain_camp_{number}"] == away[own.index].mean()
        assert rounds["violated"] == people["violated"].mean()

    def test_an_empty_camp_has_no_share(self) -> None:
        camps = [{"share": 1.0}, {"share": 0.0}]
        rounds = Ensemble(minding(**{"values.camps": camps}), seeds=[3]).run(1).rounds
        assert rounds["violated_camp_1"].isna().all() and rounds["violated_camp_0"].notna().all()
