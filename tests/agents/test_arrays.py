"""Arithmetic of arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from commonweal.agents.arrays import gini
from commonweal.economy.money.ledger import MICRO


class TestGini:
    @pytest.mark.parametrize(
        ("wealth", "expected"),
        [
            ([5, 5, 5, 5], 0.0),
            ([0, 0, 0, 7], 0.75),  # one has all: (N − 1) / N
            ([4, 1, 3, 2], 0.25),  # mean difference 1.25 over twice the mean 2.5
            ([0, 10], 0.5),
            ([3], 0.0),
            ([0, 0, 0], 0.0),
        ],
    )
    def test_it_has_its_textbook_values(self, wealth: list[int], expected: float) -> None:
        assert gini(np.array([wealth]))[0] == pytest.approx(expected, abs=1e-15)

    @given(hnp.arrays(np.int64, (3, 7), elements=st.integers(0, 10**9)))
    @settings(max_examples=60)
    def test_it_is_the_mean_difference_over_twice_the_mean(self, wealth: NDArray[np.int64]) -> None:
        wealth[:, 0] += 1
        differences = np.abs(wealth[:, :, None] - wealth[:, None]).mean(axis=(1, 2))
        np.testing.assert_allclose(gini(wealth), differences / (2 * wealth.mean(axis=1)), rtol=1e-9)

    def test_the_largest_fortunes_do_not_overflow(self) -> None:
        # 10¹² money in all is the most that may be endowed
        wealth = np.zeros((1, 1000), np.int64)
        wealth[0, 3] = 10**12 * MICRO
        assert gini(wealth)[0] == pytest.approx(0.999)
