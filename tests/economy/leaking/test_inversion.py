"""Inverting the first layer: exact where algebra says so, the posterior mean elsewhere, and the figures on digits."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.agents.arrays import Floats
from commonweal.economy.leaking.inversion import (
    Decoder,
    Prior,
    Visit,
    least_squares_by_activity,
    likeliest_noise,
    most_likely_by_activity,
    most_likely_by_gradient,
    pseudo_inverse,
)
from commonweal.economy.leaking.measures import nmse
from commonweal.economy.learning.network import Parameters
from tests.helpers.digits import digits, perceptron, trained, visited

Slice = tuple[Floats, Floats, Floats]  # deltas of the first layer, its gradient without the bias, samples


def slices(hidden: int, parameters: Parameters, size: int, count: int) -> list[Slice]:
    network, (features, labels) = perceptron(hidden)[0], digits().learned
    found = []
    for place in range(count):
        own = slice(place * size, (place + 1) * size)
        passage = visited(network, parameters, features[own], labels[own])
        gradient = passage.updates()[0][0, 0].numpy()
        found.append((passage.deltas[0][0].numpy(), gradient, features[own]))
    return found


def errors(of: list[Slice], attack: Callable[[Floats, Floats], Floats]) -> Floats:
    variance = digits().variance
    return np.array([nmse(attack(deltas, gradient[:, :-1]), true, variance) for deltas, gradient, true in of])


class TestPseudoInverse:
    @pytest.mark.parametrize(("hidden", "size", "most"), [(32, 8, 2e-24), (32, 16, 1e-23), (128, 32, 5e-23)])
    def test_up_to_rank_samples_are_recovered_exactly_and_not_only_one(
        self, hidden: int, size: int, most: float
    ) -> None:
        """nMSE of about 1e-24: X = pinv(δ₁ᵀ) ∇W₁ is exact while the slice holds no more samples than δ₁ has rank."""
        for parameters in (perceptron(hidden)[1], trained(hidden)):
            of = slices(hidden, parameters, size, 5)
            assert all(np.linalg.matrix_rank(deltas) >= size for deltas, _, _ in of)
            assert errors(of, pseudo_inverse).max() < most

    def test_a_slice_as_large_as_the_layer_is_recovered_but_for_what_the_rank_lacks(self) -> None:
        """32 samples at 32 units: .03 with the first weights, .15 with trained ones, single slices from .00 to .2."""
        first = errors(slices(32, perceptron(32)[1], 32, 12), pseudo_inverse)
        later = errors(slices(32, trained(32), 32, 12), pseudo_inverse)
        assert 0.003 < first.mean() < 0.06
        assert 0.09 < later.mean() < 0.21

    @given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
    def test_it_is_exact_exactly_while_there_are_no_more_samples_than_units(
        self, samples: int, units: int, seed: int
    ) -> None:
        generator = np.random.default_rng(seed)
        deltas, true = generator.standard_normal((samples, units)), generator.standard_normal((samples, 4))
        found = pseudo_inverse(deltas, deltas.T @ true)
        assert np.allclose(found, true, atol=1e-6) == (samples <= units)


class TestMostLikely:
    @given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))
    def test_by_gradient_it_is_the_mean_of_the_posterior(self, samples: int, units: int, seed: int) -> None:
        """Against the normal equations of all s·d unknowns together."""
        generator = np.random.default_rng(seed)
        prior = Prior.of(generator.standard_normal((20, 3)) @ generator.standard_normal((3, 3)) + 1)
        deltas, gradient = generator.standard_normal((samples, units)), generator.standard_normal((units, 3))
        design = np.kron(deltas.T, np.eye(3))  # of X row by row
        weight = np.kron(np.eye(samples), np.linalg.inv(prior.covariance))
        mean = np.tile(prior.mean, samples)
        right = design.T @ gradient.ravel() / 0.25 + weight @ mean
        whole = np.linalg.solve(design.T @ design / 0.25 + weight, right).reshape(samples, 3)
        np.testing.assert_allclose(most_likely_by_gradient(deltas, gradient, prior, 0.5), whole, rtol=1e-6, atol=1e-8)

    def test_noise_ends_the_naive_attack_long_before_the_one_with_a_prior(self) -> None:
        """Noise relative to ‖u¹‖ of slices of 8, first weights, 32 units: pseudo-inverse within the range of a pixel /
        with a prior .004 / .004 at .001, .32 / .11 at .01, 2.4 / .42 at .1, 3.0 / .52 at 1; guessing the mean .52."""
        prior, variance, generator = Prior.of(digits().held[0]), digits().variance, np.random.default_rng(0)
        of = slices(32, perceptron(32)[1], 8, 30)
        found = []
        for noise in (0.001, 0.01, 0.1, 1.0):
            apart, close = [], []
            for deltas, gradient, true in of:
                added = noise * np.linalg.norm(gradient)
                seen = (gradient + added * generator.standard_normal(gradient.shape))[:, :-1]
                apart.append(nmse(np.clip(pseudo_inverse(deltas, seen), -1, 1), true, variance))
                close.append(nmse(most_likely_by_gradient(deltas, seen, prior, added), true, variance))
            found.append((float(np.mean(apart)), float(np.mean(close))))
        for (naive, likely), (usual, known) in zip(
            found, [(0.004, 0.004), (0.32, 0.11), (2.4, 0.42), (3.0, 0.52)], strict=True
        ):
            assert 0.7 * known < likely < 1.05 * known
            assert 0.6 * usual < naive < 1.4 * usual

    def test_the_noise_itself_can_be_told_from_a_gradient(self) -> None:
        prior, generator = Prior.of(digits().held[0]), np.random.default_rng(0)
        (deltas, gradient, _), *_ = slices(32, perceptron(32)[1], 8, 1)
        added = 0.01 * np.linalg.norm(gradient)
        seen = (gradient + added * generator.standard_normal(gradient.shape))[:, :-1]
        assert likeliest_noise(deltas, seen, prior, added / 1000) == pytest.approx(added, rel=0.3)

    @settings(max_examples=30)
    @given(st.integers(0, 99), st.integers(1, 3))
    def test_by_activity_it_is_the_mean_of_the_posterior(self, seed: int, visits: int) -> None:
        generator = np.random.default_rng(seed)
        prior = Prior.of(generator.standard_normal((20, 3)))
        seen = [Visit(generator.uniform(2, 3, (1, 2)), generator.standard_normal((2, 4)), 0.5) for _ in range(visits)]
        rows = np.vstack([visit.weights[:, :-1] for visit in seen])
        aims = np.concatenate([visit.activity[0] - visit.weights[:, -1] for visit in seen])
        weight = np.linalg.inv(prior.covariance)
        whole = np.linalg.solve(rows.T @ rows / 0.25 + weight, rows.T @ aims / 0.25 + weight @ prior.mean)
        np.testing.assert_allclose(most_likely_by_activity(seen, prior, 0.0)[0], whole, rtol=1e-6, atol=1e-8)


class TestActivity:
    def test_a_sample_is_exact_where_as_many_units_are_active_as_it_has_features(self) -> None:
        """1e-29 at 128 units holds for samples with 64 independent active units, not for a mean over all of them."""
        (features, labels), (network, parameters) = digits().learned, perceptron(128)
        activity = visited(network, parameters, features[:80], labels[:80]).inputs[1][0].numpy()
        weights = parameters[0][0].numpy()
        found = least_squares_by_activity(Visit(activity, weights))
        apart = ((found - features[:80]) ** 2).mean(axis=1) / digits().variance
        active = activity > 0
        many = active.sum(axis=1) >= 64
        assert 20 < many.sum() < 70
        assert apart[active.sum(axis=1) >= 68].max() < 1e-25
        assert apart[~many].min() > 1e-5
        assert 1e-3 < apart.mean() < 2e-2

    def test_with_few_units_a_prior_makes_the_attack(self) -> None:
        """32 trained units: .58 by least squares, .12 with what 400 samples say."""
        (features, labels), network, parameters = digits().learned, perceptron(32)[0], trained(32)
        activity = visited(network, parameters, features[:80], labels[:80]).inputs[1][0].numpy()
        visit, prior = Visit(activity, parameters[0][0].numpy()), Prior.of(digits().held[0])
        true, variance = features[:80], digits().variance
        assert nmse(least_squares_by_activity(visit), true, variance) == pytest.approx(0.58, abs=0.12)
        assert nmse(most_likely_by_activity([visit], prior), true, variance) == pytest.approx(0.12, abs=0.03)


class TestDecoder:
    @pytest.mark.parametrize(
        ("hidden", "pairs", "known"), [(32, 50, 0.19), (32, 400, 0.12), (128, 50, 0.11), (128, 400, 0.04)]
    )
    def test_leaked_pairs_undo_a_split_whose_weights_are_not_known(
        self, hidden: int, pairs: int, known: float
    ) -> None:
        """.19 and .12 from 50 and 400 pairs at 32 units, .11 and .04 at 128; here the penalty is chosen by leaving one
        out, which is a little stronger."""
        network, parameters, (features, labels) = perceptron(hidden)[0], trained(hidden), digits().held
        own = visited(network, parameters, features[:pairs], labels[:pairs]).inputs[1][0].numpy()
        decoder = Decoder.learned(own, features[:pairs])
        test, its = digits().test
        error = nmse(decoder(visited(network, parameters, test, its).inputs[1][0].numpy()), test, digits().variance)
        assert known - 0.03 < error < known + 0.015

    def test_its_penalty_has_the_least_error_in_leaving_each_pair_out(self) -> None:
        generator = np.random.default_rng(1)
        activity = generator.standard_normal((12, 5))
        samples = activity @ generator.standard_normal((5, 2)) + generator.standard_normal((12, 2))
        chosen = Decoder.learned(activity, samples).weights

        def left_out(penalty: float) -> float:
            total = 0.0
            for place in range(12):
                rest = np.arange(12) != place
                inner, outer = activity[rest].mean(axis=0), samples[rest].mean(axis=0)
                gram = (activity[rest] - inner).T @ (activity[rest] - inner) + penalty * np.eye(5)
                slope = np.linalg.solve(gram, (activity[rest] - inner).T @ (samples[rest] - outer))
                total += float(((outer + (activity[place] - inner) @ slope - samples[place]) ** 2).sum())
            return total

        centred = activity - activity.mean(axis=0)
        grid = np.geomspace(1e-8, 1e2, 21) * np.linalg.norm(centred, 2) ** 2
        best = min(grid, key=left_out)
        slope = np.linalg.solve(centred.T @ centred + best * np.eye(5), centred.T @ (samples - samples.mean(axis=0)))
        factor = np.linalg.norm(chosen[:-1]) / np.linalg.norm(slope)
        assert factor == pytest.approx(1.0, abs=0.15)  # the closed form keeps the centre: at most one step of the grid
