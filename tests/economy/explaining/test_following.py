"""Following a policy that learns: what is replayed is the policy as it is now, and nothing else is touched."""

from copy import deepcopy
from dataclasses import fields
from functools import cache

import numpy as np
import pytest

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.agents.policies import action_law
from commonweal.agents.policies.q_learner import Weights
from commonweal.economy.explaining.conditional import explain_rows
from commonweal.economy.explaining.following import Replay, explain_now, frozen, replayed
from commonweal.economy.explaining.rows import Bins, Rows
from commonweal.economy.explaining.sights import DecisionLog, Decisions
from commonweal.economy.explaining.valued import Question
from commonweal.economy.round.observe import observe
from commonweal.economy.round.play import play_round
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.ensemble import Ensemble, next_actions
from commonweal.scenarios.schema.loading import load, revise

CHANGES = {
    "market.kind": "curve", "population.count": 12, "population.graph": "ring", "policy.revision": 0.5,
    "policy.mix": {"q_network": 1.0},
}  # fmt: skip


def after(rounds: int, seeds: tuple[int, ...] = (0, 1), **changes: object) -> Ensemble:
    ensemble = Ensemble(revise(load("commons"), {**CHANGES, **changes}), seeds)
    for _ in range(rounds):
        ensemble.step()
    return ensemble


def weights_of(economy: Economy | Ensemble) -> Floats:
    weights = economy.state.mechanisms["q_network"].learner.weights
    return np.concatenate([getattr(weights, part.name).ravel() for part in fields(Weights)])


def play_on(economy: Economy, rounds: int) -> Economy:
    state, people, world, streams = economy.state, economy.people, economy.world, economy.streams
    for _ in range(rounds):
        state, people, _ = play_round(state, people, next_actions(state, people, world, streams), world, streams)
    return Economy(world, state, people, streams)


def test_what_was_learned_is_frozen_and_learning_goes_on_where_it_is_not() -> None:
    economy = after(8).snapshot
    before = weights_of(economy)
    np.testing.assert_array_equal(weights_of(play_on(frozen(economy), 4)), before)
    assert not np.array_equal(weights_of(play_on(economy, 4)), before)


@pytest.mark.parametrize("policy", ["learning", "reciprocity"])
def test_other_learners_are_frozen_too(policy: str) -> None:
    changes = {"policy.mix": {policy: 1.0}, "settlement.horizon": 1, "reciprocity.kind": "requests"}
    economy = after(8, **changes).snapshot
    ended = play_on(frozen(economy), 4)
    if policy == "learning":
        np.testing.assert_array_equal(ended.people.action_values, economy.people.action_values)
    else:
        before, now = (each.state.mechanisms["reciprocity"].learning.learners.act.at for each in (economy, ended))
        np.testing.assert_array_equal(now, before)


def test_who_has_stopped_before_does_not_start_again() -> None:
    ensemble = after(8, **{"policy.q_network.until": 3.0})
    assert frozen(ensemble.snapshot).world.terms.policy.q_network.until.tolist() == [[3.0], [3.0]]


def test_the_run_that_is_explained_goes_on_as_if_nobody_had_asked() -> None:
    asked, unasked = after(6), after(6)
    explain_now(asked.snapshot, 3, run=1)
    for _ in range(3):
        asked.step()
        unasked.step()
    np.testing.assert_array_equal(weights_of(asked), weights_of(unasked))
    np.testing.assert_array_equal(asked.people.payoff, unasked.people.payoff)


def test_what_is_explained_is_the_law_of_what_it_is_about_to_do() -> None:
    ensemble = after(12)
    law = action_law(observe(ensemble.state, ensemble.people, ensemble.world), ensemble.world.terms.policy)
    for copies in (1, 3):
        found = explain_now(ensemble.snapshot, 4, run=1, replay=Replay(rounds=5, copies=copies))
        np.testing.assert_allclose(found.value[0], law[1, 4, [1, 2, 3]], atol=1e-12)
        assert np.abs(found.gap).max() < 1e-12
        assert found.provenance["replayed"].startswith(f"5 rounds, {copies} times")


