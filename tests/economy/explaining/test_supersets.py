"""Sums over supersets, and Shapley values of their ratios, against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.explaining.supersets import ratio_values, superset_sums


@given(st.integers(0, 9), st.integers(0, 2**32 - 1))
def test_superset_sums_are_sums_over_supersets(features, seed):
    numbers = np.random.default_rng(seed).integers(0, 100, (2, 2**features)).astype(np.float64)
    coalitions = all_coalitions(features)
    contains = (coalitions[None] >= coalitions[:, None]).all(axis=2)  # (C, D): D contains C
    np.testing.assert_array_equal(superset_sums(numbers), numbers @ contains.T)


@given(st.integers(0, 7), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_numbers_beside_each_other_are_summed_apart(features, along, seed):
    numbers = np.random.default_rng(seed).integers(0, 100, (2, 2**features, along)).astype(np.float64)
    apart = np.stack([superset_sums(numbers[..., place]) for place in range(along)], axis=2)
    np.testing.assert_array_equal(superset_sums(numbers.reshape(2, -1), along).reshape(numbers.shape), apart)


def ratios(players: int, rows: int, seed: int):
    """Random masks, parts of two games and wholes; the first mask is that of all players."""
    random = np.random.default_rng(seed)
    masks = random.integers(0, 2**players, rows)
    masks[0] = 2**players - 1
    return masks, random.normal(size=(2, rows)), random.random(rows) + 0.1


def by_definition(masks, parts, whole, players: int):
    """Values from the ratio of every coalition, held all together."""
    counted = np.stack([np.bincount(masks, column, 2**players) for column in (whole, *parts)])
    contains = (np.arange(2**players) & np.arange(2**players)[:, None]) == np.arange(2**players)[:, None]
    total, *sums = counted @ contains.T.astype(float)
    return shapley_value(np.stack(sums) / total).T


@given(st.integers(1, 9), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_values_are_those_of_all_coalitions(players, rows, seed):
    masks, parts, whole = ratios(players, rows, seed)
    found = ratio_values(masks, parts, whole, players)
    scale = np.abs(parts / whole).max()
    np.testing.assert_allclose(found.values, by_definition(masks, parts, whole, players), rtol=0, atol=1e-14 * scale)
    np.testing.assert_allclose(found.base, parts.sum(axis=1) / whole.sum(), rtol=1e-13)
    np.testing.assert_allclose(found.values.sum(axis=0), found.known - found.base, rtol=0, atol=1e-14 * scale)


@pytest.mark.slow
def test_values_in_many_blocks_are_those_of_all_coalitions():
    # 13 players: two blocks of the lower six, more than 32 upper masks; the definition takes 8192² sums
    masks, parts, whole = ratios(13, 400, 3)
    found = ratio_values(masks, parts, whole, 13)
    np.testing.assert_allclose(found.values, by_definition(masks, parts, whole, 13), rtol=0, atol=2e-13)


@pytest.mark.slow
def test_values_of_twenty_players_are_those_of_all_coalitions_held_together():
    masks, parts, whole = ratios(20, 2000, 5)
    counted = np.stack([np.bincount(masks, column, 2**20) for column in (whole, *parts)])
    total, *sums = superset_sums(counted)
    expected = shapley_value(np.stack(sums) / total).T
    found = ratio_values(masks, parts, whole, 20)
    assert np.abs(found.values - expected).max() <= 1e-12
