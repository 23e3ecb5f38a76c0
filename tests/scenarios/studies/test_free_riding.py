"""The study of free-riding: half-lives, Schelling's diagram, thresholds, tipping points."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.figures.studies.free_riding import draw
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.free_riding.costs import (
    Loop,
    cost_over_benefit,
    costing,
    crossing,
    hysteresis,
    surface,
    surface_of,
    thresholds,
)
from commonweal.scenarios.studies.free_riding.persistence import half_life, persistence
from commonweal.scenarios.studies.free_riding.schelling import diagrams, schelling
from commonweal.scenarios.studies.free_riding.study import dilemma
from commonweal.scenarios.studies.pieces import Pieces

SMALL = revise(load("commons"), {"population.count": 8, "rounds": 20, "task.validation": 60, "task.test": 60})
EQUAL = revise(SMALL, {"settlement.kind": "equal"})
GOOD = revise(load("spatial-public-goods"), {"population.count": 36, "rounds": 20})  # multiplied by 4 in groups of 5


class TestHalfLife:
    def test_it_is_the_first_round_with_half_of_the_first_share(self):
        shares = np.array([[0.8, 0.6, 0.4, 0.9], [0.8, 0.7, 0.5, 0.41], [0.2, 0.1, 0.0, 0.0]])
        np.testing.assert_array_equal(half_life(shares), [2, np.nan, 1])


class TestCrossing:
    def test_it_is_interpolated(self):
        assert crossing(np.array([1.0, 2, 4]), np.array([0.9, 0.7, 0.3]), 0.5) == pytest.approx(3.0)

    def test_a_course_that_never_crosses_has_none(self):
        assert np.isnan(crossing(np.arange(3.0), np.array([0.9, 0.8, 0.7]), 0.5))

    @given(st.floats(0.05, 0.95), st.floats(0.1, 10))
    def test_of_a_straight_line_it_is_exact(self, level, slope):
        x = np.linspace(0, 1 / slope, 7)
        assert crossing(x, slope * x, level) == pytest.approx(level / slope)


def test_an_estimate_without_spread_has_an_interval_without_width():
    columns = mean_interval(np.full((4, 3), 2.0)).columns("x")
    assert all((values == 2.0).all() for values in columns.values()) and set(columns) == {"x", "x_low", "x_high"}


class TestSchelling:
    def test_under_equal_pay_delegating_costs_what_it_costs_whatever_others_do_once_the_model_is_good(self):
        """Equal pay: own pay moves only by an N-th of what one more contributor adds, far less than the cost."""
        diagram = schelling(diagrams(EQUAL, (0, 1), 4, 1, 12), Pieces())
        cost = (EQUAL.population.cost_low + EQUAL.population.cost_high) / 2 * EQUAL.learning.samples
        assert diagram["gain_from_delegating"].iloc[-1] == pytest.approx(-cost, rel=0.7)

    def test_others_who_delegate_run_from_nobody_to_all_but_the_focal_ones(self):
        diagram = schelling(diagrams(EQUAL, (0,), 3, 1, 2), Pieces())
        assert diagram["others_delegating"].iloc[0] == 0 and diagram["others_delegating"].iloc[-1] == 7
        assert diagram["share_of_others"].iloc[-1] == 1.0

    def test_nobody_to_ride_on_means_nothing_for_free_under_any_pay(self):
        untrained_is_worthless = revise(EQUAL, {"market.baseline": 0.5})
        diagram = schelling(diagrams(untrained_is_worthless, (0,), 3, 1, 4), Pieces())
        assert diagram["payoff_free_ride"].iloc[0] == 0.0

    def test_a_rule_that_pays_credit_alone_pays_idle_free_riders_nothing(self):
        diagram = schelling(diagrams(SMALL, (0, 1), 3, 1, 8), Pieces())
        assert (diagram["payoff_free_ride"] == 0.0).all()


class TestPublicGoods:
    @pytest.mark.parametrize("factor", [0.25, 1.0, 3.0])
    def test_dearer_contributions_bring_the_same_to_all(self, factor):
        dearer = costing(GOOD, factor).market
        assert dearer.contribution == factor * GOOD.market.contribution
        assert dearer.contribution * dearer.multiplication == pytest.approx(4.0)
        assert cost_over_benefit(costing(GOOD, factor)) == pytest.approx(factor / 4)

    def test_contributing_pays_once_it_costs_less_than_comes_back(self):
        """A fifth of four comes back of each unit in the five groups: at costs of .8 and below everybody gains."""
        gains = [schelling(diagrams(costing(GOOD, factor), (0,), 1, 1, 4), Pieces())["gain_from_delegating"].to_numpy()
                 for factor in (0.5, 0.8, 1.0)]  # fmt: skip
        np.testing.assert_allclose(gains, np.array([[1.5], [0.0], [-1.0]]).repeat(2, 1), atol=1e-9)

    @pytest.mark.parametrize("nothing", ["market.multiplication", "market.contribution"])
    def test_costs_of_nothing_are_not_varied(self, nothing):
        with pytest.raises(InputError, match="contributing costs nothing or brings nothing; costs cannot be varied"):
            ask("free-riding", GOOD, 2, {nothing: 0.0}, **OPTIONS)

    def test_who_reckons_contributes_as_long_as_more_comes_back_than_it_costs(self):
        """A fifth of what a contribution brings comes back: the tipping point, whatever was before."""
        reckons = {"policy.mix": {"best_response": 1.0}, "policy.revision": 0.5}
        options = {**OPTIONS, "horizon": 20, "factors": [0.5, 0.7, 0.9, 2.0], "counts": [36]}
        answer = ask("free-riding", GOOD, 3, reckons, **options)
        for name in ("hysteresis", "surface_count"):
            table = answer.tables[name]
            assert (table["share_delegate"] == (table["cost_over_benefit"] < 0.2)).all()
        assert answer.tables["tipping"]["mean"].to_numpy() == pytest.approx([0.2, 0.2, 0.0])
        assert answer.tables["thresholds"]["threshold_cost_over_benefit"].item() == pytest.approx(0.2)
        assert set(draw(answer)) == {"schelling", "surfaces", "hysteresis", "course"}
        assert not [note for note in answer.notes if "delegat" in note or "model" in note]


class TestSurfaces:
    def test_cost_over_benefit_grows_with_the_factor(self):
        assert cost_over_benefit(costing(SMALL, 3.0)) == pytest.approx(3 * cost_over_benefit(SMALL))

    def test_of_commons_it_is_the_mean_cost_of_eight_samples_over_what_accuracy_brings(self):
        assert cost_over_benefit(SMALL) == pytest.approx(0.0005 * 8 / (0.01 * 0.9))

    def test_every_level_and_factor_has_a_row_and_is_the_run_it_says(self):
        table = surface(surface_of(SMALL, "population.count", (6, 8), (0.5, 1.0), (0, 1)), Pieces())
        assert table[["population.count", "cost_factor"]].to_numpy().tolist() == [[6, 0.5], [6, 1], [8, 0.5], [8, 1]]
        from commonweal.economy.runs.ensemble import Ensemble

        own = Ensemble(SMALL, [0, 1]).run().rounds
        late = own[own["round"] >= 15].groupby("run")["share_delegate"].mean()
        assert table["share_delegate"].iloc[3] == pytest.approx(late.mean())

    def test_thresholds_say_on_which_side_they_are_when_there_is_none(self):
        rows = {"a": [1.0, 1, 2, 2, 3, 3], "cost_over_benefit": [1.0, 2] * 3}
        table = pd.DataFrame(rows | {"share_delegate": [0.8, 0.2, 0.9, 0.8, 0.1, 0.0]})
        found = thresholds(table, "a")
        assert found["threshold_cost_over_benefit"].iloc[0] == pytest.approx(1.5)
        assert found["where"].tolist() == ["", "above all tried", "below all tried"]


class TestHysteresis:
    def test_who_never_reconsiders_shows_none(self):
        fixed = revise(SMALL, {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0})
        steps, tipping = hysteresis(Loop(fixed, (0.5, 1.0, 2.0), (0, 1), 4), Pieces())
        by_costs = {costs: part["share_delegate"].to_numpy() for costs, part in steps.groupby("costs")}
        np.testing.assert_array_equal(by_costs["rising"], by_costs["falling"])
        assert tipping["mean"].iloc[-1] == 0.0

    @pytest.mark.parametrize("scenario", [SMALL, GOOD], ids=["model", "public good"])
    def test_the_first_step_is_the_scenario_with_these_costs(self, scenario):
        steps, _ = hysteresis(Loop(scenario, (0.5, 2.0), (0, 1), 20), Pieces())
        count = scenario.population.count
        table = surface(surface_of(scenario, "population.count", (count,), (0.5,), (0, 1)), Pieces())
        assert steps["share_delegate"].iloc[0] == pytest.approx(table["share_delegate"].iloc[0])

    def test_falling_costs_come_back_to_where_they_began(self):
        steps, _ = hysteresis(Loop(SMALL, (0.5, 1.0, 2.0), (0,), 4), Pieces())
        assert steps.groupby("costs")["cost_factor"].apply(list).to_dict() == {
            "rising": [0.5, 1.0, 2.0], "falling": [0.5, 1.0, 2.0],
        }  # fmt: skip
        top = steps[steps["cost_factor"] == 2.0].set_index("costs")["share_delegate"]
        assert abs(top["rising"] - top["falling"]) < 1.0


OPTIONS = {"cuts": 2, "focal": 1, "horizon": 4, "factors": [0.5, 2.0], "counts": [6], "alphas": [1.0]}


class TestStudy:
    def test_it_answers_with_tables_and_figures(self):
        answer = ask("free-riding", SMALL, seeds=2, **OPTIONS)
        assert list(answer.tables)[:3] == ["measures", "schelling", "tipping"]
        assert set(draw(answer)) == {"schelling", "surfaces", "hysteresis", "course"}
        assert "free-ride" in answer.headline
        assert answer.notes[0].startswith("2 seeds are few")

    @pytest.mark.slow
    def test_equal_pay_is_called_a_social_dilemma(self):
        answer = ask("free-riding", EQUAL, seeds=8, **{**OPTIONS, "horizon": 20, "cuts": 4})
        assert "social dilemma" in answer.headline
        assert "surface_alpha" not in answer.tables and any("does not look at alpha" in note for note in answer.notes)

    @pytest.mark.parametrize(
        ("changes", "options", "complaint"),
        [
            ({"actions.available": ["delegate", "defect"], "population.start_free_ride": 0.0,
              "population.start_delegate": 0.8}, {}, "must hold free_ride"),
            ({"population.cost_low": 0.0, "population.cost_high": 0.0}, {}, "delegating costs nothing"),
            ({"market.price": 0.0}, {}, "a good model brings nothing"),
            ({"population.cost_types": [0.001, 0.002]}, {}, "population.cost_types must be empty"),
            ({}, {"factors": [2.0, 1.0]}, "must be above zero and ascending"),
            ({}, {"horizon": 1}, "option horizon = 1: must be a whole number between 4 and"),
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_refused_in_one_line(self, changes, options, complaint):
        with pytest.raises(InputError) as refusal:
            ask("free-riding", SMALL, 2, changes, **options)
        assert complaint in str(refusal.value) and "\n" not in str(refusal.value)


class TestHeadline:
    """What is said of Schelling's diagram: nine numbers of others, the gain from delegating with its interval."""

    def diagram(self, low: list[float], high: list[float], top: float = 1.0) -> pd.DataFrame:
        lows, highs = np.array(low), np.array(high)
        ends = {"gain_from_delegating": (lows + highs) / 2, "gain_from_delegating_low": lows}
        payoffs = {"payoff_delegate_low": np.linspace(0, top, len(low)), "payoff_free_ride_high": 0.5}
        return pd.DataFrame({"others_delegating": np.arange(len(low)) * 5, **ends, "gain_from_delegating_high": highs,
                             **payoffs})  # fmt: skip

    def test_nothing_is_said_of_every_number_of_others_where_most_intervals_hold_0(self):
        """Seven of nine gains are below 0 on average, with intervals that hold it."""
        told = dilemma(self.diagram([-3.0] * 9, [-1.0] * 2 + [0.5] * 7), 8)
        assert "however many" not in told and "free-riding surely pays more at 2" in told
        assert "At 7 the interval of the difference holds 0; about" in told

    def test_what_holds_everywhere_is_said(self):
        assert dilemma(self.diagram([-3.0] * 9, [-1.0] * 9), 8).endswith("delegate: a social dilemma.")
        assert dilemma(self.diagram([-3.0] * 9, [-1.0] * 9, top=0.4), 8).endswith("others delegate.")
        assert dilemma(self.diagram([1.0] * 9, [3.0] * 9), 8).startswith("Delegating pays more however many")

    def test_where_the_better_choice_changes_is_known_to_lie_between_two_sure_ones(self):
        told = dilemma(self.diagram([1.0, 1, 1, -1, -3, -3], [3.0, 3, 3, 1, -1, -1]), 8)
        assert "free-riding surely pays more at 2, delegating surely pays more at 3" in told
        assert "changes between 10 and 20" in told and "At 1 the interval" in told

    def test_with_one_seed_nothing_is_known(self):
        unknown = [float("nan")] * 3
        assert dilemma(self.diagram(unknown, unknown), 1) == (
            "Which of the two pays more is not known for any number of others who delegate."
        )

    def test_of_two_seeds_half_lives_stay_positive_and_shares_in_range(self):
        """At a price of 0 cooperation halves after 5 rounds in one seed and after 9 in the other."""
        poor = revise(EQUAL, {"market.price": 0.0, "population.count": 20})
        measures, _, lives = persistence(poor, (0, 1), Pieces())
        assert np.isfinite(lives).all() and lives[0] != lives[1]
        last = measures.iloc[-1]
        assert 0 < last["mean_low"] < last["mean"] < last["mean_high"]
        shares = measures[measures["measure"].str.startswith("share")]
        assert (shares["mean_low"] >= 0).all() and (shares["mean_high"] <= 1).all()
