"""Why a principal acted so, in economies that are played."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.conditional import MOST_FEATURES
from commonweal.economy.explaining.decisions import (
    Place,
    explain_course,
    explain_decision,
    explain_outcome,
    explain_prediction,
    forced_returns,
)
from commonweal.economy.explaining.sights import DecisionLog, Decisions, watched
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise

SMALL = {
    "task.kind": "synthetic", "task.samples": 900, "task.features": 6, "learning.hidden": [4],
    "population.count": 8, "population.graph": "ring", "policy.revision": 0.5, "precision": "float64",
}  # fmt: skip
ROUNDS = 30
NAMES = {"reciprocity.kind": "requests", "settlement.horizon": 1, "policy.mix": {"norm:L3": 0.5, "learning": 0.5}}


def ensemble_of(changes, seeds=(0, 1), rounds=0) -> Ensemble:
    ensemble = Ensemble(revise(load("commons"), {**SMALL, **changes}), seeds)
    for _ in range(rounds):
        ensemble.step()
    return ensemble


@cache
def play_of(*mix: str) -> Decisions:
    return watched(ensemble_of({"policy.mix": {name: 1 / len(mix) for name in mix}}), ROUNDS)


class TestTheRecord:
    def test_watching_does_not_change_a_play(self):
        seen, unseen = ensemble_of({}), ensemble_of({}, rounds=5)
        watched(seen, 5)
        np.testing.assert_array_equal(seen.people.payoff, unseen.people.payoff)
        np.testing.assert_array_equal(seen.step().actions, unseen.step().actions)

    def test_actions_fall_as_their_laws_say(self):
        # Calibration: Σ (1{a taken} − law) over some 1900 decisions has this standard deviation where the law is right.
        decisions = play_of("imitation", "learning", "conditional", "best_response")
        law = decisions.law[:, 1:]
        taken = decisions.actions[:, 1:, :, None] == np.arange(4)
        assert (law[taken] > 0).all()
        missed, variance = (taken - law).sum(axis=(0, 1, 2)), (law * (1 - law)).sum(axis=(0, 1, 2))
        assert (np.abs(missed) <= 4 * np.sqrt(variance)).all()

    def test_it_notes_what_was_seen_before_the_choice(self):
        decisions = play_of("imitation")
        last = decisions.features[..., decisions.names.index("last action")]
        np.testing.assert_array_equal(last[:, 1:], decisions.actions[:, :-1])
        accuracy = decisions.features[..., decisions.names.index("accuracy")]
        assert np.ptp(accuracy, axis=2).max() == 0 and np.ptp(accuracy) > 0

    def test_who_does_what_it_starts_with_does_not_choose(self):
        decisions = play_of("imitation")
        assert not decisions.chose[:, 0].any() and decisions.chose[:, 1:].all()

    def test_names_and_what_policies_read_of_their_own_are_features(self):
        decisions = watched(ensemble_of(NAMES), 3)
        assert {"own name", "name of who asks", "is asked", "learned value of delegate"} <= set(decisions.names)
        starts = decisions.policies.index("norm:L3")
        np.testing.assert_array_equal(decisions.chose[:, 0], decisions.policy == starts)

    def test_with_all_policies_and_names_there_are_no_more_features_than_can_be_explained(self):
        mix = dict.fromkeys(("imitation", "learning", "conditional", "best_response", "norm:L3"), 1 / 5)
        decisions = watched(ensemble_of({**NAMES, "policy.mix": mix}), 2)
        assert len(decisions.names) <= MOST_FEATURES

    def test_who_minds_sees_its_utility_and_what_each_action_costs_it(self):
        decisions = watched(Ensemble(load("exit-and-voice", {"population.count": 8, "rounds": 4}), [0]), 3)
        costs = [f"value cost of {action}" for action in ("delegate", "free_ride", "defect", "abstain")]
        assert {"own utility", *costs} <= set(decisions.names)
        assert "own utility" not in watched(ensemble_of({}), 2).names

    def test_a_log_of_the_latest_rounds_is_the_end_of_one_of_all(self):
        logs, ensemble = [DecisionLog(ensemble_of({}).world, most) for most in (None, 3)], ensemble_of({})
        for _ in range(7):
            for log in logs:
                log.see(ensemble.state, ensemble.people)
            record = ensemble.step()
            for log in logs:
                log.note(record)
        whole, latest = (log.decisions() for log in logs)
        assert latest.rounds == range(4, 7) and whole.rounds == range(7)
        for name in ("features", "law", "chose", "actions", "utility"):
            np.testing.assert_array_equal(getattr(latest, name), getattr(whole, name)[:, 4:])

    def test_revenue_is_that_of_the_last_round_also_to_who_begins_later(self):
        ensemble = ensemble_of({}, rounds=1)
        earned = [ensemble.step().payday.revenue / 1e6]
        log = DecisionLog(ensemble.world)
        for _ in range(3):
            log.see(ensemble.state, ensemble.people)
            record = ensemble.step()
            log.note(record)
            earned.append(record.payday.revenue / 1e6)
        decisions = log.decisions()
        assert decisions.rounds == range(2, 5) and decisions.chose.all()
        seen = decisions.features[:, :, 0, decisions.names.index("revenue")]
        np.testing.assert_array_equal(seen, np.stack(earned[:3], axis=1))


@pytest.mark.parametrize("name", ["fixed", "imitation", "learning", "q_network", "conditional", "best_response"])
def test_every_decision_of_every_policy_adds_up(name):
    decisions = play_of(name)
    for principal, number in ((0, 5), (7, 29)):
        found = explain_decision(decisions, principal, number, run=1)
        assert np.abs(found.gap).max() < 1e-12
        np.testing.assert_allclose(found.value.sum(), 1.0)
        np.testing.assert_allclose(found.values.sum(axis=2), 0.0, atol=1e-12)  # what one action gains others lose
        assert found.value[0, found.answers.index(found.provenance["taken"])] > 0


def test_a_course_is_all_decisions_of_one_principal_each_as_it_is_alone():
    decisions = play_of("learning")
    course = explain_course(decisions, 2, run=1)
    assert course.provenance["rounds"].split() == [str(number) for number in range(1, ROUNDS)]
    for place in (0, 17, 28):
        alone = explain_decision(decisions, 2, place + 1, run=1)
        np.testing.assert_allclose(course.values[place], alone.values[0], atol=1e-14)
        np.testing.assert_array_equal(course.value[place], alone.value[0])


def test_who_always_does_what_it_did_is_explained_by_its_last_action_first():
    decisions = play_of("fixed")
    found = explain_decision(decisions, 3, 12)
    taken = found.answers.index(found.provenance["taken"])
    assert found.names[int(np.abs(found.values[0, :, taken]).argmax())] == "last action"
    assert np.abs(found.residual).max() < 1e-12  # the law is a function of it


def test_a_learner_is_explained_by_its_own_learned_values_beside_its_last_action():
    decisions = play_of("learning")
    found = explain_decision(decisions, 2, 29)
    taken = found.provenance["taken"]
    parts = dict(zip(found.names, np.abs(found.values[0, :, found.answers.index(taken)]), strict=True))
    own = sum(part for name, part in parts.items() if name.startswith(("learned value", "last action")))
    assert own > sum(parts.values()) / 2


def test_principals_in_another_order_are_explained_alike():
    decisions = play_of("imitation")
    order = np.array([3, 1, 0, 2, 7, 6, 5, 4])
    moved = replace(
        decisions,
        **{name: getattr(decisions, name)[:, :, order] for name in ("features", "law", "chose", "actions", "utility")},
        policy=decisions.policy[:, order],
    )
    one, other = explain_decision(decisions, 3, 10), explain_decision(moved, 0, 10)
    np.testing.assert_allclose(one.values, other.values, atol=1e-13)


def test_a_prediction_is_the_mean_of_those_alike_and_only_those_who_follow_the_same_policy_count():
    decisions = play_of("imitation", "learning")
    found = explain_prediction(decisions, 0, 10, horizon=4)
    same = decisions.policy == decisions.policy[0, 0]
    means = [decisions.utility[:, first : first + 4].mean(axis=1)[same] for first in range(1, ROUNDS - 3)]
    assert found.base.item() == pytest.approx(np.mean(means))
    assert not found.exact and np.abs(found.gap).max() < 1e-12


class TestOutcome:
    def test_forcing_what_is_done_anyway_is_the_run_itself(self):
        ensemble = ensemble_of({}, rounds=10)
        economy, codes = ensemble.snapshot, np.array([1, 2, 3])
        returns = forced_returns(economy, 2, codes, horizon=5)
        records = [ensemble.step() for _ in range(5)]
        own = np.sum([record.payday.utility[:, 2] for record in records], axis=0)
        for run, action in enumerate(records[0].actions[:, 2]):
            assert returns[run, codes.tolist().index(action)] == pytest.approx(own[run], rel=1e-9)

    def test_who_is_forced_once_is_free_afterwards(self):
        ensemble = ensemble_of({"policy.mutation": 0.0, "policy.mix": {"best_response": 1.0}}, rounds=6)
        stay = forced_returns(ensemble.snapshot, 1, np.array([1, 2]), horizon=8)
        assert (stay[:, 0] != stay[:, 1]).any()

    def test_parts_are_those_of_the_behaviour_weighed_by_returns(self):
        decisions, place = play_of("imitation"), Place(principal=2, round=10, run=1)
        behaviour = explain_decision(decisions, 2, 10, run=1)
        economy = ensemble_of({"policy.mix": {"imitation": 1.0}}, rounds=10).snapshot
        outcome = explain_outcome(behaviour, economy, place, horizon=5)
        codes = np.array([Action[name.upper()] for name in behaviour.answers])
        returns = forced_returns(economy, 2, codes, horizon=5)[1]
        np.testing.assert_allclose(outcome.values[0, :, 0], behaviour.values[0] @ returns, atol=1e-15)
        assert outcome.value.item() == pytest.approx(behaviour.value[0] @ returns)

    def test_an_economy_in_another_round_is_refused(self):
        behaviour = explain_decision(play_of("imitation"), 2, 10)
        with pytest.raises(InputError, match="the economy stands before round 0"):
            explain_outcome(behaviour, ensemble_of({}).snapshot, Place(2, 10))


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"principal": 8, "round": 5}, "principal 8: there are 0 to 7"),
        ({"principal": 1, "round": 5, "run": 2}, "run 2: there are 0 to 1"),
        ({"principal": 1, "round": 30}, "round 30: noted are 0 to 29"),
        ({"principal": 1, "round": 0}, "round 0: principal 1 did not choose"),
    ],
)
def test_a_decision_that_does_not_exist_is_refused_in_words(where, told):
    with pytest.raises(InputError, match=told):
        explain_decision(play_of("imitation"), **where)


def test_a_value_that_looks_beyond_the_record_is_refused():
    with pytest.raises(InputError, match="needs as many noted"):
        explain_prediction(play_of("imitation"), 1, 25, horizon=10)
