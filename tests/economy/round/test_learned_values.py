"""Agents who learn what their principals value, in a cooperative that plays."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.beliefs import QUERIES, query
from commonweal.agents.errors import InputError
from commonweal.economy.arena.names import knowing
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.money.ledger import reconcile
from commonweal.economy.round.record import Record
from commonweal.economy.runs.checkpoint import restore, save
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.screening.votes import room_left
from commonweal.economy.world.claims import claimed_limits
from commonweal.economy.world.replicas import pick_runs
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

SMALL = {
    "population.count": 8, "task.kind": "synthetic", "task.classes": 10, "task.samples": 900, "task.validation": 100,
    "rounds": 8,
}  # fmt: skip
KNOWN = {"beliefs.kind": "known"}


def learning(**fields: Any) -> Scenario:
    """The scenario of the library, small."""
    return revise(load("learned-values"), {**SMALL, **fields})


def played(scenario: Scenario, rounds: int = 6, seeds: range = range(2)) -> tuple[Ensemble, list[Record]]:
    ensemble = Ensemble(scenario, seeds=seeds)
    return ensemble, [ensemble.step() for _ in range(rounds)]


class TestScreening:
    def test_it_goes_by_what_agents_declare(self) -> None:
        ensemble, records = played(learning(**{"beliefs.margin": 1.0}))
        for record in records:
            lesson, told = record.taught, record.notes["beliefs"]
            terms, member = ensemble.world.terms.screening, record.actions != Action.ABSTAIN
            room = room_left(lesson.exam.levels, told.declared, member, ensemble.world.senses, terms)
            np.testing.assert_array_equal(lesson.room, room)
            expected = np.clip(told.mean + told.sd * ensemble.world.senses, 0.0, ensemble.world.terms.values.ceiling)
            np.testing.assert_allclose(told.declared, expected, rtol=1e-12)
            assert not np.allclose(told.declared, record.limits)

    def test_what_costs_something_is_a_broken_true_limit(self) -> None:
        ensemble, records = played(learning())
        record = records[-1]
        broken = (record.limits - record.taught.levels[:, None]) * ensemble.world.senses
        np.testing.assert_allclose(record.notes["concern"].violation, np.maximum(broken, 0.0), atol=1.1e-6)

    def test_a_lie_comes_on_top_of_what_an_agent_believes(self) -> None:
        ensemble, records = played(learning(), 2)
        declared = records[-1].notes["beliefs"].declared
        assert claimed_limits(ensemble.people, ensemble.world, declared) is declared
        futures = play_futures(ensemble.snapshot, [Deviation("stricter", (0,), looser=-0.5)], rounds=2)
        assert (futures.quality[:, 0] != futures.quality[:, 1]).any()

    def test_tolerance_is_sold_from_the_declared_limits(self) -> None:
        fields = {"beliefs.kind": "learned", "population.count": 8, "task.validation": 100}
        ensemble, records = played(revise(load("tolerance-for-sale"), fields), 10)
        sold = [record for record in records if record.notes["tolerance"].loosened.any()]
        assert sold
        for record in sold:
            sale, told = record.notes["tolerance"], record.notes["beliefs"]
            limits = sale.limits(told.declared, ensemble.world.senses)
            member = record.actions != Action.ABSTAIN
            terms, lesson = ensemble.world.terms.screening, record.taught
            room = room_left(lesson.exam.levels, limits, member, ensemble.world.senses, terms)
            np.testing.assert_array_equal(lesson.room, room)


class TestQueries:
    @pytest.mark.parametrize(("every", "most", "expected"), [(1, 3, [1, 2, 3, 3, 3, 3]), (2, 2, [1, 1, 2, 2, 2, 2])])
    def test_they_are_asked_so_often(self, every: int, most: int, expected: list[int]) -> None:
        _, records = played(learning(**{"beliefs.every": every, "beliefs.most": most}))
        for record, count in zip(records, expected, strict=True):
            told = record.notes["beliefs"]
            assert (told.asked == count).all()
        asked = [np.isfinite(record.notes["beliefs"].question).all() for record in records]
        assert asked == (np.diff([0, *expected]) > 0).tolist()

    def test_they_cost_those_asked_and_nobody_gets_it(self) -> None:
        free, dear = (
            Ensemble(learning(**{"beliefs.cost": cost, "beliefs.most": 3}), [0, 1], keep_ledger=True)
            for cost in (0.0, 0.25)
        )
        for played_so_far in range(5):
            actions = free.decide()
            one, other = free.act(actions), dear.act(actions)
            paid = one.payday.payoffs - other.payday.payoffs
            np.testing.assert_allclose(paid, 2 * 0.25 * (played_so_far < 3), atol=1e-12)  # two dimensions
            np.testing.assert_array_equal(free.state.ledger.balances, dear.state.ledger.balances)

    def test_policies_that_compare_actions_know_that_they_cost_the_same_whatever_one_does(self) -> None:
        fields = {"policy.mix": {"best_response": 1.0}, "beliefs.most": 1}
        free, dear = (played(learning(**fields, **{"beliefs.cost": c}), 1)[0].people.foregone for c in (0.0, 0.25))
        np.testing.assert_allclose(free - dear, np.where(np.isnan(free), np.nan, 0.5), atol=1e-12)

    def test_without_questions_and_feedback_agents_keep_their_prior(self) -> None:
        _, records = played(learning(**{"beliefs.most": 0, "beliefs.passive": False}), 3)
        first, *_, last = (record.notes["beliefs"] for record in records)
        np.testing.assert_array_equal(first.mean, last.mean)
        assert first.mean[0, 0] == pytest.approx([2.5, 0.675], abs=0.02)  # the second is cut at 1

    def test_feedback_about_the_model_is_free_and_says_nothing_before_there_is_one(self) -> None:
        _, records = played(learning(**{"beliefs.most": 0}), 4)
        means = [record.notes["beliefs"].mean for record in records]
        assert (means[0] == means[0][:, :1]).all() and (means[1] != means[0]).any(axis=2).all()

    def test_answers_about_the_model_are_about_the_level_that_it_had(self) -> None:
        """Whose limit the model has broken by far objects: its agent believes in a limit beyond the level."""
        ensemble, records = played(learning(**{"beliefs.most": 0, "beliefs.sharpness": 1e5}), 5)
        seen = [record.taught.levels[:, None] for record in records[:-1]]
        told, limits, senses = records[-1].notes["beliefs"], records[-1].limits, ensemble.world.senses
        for levels in seen:
            objects = (limits - levels) * senses > 0
            spacing = ensemble.state.mechanisms["beliefs"].belief.spacing
            beyond = (told.mean - levels) * senses
            assert (np.where(objects, beyond, -beyond) > -spacing).all()

    def test_agents_of_many_answers_know(self) -> None:
        usual = {"beliefs.most": 40, "rounds": 40, "beliefs.sharpness": 200.0, "beliefs.points": 1024}
        rounds = Ensemble(learning(**usual), range(4)).run().rounds
        last = rounds[rounds["round"] == 39]
        assert last["belief_error"].mean() < 0.003 < 0.05 < rounds[rounds["round"] == 0]["belief_error"].mean()
        assert rounds["belief_coverage"].mean() == pytest.approx(0.95, abs=0.03)


class TestMetrics:
    def test_they_say_how_wrong_agents_are(self) -> None:
        ensemble, seeds = Ensemble(learning(), range(2)), range(2)
        rounds = Ensemble(learning(), seeds).run(6).rounds.set_index(["round", "run"])
        for number in range(6):
            record = ensemble.step()
            told, true, senses = record.notes["beliefs"], record.limits, ensemble.world.senses
            levels = record.taught.levels[:, None]
            broken, kept = ((x - levels) * senses > 1e-6 for x in (true, told.declared))
            member = record.actions != Action.ABSTAIN
            for run in seeds:
                row, away = rounds.loc[(number, run)], told.mean[run] - true[run]
                assert row["belief_error"] == pytest.approx(np.abs(away).mean())
                assert row["belief_rms"] == pytest.approx(np.sqrt((away**2).mean()))
                inside = (told.low[run] <= true[run]) & (true[run] <= told.high[run])
                assert row["belief_coverage"] == pytest.approx(inside.mean())
                assert row["misjudged"] == pytest.approx((broken & ~kept)[run].any(axis=1).mean())
                assert row["queries"] == number + 1
                signed = [(senses * each[run][member[run]]).max(axis=0) for each in (told.declared, true)]
                assert row["caution"] == pytest.approx((signed[0] - signed[1]).mean())

    def test_who_knows_errs_nowhere(self) -> None:
        rounds = Ensemble(learning(**KNOWN), range(2)).run(3).rounds
        assert (rounds[["belief_error", "belief_rms", "misjudged", "caution", "queries"]] == 0).all(axis=None)
        assert (rounds["belief_coverage"] == 1).all()


class TestRuns:
    def test_known_limits_play_the_same_whatever_else_the_section_says(self) -> None:
        plain = Ensemble(learning(**KNOWN, **{"beliefs.prior_mean": [], "beliefs.prior_sd": []}), [0]).run(4)
        other = Ensemble(learning(**KNOWN, **{"beliefs.margin": 3.0, "beliefs.cost": 9.0}), [0]).run(4)
        assert plain.rounds.equals(other.rounds) and plain.principals.equals(other.principals)
        assert "beliefs" not in Ensemble(learning(**KNOWN), [0]).state.mechanisms

    def test_a_run_is_the_same_alone_and_beside_others_that_differ(self) -> None:
        each = [
            {"beliefs.sharpness": 20.0, "beliefs.forgetting": 0.0, "beliefs.most": 2},
            {"beliefs.sharpness": 80.0, "beliefs.forgetting": 0.1, "beliefs.cost": 0.001, "beliefs.margin": 1.0},
            {"beliefs.most": 0, "values.influence": "none"},
        ]
        scenarios = [learning(**fields, precision="float64") for fields in each]
        together = Ensemble(scenarios, [4, 5, 6]).run().rounds
        for run, (scenario, seed) in enumerate(zip(scenarios, (4, 5, 6), strict=True)):
            alone = Ensemble(scenario, [seed]).run().rounds
            beside = together[together["run"] == run].assign(run=0).reset_index(drop=True)
            pd.testing.assert_frame_equal(alone, beside, rtol=1e-9, atol=1e-12)  # networks round otherwise in batches

    def test_the_stream_is_used_alike_whatever_is_asked(self) -> None:
        silent, asking = (
            played(learning(**{"beliefs.most": most, "beliefs.passive": passive}))[0].streams.values.uniform(3)
            for most, passive in ((0, False), (5, True))
        )
        np.testing.assert_array_equal(silent, asking)

    def test_a_checkpoint_keeps_beliefs(self, tmp_path: Path) -> None:
        straight, resumed = (Ensemble(learning(), [0, 1]) for _ in range(2))
        for _ in range(3):
            straight.step()
        save(tmp_path / "run.npz", straight)
        restore(tmp_path / "run.npz", resumed)
        for _ in range(3):
            one, other = straight.step(), resumed.step()
        for part in ("mean", "low", "declared", "question", "asked"):
            told = (getattr(each.notes["beliefs"], part) for each in (one, other))
            np.testing.assert_array_equal(*told)
        np.testing.assert_array_equal(straight.state.ledger.balances, resumed.state.ledger.balances)

    def test_picked_runs_and_spare_names_have_beliefs(self) -> None:
        ensemble, _ = played(learning())
        own = ensemble.state.mechanisms["beliefs"]
        picked = pick_runs(own, np.array([1, 0, 1]), spares=2)
        assert picked.belief.chances.shape == (3, 10, 2, 256) and picked.asked.shape == (3, 10)
        np.testing.assert_array_equal(picked.belief.mean[:, :8], own.belief.mean[[1, 0, 1]])
        np.testing.assert_allclose(picked.belief.chances.sum(axis=3), 1.0)
        np.testing.assert_array_equal(picked.levels, own.levels[[1, 0, 1]])

    def test_futures_without_a_deviation_are_the_run_itself(self) -> None:
        ensemble, _ = played(learning(), 3)
        futures = play_futures(ensemble.snapshot, [], rounds=3)
        for number in range(3):
            np.testing.assert_array_equal(futures.payoffs[:, 0, number], ensemble.step().payday.payoffs)

    def test_a_second_name_is_known_as_well_as_the_first(self) -> None:
        ensemble, _ = played(learning())
        own = pick_runs(ensemble.state.mechanisms["beliefs"], np.array([0, 1]), spares=2)
        bearer = np.tile([*range(8), 5, 0], (2, 1))
        known = knowing(own, bearer)
        np.testing.assert_array_equal(known.belief.mean[:, 8], own.belief.mean[:, 5])
        np.testing.assert_array_equal(known.belief.mean[:, 9], own.belief.mean[:, 0])
        np.testing.assert_array_equal(known.belief.mean[:, :8], own.belief.mean[:, :8])

    def test_who_takes_a_second_name_is_known_under_it_and_pays_once_for_queries(self) -> None:
        fields = {"beliefs.every": 1, "beliefs.most": 100, "beliefs.cost": 5.0, "market.price": 0.0}
        ensemble, _ = played(learning(**fields), 3)
        split = Deviation("split", (3,), Action.DELEGATE, identities=2)
        futures = play_futures(ensemble.snapshot, [split], rounds=2)
        assert futures.payoffs.shape == (2, 2, 2, 9)
        assert np.abs(futures.payoffs[..., 8]).max() < 1.0  # nobody pays 5 for the questions under the second name
        assert (futures.payoffs[..., :8] < -9.0).all()

    def test_money_is_exact(self) -> None:
        results = (ensemble := Ensemble(learning(**{"beliefs.cost": 0.01}), [0, 1], keep_ledger=True)).run()
        assert results.ledger is not None
        assert not reconcile(results.ledger, ensemble.state.ledger.balances).any()


class TestRulesFromElsewhere:
    @pytest.fixture(autouse=True)
    def others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(QUERIES, "_plugs", dict(QUERIES._plugs))

    def test_a_rule_of_ones_own_says_what_is_asked(self) -> None:
        query("careful")(lambda inquiry: inquiry.belief.mean + 5 * inquiry.senses)
        ensemble, records = played(learning(**{"beliefs.query": "careful"}), 1)
        belief = ensemble.state.mechanisms["beliefs"].belief
        expected = [belief.lowest[..., 0], belief.highest[..., 1]]  # cut to what may be a limit
        for k, levels in enumerate(expected):
            assert (records[0].notes["beliefs"].question[..., k] == levels).all()

    @pytest.mark.parametrize(
        ("rule", "error"),
        [
            (lambda inquiry: inquiry.belief.mean * np.nan, "'mine' gave levels that are not finite"),
            (lambda inquiry: inquiry.belief.mean[..., 0], r"'mine' gave shape \(2, 8\): must ask about a finite level"),
        ],
    )
    def test_one_that_asks_nonsense_is_refused_in_one_line(self, rule: Any, error: str) -> None:
        query("mine")(rule)
        with pytest.raises(InputError, match=error):
            played(learning(**{"beliefs.query": "mine"}), 1)


class TestScenarios:
    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"beliefs.prior_mean": [1.0]}, "beliefs.prior_mean must be empty or hold a number for each of 2"),
            ({"beliefs.prior_sd": [1.0, 0.0]}, "beliefs.prior_sd"),
            ({"beliefs.prior_mean": [1.0, 1.5]}, "beliefs.prior_mean must be at most 1 for dimensions to withhold"),
            ({"beliefs.query": "informativ"}, "did you mean 'informative'"),
            ({"beliefs.sharpness": 0.0}, "beliefs.sharpness"),
        ],
    )
    def test_what_does_not_fit_is_one_line(self, fields: dict[str, Any], error: str) -> None:
        with pytest.raises(InputError, match=error) as raised:
            learning(**fields)
        assert "\n" not in str(raised.value)

    def test_the_usual_prior_is_the_middle_and_wide(self) -> None:
        scenario = learning(**{"beliefs.prior_mean": [], "beliefs.prior_sd": [], "values.dimensions[1].limit": 0.5})
        belief = Ensemble(scenario, [0]).state.mechanisms["beliefs"].belief
        assert belief.mean[0, 0] == pytest.approx([2.0, 0.5], abs=1e-9)
        assert belief.sd[0, 0] == pytest.approx([0.4, 0.1], rel=2e-3)  # twice the spread .2; at least .1


@pytest.mark.slow
class TestLearningMatters:
    """The scenario of the library, 4 seeds, rounds 110 to 149."""

    def late(self, **fields: Any) -> Any:
        rounds = Ensemble(revise(load("learned-values"), fields), range(4)).run().rounds
        return rounds[rounds["round"] >= 110].mean(numeric_only=True)

    def test_ten_questions_spare_nearly_everybody(self) -> None:
        guessing = self.late(**{"beliefs.most": 0, "beliefs.passive": False})
        asking = self.late(**{"beliefs.passive": False})
        assert guessing["violated"] > 0.9 and guessing["share_abstain"] > 0.3
        assert asking["violated"] < 0.02 and asking["share_abstain"] < 0.1
        assert asking["belief_error"] < 0.05 * guessing["belief_error"]
        assert asking["share_delegate"] > guessing["share_delegate"] + 0.05


def test_a_belief_is_replaced_and_never_written_to() -> None:
    ensemble, _ = played(learning(), 2)
    before = ensemble.state.mechanisms["beliefs"]
    kept = replace(before.belief, chances=before.belief.chances.copy())
    ensemble.step()
    np.testing.assert_array_equal(before.belief.chances, kept.chances)
