"""Profiles that are chosen leave less doubt, and less error, than as many that are drawn."""

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.explaining.cube import cube_values
from commonweal.economy.explaining.design import Wanted, _Doubt, extend, first_profiles, next_profiles
from commonweal.economy.explaining.process import condition, fit_process, product_kernel
from commonweal.economy.explaining.products import all_profiles
from commonweal.economy.explaining.sketch import Played, instead_of, sketch, uniform

LEVELS = np.array([3] * 6)
LAW = np.full((6, 3), 1 / 3)


def outcome(profiles: np.ndarray) -> np.ndarray:
    """(m, 1) only who delegates (1) counts, so that many profiles say the same."""
    return np.log1p((profiles == 1) @ np.array([4.0, 3, 2, 1, 1, 0.5]))[:, None]


def played(profiles: np.ndarray) -> Played:
    names, actions = tuple("abcdef"), (("abstain", "delegate", "defect"),) * 6
    return Played(profiles, outcome(profiles), names, ("accuracy",), actions)


def test_first_profiles_are_balanced() -> None:
    found = first_profiles(np.array([2, 3, 4]), 60, np.random.default_rng(0))
    assert [np.bincount(column).tolist() for column in found.T] == [[30, 30], [20, 20, 20], [15] * 4]


@pytest.mark.slow
def test_chosen_profiles_come_closer_than_drawn_ones() -> None:
    cube = all_profiles(LEVELS)
    truth = cube_values(outcome(cube).reshape((3,) * 6), LAW)
    errors = []
    for draw in range(3):
        rng = np.random.default_rng(draw)
        chosen = extend(played(first_profiles(LEVELS, 30, rng)), outcome, 70, rng)
        drawn = fit_process(some := cube[rng.choice(729, 70, replace=False)], outcome(some)[:, 0], LEVELS)
        assert len(np.unique(chosen.played.profiles[30:], axis=0)) == 40
        functions = chosen.fitted[0].function, drawn.function
        errors.append([((each.shapley(cube, LAW) - truth) ** 2).sum() for each in functions])
    assert np.mean(errors, axis=0)[0] < 0.5 * np.mean(errors, axis=0)[1]


def test_the_variance_that_is_foretold_is_the_variance_that_is_left() -> None:
    # Given the weights, the variance after a profile does not depend on its outcome
    cube, rng = all_profiles(np.array([3] * 3)), np.random.default_rng(1)
    law, kernel = np.full((3, 3), 1 / 3), product_kernel(np.array([0.2, 0.4, 0.1]), 3)
    before = condition(cube[:9], rng.normal(size=9), kernel, 0.1)
    explained, candidates = cube[20:24], cube[9:]
    gains = _Doubt.of(before, candidates, explained, law, before.scale).gains()
    for place in (0, 7):
        more = np.concatenate([cube[:9], candidates[[place]]])
        after = condition(more, rng.normal(size=10), kernel, 0.1)
        left = before.variance(explained, law).sum() - after.variance(explained, law).sum() * before.scale / after.scale
        assert gains[place] == pytest.approx(left, rel=1e-9)


def test_one_after_the_other_is_as_both_at_once() -> None:
    cube, law = all_profiles(np.array([3] * 3)), np.full((3, 3), 1 / 3)
    kernel = product_kernel(np.array([0.2, 0.4, 0.1]), 3)
    before = condition(cube[:9], np.arange(9.0), kernel, 0.1)
    doubt = _Doubt.of(before, cube[9:], cube[20:24], law, 1.0)
    doubt.learn(3)
    after = condition(np.concatenate([cube[:9], cube[[12]]]), np.arange(10.0), kernel, 0.1)
    again = _Doubt.of(after, cube[9:], cube[20:24], law, 1.0)
    np.testing.assert_allclose(doubt.of_values, again.of_values, atol=1e-12)


def test_only_what_is_allowed_and_new_is_chosen() -> None:
    rng = np.random.default_rng(0)
    known = played(first_profiles(LEVELS, 40, rng))
    allowed = np.tile([True, True, False], (6, 1))
    wanted = Wanted(instead_of(known, np.ones(6, dtype=np.int64)), explained=np.zeros((1, 6), dtype=np.int64),
                    allowed=allowed)  # fmt: skip
    found = next_profiles(sketch(known), wanted, 10, rng)
    assert found.shape == (10, 6)
    assert (found < 2).all()
    assert not {*map(tuple, found.tolist())} & {*map(tuple, known.profiles.tolist())}


def test_it_ends_where_all_is_played() -> None:
    levels, rng = np.array([2, 2]), np.random.default_rng(0)
    start = Played(first_profiles(levels, 2, rng), np.zeros((2, 1)), ("a", "b"), ("y",), (("0", "1"),) * 2)
    found = extend(start, lambda rows: rows.sum(axis=1, keepdims=True) * 1.0, 50, rng)
    assert found.kind == "exact"
    assert len(found.played.profiles) == 4


def test_a_series_chooses_nothing() -> None:
    rng = np.random.default_rng(0)
    known = played(first_profiles(LEVELS, 20, rng))
    with pytest.raises(InputError, match="sketch of kind fourier"):
        next_profiles(sketch(known, "fourier"), Wanted(uniform(known)), 3, rng)
