"""The boundary of collapse: discounts and cuts that are known, against sums, and against returns that are played."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.reciprocity.norms import Errors, norm_of
from commonweal.agents.streams import Stream
from commonweal.scenarios.studies.reciprocity.collapse import (
    Grid,
    boundary,
    collapse_map,
    cut,
    errors_of,
    reach,
    share_interval,
    threshold,
    wait_discount,
)
from commonweal.scenarios.studies.reciprocity.rivals import discounted
from commonweal.scenarios.studies.reciprocity.world import Budget, play, with_learner, world_of


@pytest.mark.parametrize(
    ("count", "gamma", "left"), [(100, 0.99, 0.50), (100, 0.95, 0.17), (24, 0.99, 0.81), (24, 0.95, 0.47)]
)
def test_what_a_wait_of_n_events_leaves(count: int, gamma: float, left: float) -> None:
    assert float(wait_discount(gamma, count)) == pytest.approx(left, abs=0.005)


def test_episodes_of_four_acts_leave_three_quarters_of_returns() -> None:
    assert float(cut(4.0)) == pytest.approx(0.75, abs=0.005)
    assert float(cut(1e6)) == pytest.approx(1.0, abs=1e-5) and float(cut(1e-6)) == pytest.approx(0.0, abs=1e-6)


@given(st.floats(0.5, 1.0), st.integers(1, 40), st.integers(3, 30))
def test_reach_is_the_mean_over_acts_of_what_is_met_before_the_end(gamma: float, length: int, count: int) -> None:
    share = 1 / count
    met = [gamma**k * share * (1 - share) ** (k - 1) for k in range(1, length)]  # k events after the act
    each = [sum(met[: length - 1 - t]) for t in range(length)]  # those that the episode has left
    assert float(reach(gamma, length, count)) == pytest.approx(float(np.mean(each)), abs=1e-10)


def test_reach_comes_to_the_discount_of_a_wait_and_to_the_cut() -> None:
    assert float(reach(0.99, 10**7, 100)) == pytest.approx(0.99 * float(wait_discount(0.99, 100)), abs=1e-5)
    assert float(reach(1.0, 40_000, 10_000)) == pytest.approx(float(cut(4.0)), abs=1e-4)
    assert float(reach(0.99, 400, 100)) > 0.99 * float(wait_discount(0.99, 100) * cut(4.0))


@pytest.mark.parametrize(
    ("rates", "least"), [((0.05, 0.0, 0.0), 1.111111), ((0.02, 0.02, 0.02), 1.084618), ((0.1, 0.1, 0.1), 1.543210)]
)
def test_thresholds_of_stern_judging(rates: tuple[float, float, float], least: float) -> None:
    assignment, perception, execution = (np.array(rate) for rate in rates)
    assert threshold(Errors(execution, perception, assignment)) == pytest.approx(least, abs=1e-6)


@pytest.mark.parametrize(("factor", "pays"), [(1.35, True), (1 / 1.35, False)])
def test_returns_that_are_played_change_sides_at_the_boundary(factor: float, pays: bool) -> None:
    count, length, gamma, worlds = 10, 40, 0.95, 16
    ratio = float(boundary(gamma, length, count, errors_of(0.02))) * factor
    world = world_of([(norm_of("L6"), count)], errors_of(0.02), np.full(worlds, ratio))
    stream = Stream(tuple(np.random.default_rng([7, seed]) for seed in range(worlds)))
    played = play(with_learner(world, np.full((worlds, 2, 2), 0.5)), Budget(3000, length, "events"), stream)
    returns = discounted(played.reward, np.full((worlds, 1), gamma))
    to_good = (played.context == 1) | (played.context == 3)
    gave, refused = (np.array([returns[b][to_good[b] & (played.gave[b] == act)].mean() for b in range(worlds)])
                     for act in (True, False))  # fmt: skip
    gain = gave - refused
    error = gain.std(ddof=1) / np.sqrt(worlds)
    assert (gain.mean() > 3 * error) if pays else (gain.mean() < -3 * error)


def test_shares_of_seeds_have_exact_intervals() -> None:
    found = share_interval(np.array([0, 4, 8]), 8)
    np.testing.assert_allclose(found.value, [0, 0.5, 1])
    np.testing.assert_allclose(found.low, [0, 0.1570, 0.6306], atol=5e-5)  # tables of Clopper and Pearson
    np.testing.assert_allclose(found.high, [0.3694, 0.8430, 1], atol=5e-5)


def test_the_map_has_a_line_for_each_cell() -> None:
    grid = Grid(gammas=(0.9, 1.0), turnovers=(1, 2), ratios=(1.5, 3.0), seeds=2, count=8, updates=2)
    table = collapse_map("ppo", grid)
    assert len(table) == 8 and not table.isna().any().any()
    assert table["constant"].between(0, 1).all() and (table["share"] <= 1 + 1e-9).all()
    assert (table["refusing_is_right"] == (table["ratio"] < table["boundary"])).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ppo", "reinforce"])
def test_with_enough_data_rivals_do_as_the_boundary_says(kind: str) -> None:
    grid = Grid(gammas=(0.95, 0.99, 1.0), turnovers=(4,), ratios=(1.2, 2.0, 5.0, 9.0), seeds=4, acts=64)
    table = collapse_map(kind, grid)  # type: ignore[arg-type]
    far = table["ratio"] / table["boundary"]
    collapsed, kept = table[far < 0.8], table[far > 1.25]
    assert len(collapsed) == 4 and len(kept) == 6
    assert (collapsed["share"] < 0.62).all()  # never to give earns .55 of the best at b/c 1.2, .11 at 8
    assert (kept["share"] > 0.97).all() and not kept["constant"].any()
