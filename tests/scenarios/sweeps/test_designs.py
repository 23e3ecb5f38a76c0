"""Designs: which points a sweep has, and that samples are what the methods that analyse them expect."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.scenarios.sweeps.designs import (
    Choice,
    Drawn,
    Listed,
    Range,
    Sample,
    Sampled,
    draw,
    grid,
    level_key,
    same,
    sampled,
    trajectory,
)

RULES = Listed(("rule",), (("equal",), ("credit",)))
COSTS = Listed(("low", "high"), ((1, 2), (3, 4)))
UNIT: list[Sampled] = [Range("a", 0.0, 1.0), Range("b", 0.0, 1.0), Range("c", 0.0, 1.0)]


def test_a_grid_is_every_combination_the_last_factor_varying_fastest() -> None:
    points = grid([RULES, COSTS], [Range("alpha", 0.0, 1.0, levels=3)]).points
    assert [tuple(point.values()) for point in points] == [
        (rule, low, low + 1, alpha) for rule in ("equal", "credit") for low in (1, 3) for alpha in (0.0, 0.5, 1.0)
    ]


def test_what_is_excluded_has_no_point_and_everything_else_has() -> None:
    points = grid([RULES, COSTS], [], exclude=[{"rule": "equal", "low": 3}]).points
    assert [(point["rule"], point["low"]) for point in points] == [("equal", 1), ("credit", 1), ("credit", 3)]


def test_several_exclusions_each_take_their_own() -> None:
    points = grid([RULES, COSTS], [], exclude=[{"rule": "equal", "low": 3}, {"rule": "credit", "low": 1.0}]).points
    assert [(point["rule"], point["low"]) for point in points] == [("equal", 1), ("credit", 3)]


def test_levels_are_numbers_a_person_would_write() -> None:
    assert Range("x", 0.0, 0.3, levels=4).grid() == [0.0, 0.1, 0.2, 0.3]  # linspace gives 0.30000000000000004
    assert Range("x", 0.001, 10.0, log=True, levels=5).grid() == [0.001, 0.01, 0.1, 1.0, 10.0]
    assert Range("x", 1, 100, log=True, whole=True, levels=3).grid() == [1, 10, 100]


def test_more_levels_than_whole_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="levels = 5: the range has fewer whole numbers"):
        Range("x", 1, 3, whole=True, levels=5).grid()


def test_a_grid_too_large_to_play_is_refused_before_it_is_made() -> None:
    many = [Listed((f"x{i}",), tuple((value,) for value in range(100))) for i in range(10)]
    with pytest.raises(InputError, match="100_000_000_000_000_000_000 points"):
        grid(many, [])


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.booleans(), st.lists(st.floats(0, 1), min_size=2, unique=True))
def test_sampled_values_stay_in_range_and_order(low: float, width: float, log: bool, units: list[float]) -> None:
    interval = Range("x", low, low + width, log=log)
    values = [interval.at(unit) for unit in sorted(units)]
    assert low <= min(values) and max(values) <= low + width
    assert values == sorted(values)


def test_whole_numbers_and_choices_are_equally_likely() -> None:
    units = (np.arange(6000) + 0.5) / 6000
    assert Counter(Range("x", 3, 8, whole=True).at(unit) for unit in units) == dict.fromkeys(range(3, 9), 1000)
    assert Counter(Choice("x", ("a", "b", "c")).at(unit) for unit in units) == dict.fromkeys("abc", 2000)
    assert Choice("x", ("a", "b")).at(1.0) == "b" and Range("x", 3, 8, whole=True).at(1.0) == 8


def test_a_latin_hypercube_has_one_sample_in_each_slice_of_every_factor() -> None:
    units = draw(Sample("latin", 20), 3)
    assert (np.sort(np.floor(units * 20), axis=0) == np.arange(20)[:, None]).all()


@pytest.mark.parametrize(("second_order", "rows"), [(False, 5), (True, 8)])
def test_a_saltelli_sample_changes_one_factor_at_a_time(second_order: bool, rows: int) -> None:
    units = draw(Sample("sobol", 16, second_order=second_order), 3).reshape(16, rows, 3)
    first, last = units[:, :1], units[:, -1:]
    assert (first != last).all()
    from_last = units[:, 1:-1] == last
    np.testing.assert_array_equal(from_last[:, :3], np.broadcast_to(np.eye(3, dtype=bool), (16, 3, 3)))
    np.testing.assert_array_equal(units[:, 1:-1] == first, ~from_last)
    if second_order:
        np.testing.assert_array_equal(from_last[:, 3:], np.broadcast_to(~np.eye(3, dtype=bool), (16, 3, 3)))


def test_a_saltelli_sample_gives_the_sobol_indices_of_ishigami() -> None:
    # Ishigami and Homma (1990), a = 7, b = 0.1: first order .3139, .4424, 0; total .5576, .4424, .2437.
    x = np.pi * (2 * draw(Sample("sobol", 4096), 3) - 1)
    y = (np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])).reshape(4096, 5)
    a, mixed, b = y[:, :1], y[:, 1:4], y[:, 4:]
    variance = np.concatenate([a, b]).var()
    np.testing.assert_allclose((b * (mixed - a)).mean(axis=0) / variance, [0.3139, 0.4424, 0.0], atol=0.02)
    np.testing.assert_allclose(((a - mixed) ** 2).mean(axis=0) / 2 / variance, [0.5576, 0.4424, 0.2437], atol=0.02)


def test_salib_reads_a_saltelli_sample_and_its_second_order() -> None:
    sobol = pytest.importorskip("SALib.analyze.sobol")
    units = draw(Sample("sobol", 1024, second_order=True), 3)
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    y = units @ [2.0, 1.0, 0.0] + 10 * (units[:, 0] - 0.5) * (units[:, 1] - 0.5)
    # Variances 4/12, 1/12, 0 of the main effects and 100/144 of the product: shares .3, .075, 0 and .625.
    indices = sobol.analyze(problem, y, calc_second_order=True, seed=0)
    np.testing.assert_allclose(indices["S1"], [0.3, 0.075, 0.0], atol=0.02)
    assert indices["S2"][0, 1] == pytest.approx(0.625, abs=0.03)


def test_salib_reads_elementary_effects_trajectories() -> None:
    morris = pytest.importorskip("SALib.analyze.morris")
    units = draw(Sample("morris", 8), 3)
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    effects = morris.analyze(problem, units, units @ [3.0, -1.0, 0.5], num_levels=4, seed=0)
    np.testing.assert_allclose(effects["mu"], [3.0, -1.0, 0.5], atol=1e-9)
    np.testing.assert_allclose(effects["sigma"], 0.0, atol=1e-9)


@given(st.integers(1, 8), st.sampled_from([2, 4, 6, 10]), st.integers(0, 2**32))
def test_a_trajectory_moves_every_factor_once_by_delta_along_the_levels(factors: int, levels: int, seed: int) -> None:
    walk = trajectory(factors, levels, np.random.default_rng(seed))
    assert walk.shape == (factors + 1, factors)
    steps = np.diff(walk, axis=0)
    assert ((steps != 0).sum(axis=0) == 1).all() and ((steps != 0).sum(axis=1) == 1).all()
    np.testing.assert_allclose(np.abs(steps).max(axis=0), levels / (2 * (levels - 1)))  # Morris 1991: Δ = p/(2(p−1))
    assert np.isin(walk, np.arange(levels) / (levels - 1)).all()


def test_elementary_effects_of_a_linear_model_are_its_slopes() -> None:
    slopes = np.array([3.0, -1.0, 0.5])
    walks = draw(Sample("morris", 10, levels=6), 3).reshape(10, 4, 3)
    steps, rises = np.diff(walks, axis=1), np.diff(walks @ slopes, axis=1)
    for step, rise in zip(steps.reshape(-1, 3), rises.ravel(), strict=True):
        (factor,) = np.flatnonzero(step)
        assert rise / step[factor] == pytest.approx(slopes[factor])


@pytest.mark.parametrize("kind", ["sobol", "latin", "morris"])
def test_a_sample_is_the_same_for_the_same_seed_and_another_for_another(kind: str) -> None:
    one, again, other = (draw(Sample(kind, 8, seed), 2) for seed in (1, 1, 2))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


@pytest.mark.parametrize("kind", ["sobol", "latin", "morris"])
def test_every_combination_of_listed_values_plays_the_same_sample(kind: str) -> None:
    drawn = sampled([RULES], UNIT, Sample(kind, 4))
    blocks = [[drawn.points[number] for number in rows] for rows in drawn.rows]
    assert [{point["rule"] for point in block} for block in blocks] == [{"equal"}, {"credit"}]
    plain = [[{path: point[path] for path in "abc"} for point in block] for block in blocks]
    assert plain[0] == plain[1]


def test_equal_values_to_choose_from_are_one_point() -> None:
    drawn = sampled([], [Choice("a", (1, 1.0, 2))], Sample("latin", 9))
    assert sorted(point["a"] for point in drawn.points) == [1, 2]


def test_rows_that_come_to_the_same_values_are_one_point() -> None:
    ranged: list[Sampled] = [Range("n", 1, 2, whole=True), Choice("rule", ("equal", "credit"))]
    drawn: Drawn = sampled([], ranged, Sample("sobol", 64))
    assert len(drawn.points) == 4 and len(drawn.rows[0]) == 64 * 4
    assert drawn.units is not None
    for number, unit in zip(drawn.rows[0], drawn.units, strict=True):
        assert drawn.points[number] == {factor.path: factor.at(u) for factor, u in zip(ranged, unit, strict=True)}


def test_excluding_listed_values_takes_their_whole_sample() -> None:
    drawn = sampled([RULES], UNIT, Sample("latin", 5), exclude=[{"rule": "equal"}])
    assert {point["rule"] for point in drawn.points} == {"credit"} and drawn.rows == (tuple(range(5)),)


def test_one_is_one_point_zero_but_not_true() -> None:
    assert level_key([1, {"a": 1}]) == level_key((1.0, {"a": np.float64(1)})) and level_key(1) != level_key(True)
    assert same(1, 1.0) and not same(1, True) and same([1, 2], [1, 2]) and not same("1", 1)
