"""The study of incentives: theory it must agree with, mechanisms that pass and fail, and what it reports."""

import numpy as np
import pandas as pd
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.money.settlement import SETTLEMENTS, SettlementTerms, Standing, settlement_rule
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.studies import draw
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.incentives.base_runs import play_base
from commonweal.scenarios.studies.incentives.catalogue import chosen
from commonweal.scenarios.studies.incentives.evidence import Trials
from commonweal.scenarios.studies.incentives.options import IncentivesOptions

GAME = revise(load("public-goods"), {"population.count": 10, "market.groups": "all", "policy.mix": {"fixed": 1.0}})
HONEST = revise(
    load("commons"),
    {
        "population": {"count": 6, "start_delegate": 1.0, "start_free_ride": 0.0, "start_defect": 0.0, "cost_low": 0.0,
                       "cost_high": 0.0003},
        "policy": {"mix": {"fixed": 1.0}, "mutation": 0.0},
        "task.partition": "equal", "task.drift": 0.0, "task.validation": 100, "learning.samples": 16,
    },
)  # fmt: skip
VERIFIED = ("free_ride", "abstain", "less", "late")  # what a principal can do where data cannot be forged


def planted_bug(standing: Standing, terms: SettlementTerms) -> np.ndarray:
    """Equal shares, but 1 % more for who is credited nothing."""
    weights = standing.member * np.where(standing.credit == 0, 1.01, 1.0)
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)


@pytest.fixture(autouse=True)
def _planted(monkeypatch):
    """The planted rule is there in these tests alone."""
    monkeypatch.setattr(SETTLEMENTS, "_plugs", dict(SETTLEMENTS._plugs))
    settlement_rule("a-percent-for-free-riders")(planted_bug)


def asked(scenario, seeds=4, **options):
    return ask("incentives", scenario, seeds, **{"workers": 1, "others": "freeze", "horizon": 10} | options)


def measure(answer, name: str, others: str = "freeze"):
    table = answer.tables["verdict"]
    return table[(table["measure"] == name) & table["others"].isin([others, ""])].iloc[0]


class TestTheory:
    @pytest.mark.parametrize("multiplication", [2.0, 9.0, 10.0, 11.0])
    def test_in_a_linear_public_goods_game_contributing_gains_r_over_n_less_1(self, multiplication):
        """Ledyard (1995): of each unit contributed r/N comes back; the best response switches at r = N."""
        game = revise(GAME, {"market.multiplication": multiplication})
        answer = asked(game, 3, horizon=3, others="both", deviations=["delegate", "free_ride"])
        gain = multiplication / 10 - 1
        best = answer.tables["by_type"].query("trait == 'action'").set_index(["type", "others"])
        for others in ("adapt", "freeze"):
            np.testing.assert_allclose(best.loc[("delegate", others), "gain"], max(-gain, 0), atol=1e-9)
            np.testing.assert_allclose(best.loc[("free_ride", others), "gain"], max(gain, 0), atol=1e-9)
            gap = measure(answer, "IC gap", others)
            np.testing.assert_allclose(gap[["value", "value_low", "value_high"]].astype(float), abs(gain), atol=1e-9)
        delegators = 10 * GAME.population.start_delegate
        regret = max(-gain, 0) * delegators + max(gain, 0) * (10 - delegators)
        np.testing.assert_allclose(measure(answer, "NashConv")["value"], regret, atol=1e-8)

    def test_where_contributing_gains_and_all_contribute_no_deviation_pays(self):
        all_contribute = {"population.start_delegate": 1.0, "population.start_free_ride": 0.0}
        game = revise(GAME, {"market.multiplication": 11.0} | all_contribute)
        answer = asked(game, 2, horizon=2, deviations=["free_ride"])
        np.testing.assert_allclose(measure(answer, "IC gap")["value_high"], -0.1, atol=1e-9)
        assert "no deviation pays" in answer.headline and "ε = 0 money a round" in answer.headline

    def test_a_pair_that_withholds_together_gains_less_each_than_one_alone(self):
        """Each of two saves 1 and loses 2 r/N: 1 − 2 r/N against 1 − r/N."""
        answer = asked(GAME, 2, horizon=2, deviations=["free_ride", "pair"])
        np.testing.assert_allclose(measure(answer, "IC gap")["value"], 1 - 0.16, atol=1e-9)
        np.testing.assert_allclose(measure(answer, "IC gap of pairs")["value"], 1 - 0.32, atol=1e-9)


