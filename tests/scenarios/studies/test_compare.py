"""The league of mechanisms: who is compared, what is observed, who withstands which attack, ranks that admit ties."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from scipy.stats import binomtest

from commonweal.agents.errors import InputError
from commonweal.commands.study import explain
from commonweal.economy.money.settlement import SETTLEMENTS, by_credit, settlement_rule
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.studies.compare import draw
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies import pieces as pieces_module
from commonweal.scenarios.studies.compare.agreement import Worth, agreements, true_credit
from commonweal.scenarios.studies.compare.attacks import Assault, Threat, assail, attacks, group_attacks
from commonweal.scenarios.studies.compare.cost import timing
from commonweal.scenarios.studies.compare.mechanisms import Mechanism, league, mechanisms
from commonweal.scenarios.studies.compare.observation import OUTCOMES, late_outcomes, observation
from commonweal.scenarios.studies.compare.ranking import Criterion, dominated, overall, rank_sets, surely_more
from commonweal.scenarios.studies.pieces import Pieces

SMALL = revise(load("commons"), {"population.count": 8, "rounds": 12, "task.validation": 60, "task.test": 60})
EVERYBODY = {
    "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "population.start_delegate": 1.0,
    "population.start_free_ride": 0.0, "population.start_defect": 0.0,
}  # fmt: skip
QUICK = {
    "settlements": ["equal", "credit"], "horizon": 6, "principals": 2, "truth_rounds": 2, "budget": 50, "workers": 1,
}  # fmt: skip


WHOLE = nps.arrays(float, st.tuples(st.integers(3, 9), st.integers(2, 5)), elements=st.integers(-20, 20).map(float))


@pytest.fixture
def twin(monkeypatch):
    """A rule of its own that pays as ``credit`` does."""
    monkeypatch.setattr(SETTLEMENTS, "_plugs", {**SETTLEMENTS._plugs})
    settlement_rule("twin")(lambda standing, terms: by_credit(standing, terms))
    return "twin"


@pytest.fixture
def failing(monkeypatch):
    """A rule that takes from who claims samples."""
    monkeypatch.setattr(SETTLEMENTS, "_plugs", {**SETTLEMENTS._plugs})
    settlement_rule("failing")(lambda standing, terms: -1.0 * standing.claims)
    return "failing"


def measured(*columns: list[float], more: bool = True) -> Criterion:
    return Criterion.of("x", "money per round", more, np.array(columns, dtype=float).T)


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
        criterion = Criterion.of("x", "money per round", True, values)
        first, last = rank_sets(criterion.better)
        assert first[values.mean(axis=0).argmax()] == 1
        assert (first <= last).all() and (first >= 1).all() and (last <= values.shape[1]).all()
        assert not (criterion.better & criterion.better.T).any()

    def test_a_planted_order_is_recovered(self):
        """Five mechanisms a standard deviation of a paired difference apart, 16 seeds that differ more than they do."""
        rng = np.random.default_rng(3)
        planted = np.array([3.0, 0.0, 4.0, 1.0, 2.0])
        values = planted + rng.normal(size=(16, 5)) / 3 + 10 * rng.normal(size=(16, 1))
        first, last = rank_sets(surely_more(values))
        assert first.tolist() == last.tolist() == [2, 5, 1, 4, 3]

    @given(WHOLE, st.data())
    def test_ranks_follow_mechanisms_that_change_places(self, values, data):
        order = np.array(data.draw(st.permutations(range(values.shape[1]))))
        ranks, moved = rank_sets(surely_more(values)), rank_sets(surely_more(values[:, order]))
        for rank, other in zip(ranks, moved, strict=True):
            np.testing.assert_array_equal(rank[order], other)

    @given(WHOLE)
    def test_ranks_turn_round_where_less_is_better(self, values):
        np.testing.assert_array_equal(surely_more(-values), surely_more(values).T)

    @given(WHOLE)
    def test_who_may_err_more_tells_more_apart(self, values):
        cautious, usual, bold = (surely_more(values, error=error) for error in (0.01, 0.05, 0.2))
        assert (usual | ~cautious).all() and (bold | ~usual).all()

    @given(WHOLE)
    def test_all_pairs_together_are_told_apart_less_than_one_by_one_and_more_than_by_bonferroni(self, values):
        together, count = surely_more(values), values.shape[1]
        apart = values[:, :, None] - values[:, None, :]
        assert (~together | (mean_interval(apart).low > 0)).all()
        single = mean_interval(apart, 1 - 0.05 / (count * (count - 1) // 2)).low > 0
        assert (together | ~single).all()

    @given(nps.arrays(bool, st.integers(2, 6).map(lambda m: (m, m))), st.data())
    def test_to_be_surely_better_than_one_more_never_costs_a_rank(self, better, data):
        better = better & ~better.T
        one, other = data.draw(st.permutations(range(len(better))))[:2]
        more = better.copy()
        more[one, other], more[other, one] = True, False
        for rank, then in zip(rank_sets(better), rank_sets(more), strict=True):
            assert then[one] <= rank[one] and then[other] >= rank[other]

    @given(WHOLE, st.integers(0, 4))
    def test_who_is_raised_far_above_all_is_first_alone(self, values, place):
        raised = values.copy()
        raised[:, place % values.shape[1]] += 1e6
        first, last = rank_sets(surely_more(raised))
        assert first[place % values.shape[1]] == last[place % values.shape[1]] == 1

    @pytest.mark.slow
    def test_true_ranks_lie_in_the_ranges_of_at_least_95_of_100_studies(self):
        """Seven mechanisms of which three pairs are truly equal, skewed numbers, 8 seeds: Clopper and Pearson."""
        rng, held, studies = np.random.default_rng(1), 0, 400
        true = np.array([2.0, 2.0, 1.0, 1.0, 0.0, 0.0, -1.0])
        ranks = 1 + (true[:, None] > true).sum(axis=0), len(true) - (true[:, None] < true).sum(axis=0)
        for _ in range(studies):
            skewed = rng.exponential(size=(8, 7)) + rng.normal(size=(8, 1))
            first, last = rank_sets(surely_more(true + skewed))
            held += bool((first <= ranks[0]).all() and (last >= ranks[1]).all())
        assert binomtest(held, studies, 0.95, "less").pvalue > 0.01

    def test_over_all_criteria_a_cycle_leaves_nobody_first(self):
        """Condorcet's paradox: each is beaten by one other, by two criteria to one."""
        votes = ([3, 2, 1], [2, 1, 3], [1, 3, 2])
        criteria = [measured(*[[v, v + 0.1, v - 0.1] for v in vote]) for vote in votes]
        assert [rank_sets(c.better)[0].tolist() for c in criteria] == [[1, 2, 3], [2, 3, 1], [3, 1, 2]]
        first, last = overall(criteria)
        assert first.tolist() == last.tolist() == [2, 2, 2] and dominated(criteria).tolist() == [0, 0, 0]

    def test_over_all_criteria_the_majority_of_criteria_decides(self):
        better, worse = [[3.0, 3.1, 2.9], [1.0, 1.1, 0.9]], [[1.0, 1.1, 0.9], [3.0, 3.1, 2.9]]
        criteria = [measured(*better), measured(*better), measured(*worse)]
        first, last = overall(criteria)
        assert first.tolist() == last.tolist() == [1, 2]
        assert dominated(criteria).tolist() == [0, 0] and dominated(criteria[:2]).tolist() == [0, 1]

    def test_the_largest_gain_of_a_mechanism_is_judged_on_seeds_that_did_not_choose_it(self):
        """Deviations gain 1 and −1 by turns: whichever is chosen on one half loses on the other."""
        turns = np.array([[1.0, -1.0], [-1.0, 1.0]] * 2)
        criterion = Criterion("gap", "money per round", False, (turns, np.zeros((4, 1))))
        assert criterion.values[:, 0].tolist() == [-1.0] * 4 and criterion.interval.value.tolist() == [-1.0, 0.0]


