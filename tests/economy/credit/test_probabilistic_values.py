"""Probabilistic values: their weights, and exact values of games against their definition."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.exact import all_coalitions, exact_value
from commonweal.economy.credit.probabilistic import ProbabilisticValue, banzhaf, beta, shapley, weighted_banzhaf

VALUES = {
    "shapley": shapley, "banzhaf": banzhaf, "weighted banzhaf": lambda n: weighted_banzhaf(n, 0.8),
    "beta(4, 1)": lambda n: beta(n, 4, 1), "beta(1, 16)": lambda n: beta(n, 1, 16),
}  # fmt: skip


def by_definition(values: Floats, value: ProbabilisticValue) -> Floats:
    """φ_i = Σ_{S∌i} p_|S| (v(S∪i) − v(S)), coalition by coalition."""
    players = value.players
    found = np.zeros(players)
    for player in range(players):
        others = [i for i in range(players) if i != player]
        for size in range(players):
            for coalition in combinations(others, size):
                number = sum(1 << i for i in coalition)
                found[player] += value.weights[size] * (values[number | 1 << player] - values[number])
    return found


@pytest.mark.parametrize("make", VALUES.values(), ids=VALUES)
class TestEveryProbabilisticValue:
    def test_its_weights_are_a_distribution_over_the_coalitions_of_others(self, make) -> None:
        for players in (1, 2, 7, 60, 1200):
            value = make(players)
            assert (value.law >= 0).all()
            assert value.law.sum() == pytest.approx(1, abs=1e-9)

    def test_enumeration_is_its_definition(self, make) -> None:
        values, value = np.random.default_rng(3).normal(size=(2, 64)), make(6)
        expected = [by_definition(game, value) for game in values]
        np.testing.assert_allclose(exact_value(values, value), expected, rtol=1e-12, atol=1e-14)

    def test_it_is_a_weighted_mean_over_all_coalitions(self, make) -> None:
        # Equation behind every estimator that uses a coalition for all players: Witter et al. (2025), eq. 5
        values, value, coalitions = np.random.default_rng(4).normal(size=64), make(6), all_coalitions(6)
        number = np.array([comb(6, int(size)) for size in coalitions.sum(axis=1)])
        found = (values / number) @ value.coefficients(coalitions)
        np.testing.assert_allclose(found, exact_value(values[None], value)[0], rtol=1e-12, atol=1e-14)

    def test_only_shapley_values_sum_to_the_worth_of_all(self, make) -> None:
        values = np.random.default_rng(5).normal(size=(1, 64))
        missed = exact_value(values, make(6)).sum() - (values[0, -1] - values[0, 0])
        assert make(6).is_efficient == (abs(missed) < 1e-9) == (make is shapley)

    def test_a_symmetric_value_is_blind_to_the_even_part_of_a_game(self, make) -> None:
        values = np.random.default_rng(6).normal(size=(1, 64))
        even = (values + values[:, ::-1]) / 2
        assert make(6).is_symmetric == (np.abs(exact_value(even, make(6))).max() < 1e-12)

    def test_chances_and_disagreements_are_those_of_the_coalitions_that_it_draws(self, make) -> None:
        value, others = make(5), all_coalitions(4)
        chance = value.weights[others.sum(axis=1)]
        assert chance.sum() == pytest.approx(1)
        there = others[:, 0] & others[:, 1] & ~others[:, 2]
        assert value.chance(2, 1) == pytest.approx(chance[there].sum(), rel=1e-12)
        given_players = np.array([True, True, True, False])
        differing = (others != given_players).sum(axis=1)
        expected = np.bincount(differing, weights=chance, minlength=5)
        np.testing.assert_allclose(value.disagreements()[3], expected, rtol=1e-12, atol=1e-15)


def test_published_weights() -> None:
    # Shapley p_k = 1/(n C(n−1, k)); Banzhaf 2^−(n−1); Beta p_k = B(k+β, n−1−k+α)/B(α, β) (Kwon and Zou 2022, eq. 5)
    np.testing.assert_allclose(shapley(4).weights, [1 / 4, 1 / 12, 1 / 12, 1 / 4])
    np.testing.assert_allclose(banzhaf(4).weights, 1 / 8)
    np.testing.assert_allclose(beta(4, 1, 1).weights, shapley(4).weights)
    np.testing.assert_allclose(beta(3, 4, 1).law, [2 / 3, 4 / 15, 1 / 15])  # 4 · B(1, 6), 2 · 4 · B(2, 5), 4 · B(3, 4)


@given(hnp.arrays(float, (3, 32), elements=st.floats(-100, 100)), st.floats(0.1, 20), st.floats(0.1, 20))
@settings(max_examples=40)
def test_every_beta_value_is_linear_and_gives_null_players_nothing(games: Floats, alpha: float, beta_: float) -> None:
    value = beta(5, alpha, beta_)
    found = exact_value(games, value)
    np.testing.assert_allclose(exact_value(games[:1] - 2 * games[1:2], value)[0], found[0] - 2 * found[1], atol=1e-9)
    null = games[:, np.arange(32) & ~4]  # whether player 2 is there makes no difference
    assert np.abs(exact_value(null, value)[:, 2]).max() == 0


def test_exact_values_of_sixteen_players_need_no_table_of_weights() -> None:
    # v(S) = (Σ_{i∈S} a_i)²: Shapley and Banzhaf values are both a_i Σ_j a_j
    amounts = np.arange(1.0, 17.0)
    values = ((all_coalitions(16) @ amounts) ** 2)[None]
    for make in (shapley, banzhaf):
        np.testing.assert_allclose(exact_value(values, make(16))[0], amounts * amounts.sum(), rtol=1e-12)
