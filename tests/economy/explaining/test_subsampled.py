"""Sub-sampled series: exact where few coefficients of any degree make the outcome."""

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.explaining.cube import cube_values
from commonweal.economy.explaining.products import all_profiles
from commonweal.economy.explaining.sketch import Played, explain, sketch, uniform
from commonweal.economy.explaining.subsampled import fit_subsampled, subsampling

PLAYERS, ACTIONS = 6, 4
CUBE = all_profiles(np.full(PLAYERS, ACTIONS))
LAW = np.full((PLAYERS, ACTIONS), 0.25)


def planted(pairs: int, seed: int) -> np.ndarray:
    """(4, …, 4) so many conjugate pairs of coefficients, of any degree, and a mean of 1."""
    rng = np.random.default_rng(seed)
    spectrum = np.zeros((ACTIONS,) * PLAYERS, dtype=complex)
    for frequency in rng.integers(0, ACTIONS, (pairs, PLAYERS)):
        value = rng.uniform(0.5, 1.5) * np.exp(2j * np.pi * rng.random())
        spectrum[tuple(frequency)] += value
        spectrum[tuple(-frequency % ACTIONS)] += value.conjugate()
    spectrum[(0,) * PLAYERS] = 1.0
    outcomes: np.ndarray = np.fft.ifftn(spectrum).real * spectrum.size
    return outcomes


@pytest.mark.parametrize("seed", range(3))
def test_few_coefficients_of_any_degree_are_found_exactly(seed: int) -> None:
    outcomes = planted(10, seed)
    design = subsampling(PLAYERS, ACTIONS, 2, 4, np.random.default_rng(seed))
    assert len(design.profiles) < 460
    found = fit_subsampled(design, outcomes[tuple(design.profiles.T)])
    np.testing.assert_allclose(found.function.at(CUBE), outcomes.ravel(), atol=1e-9)
    np.testing.assert_allclose(found.function.shapley(CUBE[::50], LAW), cube_values(outcomes, LAW)[::50], atol=1e-9)


def test_the_profiles_are_those_it_says_and_no_others() -> None:
    design = subsampling(5, 3, 2, 3, np.random.default_rng(0), repeats=2)
    assert design.every.shape == (3, 2 * 6, 9, 5)
    assert {*map(tuple, design.profiles.tolist())} == {*map(tuple, design.every.reshape(-1, 5).tolist())}
    # every shift of a copy differs from its first by one action of one player
    copies = design.offsets.reshape(3, 2, 6, 5)
    moved = (copies[:, :, 1:] - copies[:, :, :1]) % 3
    np.testing.assert_array_equal(moved, np.broadcast_to(np.eye(5, dtype=int), moved.shape))


def test_repeats_outvote_noise() -> None:
    outcomes = planted(6, 1) + 0.3 * np.random.default_rng(0).normal(size=(ACTIONS,) * PLAYERS)
    design = subsampling(PLAYERS, ACTIONS, 2, 4, np.random.default_rng(1), repeats=3)
    found = fit_subsampled(design, outcomes[tuple(design.profiles.T)])
    missed = found.function.at(CUBE) - planted(6, 1).ravel()
    assert (missed**2).mean() < 0.01 * planted(6, 1).var()


def test_where_many_coefficients_share_a_bin_nothing_is_made_up() -> None:
    outcomes = np.random.default_rng(0).normal(size=(ACTIONS,) * PLAYERS)
    design = subsampling(PLAYERS, ACTIONS, 2, 3, np.random.default_rng(0))
    found = fit_subsampled(design, outcomes[tuple(design.profiles.T)])
    assert len(found.frequencies) < 5


def test_a_sketch_takes_the_design_with_its_own_profiles_only() -> None:
    design = subsampling(PLAYERS, ACTIONS, 2, 4, np.random.default_rng(0))
    outcomes = planted(10, 0)[tuple(design.profiles.T)][:, None]
    names, actions = tuple("abcdef"), (("0", "1", "2", "3"),) * PLAYERS
    played = Played(design.profiles, outcomes, names, ("f",), actions)
    found = explain(sketch(played, "fourier", design), CUBE[:3], uniform(played))
    np.testing.assert_allclose(found.values[..., 0], cube_values(planted(10, 0), LAW)[:3], atol=1e-9)
    with pytest.raises(InputError, match="its own profiles"):
        sketch(Played(design.profiles[:-1], outcomes[:-1], names, ("f",), actions), "fourier", design)
    with pytest.raises(InputError, match="outcomes for"):
        fit_subsampled(design, outcomes[:-1, 0])
    with pytest.raises(InputError, match="groups = 1 at least 2"):
        subsampling(4, 3, 2, 1, np.random.default_rng(0))
