"""The donation world: payoffs that are known beforehand, both clocks, names against the exact share, public counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.arrays import Floats
from commonweal.agents.reciprocity.norms import Errors, Norm, norm_of
from commonweal.agents.streams import Stream
from commonweal.scenarios.runs.intervals import standard_error
from commonweal.scenarios.studies.reciprocity.scores import Judge
from commonweal.scenarios.studies.reciprocity.world import (
    Budget,
    Clock,
    World,
    play,
    third_parties,
    with_learner,
    world_of,
)

CLOCKS: tuple[Clock, ...] = ("rounds", "events")


def errors(execution: float, perception: float, assignment: float) -> Errors:
    return Errors(np.array(execution), np.array(perception), np.array(assignment))


def streams(count: int, purpose: int = 0) -> Stream:
    return Stream(tuple(np.random.default_rng([purpose, seed]) for seed in range(count)))


def among(name: str, count: int, worlds: int = 1, ratio: float = 3.0) -> World:
    return world_of([(norm_of(name), count)], errors(0.02, 0.0, 0.02), np.full(worlds, ratio))


def always(act: float) -> Norm:
    return Norm(np.full((2, 2), act), norm_of("L6").assess)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize(("act", "payoff"), [(1.0, 2.0), (0.0, 0.0)])
def test_a_world_that_always_gives_pays_b_less_c_and_one_that_never_gives_nothing(
    clock: Clock, act: float, payoff: float
) -> None:
    world = world_of([(always(act), 6)], errors(0.0, 0.0, 0.0), np.array([3.0]))
    played = play(world, Budget(40, 60, clock), streams(1))
    if clock == "rounds":
        assert (played.reward == payoff).all() and (played.gave == (act == 1)).all()
    own, met = (played.context >= 0).sum(), (played.reward > 0).sum()
    assert played.reward.sum() == pytest.approx(act * (3 * met - own) if clock == "events" else payoff * own)


def test_gifts_of_who_always_gives_fail_at_the_rate_of_execution_errors_while_it_means_them() -> None:
    world = world_of([(always(1.0), 5)], errors(0.2, 0.0, 0.0), np.array([0.0]))
    played = play(world, Budget(200, 50), streams(1))
    assert played.gave.all()
    made = -played.reward  # each gift costs 1, and receives nothing
    assert abs(made.mean() - 0.8) < 4 * np.sqrt(0.16 / made.size)


def test_in_event_time_each_of_n_acts_and_is_met_once_in_n_events() -> None:
    world = among("L6", 10)
    played = play(world, Budget(100, 400, "events"), streams(1))
    acted = (played.context >= 0).mean()
    assert abs(acted - 0.1) < 4 * np.sqrt(0.09 / 40_000)
    assert ((played.context >= 0).sum(axis=(1, 2)) == played.acts[:, 0].sum(axis=(1, 2, 3))).all()


@pytest.mark.parametrize("name", ["L3", "L6"])
def test_mean_payoff_is_that_of_the_mean_field_within_its_standard_error(name: str) -> None:
    world = among(name, 24, worlds=48)
    payoff = play(world, Budget(64, 30), streams(48)).reward.mean(axis=(1, 2))
    expected = Judge.of(world.taken(np.array([0])), schedules=4).values(world)[0]
    assert expected == pytest.approx(1.8550, abs=5e-5)  # all alike, so schedules do not matter
    assert abs(payoff.mean() - expected) < 3.5 * standard_error(payoff)


def test_mean_payoff_of_a_majority_of_judges_is_that_of_the_mean_field() -> None:
    world = world_of([(norm_of("L6"), 12)], errors(0.05, 0.0, 0.1), np.full(48, 3.0), judges=3)
    payoff = play(world, Budget(64, 30), streams(48)).reward.mean(axis=(1, 2))
    assert abs(payoff.mean() - Judge.of(world.taken(np.array([0])), 4).values(world)[0]) < 3.5 * standard_error(payoff)


@pytest.mark.parametrize("clock", CLOCKS)
def test_good_names_settle_at_their_exact_share(clock: Clock) -> None:
    world = world_of([(norm_of("L6"), 40)], errors(0.02, 0.02, 0.02), np.array([3.0]))
    played = play(world, Budget(60, 20 if clock == "rounds" else 800, clock), streams(1))
    late = played.good[0, :, -1]
    assert abs(late.mean() - 0.96117) < 4 * standard_error(late)  # Glynatsi, Hilbe, Murase 2025: h of L6


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_world_plays_alone_as_it_plays_in_a_batch(clock: Clock) -> None:
    world, budget = among("L3", 7, worlds=3), Budget(4, 12, clock)
    together = play(world, budget, streams(3))
    alone = play(world.taken(np.array([2])), budget, Stream((np.random.default_rng([0, 2]),)))
    for name in ("context", "gave", "reward", "image", "good", "last", "acts", "verdicts", "judged"):
        np.testing.assert_array_equal(getattr(together, name)[2:], getattr(alone, name))


@pytest.mark.parametrize("clock", CLOCKS)
def test_public_counts_hold_every_act_and_verdict_and_tell_the_rules(clock: Clock) -> None:
    world = among("L6", 6, worlds=2)
    world = with_learner(world, np.full((2, 2, 2), 0.3), np.full((2, 2, 2, 2), 0.4))
    played = play(world, Budget(50, 40, clock), streams(2))
    acts = 50 * 40 * (6 if clock == "rounds" else 1)
    assert (played.acts.sum(axis=(1, 2, 3, 4)) == acts).all()
    assert (played.verdicts.sum(axis=(1, 2, 3, 4, 5)) == acts).all()
    np.testing.assert_array_equal(played.judged.sum(axis=(1, 2)).reshape(2, 2, 2, 2, 2), played.verdicts[:, 0])
    own = played.acts[:, 0].sum(axis=(0, 1, 2))
    assert abs(own[1] / own.sum() - 0.98 * 0.3) < 4 * np.sqrt(0.25 / own.sum())
    said = played.verdicts[:, 0].sum(axis=(0, 1, 2, 3))
    assert abs(said[1] / said.sum() - 0.4) < 4 * np.sqrt(0.25 / said.sum())
    seen = played.verdicts[:, 1:].sum(axis=(0, 1))
    known = seen.sum(axis=-1) > 50
    rate = seen[..., 1] / np.maximum(seen.sum(axis=-1), 1)
    assert (np.abs(rate - world.rules.assess[0, 1])[known] < 0.1).all()


@given(st.integers(5, 12), st.sampled_from([1, 3]), st.integers(0, 2**32))
def test_judges_are_different_third_parties(count: int, judges: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    donor = generator.integers(0, count, 50)
    recipient = (donor + generator.integers(1, count, 50)) % count
    uniform: Floats = generator.random((50, judges))
    chosen = third_parties(uniform, donor, recipient, count)
    everyone = np.concatenate([donor[:, None], recipient[:, None], chosen], axis=1)
    assert ((everyone >= 0) & (everyone < count)).all()
    assert all(len(set(row)) == judges + 2 for row in everyone.tolist())


def test_every_third_party_judges_as_often_as_any_other() -> None:
    uniform = (np.arange(1000)[:, None] + 0.5) / 1000
    chosen = third_parties(uniform, np.full(1000, 3), np.full(1000, 1), 7)
    assert np.bincount(chosen[:, 0], minlength=7).tolist() == [200, 0, 200, 0, 200, 200, 200]