def test_copies_see_the_same_now_and_have_other_luck_from_then_on() -> None:
    economy = after(12, seeds=(0,)).snapshot
    found = replayed(economy, Replay(rounds=4, copies=3, seed=5))
    assert found.features.shape[:2] == (3, 4)
    assert np.ptp(found.features[:, 0], axis=0).max() == 0
    assert all(np.ptp(found.features[:, number], axis=0).max() > 0 for number in (1, 2, 3))
    np.testing.assert_array_equal(found.features, replayed(economy, Replay(4, 3, seed=5)).features)
    assert not np.array_equal(found.actions, replayed(economy, Replay(4, 3, seed=6)).actions)


@pytest.mark.parametrize(("rounds", "copies"), [(0, 1), (1, 0)])
def test_nothing_replayed_is_refused(rounds: int, copies: int) -> None:
    with pytest.raises(InputError, match="must be at least 1"):
        Replay(rounds, copies)


def test_who_is_not_there_is_refused_and_before_the_first_round_nobody_chooses() -> None:
    ensemble = after(3)
    with pytest.raises(InputError, match="run 2: there are 0 to 1"):
        explain_now(ensemble.snapshot, 0, run=2)
    with pytest.raises(InputError, match="principal 12: there are 0 to 11"):
        explain_now(ensemble.snapshot, 12)
    with pytest.raises(InputError, match="did not choose by its policy"):
        explain_now(after(0).snapshot, 0)


# --- how close -------------------------------------------------------------------------------------------------------
def chosen(decisions: Decisions, rounds: slice = slice(None)) -> tuple[Floats, Floats]:
    """(M, F) what was seen and (M, A) the law."""
    who: Bools = decisions.chose[:, rounds]
    return decisions.features[:, rounds][who], decisions.law[:, rounds][who][:, 1:]


@cache
def learning_run() -> tuple[Economy, Decisions]:
    """Four runs after 60 rounds, and all their decisions so far."""
    ensemble = after(0, seeds=(0, 1, 2, 3))
    log = DecisionLog(ensemble.world)
    for _ in range(60):
        log.see(ensemble.state, ensemble.people)
        log.note(ensemble.step())
    return ensemble.snapshot, log.decisions()


def test_ten_replayed_rounds_are_closer_than_what_is_kept_and_than_all_old_data() -> None:
    # Against 10 rounds replayed 30 times with other luck; errors of the values of 200 decisions drawn by visits.
    economy, old = learning_run()
    features, law = chosen(replayed(economy, Replay(10, 30, seed=9)))
    bins, question = Bins.of(features), Question("behaviour", "it", "all", old.names, ("1", "2", "3"))
    rows = Rows.of(bins.codes(features), law)
    places = np.random.default_rng(0).choice(len(rows.codes), 200, p=rows.weights / rows.weights.sum())
    asked, truth = rows.codes[places], explain_rows(rows, rows.codes[places], question).values

    def error(features: Floats, law: Floats) -> tuple[float, float]:
        """Mean square, and share of the decisions of which the data have any."""
        some = Rows.of(bins.codes(features), law)
        there = np.array([(some.codes == each).all(axis=1).any() for each in asked])
        missed = explain_rows(some, asked[there], question).values - truth[there]
        return float((missed**2).mean()), float(there.mean())

    fresh, covered = error(*chosen(replayed(economy, Replay(10, 1, seed=1))))
    assert fresh < 5e-5 and covered > 0.7
    for data in (chosen(old, slice(0, 40)), chosen(old)):
        stale, seen = error(*data)
        assert stale > 3 * fresh and seen < covered


@pytest.mark.slow
def test_of_one_who_goes_by_names_the_names_are_the_reasons() -> None:
    # Among followers of L6 a learner comes to give to the good and to refuse the bad: what it does is by their name.
    mix = {"q_network": 0.5, "norm:L6": 0.5}
    ensemble = Ensemble(revise(load("leading-eight"), {"policy.mix": mix}), range(4))
    for _ in range(150):
        ensemble.step()
    kept = deepcopy(ensemble.people.policy)
    learns = np.argwhere(kept == ensemble.world.terms.policy.names.index("q_network"))[:10]
    leading = []
    for run, principal in learns.tolist():
        found = explain_now(ensemble.snapshot, principal, run)
        leading.append(found.names[int(np.abs(found.values[0, :, 0]).argmax())])
    assert np.mean([name in ("name of who asks", "own name") for name in leading]) >= 0.8
