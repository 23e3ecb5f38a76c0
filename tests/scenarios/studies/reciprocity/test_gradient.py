"""The reciprocity gradient in the donation world: what it comes to, by itself and beside rivals with the same data."""

import numpy as np
import pytest
from scipy.special import expit

from commonweal.agents.arrays import Floats
from commonweal.agents.reciprocity.chain import drawn_schedule
from commonweal.agents.reciprocity.norms import Norm, norm_of
from commonweal.agents.streams import Stream
from commonweal.scenarios.studies.reciprocity import gradient, rivals
from commonweal.scenarios.studies.reciprocity.collapse import errors_of
from commonweal.scenarios.studies.reciprocity.gradient import Planner
from commonweal.scenarios.studies.reciprocity.rivals import Rival
from commonweal.scenarios.studies.reciprocity.scores import Judge, Scores, reference, scores
from commonweal.scenarios.studies.reciprocity.signals import ROUNDS, cosine, cosines, planned
from commonweal.scenarios.studies.reciprocity.world import Budget, World, with_learner, world_of

SEEDS = 4


def streams(count: int, purpose: int = 0) -> Stream:
    return Stream(tuple(np.random.default_rng([purpose, seed]) for seed in range(count)))


def among(name: str, count: int, defectors: int = 0, ratio: float = 3.0) -> World:
    norm = norm_of(name)
    never = Norm(np.zeros((2, 2)), norm.assess)
    groups = [(norm, count - defectors)] + ([(never, defectors)] if defectors else [])
    return world_of(groups, errors_of(0.02), np.array([ratio]))


def learned(world: World, name: str, budget: Budget, signals: bool = False, schedules: int = 16) -> Scores:
    """Scores of the reciprocity gradient in this world, by seed."""
    judge = Judge.of(world, 64 if world.principals < 50 else 16)
    best = reference(world, judge, signals).taken(np.zeros(SEEDS, dtype=np.int64))
    worlds = world.repeated(SEEDS)
    found = gradient.learn(worlds, norm_of(name), Planner(schedules), budget, streams(SEEDS), signals)
    return scores(worlds, judge, best, found.act, found.assess)


def test_a_few_updates_already_lead_towards_the_norm() -> None:
    found = learned(among("L6", 12), "L6", Budget(4, 20, updates=12))
    assert (found.hit == 1).all() and (found.adherence > 0.85).all()


def test_learners_of_a_batch_learn_each_by_itself() -> None:
    world = among("L6", 8).repeated(2)
    norm, budget = norm_of("L6"), Budget(1, 8, updates=5)
    together = gradient.learn(world, norm, Planner(4), budget, streams(2), signals=True)
    alone = gradient.learn(world.taken(np.array([1])), norm, Planner(4), budget,
                           Stream((np.random.default_rng([0, 1]),)), signals=True)  # fmt: skip
    np.testing.assert_allclose(together.act[1:], alone.act, atol=1e-12)
    assert together.assess is not None and alone.assess is not None
    np.testing.assert_allclose(together.assess[1:], alone.assess, atol=1e-12)


def test_derivatives_by_logits_agree_with_differences() -> None:
    world, generator, step = among("L6", 6), np.random.default_rng(3), 1e-5
    logits = [generator.normal(size=(1, 4)), generator.normal(size=(1, 8))]
    act, assess = expit(logits[0]).reshape(1, 2, 2), expit(logits[1]).reshape(1, 2, 2, 2)
    own = with_learner(world, act, assess)
    found = planned(own, own.rules, act, assess, (streams(1), 8))
    judge = Judge(drawn_schedule(np.moveaxis(streams(1).uniform(ROUNDS, 8, 6), 1, 0), 1))  # the same schedules

    def payoff(at: list[Floats]) -> float:
        tables = expit(at[0]).reshape(1, 2, 2), expit(at[1]).reshape(1, 2, 2, 2)
        return ROUNDS * float(judge.values(with_learner(world, *tables))[0])

    for place, slope in ((0, found.act), (1, found.assess)):
        for cell in range(slope.shape[1]):
            ends = []
            for sign in (1, -1):
                moved = [each.copy() for each in logits]
                moved[place][0, cell] += sign * step
                ends.append(payoff(moved))
            assert slope[0, cell] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-7)


def test_cosines() -> None:
    one = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    np.testing.assert_allclose(cosine(one, np.array([[0.0, 2.0], [3.0, 3.0], [1.0, 0.0]])), [0, 1, 0])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "defectors"), [("L6", 0), ("L3", 0), ("L6", 11), ("L3", 11)])
def test_acts_everybody_acts_each_round(name: str, defectors: int) -> None:
    found = learned(among(name, 24, defectors), name, Budget(4, 20, updates=100))
    assert (found.share >= 0.99).all() and (found.adherence >= 0.97).all() and not found.constant.any()


@pytest.mark.slow
def test_acts_with_one_episode_an_update() -> None:
    found = learned(among("L6", 24, ratio=1.5), "L6", Budget(1, 20, updates=100))
    assert (found.share >= 0.99).all() and (found.adherence >= 0.97).all()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "defectors", "ratio"), [("L6", 0, 1.5), ("L3", 0, 1.5), ("L6", 49, 3.0)])
def test_acts_one_at_a_time_where_discounted_rivals_collapse(name: str, defectors: int, ratio: float) -> None:
    world, budget = among(name, 100, defectors, ratio), Budget(2, 400, "events", 60)
    found = learned(world, name, budget, schedules=4)
    assert (found.share >= 0.99).all() and (found.adherence >= 0.97).all()
    judge, worlds = Judge.of(world, 16), world.repeated(SEEDS)
    best = reference(world, judge).taken(np.zeros(SEEDS, dtype=np.int64))
    ppo = rivals.learn(worlds, Rival("ppo", np.full(SEEDS, 0.95)), budget, streams(SEEDS))
    assert (scores(worlds, judge, best, ppo.act).share < 0.8).all()  # γ .95 among 100: refusing is right


@pytest.mark.slow
def test_acts_and_verdicts_together() -> None:
    found = learned(among("L6", 8), "L6", Budget(4, 20, updates=100), signals=True)
    assert (found.share >= 0.995).all() and (found.signals >= 0.85).all() and (found.adherence >= 0.97).all()


@pytest.mark.slow
def test_sampled_derivatives_by_verdicts_carry_next_to_nothing() -> None:
    worlds = 24
    found = cosines(among("L6", 24, 11).repeated(worlds), 32, streams(worlds, 1), streams(worlds, 2))
    assert (found.planned_acts > 0.98).all() and found.sampled_acts.mean() > 0.8
    gap = found.planned_verdicts - found.sampled_verdicts
    assert gap.mean() > 2 * gap.std(ddof=1) / np.sqrt(worlds)
    assert abs(found.sampled_verdicts.mean()) < 0.3 and (found.ratio > 20).all()
