"""The league of mechanisms: who is compared, what is observed, who withstands which attack, ranks that admit ties."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.studies.compare import draw
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.compare.agreement import Worth, agreements, true_credit
from commonweal.scenarios.studies.compare.attacks import Assault, Threat, assail, attacks, group_attacks
from commonweal.scenarios.studies.compare.mechanisms import Mechanism, mechanisms
from commonweal.scenarios.studies.compare.observation import observation, parts
from commonweal.scenarios.studies.compare.ranking import Criterion, overall, rank_sets
from commonweal.scenarios.studies.pieces import Pieces

SMALL = revise(load("commons"), {"population.count": 8, "rounds": 12, "task.validation": 60, "task.test": 60})
EVERYBODY = {
    "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "population.start_delegate": 1.0,
    "population.start_free_ride": 0.0, "population.start_defect": 0.0,
}  # fmt: skip
QUICK = {
    "settlements": ["equal", "credit"], "horizon": 6, "principals": 2, "truth_rounds": 2, "budget": 50, "workers": 1,
}  # fmt: skip


def measured(*columns: list[float], more: bool = True) -> Criterion:
    return Criterion("x", "money per round", more, np.array(columns, dtype=float).T)


class TestRanking:
    def test_whose_paired_difference_has_an_interval_with_0_tie(self):
        close = measured([1.0, 2, 3, 4], [1.1, 1.9, 3.1, 3.9], [0.0, 1, 2, 3])
        first, last = rank_sets(close.better)
        assert first.tolist() == [1, 1, 3] and last.tolist() == [2, 2, 3]

    def test_less_may_be_better(self):
        assert rank_sets(measured([1.0, 2, 3], [5, 6, 7], more=False).better)[0].tolist() == [1, 2]

    def test_pairing_tells_apart_what_separate_intervals_do_not(self):
        assert rank_sets(measured([0.0, 10, 20, 30], [1.0, 11.1, 20.9, 31]).better)[0].tolist() == [2, 1]

    def test_differences_of_rounding_are_ties(self):
        assert not measured([1.0, 1, 1], [1 + 1e-12, 1 + 1e-12, 1 + 1e-12]).better.any()

    def test_what_is_not_known_ties_with_everything(self):
        assert not measured([1.0, 2, 3], [np.nan, 9, 9]).better.any()

    @given(nps.arrays(float, st.tuples(st.integers(2, 6), st.integers(2, 5)), elements=st.floats(-1e3, 1e3)))
    def test_nobody_is_surely_better_than_who_has_the_best_mean_and_ranks_leave_room_for_it(self, values):
        criterion = Criterion("x", "money per round", True, values)
        first, last = rank_sets(criterion.better)
        assert first[values.mean(axis=0).argmax()] == 1
        assert (first <= last).all() and (first >= 1).all() and (last <= values.shape[1]).all()
        assert not (criterion.better & criterion.better.T).any()

    def test_over_all_criteria_a_cycle_is_a_tie(self):
        """Condorcet's paradox: each is beaten by one other, by two criteria to one."""
        votes = ([3, 2, 1], [2, 1, 3], [1, 3, 2])
        criteria = [measured(*[[v, v + 0.1, v - 0.1] for v in vote]) for vote in votes]
        assert [rank_sets(c.better)[0].tolist() for c in criteria] == [[1, 2, 3], [2, 3, 1], [3, 1, 2]]
        ranks, score = overall(criteria)
        assert ranks.tolist() == [1, 1, 1] and score.tolist() == [0, 0, 0]

    def test_over_all_criteria_the_majority_of_criteria_decides(self):
        better, worse = [[3.0, 3.1, 2.9], [1.0, 1.1, 0.9]], [[1.0, 1.1, 0.9], [3.0, 3.1, 2.9]]
        ranks, score = overall([measured(*better), measured(*better), measured(*worse)])
        assert ranks.tolist() == [1, 2] and score.tolist() == [1, -1]


