"""The study of sensitivity: fields and their ranges, their influence, and the choices that are open."""

import sys

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.studies.sensitivity import draw
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.sensitivity.choices import OWN, choice_points
from commonweal.scenarios.studies.sensitivity.fields import COST, chosen_fields, own_value, relevant_fields, written_out

pytest.importorskip("SALib")

SMALL = revise(load("commons"), {"population.count": 8, "rounds": 8, "task.validation": 60, "task.test": 60})
QUICK = {"outcomes": ["welfare", "accuracy"], "fields": ["market.price", COST], "size": 2, "workers": 1}


class TestFields:
    @pytest.mark.parametrize("name", library_names())
    def test_ranges_are_around_values_of_the_scenario_and_valid(self, name):
        scenario = load(name)
        for factor in chosen_fields(scenario, (), {}):
            low, high = factor.at(0.0), factor.at(1.0)
            own = 1.0 if factor.path == COST else own_value(scenario, factor.path)
            assert low < own < high
            for value in (low, high):
                revise(scenario, written_out(scenario, {factor.path: value}))

    def test_of_a_share_the_odds_are_halved_and_doubled(self):
        (discount, mutation) = chosen_fields(SMALL, ("settlement.discount", "policy.mutation"), {})
        assert SMALL.settlement.discount == 0.95  # odds 19 to 1
        assert (discount.at(0.0), discount.at(1.0)) == (pytest.approx(9.5 / 10.5), pytest.approx(38 / 39))
        assert mutation.at(0.0) / (1 - mutation.at(0.0)) == pytest.approx(0.01 / 0.99 / 2)

    def test_the_cost_factor_stands_for_both_bounds_of_costs(self):
        point = written_out(SMALL, {COST: 2.0, "market.price": 0.01})
        assert point == {
            "market.price": 0.01,
            "population.cost_low": 2 * SMALL.population.cost_low,
            "population.cost_high": 2 * SMALL.population.cost_high,
        }

    def test_a_field_that_runs_together_must_have_alike_takes_few_values(self):
        (horizon, _) = chosen_fields(SMALL, ("settlement.horizon", "market.price"), {})
        assert [horizon.at(unit) for unit in np.linspace(0, 1, 9)] == [25, 25, 40, 40, 63, 63, 100, 100, 100]

    def test_only_what_matters_under_the_rules_varies(self):
        assert "settlement.alpha" in relevant_fields(SMALL)
        blind = relevant_fields(revise(SMALL, {"settlement.kind": "data"}))
        assert not {"settlement.alpha", "settlement.discount", "settlement.horizon"} & set(blind)
        public = relevant_fields(load("public-goods"))
        assert "market.multiplication" in public and COST not in public and "learning.rate" not in public


@pytest.fixture(scope="module")
def answer():
    varied = {"market.price": [0.005, 0.02], "stakes.audit": [0.1, 0.9], COST: [0.5, 2.0]}
    asked = QUICK | {"fields": list(varied), "ranges": varied, "size": 4}
    still = {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0}
    return ask("sensitivity", SMALL, seeds=3, overrides=still, **asked)


class TestInfluence:
    def test_a_field_that_does_nothing_is_credited_with_nothing(self, answer):
        """Nobody has a stake in commons, so audits find nothing to slash; all else is drawn alike."""
        rows = answer.tables["influence"].set_index(["outcome", "field"])
        assert rows.loc[("welfare", "stakes.audit"), ["size", "effect", "spread"]].tolist() == [0, 0, 0]
        assert rows.loc[("welfare", "stakes.audit"), "noise"] > 0

    def test_money_has_no_influence_on_learning_while_nobody_reconsiders(self, answer):
        rows = answer.tables["influence"].query("outcome == 'accuracy'")
        assert rows["field"].nunique() == 3 and not rows[["size", "size_high", "effect", "spread"]].any(axis=None)

    def test_a_higher_price_raises_welfare_and_a_higher_cost_lowers_it(self, answer):
        rows = answer.tables["influence"].query("outcome == 'welfare'").set_index("field")
        assert rows.index[-1] == "stakes.audit"
        assert rows.loc["market.price", "effect"] > 0 > rows.loc[COST, "effect"]

    def test_while_nobody_reconsiders_doubling_costs_twice_takes_them_off_welfare(self, answer):
        """Welfare falls by the costs of delegating: three quarters and more of the range 0.5 to 2 is 1.5 times them."""
        rounds = Ensemble(
            revise(SMALL, {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "population.cost_high": 0.0005,
                           "population.cost_low": 0.0005}), [0, 1, 2]).run().rounds  # fmt: skip
        costs = (rounds["share_delegate"] * 8 * 8 * 0.0005).mean()
        effect = answer.tables["influence"].set_index(["outcome", "field"]).loc[("welfare", COST), "effect"]
        assert effect == pytest.approx(-1.5 * costs, rel=0.35)

    def test_sobol_indices_are_shares_of_variance(self):
        found = ask("sensitivity", SMALL, seeds=2, **QUICK | {"method": "sobol", "size": 8, "choices": False})
        rows = found.tables["influence"].query("outcome == 'welfare'")
        assert {"total", "total_low", "alone", "alone_high", "noise"} <= set(rows)
        assert rows["noise"].between(0, 1).all() and "choices" not in found.tables


