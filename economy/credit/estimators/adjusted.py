"""Regression-adjusted Monte Carlo (Witter, Liu and Musco 2025, arXiv 2506.11849): any probabilistic value of any game.

A regression stands in for the game, its own values are exact, and only what it misses is estimated by sampling. Our
additions: coalitions come with their complements, so that the odd and the even part of a game are fitted apart (a
symmetric value needs only the odd one); what was looked at is taken as it is, and only the rest is extrapolated from
held-out errors; regressions are mixed as they predict what they have not seen.
"""

import numpy as np
from scipy.optimize import nnls

from commonweal.economy.credit.estimators.fitted import Adjustment, Fitted, Regressor, cross_fit
from commonweal.economy.credit.estimators.game import CoalitionGame, Estimate, share_residual
from commonweal.economy.credit.estimators.interactions import Order, fit_process
from commonweal.economy.credit.estimators.sampling import Pairs, draw_distinct, draw_independently
from commonweal.economy.credit.estimators.thresholds import threshold_of
from commonweal.economy.credit.estimators.trees import fit_trees
from commonweal.economy.credit.exact import all_coalitions, exact_value
from commonweal.economy.credit.probabilistic import ProbabilisticValue
from commonweal.economy.credit.terms import Mode, RegressorName

GOOD_ENOUGH = 0.99  # held-out R² of the interactions from which on nothing else is tried
FEW = 20  # pairs below which nothing else is tried
EXTRAPOLATED = 4  # pairs per player from which on held-out errors say more than they add noise


def adjusted(
    game: CoalitionGame,
    value: ProbabilisticValue,
    generator: np.random.Generator,
    mode: Mode = "auto",
    regressor: RegressorName = "auto",
) -> Estimate:
    """Estimate a probabilistic value.

    Args:
        game: of n players, with its budget m.
        value: of n players.
        generator: draws the coalitions.
        mode: ``audit``: independent draws and cross-fitting, unbiased; ``mse``: distinct draws, smaller error, a small
            bias, and below 8n coalitions the regression alone; ``auto``: every coalition where 2^n ≤ m, else ``mse``.
        regressor: ``auto``: interactions of all orders, mixed with trees where those leave more than 1 % of the
            variance, and there with a threshold if the values are at two levels; in ``audit`` interactions alone.

    Returns:
        Values whose sum is v(N) − v(∅) where the value is efficient.
    """
    if mode == "auto" and 2.0**game.players <= game.left:
        found = exact_value(game.values(all_coalitions(game.players))[None], value)[0]
        return Estimate(found, np.zeros(game.players), game.evaluations, exact=True)
    draw = draw_independently if mode == "audit" else draw_distinct
    pairs = draw(game, value, generator)
    extrapolates = mode == "audit" or len(pairs.coalitions) >= EXTRAPOLATED * game.players
    values, influence = np.zeros(game.players), np.zeros_like(pairs.coalitions, dtype=np.float64)
    for parity in (-1,) if value.is_symmetric else (-1, 1):
        fit = _cross_fitted if mode == "audit" else _mixed
        adjustment = fit(pairs, parity, value, regressor, generator)
        part, coefficients = pairs.part(parity), pairs.coefficients(value, parity)
        left_out, seen = part - adjustment.held_out, part - adjustment.seen
        missed = extrapolates * pairs.unseen * left_out + (1 - pairs.unseen) * seen
        values += adjustment.values + missed @ coefficients
        influence += (np.sqrt(pairs.unseen) * left_out)[:, None] * coefficients
    if value.is_efficient:
        influence -= influence.mean(axis=1, keepdims=True)
    values, residual = share_residual(values, float(pairs.values[0, 0]), value)
    return Estimate(values, np.sqrt((influence**2).sum(axis=0)), game.evaluations, residual)


def _cross_fitted(
    pairs: Pairs, parity: int, value: ProbabilisticValue, name: RegressorName, generator: np.random.Generator
) -> Adjustment:
    """One regression, always asked about pairs it was not fitted to."""
    order: Order = "interactions" if name == "auto" or name == "tree" else name

    def fit(own: Pairs, parity: int, value: ProbabilisticValue, generator: np.random.Generator) -> Fitted:
        process = fit_process(order, own, parity, value)
        return Fitted(process.adjustment.values, process.predict)

    chosen: Regressor = fit_trees if name == "tree" else fit
    return cross_fit(chosen, pairs, parity, value, generator)


def _mixed(
    pairs: Pairs, parity: int, value: ProbabilisticValue, name: RegressorName, generator: np.random.Generator
) -> Adjustment:
    """The regression asked for; under ``auto`` the mixture that predicts held-out pairs best."""
    if name == "tree":
        return cross_fit(fit_trees, pairs, parity, value, generator)
    process = fit_process("interactions" if name == "auto" else name, pairs, parity, value).adjustment
    part, importance = pairs.part(parity), pairs.importance(value, parity)
    left = (part - process.held_out) ** 2 @ importance
    if name != "auto" or len(part) < FEW or left <= (1 - GOOD_ENOUGH) * (part**2 @ importance):
        return process
    others = [fit_trees] if (threshold := threshold_of(pairs)) is None else [fit_trees, threshold]
    mixed = [process, *(cross_fit(each, pairs, parity, value, generator) for each in others)]
    root = np.sqrt(importance)
    shares, _ = nnls(np.stack([each.held_out for each in mixed], axis=1) * root[:, None], part * root)
    return Adjustment(*(shares @ np.stack(each) for each in zip(*(vars(one).values() for one in mixed), strict=True)))