class TestMechanisms:
    def test_a_rule_of_an_installed_package_takes_part(self, twin):
        assert twin in {mechanism.name for mechanism in league(SMALL).mechanisms}

    def test_a_rule_that_fails_here_is_left_out_with_the_reason(self, failing):
        found = league(SMALL)
        assert failing not in {mechanism.name for mechanism in found.mechanisms}
        (said,) = found.left_out
        assert said.startswith(f"{failing} is left out: ") and "a settlement rule gives shares >= 0" in said

    def test_a_rule_that_is_named_is_not_left_out(self, failing):
        assert [each.name for each in league(SMALL, ("equal", failing)).mechanisms] == ["equal", failing]

    def test_where_no_money_is_paid_settlements_are_not_compared(self):
        with pytest.raises(InputError, match="credit is the only mechanism.*nothing is paid in money here"):
            league(revise(SMALL, {"market.price": 0.0}))

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
        (observed,) = Pieces().play("", [observation(SMALL, (0, 3))])
        results = Ensemble(SMALL, [0, 3]).run()
        late = results.rounds.query("round >= 9").groupby("run")
        for name in ("welfare", "share_free_ride", "gini"):
            np.testing.assert_allclose(observed.outcomes[name], late[name].mean())
        np.testing.assert_allclose(observed.payoffs, results.principals["payoff"].to_numpy().reshape(2, 8) / 12)
        assert "worst_level" not in observed.outcomes

    def test_the_worst_level_is_a_multiple_of_its_true_limit(self):
        """Protected: level 3 of limit 2, broken. Withheld: limit .5 of level .8, kept. The worst is the first."""
        scenario = load("value-conflict")
        last, columns = scenario.rounds - 1, dict.fromkeys(OUTCOMES, 0.0)
        levels = {"level_0": 3.0, "mean_limit_0": 2.0, "level_1": 0.8, "mean_limit_1": 0.5, "violated": 0.25}
        rounds = pd.DataFrame([{"run": run, "round": last, **columns, **levels} for run in (0, 1)])
        found = late_outcomes(rounds, scenario, in_utility=False)
        assert found["worst_level"].tolist() == [1.5, 1.5] and found["violated"].tolist() == [0.25, 0.25]
        kept = late_outcomes(rounds.assign(level_0=1.0), scenario, in_utility=False)
        assert kept["worst_level"].tolist() == [0.625, 0.625]

    def test_the_cost_of_every_mechanism_is_timed_in_turns(self):
        (seconds,) = Pieces().play("", [timing([SMALL, revise(SMALL, {"settlement.kind": "equal"})], (0, 3))])
        assert seconds.shape == (10, 2) and (seconds > 0).all()


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
        (found,) = assail([Assault.of(Mechanism("equal", scenario), self.THREAT)], (0, 1), Pieces())
        share = Ensemble(scenario, [0, 1]).run(10).rounds.groupby("run")["revenue"].mean().to_numpy() / 8
        gain = found.gains[:, found.attacks.index("sybil")]
        np.testing.assert_allclose(gain, share * (2 * 8 / 10 - 1), rtol=0.01)
        np.testing.assert_allclose(found.losses[:, found.attacks.index("sybil")], share * (1 - 8 / 10), rtol=0.03)

    def test_where_contributions_are_not_looked_at_idling_saves_the_cost(self):
        scenario = revise(SMALL, EVERYBODY | {"settlement.kind": "equal", "market.price": 0.0})
        (found,) = assail([Assault.of(Mechanism("equal", scenario), self.THREAT)], (0, 1), Pieces())
        cost = SMALL.population.cost_high * SMALL.learning.samples
        gain = found.gains[:, found.attacks.index("idle")]
        assert ((gain > cost / 3) & (gain < cost)).all() and not found.losses[:, found.attacks.index("idle")].any()

    def test_honest_payoff_is_what_is_earned_where_everybody_delegates_anyway(self):
        scenario = revise(SMALL, EVERYBODY)
        everybody = Assault.of(Mechanism("credit", scenario), replace(self.THREAT, principals=8))
        (found,) = assail([everybody], (0, 1), Pieces())
        paid = Ensemble(scenario, [0, 1]).run(10).principals["payoff"].to_numpy().reshape(2, 8) / 10
        np.testing.assert_allclose(found.honest, paid.mean(axis=1), atol=1e-9)

    def test_exploitability_is_the_ic_gap_of_the_study_of_incentives(self):
        options = {"horizon": 4, "principals": 2, "others": "adapt", "workers": 1}
        (found,) = assail([Assault.of(Mechanism("", SMALL), Threat(4, 2, 0.25, "adapt", 1))], (0, 1), Pieces())
        criterion = Criterion("exploitability", "money per round", False, (found.exploits,) * 2)
        verdict = ask("incentives", SMALL, 2, **options).tables["verdict"].set_index("measure").loc["IC gap"]
        assert criterion.interval.value[0] == verdict["value"] and criterion.interval.high[0] == verdict["value_high"]