class TestMechanisms:
    @pytest.mark.slow
    def test_credit_with_verified_data_is_incentive_compatible(self):
        # As with exact Shapley values, what a sixth contributor adds pays for costs to .0001, not surely for .0003
        cheap = revise(HONEST, {"population.cost_high": 0.0001})
        credit = asked(cheap, 16, horizon=20, deviations=VERIFIED)
        assert measure(credit, "IC gap")["value_high"] < 0
        assert "no deviation pays" in credit.headline and "ε = 0 money a round" in credit.headline

    @pytest.mark.slow
    def test_equal_pay_with_verified_data_is_not(self):
        equal = asked(revise(HONEST, {"settlement.kind": "equal"}), 8, horizon=20, deviations=VERIFIED)
        assert measure(equal, "IC gap")["value_low"] > 0
        assert "some deviation surely gains" in equal.headline

    @pytest.mark.slow
    def test_shapley_with_verified_data_is_incentive_compatible(self):
        shapley = revise(HONEST, {"credit.kind": "shapley", "population.cost_high": 0.0001})
        answer = asked(shapley, 16, horizon=20, deviations=("free_ride", "abstain", "less"))
        assert measure(answer, "IC gap")["value_high"] < 0

    @pytest.mark.slow
    def test_a_rule_that_pays_free_riders_one_percent_more_is_found_out(self):
        """Of 20 principals whose data cost nothing, who alone free-rides gets 1.01 / (20.01 / 20) equal shares."""
        free = {"population.count": 20, "population.cost_high": 0.0, "market.baseline": 0.0, "settlement.horizon": 1}
        sound, planted = (
            asked(revise(HONEST, free | {"settlement.kind": kind}), 8, start=60, principals=8, deviations=["free_ride"])
            for kind in ("equal", "a-percent-for-free-riders")
        )
        assert measure(sound, "IC gap")["value_low"] < 0 < measure(sound, "IC gap")["value_high"]
        assert measure(planted, "IC gap")["value_low"] > 0
        anybody = measure(planted, "IC gap of anybody")
        assert anybody["value_low"] > 0
        assert anybody["relative"] == pytest.approx(1.01 / (20.01 / 20) - 1, abs=0.001)


