"""Sketches of outcomes: exact where all was played, close where some was, and the properties of values."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad

from commonweal.agents.errors import InputError
from commonweal.economy.explaining.cube import cube_values
from commonweal.economy.explaining.fourier import fit_sparse, frequencies_of
from commonweal.economy.explaining.process import (
    Kernel,
    _one_hot,
    _Search,
    _splits,
    condition,
    fit_process,
    product_kernel,
)
from commonweal.economy.explaining.products import all_profiles, of_cube
from commonweal.economy.explaining.sketch import (
    Played,
    as_played,
    explain,
    instead_of,
    of_actions,
    of_cells,
    sketch,
    uniform,
)

F = np.array([[0.0, 1, 2], [3, 5, 4], [1, 0, 6]])
LEVELS = np.array([4] * 5)
CUBE = all_profiles(LEVELS)
UNIFORM = np.full((5, 4), 0.25)


def smooth(profiles: np.ndarray) -> np.ndarray:
    """(m,) what is learned from those who delegate (1), spoiled by those who defect (3); principal 4 is a placebo."""
    worth = np.array([3.0, 2, 2, 1, 0])
    return np.log1p((profiles == 1) @ worth) - 0.3 * (profiles[:, :2] == 3).sum(axis=1) * (profiles[:, 2] == 1)


def sample(count: int, seed: int = 0) -> np.ndarray:
    return CUBE[np.random.default_rng(seed).choice(len(CUBE), count, replace=False)]


def error(found: np.ndarray) -> float:
    truth = cube_values(smooth(CUBE).reshape(tuple(LEVELS)), UNIFORM)
    return float(((found - truth) ** 2).sum() / (truth**2).sum())


class TestACompleteCube:
    played = Played(all_profiles(np.array([3, 3])), F.reshape(-1, 1), ("a", "b"), ("f",), (("x", "y", "z"),) * 2)

    def test_it_is_explained_exactly(self) -> None:
        found = explain(sketch(self.played), np.array([[2, 2]]), uniform(self.played))
        assert found.exact
        assert found.evaluations == 9
        np.testing.assert_allclose(found.values[0, :, 0], [0.944444, 2.611111], atol=1e-6)
        np.testing.assert_allclose(found.interactions[0, 0, 1, 0], 2.111111, atol=1e-6)
        np.testing.assert_allclose(found.base, [[22 / 9]])
        assert found.value[0, 0] == pytest.approx(6)
        assert "the average of all profiles" in found.sentence()

    def test_baselines(self) -> None:
        model, profile = sketch(self.played), np.array([[2, 2]])
        zero = explain(model, profile, instead_of(self.played, np.array([0, 0])))
        assert zero.baseline == "all x"
        np.testing.assert_allclose(zero.values[0, :, 0], [2.5, 3.5])
        rounds = np.array([[0, 1], [0, 1], [1, 1], [2, 1]])
        np.testing.assert_allclose(
            explain(model, profile, as_played(self.played, rounds)).values[0, :, 0], [0.375, 3.875]
        )

    def test_actions_that_nobody_was_seen_to_choose_are_refused(self) -> None:
        played = replace(self.played, profiles=self.played.profiles[:6], outcomes=self.played.outcomes[:6])
        assert played.is_complete
        with pytest.raises(InputError, match="a was never seen to choose z"):
            explain(sketch(played), np.array([[1, 1]]), instead_of(played, np.array([2, 0])))
        with pytest.raises(InputError, match="a was never seen to choose z"):
            explain(sketch(played), np.array([[2, 1]]), uniform(played))

    def test_profiles_that_were_played_twice_count_as_their_mean(self) -> None:
        twice = Played(np.tile(self.played.profiles, (2, 1)), np.concatenate([F.ravel() - 1, F.ravel() + 1])[:, None],
                       ("a", "b"), ("f",), self.played.actions)  # fmt: skip
        found = explain(sketch(twice), np.array([[2, 2]]), uniform(twice))
        np.testing.assert_allclose(found.values[0, :, 0], [0.944444, 2.611111], atol=1e-6)


class TestTheProcess:
    def test_its_kernel_is_that_of_interactions_of_every_order(self) -> None:
        rho = np.array([0.1, 0.6])
        kernel = 1 + rho[:, None, None] * (4 * np.eye(4) - 1)
        np.testing.assert_allclose(product_kernel(rho, 4).tables[0], kernel / kernel[:, :1, :1], rtol=1e-14)

    @pytest.mark.parametrize("alike", [False, True])
    def test_slopes_of_the_likelihood(self, alike: bool) -> None:
        levels, rng = np.array([4, 2, 3, 4, 6]), np.random.default_rng(2)
        profiles, outcomes = rng.integers(0, levels, (40, 5)), rng.normal(size=40)
        search = _Search(_one_hot(profiles, 6), outcomes, levels, [_splits(int(q), 6, alike) for q in levels])
        size = 5 + sum(len(_splits(q, 6, alike)) for q in (4, 2, 3, 6)) + 3
        at = rng.normal(-1, 0.5, size)
        assert check_grad(lambda x: search.loss(x)[0], lambda x: search.loss(x)[1], at) < 1e-4

    def test_splits_say_which_actions_differ(self) -> None:
        assert len(_splits(4, 4, alike=True)) == 7
        np.testing.assert_array_equal(_splits(3, 4, alike=False)[0, :3, :3], 1 - np.eye(3))
        np.testing.assert_allclose(_splits(4, 4, alike=True).sum(axis=(1, 2)), 12)

    def test_without_noise_it_goes_through_every_profile(self) -> None:
        values = smooth(CUBE[:256])
        found = condition(CUBE[:256], values, product_kernel(np.full(5, 0.3), 4), 1e-10)
        np.testing.assert_allclose(found.function.at(CUBE[:256]), values, atol=1e-7)

    def test_of_a_whole_cube_its_values_are_exact(self) -> None:
        cube = all_profiles(np.array([3, 3]))
        found = condition(cube, F.ravel(), product_kernel(np.array([0.3, 0.5]), 3), 1e-12)
        law = np.full((2, 3), 1 / 3)
        np.testing.assert_allclose(found.function.shapley(cube, law), cube_values(F, law), atol=1e-9)
        assert found.error(cube, law).max() < 1e-4 * F.std()

    def test_errors_are_those_of_the_functions_it_believes_in(self) -> None:
        # Functions drawn from the prior: of their values 95 % lie within 1.96 errors of those found
        levels, rng = np.array([3] * 4), np.random.default_rng(5)
        cube, law = all_profiles(levels), np.full((4, 3), 1 / 3)
        parts = [product_kernel(factor * np.array([0.1, 0.3, 0.2, 0.5]), 3).tables[0] for factor in (1.0, 0.2)]
        kernel = Kernel(np.stack(parts), np.array([0.7, 0.3]))
        root, scores = np.linalg.cholesky(kernel.gram(cube, cube) + 1e-10 * np.eye(81)), []
        for _ in range(60):
            f, known = root @ rng.normal(size=81), rng.choice(81, 40, replace=False)
            found = condition(cube[known], f[known] + 0.1 * rng.normal(size=40), kernel, 0.01)
            missed = found.function.shapley(cube[:20], law) - cube_values(f.reshape((3,) * 4), law)[:20]
            scores.append(missed / found.error(cube[:20], law))
        assert np.std(scores) == pytest.approx(1, abs=0.15)

    def test_errors_of_dividends_are_those_of_the_functions_it_believes_in(self) -> None:
        levels, rng = np.array([3] * 3), np.random.default_rng(6)
        cube, law = all_profiles(levels), np.full((3, 3), 1 / 3)
        kernel = product_kernel(np.array([0.2, 0.4, 0.3]), 3)
        root, scores = np.linalg.cholesky(kernel.gram(cube, cube) + 1e-10 * np.eye(27)), []
        for _ in range(150):
            f, known = root @ rng.normal(size=27), rng.choice(27, 14, replace=False)
            found = condition(cube[known], f[known], kernel, 1e-8)
            truth = of_cube(f.reshape((3,) * 3)).pairs(cube[:9], law)
            missed, error = found.function.pairs(cube[:9], law) - truth, found.pair_error(cube[:9], law)
            scores.append((missed / np.where(error > 0, error, 1))[:, *np.triu_indices(3, 1)])
        assert np.std(scores) == pytest.approx(1, abs=0.15)

    def test_its_errors_know_of_the_doubt_about_weights(self) -> None:
        # 12 profiles say little about weights: the error is larger than it would be if they were known
        profiles = sample(12)
        found = fit_process(profiles, smooth(profiles), LEVELS)
        assert len(found.alternatives) == 8
        plain = np.sqrt(found.variance(CUBE[:40], UNIFORM))
        assert found.error(CUBE[:40], UNIFORM).mean() > 1.2 * plain.mean()
        assert not fit_process(profiles, smooth(profiles), LEVELS, alternatives=0).alternatives

    def test_nobody_is_ruled_out_by_few_profiles(self) -> None:
        # Every weight ends at its bound in noise, and yet the errors say that values may differ from 0
        profiles = sample(30)
        found = fit_process(profiles, np.random.default_rng(0).normal(size=30), LEVELS)
        still = ~found.function.shapley(CUBE[:20], UNIFORM).any(axis=0)
        assert still.any()
        assert (found.error(CUBE[:20], UNIFORM)[:, still] > 0).all()

    def test_it_needs_few_profiles(self) -> None:
        profiles = sample(200)
        found = fit_process(profiles, smooth(profiles), LEVELS)
        assert error(found.function.shapley(CUBE, UNIFORM)) < 0.005
        plain = fit_process(profiles, smooth(profiles), LEVELS, alike=False)
        assert error(plain.function.shapley(CUBE, UNIFORM)) < 0.05

    def test_it_finds_the_placebo(self) -> None:
        profiles = sample(200)
        found = fit_process(profiles, smooth(profiles), LEVELS).function.shapley(CUBE, UNIFORM)
        assert not found[:, 4].any()
        assert found[:, 3].any()

    def test_it_finds_the_noise(self) -> None:
        profiles = CUBE[np.random.default_rng(1).integers(0, len(CUBE), 400)]
        noise = 0.2 * np.random.default_rng(2).normal(size=400)
        assert np.sqrt(fit_process(profiles, smooth(profiles) + noise, LEVELS).noise) == pytest.approx(0.2, rel=0.15)

    def test_permuting_players_permutes_values(self) -> None:
        profiles, order = sample(120), [3, 0, 4, 1, 2]
        found = fit_process(profiles, smooth(profiles), LEVELS).function.shapley(CUBE[:50], UNIFORM)
        turned = fit_process(profiles[:, order], smooth(profiles), LEVELS).function.shapley(CUBE[:50, order], UNIFORM)
        np.testing.assert_allclose(turned, found[:, order], atol=1e-3 * np.abs(found).max())

    def test_outcomes_that_are_all_the_same_have_no_reasons(self) -> None:
        found = fit_process(sample(20), np.full(20, 3.0), LEVELS)
        np.testing.assert_allclose(found.function.at(CUBE[:5]), 3.0)
        assert not found.function.shapley(CUBE[:5], UNIFORM).any()


class TestTheSparseSeries:
    def test_a_sparse_function_is_found_exactly(self) -> None:
        angle = 2 * np.pi * (CUBE @ np.array([1, 0, 2, 0, 0])) / 4
        f = 1.0 + 2 * np.cos(angle) - np.sin(2 * np.pi * CUBE[:, 1] / 4) + 0.5 * np.sin(angle)
        chosen = np.random.default_rng(0).choice(len(CUBE), 100, replace=False)
        found = fit_sparse(CUBE[chosen], f[chosen], LEVELS)
        assert len(found.frequencies) == 3
        np.testing.assert_allclose(found.function.at(CUBE), f, atol=1e-9)
        truth = cube_values(f.reshape((4,) * 5), UNIFORM)
        np.testing.assert_allclose(found.function.shapley(CUBE, UNIFORM), truth, atol=1e-9)

    def test_there_is_one_frequency_of_each_conjugate_pair(self) -> None:
        found = {tuple(k) for k in frequencies_of(np.array([4, 3]), 2)}
        every = set(product(range(4), range(3)))
        pairs = {min(k, (-k[0] % 4, -k[1] % 3)) for k in every}
        assert len(found) == len(pairs)
        assert every == found | {(-a % 4, -b % 3) for a, b in found}

    def test_too_many_frequencies_are_refused(self) -> None:
        with pytest.raises(InputError, match="more than 20000 frequencies"):
            frequencies_of(np.array([4] * 40), 3)


@pytest.mark.parametrize("kind", ["process", "fourier"])
def test_an_explanation_adds_up_whatever_it_is_fitted_to(kind) -> None:
    profiles = sample(60)
    outcomes = np.stack([smooth(profiles), np.random.default_rng(3).normal(size=60)], axis=1)
    played = of_actions(profiles, outcomes, ("accuracy", "welfare"))
    found = explain(sketch(played, kind), profiles[:7], uniform(played), observed=outcomes[:7])
    assert np.abs(found.value - found.base - found.residual - found.values.sum(axis=1)).max() < 1e-9
    np.testing.assert_array_equal(found.value, outcomes[:7])
    assert not found.exact
    assert found.values.shape == (7, 5, 2)
    assert found.names[4] == "principal 4"


def test_values_alone_are_those_of_the_whole_explanation() -> None:
    profiles = sample(60)
    played = of_actions(profiles, smooth(profiles)[:, None], ("accuracy",))
    model = sketch(played)
    whole = explain(model, profiles[:7], uniform(played))
    alone = explain(model, profiles[:7], uniform(played), values_only=True)
    np.testing.assert_array_equal(alone.values, whole.values)
    np.testing.assert_array_equal(alone.base, whole.base)
    assert alone.standard_error is alone.interactions is alone.interaction_error is None
    assert whole.standard_error is not None and whole.interaction_error is not None
    assert not alone.exact


def test_two_who_hold_the_same_samples_have_the_most_negative_dividend() -> None:
    # What is learned grows with the samples put in; principals 1 and 2 hold the same ones
    profiles = all_profiles(np.array([2] * 6))
    union = 10.0 * (profiles[:, [0, 3, 4, 5]].sum(axis=1) + (profiles[:, 1] | profiles[:, 2]))
    outcomes = np.sqrt(union)[:, None]
    chosen = np.random.default_rng(0).choice(64, 40, replace=False)
    played = Played(profiles[chosen], outcomes[chosen], tuple("abcdef"), ("accuracy",), (("abstain", "delegate"),) * 6)
    pairs = explain(sketch(played), np.ones((1, 6), dtype=np.int64), uniform(played)).interactions[0, ..., 0]
    assert tuple(np.unravel_index(pairs.argmin(), (6, 6))) == (1, 2)


def test_factors_of_a_sweep_are_players() -> None:
    grid = pd.DataFrame(list(product([0.0, 0.1, 0.5], ["on", "off"])), columns=["stakes.audit", "screening.mode"])
    outcomes = pd.DataFrame({"welfare": grid["stakes.audit"] * 2 + (grid["screening.mode"] == "on")})
    played = of_cells(grid, outcomes)
    assert played.names == ("stakes.audit", "screening.mode")
    assert played.actions == (("0.0", "0.1", "0.5"), ("off", "on"))
    found = explain(sketch(played), played.profiles[4:5], uniform(played), target="cell 4")
    np.testing.assert_allclose(found.values[0, :, 0], [1.0 - 0.4, 0.5])
    np.testing.assert_allclose(found.interactions, 0.0, atol=1e-12)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="do not fit"):
        of_actions(np.zeros((3, 2), dtype=np.int64), np.zeros((2, 1)), ("accuracy",))
    with pytest.raises(InputError, match="not among its actions"):
        of_actions(np.full((3, 2), 4), np.zeros((3, 1)), ("accuracy",))
    with pytest.raises(InputError, match="finite"):
        of_actions(np.zeros((3, 2), dtype=np.int64), np.full((3, 1), np.nan), ("accuracy",))
    with pytest.raises(InputError, match="must be one of process, fourier"):
        sketch(of_actions(sample(3), np.zeros((3, 1)), ("accuracy",)), "forest")
