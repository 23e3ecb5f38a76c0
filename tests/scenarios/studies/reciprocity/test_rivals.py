"""Rivals that sample: returns and baselines by hand, what they learn where only one thing can be right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.arrays import Floats
from commonweal.agents.reciprocity.norms import Errors, Norm, norm_of
from commonweal.agents.streams import Stream
from commonweal.scenarios.studies.reciprocity.rivals import (
    CELLS,
    Baseline,
    Critic,
    Policy,
    Rival,
    discounted,
    features,
    learn,
)
from commonweal.scenarios.studies.reciprocity.world import Budget, Episodes, Notes, World, play, world_of

NONE = Errors(np.array(0.0), np.array(0.0), np.array(0.0))


def streams(count: int, purpose: int = 0) -> Stream:
    return Stream(tuple(np.random.default_rng([purpose, seed]) for seed in range(count)))


def refusers(worlds: int, cost: float) -> World:
    """Nobody else ever gives, so that a gift brings what it costs and nothing more."""
    never = Norm(np.zeros((2, 2)), norm_of("L6").assess)
    return world_of([(never, 6)], NONE, np.full(worlds, 3.0), cost)


def with_rewards(reward: Floats) -> Episodes:
    """Episodes (1, E, T) in which the learner earned this."""
    zero = np.zeros(reward.shape, dtype=np.int64)
    last = np.zeros((1, reward.shape[1], 3), dtype=np.int64)
    return Episodes(zero, zero > 0, reward, zero, zero.astype(np.float64), last, Notes())


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=6), st.floats(0, 1))
def test_returns_are_the_sums_of_what_follows(rewards: list[float], gamma: float) -> None:
    found = discounted(np.array([[rewards]]), np.array([[gamma]]))[0, 0]
    for t in range(len(rewards)):
        assert found[t] == pytest.approx(sum(gamma**k * r for k, r in enumerate(rewards[t:])), abs=1e-9)


def test_with_one_episode_the_baseline_leaves_an_advantage() -> None:
    baseline = Baseline(Rival("reinforce", np.ones(1)))
    first = baseline.advantages(with_rewards(np.array([[[1.0, 2.0]]]))).acts
    second = baseline.advantages(with_rewards(np.array([[[4.0, 1.0]]]))).acts
    np.testing.assert_allclose(first, [[[3.0, 2.0]]])  # nothing was known before
    np.testing.assert_allclose(second, [[[5.0 - 3.0, 1.0 - 2.0]]])  # against what came before, not against itself


def test_the_first_baseline_of_an_episode_is_the_mean_of_the_others() -> None:
    reward = np.array([[[1.0], [2.0], [6.0]]])
    found = Baseline(Rival("reinforce", np.ones(1))).advantages(with_rewards(reward)).acts
    np.testing.assert_allclose(found[0, :, 0], [1 - 4, 2 - 3.5, 6 - 1.5])


@pytest.mark.parametrize("kind", ["reinforce", "ppo"])
def test_a_verdict_is_not_paid_for_its_own_round(kind: str) -> None:
    generator = np.random.default_rng(1)
    before, after = (with_rewards(generator.normal(size=(1, 2, 5))) for _ in range(2))
    changed = after.reward.copy()
    changed[0, 0, 2] += 10.0
    found = []
    for last in (after, with_rewards(changed)):
        judge = (Baseline if kind == "reinforce" else Critic)(Rival("ppo", np.full(1, 0.9)))
        judge.advantages(before)
        found.append(judge.advantages(last))
    acts, verdicts = (found[1].acts - found[0].acts)[0, 0], (found[1].verdicts - found[0].verdicts)[0, 0]
    assert acts[2] == pytest.approx(10.0) and verdicts[2] == pytest.approx(0.0)
    assert verdicts[1] == pytest.approx(9.0 if kind == "reinforce" else 9.0 * 0.95)
    assert verdicts[3] == pytest.approx(0.0)


def test_advantages_without_smoothing_are_returns_less_the_critic_s_values() -> None:
    world, rival = refusers(2, 1.0), Rival("ppo", np.array([1.0, 0.9]), smoothing=1.0)
    critic, stream = Critic(rival), streams(2)
    critic.advantages(play(world, Budget(3, 10), stream))
    played = play(world, Budget(3, 10), stream)
    assert critic.weights is not None
    values = np.einsum("betf,bf->bet", features(played), critic.weights)
    expected = discounted(played.reward, rival.gamma[:, None]) - values
    np.testing.assert_allclose(critic.advantages(played).acts, expected, atol=1e-10)


def test_first_policies_are_near_one_half_and_networks_differ() -> None:
    assert (Policy(CELLS, streams(3), "table").table() == 0.5).all()
    network = Policy(CELLS, streams(3), "network").table()
    assert (np.abs(network - 0.5) < 0.1).all() and len(np.unique(network)) == 12


@pytest.mark.parametrize("kind", ["reinforce", "ppo"])
@pytest.mark.parametrize("shape", ["network", "table"])
@pytest.mark.parametrize(("cost", "right"), [(1.0, 0.0), (-1.0, 1.0)])
def test_where_a_gift_brings_only_its_cost_all_learn_the_obvious(
    kind: str, shape: str, cost: float, right: float
) -> None:
    rival = Rival(kind, np.ones(4), shape, 0.02 if shape == "network" else 0.1)  # type: ignore[arg-type]
    found = learn(refusers(4, cost), rival, Budget(4, 20, updates=60), streams(4))
    seen = found.act[:, :, 0] if cost > 0 else found.act[:, 0]  # names that others have are all good or all bad
    assert found.assess is None
    assert (np.abs(seen - right) < 0.2).all(), found.act


@pytest.mark.parametrize("kind", ["reinforce", "ppo"])
def test_worlds_of_a_batch_learn_each_by_itself(kind: str) -> None:
    world = world_of([(norm_of("L6"), 6)], NONE, np.array([2.0, 5.0]))
    rival, budget = Rival(kind, np.ones(2)), Budget(2, 6, updates=4)  # type: ignore[arg-type]
    together = learn(world, rival, budget, streams(2), signals=True)
    alone = learn(world.taken(np.array([1])), Rival(kind, np.ones(1)), budget,  # type: ignore[arg-type]
                  Stream((np.random.default_rng([0, 1]),)), signals=True)  # fmt: skip
    np.testing.assert_allclose(together.act[1:], alone.act, atol=1e-9)
    assert together.assess is not None and alone.assess is not None
    np.testing.assert_allclose(together.assess[1:], alone.assess, atol=1e-9)