class TestReport:
    def test_leaving_for_good_gains_what_the_outside_option_pays_more(self):
        answer = asked(revise(HONEST, {"population.outside_option": 0.001}), deviations=("abstain",))
        rows = answer.tables["by_principal"]
        gain = answer.tables["gains"]["gain"]
        np.testing.assert_allclose(gain, -rows["ir_margin"], atol=1e-9)
        np.testing.assert_allclose(rows["ir_margin"], rows["payoff"] - 0.001, atol=1e-12)

    def test_every_micro_unit_of_revenue_is_paid_or_kept(self):
        stakes = {"stakes.stake": 0.01, "population.endowment": 1.0, "stakes.audit": 0.5}
        scenario = revise(load("commons"), {"settlement.reserve": 0.123, "population.count": 7, **stakes})
        budget = asked(scenario, 3, deviations=("free_ride",)).tables["budget"]
        assert (budget["unaccounted"] == 0).all() and (budget["slashed"] > 0).any()
        assert (budget["revenue"] == budget["paid"] + budget["kept"]).all() and (budget["kept"] > 0).all()

    def test_fees_for_names_and_what_is_clawed_back_are_no_revenue(self):
        changes = {"identity.cost": 0.01, "clawback.share": 1.0, "settlement.kind": "credit",
                   "population.endowment": 1.0, "population.count": 7, "population.start_delegate": 0.6,
                   "population.start_free_ride": 0.1, "population.start_defect": 0.3}  # fmt: skip
        budget = asked(revise(load("commons"), changes), 3, deviations=("free_ride",)).tables["budget"]
        assert (budget["unaccounted"] == 0).all() and (budget["kept"] == 0).all()

    def test_some_principals_stand_for_all(self):
        every = Trials.of(GAME, IncentivesOptions(), ())
        some = Trials.of(GAME, IncentivesOptions(principals=4), ())
        assert every.places.tolist() == list(range(10)) and some.places.tolist() == [1, 3, 6, 8]
        whole, part = (asked(GAME, 2, horizon=2, principals=n, deviations=["free_ride"]) for n in (10, 5))
        assert measure(part, "NashConv")["value"] == pytest.approx(measure(whole, "NashConv")["value"], abs=1e-9)

    def test_principals_are_ordered_by_action_and_cost(self):
        scenario = revise(load("commons"), {"population.count": 10})
        table = asked(scenario, 2, horizon=2, deviations=("free_ride",)).tables["by_principal"]
        assert list(table["action"]) == ["delegate"] * 6 + ["free_ride"] * 2 + ["defect"] * 2
        assert all(table.groupby("action")["cost"].apply(lambda cost: cost.is_monotonic_increasing))

    def test_seeds_are_added_until_the_interval_is_narrow_enough(self):
        wide = asked(HONEST, 3, horizon=4, deviations=("free_ride",))
        gap = measure(wide, "IC gap")
        wanted = 0.5 * (gap["value_high"] - gap["value_low"])
        narrow = asked(HONEST, 3, horizon=4, deviations=("free_ride",), until_width=wanted)
        gap = measure(narrow, "IC gap")
        assert gap["value_high"] - gap["value_low"] <= wanted
        assert len(narrow.provenance["seeds"]) > 3 and set(narrow.provenance["seeds"]) > {0, 1, 2}

    def test_seeds_that_did_not_suffice_are_admitted(self):
        answer = asked(HONEST, 2, horizon=3, deviations=("free_ride",), until_width=1e-9, max_seeds=5)
        assert answer.provenance["seeds"] == [0, 1, 2, 3, 4]
        assert any("not 1e-09 as wanted: max_seeds = 5 was reached" in note for note in answer.notes)

    def test_a_cost_that_nobody_asks_for_is_left_out_with_a_note(self):
        answer = asked(GAME, 2, horizon=2, deviations=("cost", "free_ride"))
        assert set(answer.tables["by_deviation"]["deviation"]) == {"free_ride"}
        assert any("misreported cost" in note for note in answer.notes)

    def test_where_principals_are_all_alike_there_is_no_table_of_types(self):
        answer = asked(revise(HONEST, {"population.count": 1}), 2, horizon=2, others="both")
        assert "by_type" not in answer.tables and set(draw(answer)) == {"gains", "principals", "gap"}

    def test_lies_about_updates_are_tried_where_they_are_claims(self):
        secret = revise(HONEST, {"learning.wire": "secure", "learning.distrust": "note", "learning.nodes": 2})
        answer = asked(secret, 3, horizon=3, deviations=("exaggerate", "pair"), pair="lie")
        gains = answer.tables["by_type"]
        assert (gains["gain"] > 0).any()

    def test_it_can_be_drawn(self):
        answer = asked(HONEST, 3, horizon=3, others="both", deviations=("free_ride", "stale", "pair"))
        assert set(draw(answer)) == {"gains", "principals", "gap"}


