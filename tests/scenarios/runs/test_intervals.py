"""Intervals of means over seeds: what they cover, where they lie, and what is said of few seeds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from commonweal.scenarios.runs.intervals import (
    ANYWHERE,
    CORRELATION,
    ENOUGH,
    POSITIVE,
    SHARE,
    Interval,
    Range,
    around,
    decimals_of,
    few_seeds,
    in_brief,
    mean_interval,
    range_of,
    seeds_to_tell,
    wanted,
)

REPETITIONS = 20_000  # the standard error of a coverage of 93 % is .2 %
CLAIMED = 0.93


def covered(values: np.ndarray, truth: float, within: Range = ANYWHERE) -> float:
    """How often the interval of (S, repetitions) holds the true mean."""
    found = mean_interval(values, within=within)
    return float(np.mean((found.low <= truth) & (truth <= found.high)))


class TestCoverage:
    @pytest.mark.parametrize("seeds", [2, 3, 4, 8, 16, 32])
    def test_of_gaussian_numbers(self, seeds):
        assert covered(np.random.default_rng(1).standard_normal((seeds, REPETITIONS)), 0.0) >= 0.945

    @pytest.mark.parametrize("seeds", [8, 12, 16, 32])
    def test_of_log_normal_gains_where_students_covers_83_to_89_percent(self, seeds):
        values = np.exp(np.random.default_rng(2).standard_normal((seeds, REPETITIONS)))
        truth = np.exp(0.5)
        low, high = stats.t.interval(0.95, seeds - 1, values.mean(axis=0), stats.sem(values))
        assert np.mean((low <= truth) & (truth <= high)) < 0.9
        assert covered(values, truth) >= CLAIMED

    @pytest.mark.parametrize("seeds", [4, 8, 16, 32])
    def test_of_paired_differences_of_log_normal_payoffs(self, seeds):
        draws = np.exp(np.random.default_rng(3).standard_normal((2, seeds, REPETITIONS)))
        assert covered(draws[0] - draws[1], 0.0) >= CLAIMED

    def test_of_a_game_in_which_one_seed_in_ten_pays_ten_times_from_32_seeds_on(self):
        generator = np.random.default_rng(4)
        values = np.where(generator.random((32, REPETITIONS)) < 0.1, 10.0, 1.0) + 0.3 * generator.standard_normal(
            (32, REPETITIONS)
        )
        assert covered(values, 1.9) >= CLAIMED

    def test_of_the_same_game_no_interval_of_eight_seeds_can(self):
        """.9⁸ = 43 % of samples hold no such seed, and tell nothing of it."""
        generator = np.random.default_rng(5)
        values = np.where(generator.random((8, REPETITIONS)) < 0.1, 10.0, 1.0)
        assert covered(values + 0.3 * generator.standard_normal(values.shape), 1.9) < 1 - 0.9**8 + 0.1

    @pytest.mark.parametrize("seeds", [2, 3, 4, 8, 16])
    @pytest.mark.parametrize(("a", "b"), [(8, 2), (2, 0.3), (0.2, 0.2)])
    def test_of_shares_near_a_bound_too(self, a, b, seeds):
        values = np.random.default_rng(6).beta(a, b, (seeds, REPETITIONS))
        assert covered(values, a / (a + b), SHARE) >= 0.94

    @pytest.mark.parametrize("seeds", [2, 4, 8, 16])
    def test_of_correlations(self, seeds):
        values = np.tanh(1 + 0.4 * np.random.default_rng(7).standard_normal((seeds, REPETITIONS)))
        truth, _ = stats.norm.expect(np.tanh, loc=1, scale=0.4), None
        assert covered(values, truth, CORRELATION) >= CLAIMED

    @pytest.mark.parametrize("seeds", [8, 16])
    def test_of_durations(self, seeds):
        assert covered(np.random.default_rng(8).exponential(size=(seeds, REPETITIONS)), 1.0, POSITIVE) >= CLAIMED


class TestRanges:
    values = arrays(np.float64, st.tuples(st.integers(2, 9), st.just(3)), elements=st.floats(0, 1))

    @given(values, st.sampled_from([(SHARE, 1, 0), (CORRELATION, 2, -1), (POSITIVE, 50, 0)]))
    def test_intervals_stay_in_the_range_of_what_is_measured(self, values, case):
        within, factor, shift = case
        found = mean_interval(factor * values + shift, within=within)
        assert (found.low >= within.low - 1e-9).all() and (found.high <= within.high + 1e-9).all()
        assert (found.low <= found.value + 1e-9).all() and (found.value <= found.high + 1e-9).all()

    @pytest.mark.parametrize(
        ("values", "within"),
        [([2.0, 22.0], POSITIVE), ([0.2, 0.95], CORRELATION), ([0.9, 1.0], SHARE), ([0.97, 0.99, 1.0], SHARE)],
    )
    def test_students_leaves_it(self, values, within):
        """Half-lives of 2 and 22 rounds: [−115, 139] by Student's; Spearman's .2 and .95: [−4.2, 5.3]."""
        low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
        assert low < within.low or high > within.high
        found = mean_interval(np.array(values), within=within)
        assert within.low < found.low < found.value < found.high and found.high < within.high

    def test_far_from_its_bounds_a_share_has_students_interval(self):
        values = np.array([0.499, 0.5, 0.501])
        low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
        found = mean_interval(values, within=SHARE)
        assert (float(found.low), float(found.high)) == pytest.approx((low, high), rel=1e-4)

    def test_a_correlation_has_fishers_interval(self):
        """By hand: tanh(atanh r ± t s / √n / (1 − r²)) of two values."""
        values = np.array([0.5, 0.7])
        reach = stats.t.ppf(0.975, 1) * stats.sem(values) / (1 - 0.6**2)
        found = mean_interval(values, within=CORRELATION)
        ends = np.tanh(np.arctanh(0.6) + np.array([-reach, reach]))
        assert (float(found.low), float(found.high)) == pytest.approx(tuple(ends))

    def test_values_out_of_range_are_not_forced_into_it(self):
        values = np.array([-1.0, 0.5, 2.0])
        free, forced = mean_interval(values), mean_interval(values, within=SHARE)
        assert (free.low, free.high) == (forced.low, forced.high)

    def test_what_always_is_at_a_bound_is_known_to_be_there(self):
        found = mean_interval(np.ones(4), within=SHARE)
        assert float(found.low) == float(found.value) == float(found.high) == 1.0

    def test_differences_of_shares_lie_between_minus_one_and_one(self):
        assert SHARE.of_differences == Range(-1, 1) and POSITIVE.of_differences == ANYWHERE
        assert range_of("share_delegate") == range_of("accuracy") == SHARE and range_of("welfare") == ANYWHERE

    def test_intervals_found_elsewhere_are_brought_inside(self):
        found = around(np.array([0.9, -0.1]), np.array([0.3, 0.2]), SHARE)
        assert 0 < found.low[0] < 0.9 < found.high[0] < 1
        assert (found.low[1], found.high[1]) == pytest.approx((-0.3, 0.1))


class TestMeans:
    @given(arrays(np.float64, (2, 3), elements=st.floats(-5, 5)))
    def test_of_two_seeds_it_is_students(self, values):
        error = values.std(axis=0, ddof=1) / np.sqrt(2)
        low, high = stats.t.interval(0.9, 1, values.mean(axis=0), np.where(error > 0, error, 1.0))
        found = mean_interval(values, 0.9)
        np.testing.assert_allclose(found.low, np.where(error > 0, low, values.mean(axis=0)), atol=1e-9)
        np.testing.assert_allclose(found.high, np.where(error > 0, high, values.mean(axis=0)), atol=1e-9)

    def test_the_end_beside_the_long_tail_is_further_out_and_the_other_is_students(self):
        values = np.array([1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 20.0])
        low, high = stats.t.interval(0.95, 7, values.mean(), stats.sem(values))
        found, mirrored = mean_interval(values), mean_interval(-values)
        assert float(found.low) == pytest.approx(low) and float(found.high) > high
        assert (float(mirrored.low), float(mirrored.high)) == pytest.approx((-float(found.high), -float(found.low)))

    @pytest.mark.parametrize("seeds", [2, 8, 20])
    def test_what_does_not_vary_is_known_exactly(self, seeds):
        for within in (ANYWHERE, SHARE, POSITIVE):
            found = mean_interval(np.full((seeds, 2), 0.3), within=within)
            np.testing.assert_allclose(np.array([found.low, found.value, found.high]) - 0.3, 0, atol=1e-12)

    @given(arrays(np.float64, (14, 2), elements=st.integers(-500, 500).map(float)), st.floats(0.1, 9), st.floats(-3, 3))
    def test_intervals_move_and_stretch_with_the_data(self, values, factor, shift):
        plain, moved = mean_interval(values), mean_interval(factor * values + shift)
        np.testing.assert_allclose(moved.low, factor * plain.low + shift, atol=1e-3)
        np.testing.assert_allclose(moved.high, factor * plain.high + shift, atol=1e-3)

    def test_one_odd_seed_does_not_make_the_interval_endless(self):
        found = mean_interval(np.r_[1.5, 1e-5, np.zeros(12)])
        assert 3 * found.value < found.high < 10 * found.value and found.low < found.value

    def test_of_a_single_seed_there_is_no_interval(self):
        found = mean_interval(np.ones((1, 2)))
        assert np.isnan(found.low).all() and np.isnan(found.high).all() and (found.value == 1).all()

    @given(arrays(np.float64, (4,), elements=st.floats(-1e6, 1e6)))
    def test_what_is_not_finite_is_left_out(self, values):
        padded, plain = mean_interval(np.concatenate([values, [np.nan, np.inf]])), mean_interval(values)
        np.testing.assert_array_equal(padded.at(()), plain.at(()))


class TestWords:
    def test_two_seeds_are_said_to_be_few_and_eight_are_not(self):
        (line,) = few_seeds(2)
        assert "10.7 times as wide as with 8" in line and "8 seeds will do" in line
        assert few_seeds(ENOUGH) == [] and "no interval" in few_seeds(1)[0]

    def test_how_many_seeds_would_tell_a_mean_from_0(self):
        """Of numbers with mean .5 and standard deviation 1, n with t · 1 / √n < .5: 18 (t = 2.11)."""
        values = np.resize([1.5, -0.5], 4) * 1.0
        values = 0.5 + (values - 0.5) * np.sqrt(3 / 4)  # standard deviation 1
        found = mean_interval(values)
        assert seeds_to_tell(found, 4) == pytest.approx(18, abs=1)
        assert wanted(found, 4).startswith(" (about 1")
        assert wanted(mean_interval(values + 9), 4) == "" and wanted(mean_interval(values[:1]), 1) == ""

    def test_a_mean_of_0_no_number_of_seeds_tells_from_0(self):
        assert seeds_to_tell(mean_interval(np.array([-1.0, 1.0])), 2) is None

    @pytest.mark.parametrize(
        ("ends", "text"),
        [
            ((0.94, 0.9, 0.97), ".94 [.90, .97]"),
            ((-0.0042, -0.01, 0.002), "-.004 [-.010, .002]"),
            ((12.34, 11.0, 14.0), "12.3 [11.0, 14.0]"),
            ((0.5, np.nan, np.nan), ".500"),
            ((0.25, 0.25, 0.25), ".250"),
            ((0.000125, 0.0001, 0.0002), ".000 [.000, .000]"),
            ((np.nan, np.nan, np.nan), "–"),
        ],
    )
    def test_an_estimate_in_brief(self, ends, text):
        assert in_brief(*ends) == text

    def test_small_amounts_of_money_have_as_many_decimals_as_they_need(self):
        assert in_brief(0.000125, 0.0001, 0.0002, most=decimals_of("welfare")) == ".00013 [.00010, .00020]"
        assert in_brief(0.000125, 0.0001, 0.0002, most=decimals_of("gini")) == ".000 [.000, .000]"

    def test_an_estimate_in_full(self):
        assert Interval(*np.array([0.25, 0.2, 0.5])).text(2, "+") == "+0.25 [+0.20, +0.50]"