class TestMechanisms:
    def test_all_settlement_rules_are_compared_if_none_is_named(self):
        names = {mechanism.name for mechanism in mechanisms(SMALL, (), (), ())}
        assert {"credit", "data", "equal"} <= names

    def test_model_rewards_are_a_part_of_mechanisms(self):
        found = mechanisms(SMALL, ("credit",), (), (), ("shared", "quota"))
        assert [each.name for each in found] == ["shared", "quota"]
        assert [each.scenario.rewards.kind for each in found] == ["shared", "quota"]

    def test_rules_that_look_at_no_credit_come_with_one_credit_rule(self):
        found = mechanisms(SMALL, ("equal", "credit"), ("first_order", "second_order"), ())
        assert [m.name for m in found] == ["equal", "credit, first_order", "credit, second_order"]
        assert [m.scenario.credit.kind for m in found] == ["first_order", "first_order", "second_order"]

    def test_with_stakes_credit_decides_who_is_slashed_under_any_rule(self):
        staked = revise(SMALL, {"stakes.stake": 0.1, "population.endowment": 1.0})
        assert len(mechanisms(staked, ("equal", "credit"), ("first_order", "second_order"), ())) == 4


class TestObservation:
    @given(st.integers(1, 300))
    def test_parts_make_up_the_run(self, rounds):
        lengths = parts(rounds)
        assert lengths.sum() == rounds and (lengths > 0).all()

    def test_true_credit_by_the_scenarios_own_rule_is_what_the_coming_round_books(self):
        ensemble, untouched = (Ensemble(revise(SMALL, {"credit.kind": "first_order"}), [0, 4]) for _ in range(2))
        for _ in range(3):
            ensemble.step(), untouched.step()
        found = true_credit(ensemble, Worth("first_order", 2, 50))
        np.testing.assert_array_equal(found, untouched.step().lesson.credit)
        assert found.any()

    def test_looking_at_true_credit_does_not_move_the_run(self):
        ensemble, untouched = Ensemble(SMALL, [0, 4]), Ensemble(SMALL, [0, 4])
        true_credit(ensemble, Worth("shapley", 2, 50))
        np.testing.assert_array_equal(ensemble.run(5).rounds, untouched.run(5).rounds)

    def test_who_is_paid_like_everybody_is_not_paid_by_worth(self):
        compared = mechanisms(revise(SMALL, EVERYBODY), ("equal", "credit"), (), ())
        found = np.stack(Pieces().play("", agreements(compared, (0, 1), Worth("first_order", 12, 50))), axis=1)
        assert found[:, 0].tolist() == [0.0, 0.0] and (found[:, 1] > 0.5).all()

    def test_outcomes_are_those_of_the_runs_by_themselves(self):
        compared = mechanisms(SMALL, ("equal", "credit"), (), ())
        (observed,) = Pieces().play("", [observation(compared, (0, 3))])
        for m, mechanism in enumerate(compared):
            results = Ensemble(mechanism.scenario, [0, 3]).run()
            late = results.rounds.query("round >= 9").groupby("run")["welfare"].mean()
            np.testing.assert_allclose(observed.outcomes["welfare"][:, m], late)
            paid = results.principals["payoff"].to_numpy().reshape(2, 8) / 12
            np.testing.assert_allclose(observed.payoffs[:, m], paid)
        assert observed.seconds.shape == (10, 2) and (observed.seconds > 0).all()