@pytest.mark.parametrize(
    ("scenario", "options", "complaint"),
    [
        (GAME, {"deviations": ("poison",)}, "poison makes no sense in public-goods: there are no data"),
        (HONEST, {"deviations": ("looser",)}, "looser makes no sense in commons: limits matter only with"),
        (HONEST, {"deviations": ("exaggerate",)}, "exaggerate makes no sense in commons: what updates do is"),
        (HONEST, {"deviations": ("pair",), "pair": "lie"}, "pair makes no sense in commons: what updates do is worked"),
        (GAME, {"deviations": ("defect",)}, "defect makes no sense in public-goods: actions.available"),
        (HONEST, {"deviations": ("cost",)}, "no deviation is left to try"),
        (HONEST, {"deviations": ("pair",)}, "name one of a single principal beside pair"),
        (HONEST, {"joins": 10}, "option joins = 10: must be below horizon = 10"),
        (HONEST, {"leaves": 99}, "option leaves = 99: must be below horizon = 10"),
        (HONEST, {"deviations": ("bribe",)}, "must be a list, each item one of delegate, free_ride"),
        (HONEST, {"seeds": 1}, "seeds: incentives needs at least 2"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(scenario, options, complaint):
    with pytest.raises(InputError) as refusal:
        asked(scenario, **options)
    assert complaint in str(refusal.value) and "\n" not in str(refusal.value)


class TestUtility:
    """Principals who mind what becomes of their values: gains and margins are in utility."""

    MINDING = revise(
        load("value-conflict"),
        {
            "population.count": 6, "actions.available": ["abstain", "delegate", "free_ride", "defect"],
            "values.concern": "member", "values.influence": "none", "population.outside_option": 0.001,
            "task.kind": "synthetic", "task.classes": 10, "task.samples": 900, "task.validation": 100,
        },
    )  # fmt: skip

    def test_misreported_limits_are_tried_where_screening_and_concern_are_on(self):
        options = IncentivesOptions()
        assert {"stricter", "looser"} <= {deviation.name for deviation in chosen(self.MINDING, options)}

    @pytest.mark.parametrize("judge", ["utility", "money"])
    def test_leaving_sheds_complicity_in_utility(self, judge):
        """Without concern about the outcome who stays away has the outside option, in either unit."""
        scenario = revise(self.MINDING, {"screening.mode": "off"})
        answer = asked(scenario, 2, horizon=4, deviations=("abstain",), judge=judge)
        margin = answer.tables["by_principal"]["ir_margin"]
        np.testing.assert_allclose(answer.tables["gains"]["gain"], -margin, atol=1e-9)
        assert answer.provenance["unit"] == judge and f"{judge} a round" in answer.headline
        assert (answer.tables["verdict"]["unit"] == f"{judge} per round").all()

    def test_the_margin_of_staying_is_over_what_the_outcome_costs_who_leaves(self):
        fields = {"screening.mode": "off", "values.outcome_low": 0.02, "values.outcome_high": 0.02}
        scenario = revise(self.MINDING, fields)
        base = play_base(scenario, [0, 1], 0, 3)
        ensemble = Ensemble(scenario, [0, 1])
        records = [ensemble.step() for _ in range(3)]
        np.testing.assert_allclose(base.payoffs, np.mean([record.payday.utility for record in records], axis=0))
        broken = np.mean([record.notes["concern"].violation.sum(axis=2) for record in records], axis=0)
        np.testing.assert_allclose(base.outside, 0.001 - 0.02 * broken, atol=1e-12)
        money = play_base(scenario, [0, 1], 0, 3, judge="money")
        np.testing.assert_allclose(money.payoffs, np.mean([record.payday.payoffs for record in records], axis=0))
        np.testing.assert_array_equal(money.outside, np.full((2, 6), 0.001))

    def test_where_nobody_minds_both_units_give_the_same_tables(self):
        utility, money = (asked(HONEST, 2, horizon=3, deviations=("abstain", "free_ride"), judge=judge)
                          for judge in ("utility", "money"))  # fmt: skip
        assert utility.headline == money.headline and utility.provenance["unit"] == "money"
        for name, table in utility.tables.items():
            pd.testing.assert_frame_equal(table, money.tables[name], check_exact=True)
