"""Intervals over seeds: what they cover, and how they treat the largest of many noisy means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import t

from commonweal.scenarios.studies.intervals import ENOUGH, largest_interval, mean_interval, regret_interval

REPETITIONS = 300
COVERED = (0.92, 0.98)  # of 300 repetitions at 95 %: a span of about two standard errors of a binomial share, 1.3 %


def game(kind: str, seeds: int, generator: np.random.Generator) -> tuple[np.ndarray, float]:
    """Noisy gains (S, 6) of a game whose largest mean gain is known, half of the noise common to all cells."""
    means = {"one best": np.array([1.0, 0, 0, -1, -1, -3]), "two best": np.array([1.0, 1.0, -2, -3, -3, -4])}[kind]
    noise = generator.standard_normal((seeds, 1)) + generator.standard_normal((seeds, 6))
    return means + 0.7 * noise, float(means.max())


def covering(interval, truth: float) -> bool:
    return bool(interval.low <= truth <= interval.high)


class TestCoverage:
    @pytest.mark.parametrize("kind", ["one best", "two best"])
    @pytest.mark.parametrize("seeds", [8, 16])
    def test_the_interval_of_the_gap_covers_a_known_gap_in_92_to_98_percent(self, kind, seeds):
        generator = np.random.default_rng(1)
        games = [game(kind, seeds, generator) for _ in range(REPETITIONS)]
        covered = np.mean([covering(largest_interval(gains), gap) for gains, gap in games])
        assert COVERED[0] <= covered <= COVERED[1]

    @pytest.mark.parametrize("seeds", [8, 16])
    def test_so_does_that_of_nashconv(self, seeds):
        generator = np.random.default_rng(2)
        means = np.tile([0.5, -0.5], (5, 1)) + np.arange(5)[:, None]  # 5 principals' best gains .5, 1.5, … sum to 12.5
        covered = [
            covering(regret_interval(means + generator.standard_normal((seeds, 5, 2))), 12.5)
            for _ in range(REPETITIONS)
        ]
        assert COVERED[0] <= np.mean(covered) <= COVERED[1]

    def test_with_enough_seeds_the_interval_of_a_mean_follows_skewed_data(self):
        """A t-interval of the mean of 16 exponential numbers covers 90 to 92 % (simulation); this one covers more."""
        generator = np.random.default_rng(3)
        interval = mean_interval(generator.exponential(size=(16, 2000)))
        assert 0.93 <= ((interval.low <= 1) & (interval.high >= 1)).mean() <= 0.96
        assert (interval.high - interval.value).mean() > 1.3 * (interval.value - interval.low).mean()


class TestMeans:
    @given(arrays(np.float64, (ENOUGH - 1, 3), elements=st.floats(-5, 5)))
    def test_with_few_seeds_it_is_the_t_interval(self, values):
        error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
        low, high = t.interval(0.9, len(values) - 1, values.mean(axis=0), np.where(error > 0, error, 1.0))
        found = mean_interval(values, 0.9)
        np.testing.assert_allclose(found.low, np.where(error > 0, low, values.mean(axis=0)), atol=1e-9)
        np.testing.assert_allclose(found.high, np.where(error > 0, high, values.mean(axis=0)), atol=1e-9)

    @pytest.mark.parametrize("seeds", [2, 8, 20])
    def test_what_does_not_vary_is_known_exactly(self, seeds):
        for found in (mean_interval(np.full((seeds, 2), 0.3)), largest_interval(np.tile([0.3, 0.1], (seeds, 1)))):
            np.testing.assert_allclose(np.array([found.low, found.value, found.high]) - 0.3, 0, atol=1e-12)

    @given(arrays(np.float64, (14, 2), elements=st.floats(-5, 5)), st.floats(0.1, 10), st.floats(-3, 3))
    def test_intervals_move_and_stretch_with_the_data(self, values, factor, shift):
        plain, moved = mean_interval(values), mean_interval(factor * values + shift)
        np.testing.assert_allclose(moved.low, factor * plain.low + shift, atol=1e-6)
        np.testing.assert_allclose(moved.high, factor * plain.high + shift, atol=1e-6)

    def test_one_odd_seed_does_not_make_the_interval_endless(self):
        """Of values 0 but for one of 1.5, most resamples hold 0 alone or nearly so."""
        found = mean_interval(np.r_[1.5, 1e-5, np.zeros(12)])
        assert 3 * found.value < found.high < 10 * found.value and found.low < found.value

    def test_of_a_single_seed_there_is_no_interval(self):
        one = np.ones((1, 2, 2))
        for found in (mean_interval(one), largest_interval(one), regret_interval(one)):
            assert np.isnan(found.low).all() and np.isnan(found.high).all()


class TestLargest:
    @given(arrays(np.float64, st.tuples(st.integers(2, 11), st.integers(1, 6)), elements=st.floats(-5, 5)))
    def test_the_estimate_is_at_most_the_largest_mean_and_inside_its_interval(self, values):
        found = largest_interval(values)
        assert found.low <= found.value + 1e-12 and found.value <= found.high + 1e-12
        assert found.high >= values.mean(axis=0).max() - 1e-12

    def test_the_largest_of_many_equal_means_is_not_overestimated(self):
        """The plain largest of 40 means of 8 normal numbers is .76 too large: E max of 40 normals is 2.16, over √8."""
        values = np.random.default_rng(4).standard_normal((400, 8, 40))
        estimates = [float(largest_interval(v).value) for v in values]
        assert np.mean(values.mean(axis=1).max(axis=1)) == pytest.approx(2.16 / np.sqrt(8), abs=0.03)
        assert abs(np.mean(estimates)) < 3 * np.std(estimates) / np.sqrt(400)

    def test_nobody_is_counted_on_to_deviate_at_a_loss(self):
        found = regret_interval(np.full((4, 3, 2), -1.0))
        assert float(found.value) == float(found.high) == 0.0