@pytest.fixture(scope="module")
def answer():
    return ask("compare", SMALL, seeds=3, **QUICK)


class TestStudy:
    def test_it_answers_with_tables_and_figures(self, answer):
        tables = ["league", "measures", "agreement", "deviations", "attacks", "differences", "cost"]
        assert list(answer.tables) == tables and set(draw(answer)) == {"league", "criteria", "attacks"}
        assert "over all of 2 mechanisms" in answer.headline and "agree by τ" in answer.headline

    def test_the_league_is_led_by_who_ranks_first(self, answer):
        league = answer.tables["league"]
        assert league["rank"].iloc[0] == 1 and league["rank"].is_monotonic_increasing
        assert set(league["mechanism"]) == {"equal", "credit"}

    def test_every_criterion_has_a_row_per_mechanism_and_ties_are_what_the_differences_say(self, answer):
        measures = answer.tables["measures"].set_index(["criterion", "mechanism"])
        assert not measures.index.duplicated().any() and len(measures) == 2 * 13
        for row in answer.tables["differences"].itertuples():
            first = [measures.loc[(row.criterion, name), "first"] for name in (row.mechanism, row.other)]
            assert row.tie == (first == [1, 1])

    def test_equal_rules_tie_by_everything(self, twin):
        tables = ask("compare", SMALL, 3, **QUICK | {"settlements": ["credit", twin]}).tables
        assert tables["differences"]["tie"].all() and (tables["differences"]["better_by"] == 0).all()
        assert tables["league"]["rank"].tolist() == [1, 1] and tables["league"]["last"].tolist() == [2, 2]
        assert tables["agreement"]["tau"].isna().all()

    def test_how_long_it_takes_is_said_before_the_first_round_and_all_of_them_are_told(self):
        told = []
        ask("compare", SMALL, 2, tell=lambda *progress: told.append(progress), **QUICK)
        assert told[0][1] == 0 and told[0][3].startswith("expected: about ")
        done, known = [row[1] for row in told], [row[2] for row in told]
        assert done == sorted(done) and done[-1] == known[-1] == known[0]

    def test_what_is_finished_is_not_played_again(self, answer, tmp_path, monkeypatch):
        def stop(what, done, of, *more):
            if more and more[0].startswith("deviations"):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ask("compare", SMALL, 3, tell=stop, folder=tmp_path / "kept", **QUICK)
        before = set((tmp_path / "kept").glob("*.npz"))
        assert len(before) >= 1 + 2 + 2 + 2  # timing, playing, true values, runs without deviations
        played, real = [], pieces_module.played
        monkeypatch.setattr(
            pieces_module, "played", lambda piece, *more: [played.append(piece.play.__name__), real(piece, *more)][1]
        )
        again = ask("compare", SMALL, 3, folder=tmp_path / "kept", **QUICK)
        assert set(played) == {"_play"}  # deviations
        pd.testing.assert_frame_equal(again.tables["measures"], answer.tables["measures"])

    def test_its_help_says_how_to_ask_and_how_to_read(self, capsys):
        explain("compare")
        said = capsys.readouterr().out
        assert "commonweal study compare commons --seeds 16" in said and "halves = 200" in said

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