class TestChoices:
    def test_the_scenarios_own_come_first_and_each_other_point_changes_one(self):
        first, *others = choice_points(load("value-conflict"))
        assert {sum(point[path] != first[path] for path in first) for point in others} == {1}
        tried = {path for point in others for path in first if point[path] != first[path]}
        assert {"screening.mode", "screening.scope", "screening.gate", "settlement.clip", "settlement.alpha"} <= tried

    def test_rules_that_look_at_no_credit_have_fewer(self):
        assert set(choice_points(revise(SMALL, {"settlement.kind": "equal"}))[0]) == {"screening.gate"}

    def test_differences_are_those_of_the_same_seeds_played_alone(self):
        table = ask("sensitivity", SMALL, seeds=[3, 5], **QUICK).tables["choices"]
        row = table[(table["outcome"] == "welfare") & (table["field"] == "screening.gate")].iloc[0]
        means = [
            Ensemble(revise(SMALL, {"screening.gate": gate}), [3, 5]).run().rounds.query("round >= 6")["welfare"].mean()
            for gate in (True, False)
        ]
        assert row["value"] == "false" and row["difference"] == pytest.approx(means[1] - means[0])
        assert table["field"].iloc[0] == OWN and np.isnan(table["difference"].iloc[0])


class TestStudy:
    def test_it_answers_with_tables_figures_and_progress(self):
        told: list[tuple[str, int, int]] = []
        found = ask("sensitivity", SMALL, seeds=2, tell=lambda *step: told.append(step), **QUICK)
        assert list(found.tables) == ["influence", "choices"] and set(draw(found)) == {"influence", "choices"}
        assert {what for what, *_ in told} == {"rounds of sensitivity"} and told[-1][1] == told[-1][2]
        assert {line.partition(":")[0] for *_, line in told} == {"varying fields", "trying choices"}
        assert found.headline.startswith(("welfare is driven most by", "No field moves welfare surely"))

    @pytest.mark.parametrize("method", ["morris", "sobol"])
    def test_the_headline_is_about_the_first_outcome_that_varies(self, method):
        asked = QUICK | {"outcomes": ["treasury", "welfare"], "choices": False, "method": method}
        found = ask("sensitivity", SMALL, seeds=2, **asked)
        assert found.headline.startswith("Nothing is known to move treasury. ") and "welfare" in found.headline
        assert draw(found)

    def test_where_no_outcome_varies_it_says_so(self):
        found = ask("sensitivity", SMALL, seeds=2, **QUICK | {"outcomes": ["treasury"], "choices": False})
        assert found.headline == "Nothing is known to move treasury."

    def test_words_follow_the_market(self):
        """Where nothing is learned contributions are what varies, not the accuracy of a model."""
        game = load("public-goods", {"population.count": 8, "rounds": 4})
        asked = {"outcomes": ["accuracy"], "size": 2, "workers": 1}
        found = ask("sensitivity", game, seeds=2, **asked)
        assert set(found.tables["influence"]["outcome"]) == {"contributions"}
        titles = [ax.get_title(loc="left") for figure in draw(found).values() for ax in figure.axes]
        assert not [text for text in (found.headline, *found.notes, *titles) if "accuracy" in text]

    def test_without_salib_it_says_what_to_install_before_it_plays(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "SALib.analyze.morris", None)
        with pytest.raises(InputError, match=r"needs SALib: pip install 'commonweal\[sensitivity\]'"):
            ask("sensitivity", revise(SMALL, {"rounds": 10_000_000}), seeds=2, **QUICK)

    @pytest.mark.parametrize(
        ("options", "complaint"),
        [
            ({"outcomes": ["happiness"]}, "option outcomes: 'happiness' is no metric; there are share_abstain"),
            ({"outcomes": ["gini", "gini"]}, "each once"),
            ({"fields": ["market.prize", COST]}, "market.prize is not a field; did you mean market.price?"),
            ({"fields": ["market.price"]}, "name at least two"),
            ({"fields": ["market.price", "settlement.floor"]}, "settlement.floor = 0.0 has no range around it"),
            ({"fields": ["market.price", "settlement.kind"]}, "settlement.kind = 'credit' is no number"),
            ({"ranges": {"screening.gate": [0.0, 1.0]}}, "screening.gate = true is no number"),
            ({"fields": ["market.price", "market"]}, "market = {kind = 'model', "),
            ({"ranges": {"values.dimensions[0].limit": [0.1, 1.0]}}, "there is no item 0, since the list is empty"),
            ({"ranges": {"market.price": [2.0, 1.0]}}, "low = 2 must be below high = 1"),
            ({"ranges": {"market.price": [1.0]}}, "must be a list of the lowest and the highest value"),
            ({"ranges": {COST: [0.0, 1.0]}}, "cost_factor multiplies costs above 0"),
            ({"ranges": {"settlement.reserve": [0.5, 2.0]}}, "settlement.reserve = "),
            ({"method": "sobol", "size": 6}, "option size = 6: must be a power of two for sobol, like 4 or 8"),
            ({"size": 1}, "option size = 1: must be at least 2"),
            ({"method": "guess"}, "option method = 'guess': must be one of morris, sobol"),
        ],
    )
    def test_what_makes_no_sense_is_refused_in_one_line(self, options, complaint):
        with pytest.raises(InputError) as refusal:
            ask("sensitivity", SMALL, 2, **QUICK | options)
        assert complaint in str(refusal.value) and "\n" not in str(refusal.value)

    def test_one_seed_cannot_tell_influence_from_luck(self):
        with pytest.raises(InputError, match="seeds: sensitivity needs at least 2"):
            ask("sensitivity", SMALL, 1, **QUICK)
