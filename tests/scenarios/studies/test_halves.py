"""Agreement of rankings from halves of the seeds: Kendall's tau, halves, and what they say of the whole."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from scipy.stats import kendalltau

from commonweal.scenarios.studies.compare.halves import (
    ALL,
    agreements_of_halves,
    estimates,
    of_whole,
    split,
    tau_b,
)
from commonweal.scenarios.studies.compare.ranking import Criterion
from commonweal.scenarios.studies.intervals import cross_fitted

RANKED = st.integers(2, 9).flatmap(lambda n: nps.arrays(int, (2, n), elements=st.integers(0, 4)))


def signs(values):
    first, second = np.triu_indices(np.shape(values)[-1], k=1)
    return np.sign(np.asarray(values)[..., first] - np.asarray(values)[..., second]).astype(int)


def welfare(values):
    return Criterion.of("welfare", "money per round", True, np.asarray(values, dtype=float))


class TestTau:
    @given(RANKED)
    def test_it_is_that_of_scipy_with_ties(self, both):
        expected = kendalltau(*both).statistic
        np.testing.assert_allclose(tau_b(*map(signs, both)), expected, atol=1e-12)

    @pytest.mark.parametrize(
        ("one", "other", "tau"),
        [
            ([12, 2, 1, 12, 2], [1, 4, 7, 1, 0], -0.4714045207910317),  # the example of scipy's documentation
            ([1, 2, 3, 4], [1, 2, 3, 4], 1.0),
            ([1, 2, 3, 4], [4, 3, 2, 1], -1.0),
            ([1, 2, 3, 4], [2, 1, 3, 4], 4 / 6),  # five pairs agree, one does not
            ([1, 1, 2], [1, 2, 3], 2 / np.sqrt(2 * 3)),
        ],
    )
    def test_check_values(self, one, other, tau):
        assert tau_b(signs(one), signs(other)) == pytest.approx(tau, abs=1e-12)
        assert kendalltau(one, other).statistic == pytest.approx(tau, abs=1e-12)


class TestHalves:
    @given(st.integers(2, 12), st.integers(1, 40))
    def test_halves_are_apart_and_as_large_as_each_other(self, seeds, halves):
        one, other = split(seeds, halves, np.random.default_rng(0))
        assert one.shape == other.shape and one.shape[1] == seeds // 2
        for a, b in zip(one, other, strict=True):
            assert len({*a, *b}) == 2 * (seeds // 2) and {*a, *b} <= set(range(seeds))

    def test_where_there_are_few_every_pair_of_halves_comes_once(self):
        one, other = split(8, 200, np.random.default_rng(0))
        pairs = {frozenset([frozenset(a), frozenset(b)]) for a, b in zip(one.tolist(), other.tolist(), strict=True)}
        assert len(pairs) == len(one) == comb(8, 4) // 2

    def test_the_largest_of_several_is_chosen_within_the_half(self):
        rng = np.random.default_rng(2)
        criterion = Criterion("gap", "money per round", False, (rng.normal(size=(9, 4)), rng.normal(size=(9, 3))))
        some = np.array([[0, 3, 4, 8], [1, 2, 5, 7]])
        expected = [[cross_fitted(each[half]).mean() for each in criterion.samples] for half in some]
        np.testing.assert_allclose(estimates(criterion, some), expected)


class TestAgreement:
    def test_an_order_that_all_seeds_share_is_found_by_every_half(self):
        ladder = np.arange(5.0) + np.random.default_rng(0).normal(size=(8, 1))
        (by, over_all) = agreements_of_halves([welfare(ladder)], 100, np.random.default_rng(0))
        assert (by.tau.value, by.tau.low, by.tau.high, by.least, by.whole) == (1.0, 1.0, 1.0, 1.0, 1.0)
        assert over_all.name == ALL and over_all.tau.value == 1.0

    def test_equal_mechanisms_have_no_order(self):
        by, over_all = agreements_of_halves([welfare(np.ones((6, 3)))], 100, np.random.default_rng(0))
        assert np.isnan([by.tau.value, by.whole, over_all.tau.value]).all()

    def test_what_helps_by_one_criterion_and_hurts_by_another_has_no_order_over_all(self):
        ladder = np.arange(4.0) + np.random.default_rng(0).normal(size=(6, 1))
        less = Criterion.of("cost", "money per round", False, ladder)
        more, cost, over_all = agreements_of_halves([welfare(ladder), less], 100, np.random.default_rng(0))
        assert more.tau.value == cost.tau.value == 1.0 and np.isnan(over_all.tau.value)

    def test_three_seeds_have_halves_but_no_interval(self):
        three = welfare(np.random.default_rng(1).normal(size=(3, 4)))
        by, _ = agreements_of_halves([three], 50, np.random.default_rng(0))
        assert np.isfinite(by.tau.value) and np.isnan(by.tau.low)

    @given(st.floats(0.01, 0.99))
    def test_the_whole_agrees_better_than_its_halves(self, tau):
        assert tau < of_whole(tau) < 1

    def test_the_forecast_by_hand(self):
        """τ = 2/3: ρ = sin(π/3) = .8660, of twice as many 2 ρ / (1 + ρ) = .9282, τ = 2/π arcsin .9282 = .7573."""
        assert of_whole(2 / 3) == pytest.approx(0.7573, abs=5e-5)
        assert of_whole(0.0) == of_whole(-0.3) == 0.0 and of_whole(1.0) == pytest.approx(1.0)

    @pytest.mark.slow
    def test_of_a_planted_ladder_interval_and_forecast_hold(self):
        """Seven mechanisms half a standard deviation apart; truth is simulated from independent studies."""
        rng, ladder, studies = np.random.default_rng(5), 0.5 * np.arange(7), 120
        true = {n: tau_b(*(signs(ladder + rng.normal(size=(4000, 7)) / np.sqrt(n)) for _ in range(2))).mean()
                for n in (4, 8)}  # fmt: skip
        found = [agreements_of_halves([welfare(ladder + rng.normal(size=(8, 7)))], 35, rng)[0] for _ in range(studies)]
        taus = np.array([float(each.tau.value) for each in found])
        assert taus.mean() == pytest.approx(true[4], abs=3 * taus.std() / np.sqrt(studies))
        assert np.mean([each.tau.low <= true[4] <= each.tau.high for each in found]) >= 0.95
        forecast = np.mean([each.whole for each in found])
        assert abs(forecast - true[8]) < abs(true[4] - true[8])  # nearer to the truth than that of the halves
