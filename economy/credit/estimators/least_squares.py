"""Shapley values as weighted least squares: KernelSHAP and Leverage SHAP.

Lundberg and Lee (2017), Covert and Lee (2021, arXiv 2012.01536); Musco and Witter (2025, arXiv 2410.01917).
"""

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.credit.estimators.game import CoalitionGame, Estimate
from commonweal.economy.credit.estimators.sampling import draw_distinct, of_sizes, sizes_by
from commonweal.economy.credit.probabilistic import ProbabilisticValue


def kernel_shap(
    game: CoalitionGame, value: ProbabilisticValue, generator: np.random.Generator, paired: bool = True
) -> Estimate:
    """Least squares on coalitions drawn by the Shapley kernel, 1 / (s (n − s)) by size.

    Args:
        game: of n players.
        value: Shapley's; there is no kernel for others.
        generator: draws the coalitions.
        paired: each with its complement.

    Raises:
        InputError: if the value is not Shapley's.
    """
    _demand_shapley(value, "kernel_shap")
    (empty, whole), players = game.ends(), game.players
    size = np.arange(1, players)
    kernel = 1.0 / (size * (players - size))
    coalitions = of_sizes(players, sizes_by(kernel, game.left // (1 + paired), generator), generator)
    group = np.tile(np.arange(len(coalitions)), 1 + paired)
    if paired:
        coalitions = np.vstack([coalitions, ~coalitions])
    values = game.values(coalitions) - empty
    found, error = _solve(coalitions, values, np.ones(len(coalitions)), group, whole - empty)
    return Estimate(found, error, game.evaluations)


def leverage_shap(game: CoalitionGame, value: ProbabilisticValue, generator: np.random.Generator) -> Estimate:
    """Least squares on distinct pairs of complements, all sizes alike.

    Raises:
        InputError: if the value is not Shapley's.
    """
    _demand_shapley(value, "leverage_shap")
    pairs = draw_distinct(game, value, generator)
    size = pairs.coalitions[1:].sum(axis=1)
    weights = pairs.scale[1:] / (size * (game.players - size))
    coalitions = np.vstack([pairs.coalitions[1:], ~pairs.coalitions[1:]])
    values, worth = pairs.values[1:].T.ravel(), float(pairs.values[0, 0])
    group = np.tile(np.arange(len(weights)), 2)
    found, error = _solve(coalitions, values, np.tile(weights, 2), group, worth, pairs.unseen[1:])
    return Estimate(found, error, game.evaluations)


def _solve(
    coalitions: Bools, values: Floats, weights: Floats, group: Ints, worth: float, unseen: Floats | float = 1.0
) -> tuple[Floats, Floats]:
    """min_φ Σ_S w_S (v(S) − Σ_{i∈S} φ_i)² under Σ_i φ_i = v(N), and standard errors.

    Args:
        coalitions: (C, n).
        values: (C,) v(S) − v(∅).
        weights: (C,).
        group: (C,) draws of one group depend on each other; the G groups are independent.
        worth: v(N) − v(∅).
        unseen: (G,) chance that a group had not been drawn.

    Returns:
        φ (n,) and its standard errors (n,) (sandwich; Covert and Lee, section 3.2).
    """
    players = coalitions.shape[1]
    size = coalitions.sum(axis=1)
    centred = coalitions - size[:, None] / players  # what is orthogonal to the constraint
    target = values - size * worth / players
    inverse = np.linalg.pinv((centred * weights[:, None]).T @ centred, rcond=1e-12, hermitian=True)
    found = inverse @ (centred.T @ (weights * target))
    influence = ((weights * (target - centred @ found))[:, None] * centred) @ inverse
    total = np.zeros((group.max(initial=-1) + 1, players))
    np.add.at(total, group, influence)
    error: Floats = np.sqrt((unseen * (total**2).T).sum(axis=1))
    return found + worth / players, error


def _demand_shapley(value: ProbabilisticValue, name: str) -> None:
    if not value.is_efficient:
        raise InputError(f"credit.estimator = {name!r} estimates Shapley values only; use 'adjusted' or 'permutation'")
