"""Segments of a series: the exact value of each, where nothing can be played again."""

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.credit.exact import all_coalitions
from commonweal.economy.explaining.segments import explain_segments, without

SERIES = np.array([0.0, 0, 3, 3, 0, 0, -2, 0])
SEGMENTS = (range(2, 4), range(6, 7))


def squared(series):
    """max(0, Σx)²."""
    return np.maximum(0, series.sum(axis=1)) ** 2


def test_the_check_example_by_hand():
    """v = 0, 36, 0, 16, so that φ = (½ 36 + ½ 16, ½ 0 + ½ (16 − 36)) = (26, −10); leave-one-out says (16, −20)."""
    worth = squared(without(SERIES, SEGMENTS, all_coalitions(2)))
    np.testing.assert_array_equal(worth, [0, 36, 0, 16])
    found = explain_segments(SERIES, SEGMENTS, squared)
    np.testing.assert_allclose(found.values[0, :, 0], [26, -10], rtol=1e-12)
    assert (found.base[0, 0], found.value[0, 0], found.evaluations) == (0, 16, 4)
    np.testing.assert_array_equal([worth[3] - worth[2], worth[3] - worth[1]], [16, -20])


def test_a_line_goes_between_the_samples_beside_and_is_level_at_an_end():
    series = np.array([5.0, 1, 9, 9, 4, 7])
    kept = np.array([[False, False], [True, False]])
    found = without(series, (range(2, 4), range(5, 6)), kept)
    np.testing.assert_allclose(found, [[5, 1, 2, 3, 4, 4], [5, 1, 9, 9, 4, 4]])


def test_adjoining_segments_that_are_both_gone_share_a_line():
    found = without(np.array([0.0, 9, 9, 3]), (range(1, 2), range(2, 3)), np.array([[False, False]]))
    np.testing.assert_allclose(found, [[0, 1, 2, 3]])


def test_where_all_is_gone_the_mean_is_left():
    found = without(np.array([1.0, 3]), (range(2),), np.array([[False]]))
    np.testing.assert_allclose(found, [[2, 2]])


@pytest.mark.parametrize("segments", [(), (range(2), range(1, 3)), (range(7, 9),)])
def test_segments_must_be_apart_and_inside(segments):
    with pytest.raises(InputError, match="overlap"):
        explain_segments(SERIES, segments, squared)
