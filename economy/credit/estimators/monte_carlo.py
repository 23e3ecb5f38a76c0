"""Sampling baselines: permutations, stratified means and plain maximum sample reuse."""

import numpy as np

from commonweal.economy.credit.estimators.game import CoalitionGame, Estimate, error_of_mean, share_residual
from commonweal.economy.credit.estimators.sampling import of_sizes, sizes_by
from commonweal.economy.credit.probabilistic import ProbabilisticValue


def permutation(
    game: CoalitionGame, value: ProbabilisticValue, generator: np.random.Generator, antithetic: bool = False
) -> Estimate:
    """Marginal contributions along random orders (Castro, Gómez and Tejada 2009), unbiased.

    Args:
        game: of n players; an order costs n − 1 coalitions.
        value: a contribution to k others counts n q_k, for Shapley 1.
        generator: draws the orders.
        antithetic: every order is followed by its reverse (Mitchell et al. 2022, section 4.1).

    Returns:
        The estimate; all 0 where the budget is too small for one order.
    """
    (empty, whole), players = game.ends(), game.players
    count = game.left // max(players - 1, 1)
    orders = generator.random((count, players)).argsort(axis=1)
    if antithetic:
        orders[1::2] = orders[: 2 * (count // 2) : 2, ::-1]
    rank = orders.argsort(axis=1)
    before = rank[:, None, :] < np.arange(1, players)[:, None]
    along = game.values(before.reshape(-1, players)).reshape(count, players - 1)
    along = np.hstack([np.full((count, 1), empty), along, np.full((count, 1), whole)])
    weighted = np.diff(along, axis=1) * value.law * players
    gained = np.take_along_axis(weighted, rank, axis=1)
    units = gained if not antithetic else np.stack([gained[:-1:2], gained[1::2]]).mean(axis=0)
    found = gained.mean(axis=0) if count else np.zeros(players)
    found, residual = share_residual(found, whole - empty, value)
    return Estimate(found, error_of_mean(units), game.evaluations, residual)


def stratified(game: CoalitionGame, value: ProbabilisticValue, generator: np.random.Generator) -> Estimate:
    """Means by size, with and without each player, every coalition used for all (Kolpaczki et al. 2024, SVARM).

    A stratum in which nothing was drawn is taken to be the mean of its size.
    """
    (empty, whole), players = game.ends(), game.players
    sizes = 1 + generator.permutation(np.arange(game.left) % max(players - 1, 1)) if players > 1 else np.zeros(0, int)
    coalitions = of_sizes(players, sizes, generator)
    values = game.values(coalitions)
    is_size = np.arange(players + 1)[:, None] == sizes  # (n+1, C)
    of_size = (is_size @ values) / np.maximum(is_size.sum(axis=1), 1)
    of_size[[0, -1]] = empty, whole
    means, variances = np.empty((2, 2, players + 1, players))
    for side, members in enumerate((~coalitions, coalitions)):
        count = is_size.astype(np.float64) @ members
        mean = (is_size * values) @ members / np.maximum(count, 1)
        means[side] = np.where(count > 0, mean, of_size[:, None])
        spread = (is_size * values**2) @ members / np.maximum(count, 1) - mean**2
        variances[side] = np.maximum(spread, 0) / np.maximum(count - 1, 1)
    found = value.law @ (means[1, 1:] - means[0, :-1])
    error = np.sqrt(value.law**2 @ (variances[1, 1:] + variances[0, :-1]))
    found, residual = share_residual(found, whole - empty, value)
    return Estimate(found, error, game.evaluations, residual)


def msr(game: CoalitionGame, value: ProbabilisticValue, generator: np.random.Generator) -> Estimate:
    """Maximum sample reuse (Wang and Jia 2023, arXiv 2205.15466), each size as likely as it counts; unbiased.

    Every coalition counts in every player's value, as (p_{s−1} 1[i ∈ S] − p_s 1[i ∉ S]) / D(S) (Witter et al., eq. 5).
    """
    (empty, whole), players = game.ends(), game.players
    size = np.arange(1, players)
    law = np.sqrt(value.inside[size] ** 2 * size + value.outside[size] ** 2 * (players - size))
    drawn = sizes_by(law, game.left, generator)
    coalitions, law = of_sizes(players, drawn, generator), law / law.sum()
    counted = (game.values(coalitions) - empty)[:, None] * value.coefficients(coalitions) / law[drawn - 1][:, None]
    found = counted.mean(axis=0) if len(drawn) else np.zeros(players)
    found, residual = share_residual(found + value.law[-1] * (whole - empty), whole - empty, value)
    return Estimate(found, error_of_mean(counted), game.evaluations, residual)