class TestAttacks:
    THREAT = Threat(horizon=10, principals=2, attackers=0.25, others="freeze", workers=1)

    def test_a_group_attacks_together_and_a_pair_stays_one(self):
        tried = attacks(SMALL, self.THREAT.options())
        assert [a.name for a in tried] == ["junk", "stale", "idle", "poison", "sybil", "pair", "less", "late"]
        group = {a.name: a.members for a in group_attacks(tried, np.arange(40)[::-1], 0.1)}
        assert group["junk"] == (34, 24, 14, 4) and group["pair"] == (39, 38)

    def test_somebody_is_left_who_does_not_attack(self):
        (attack,) = group_attacks(attacks(SMALL, self.THREAT.options())[:1], np.arange(3), 1.0)
        assert len(attack.members) == 2

    def test_under_equal_split_two_sybils_take_two_shares_each(self):
        """Of 8 who all delegate 2 come as 4 names: 4 shares of 10 in place of 2 of 8 (Douceur 2002).

        Only the two rounds before the task is learned pay a little more or less than without the attack.
        """
        easy = {"task.kind": "synthetic", "task.classes": 2, "task.separation": 8.0, "task.samples": 400,
                "market.baseline": 0.0}
        scenario = revise(SMALL, EVERYBODY | easy | {"settlement.kind": "equal"})
        found = assail(Assault.of(Mechanism("equal", scenario), self.THREAT), (0, 1), Pieces())
        share = Ensemble(scenario, [0, 1]).run(10).rounds.groupby("run")["revenue"].mean().to_numpy() / 8
        gain = found.gains[:, found.attacks.index("sybil")]
        np.testing.assert_allclose(gain, share * (2 * 8 / 10 - 1), rtol=0.01)
        np.testing.assert_allclose(found.losses[:, found.attacks.index("sybil")], share * (1 - 8 / 10), rtol=0.03)

    def test_where_contributions_are_not_looked_at_idling_saves_the_cost(self):
        scenario = revise(SMALL, EVERYBODY | {"settlement.kind": "equal", "market.price": 0.0})
        found = assail(Assault.of(Mechanism("equal", scenario), self.THREAT), (0, 1), Pieces())
        cost = SMALL.population.cost_high * SMALL.learning.samples
        gain = found.gains[:, found.attacks.index("idle")]
        assert ((gain > cost / 3) & (gain < cost)).all() and not found.losses[:, found.attacks.index("idle")].any()


@pytest.fixture(scope="module")
def answer():
    return ask("compare", SMALL, seeds=3, **QUICK)


class TestStudy:
    def test_it_answers_with_tables_and_figures(self, answer):
        assert list(answer.tables) == ["league", "measures", "attacks", "differences", "cost"]
        assert set(draw(answer)) == {"league", "criteria", "attacks"}
        assert "over all of 2 mechanisms" in answer.headline

    def test_the_league_is_led_by_who_ranks_first(self, answer):
        league = answer.tables["league"]
        assert league["rank"].iloc[0] == 1 and league["rank"].is_monotonic_increasing
        assert set(league["mechanism"]) == {"equal", "credit"}

    def test_every_criterion_has_a_row_per_mechanism_and_ties_are_what_the_differences_say(self, answer):
        measures = answer.tables["measures"].set_index(["criterion", "mechanism"])
        assert not measures.index.duplicated().any() and len(measures) == 2 * 10
        for row in answer.tables["differences"].itertuples():
            first = [measures.loc[(row.criterion, name), "first"] for name in (row.mechanism, row.other)]
            assert row.tie == (first == [1, 1])

    def test_the_cheapest_costs_once_the_cheapest(self, answer):
        assert answer.tables["cost"]["times_cheapest"].min() == 1.0

    def test_an_attack_with_many_hands_is_a_figure_too(self, answer):
        several = replace(answer, provenance={})
        assert draw(several)["attacks"].axes

    @pytest.mark.parametrize(
        ("changes", "options", "complaint"),
        [
            ({}, {"settlements": ["credit"]}, "compare: credit is the only mechanism"),
            ({}, {"settlements": ["credit", "fair"]}, "settlement.kind = 'fair': must be one of"),
            ({}, {"settlements": ["credit", "credit"]}, "settlement.kind = credit, credit: name each once"),
            ({}, {"screenings": ["soft"]}, "must be"),
            ({}, {"truth_rounds": 0}, "option truth_rounds = 0: must be a whole number of at least 1"),
            ({"population.count": 1}, {}, "population.count = 1: compare needs at least 2 principals"),
            ({}, {"credits": ["shapley", "guess"]}, "credit.kind = 'guess'"),
        ],
    )
    def test_what_makes_no_sense_is_refused_in_one_line(self, changes, options, complaint):
        with pytest.raises(InputError) as refusal:
            ask("compare", SMALL, 2, changes, **QUICK | options)
        assert complaint in str(refusal.value) and "\n" not in str(refusal.value)

    def test_a_public_good_has_no_mechanisms_to_compare(self):
        with pytest.raises(InputError, match="market.kind = 'public_goods': compare needs 'model'"):
            ask("compare", "public-goods", 2)

    def test_one_seed_cannot_tell_ties(self):
        with pytest.raises(InputError, match="seeds: compare needs at least 2"):
            ask("compare", SMALL, 1, **QUICK)
