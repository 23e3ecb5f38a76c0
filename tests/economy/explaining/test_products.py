"""Sums of products: closed-form values and dividends, against enumeration and worked examples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from commonweal.economy.credit.exact import shapley_value
from commonweal.economy.explaining.cube import cube_values, energies, fourier, games
from commonweal.economy.explaining.products import all_profiles, of_cube, products_of_others, shapley_parts

F = np.array([[0.0, 1, 2], [3, 5, 4], [1, 0, 6]])  # worked by hand: three actions, two players
UNIFORM = np.full((2, 3), 1 / 3)
SKEW = np.array([[0.5, 0.25, 0.25], [0, 1, 0]])
POINT = np.array([[1.0, 0, 0], [1, 0, 0]])
SHAPES = st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple)


def law_of(levels: tuple[int, ...], seed: int) -> np.ndarray:
    """A law (n, q), 0 where a player has no such action."""
    weights = np.random.default_rng(seed).random((len(levels), max(levels)))
    weights[np.arange(max(levels)) >= np.array(levels)[:, None]] = 0.0
    return weights / weights.sum(axis=1, keepdims=True)


def cubes() -> st.SearchStrategy[np.ndarray]:
    return SHAPES.flatmap(lambda shape: hnp.arrays(np.float64, shape, elements=st.floats(-5, 5)))


class TestTheWorkedExample:
    def test_its_fourier_coefficients(self) -> None:
        found = fourier(F)
        assert found[0, 0] == pytest.approx(2.444444, abs=1e-6)
        assert found[1, 1] == pytest.approx(-0.555556 - 0.192450j, abs=1e-6)

    @pytest.mark.parametrize(
        ("profile", "law", "expected"),
        [
            ((2, 2), UNIFORM, (0.944444, 2.611111)),
            ((1, 1), UNIFORM, (2.277778, 0.277778)),
            ((0, 2), UNIFORM, (-1.722222, 1.277778)),
            ((2, 2), SKEW, (0.375, 3.875)),
            ((2, 2), POINT, (2.5, 3.5)),
        ],
    )
    def test_its_values(self, profile, law, expected) -> None:
        found = of_cube(F).shapley(np.array([profile]), law)[0]
        np.testing.assert_allclose(found, expected, atol=1e-6)
        np.testing.assert_allclose(cube_values(F, law)[3 * profile[0] + profile[1]], expected, atol=1e-6)

    def test_its_values_are_those_of_its_fourier_coefficients(self) -> None:
        # φ_i(x) = Σ_{k_i≠0} Re(F[k] ω^⟨k,x⟩) / ‖k‖₀
        k = all_profiles(np.array([3, 3]))
        terms = (fourier(F).ravel() * np.exp(2j * np.pi * k @ np.array([2, 2]) / 3)).real
        found = [(terms / np.maximum((k > 0).sum(axis=1), 1) * (k[:, i] > 0)).sum() for i in (0, 1)]
        np.testing.assert_allclose(found, of_cube(F).shapley(np.array([[2, 2]]), UNIFORM)[0], rtol=1e-12)

    def test_the_dividend_of_the_pair(self) -> None:
        function, profile = of_cube(F), np.array([[2, 2]])
        pairs = function.pairs(profile, UNIFORM)[0]
        np.testing.assert_allclose(pairs, [[0, 2.111111], [2.111111, 0]], atol=1e-6)
        assert function.dividend(profile, UNIFORM, np.array([0, 1]))[0] == pytest.approx(2.111111, abs=1e-6)


def test_with_two_actions_and_nobody_as_baseline_values_are_those_of_the_coalition_game() -> None:
    # v(∅,0,1,2,01,02,12,012) = 0,40,60,80,70,75,85,90: φ = (95, 185, 260) / 6
    values = np.array([0.0, 40, 60, 70, 80, 75, 85, 90])
    cube = values.reshape(2, 2, 2).transpose(2, 1, 0)
    function, everybody = of_cube(cube), np.array([[1, 1, 1]])
    np.testing.assert_allclose(function.shapley(everybody, np.array([[1.0, 0]] * 3)), shapley_value(values[None]))
    found = function.shapley(everybody, np.full((3, 2), 0.5))[0]
    np.testing.assert_allclose(found, [3.541667, 9.791667, 14.166667], atol=1e-6)


def test_a_product_game() -> None:
    factors = np.array([1.6, 0.7, 1.6, 0.7, 1.6])
    found = shapley_parts(factors[None, :, None], np.ones((5, 1)))[0, :, 0]
    np.testing.assert_allclose(found, np.where(factors > 1, 0.713688, -0.567012), atol=1e-6)
    assert found.sum() == pytest.approx(1.00704, abs=1e-9)


def test_products_of_others_stand_factors_of_zero() -> None:
    factors = np.array([[[2.0], [0.0], [3.0]]])
    np.testing.assert_array_equal(products_of_others(factors)[0, :, 0], [0, 6, 0])
    np.testing.assert_array_equal(products_of_others(np.array([[[2.0]]])), [[[1.0]]])


@given(cubes(), st.integers(0, 1000))
def test_closed_form_is_enumeration(cube: np.ndarray, seed: int) -> None:
    law, profiles = law_of(cube.shape, seed), all_profiles(np.array(cube.shape))
    function = of_cube(cube)
    found = function.shapley(profiles, law)
    np.testing.assert_allclose(found, cube_values(cube, law), atol=1e-11)
    np.testing.assert_allclose(found.sum(axis=1), function.at(profiles) - function.mean(law), atol=1e-11)


@given(cubes(), st.integers(0, 1000))
def test_dividends_of_pairs_are_those_of_the_games(cube: np.ndarray, seed: int) -> None:
    law, profiles = law_of(cube.shape, seed), all_profiles(np.array(cube.shape))
    values, found = games(cube, law), of_cube(cube).pairs(profiles, law)
    for i in range(cube.ndim):
        assert not found[:, i, i].any()
        for j in range(i):
            dividend = values[:, 1 << i | 1 << j] - values[:, 1 << i] - values[:, 1 << j] + values[:, 0]
            np.testing.assert_allclose(found[:, i, j], dividend, atol=1e-10)
            np.testing.assert_array_equal(found[:, i, j], found[:, j, i])


@given(hnp.arrays(np.float64, (3, 3, 3), elements=st.floats(-5, 5)), st.permutations(range(3)))
def test_permuting_players_permutes_values(cube: np.ndarray, order: list[int]) -> None:
    law, profiles = law_of((3, 3, 3), 1), all_profiles(np.array([3, 3, 3]))
    found = of_cube(cube.transpose(order)).shapley(profiles[:, order], law[order])
    np.testing.assert_allclose(found, of_cube(cube).shapley(profiles, law)[:, order], atol=1e-11)


def test_who_makes_no_difference_has_no_value() -> None:
    cube = np.repeat(F[:, None], 4, axis=1)
    profiles = all_profiles(np.array([3, 4, 3]))
    law = np.array([[0.2, 0.3, 0.5, 0], [0.25] * 4, [0.1, 0.1, 0.8, 0]])
    np.testing.assert_allclose(of_cube(cube).shapley(profiles, law)[:, 1], 0.0, atol=1e-12)


def test_energies_by_degree_are_those_of_the_parts() -> None:
    np.testing.assert_allclose(energies(np.array([[0.0, 1], [1, 2]])), [1, 0], atol=1e-15)  # a sum
    np.testing.assert_allclose(energies(np.array([[1.0, -1], [-1, 1]])), [0, 1], atol=1e-15)  # a product of signs
