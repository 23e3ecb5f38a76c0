"""Threshold games: who together weigh more than a quota are worth one thing, others another (votes, enough data).

A logistic function of the members' weights stands in for the jump, so that coalitions near the quota count in part. Its
exact values come from how many coalitions of the others have each size and weight (Mann and Shapley 1962).
"""

from functools import partial

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.credit.estimators.fitted import Fitted, Regressor
from commonweal.economy.credit.estimators.sampling import Pairs
from commonweal.economy.credit.probabilistic import ProbabilisticValue

TWO_LEVELS = 0.99  # share of the variance that two levels explain, from which on a game may have a threshold
MOST_PLAYERS = 60  # of whom coalitions are counted by size and weight
GRID = 512  # whole steps that the weights of all players come to
RIDGE = 0.005  # on squared weights of players, per unit of log likelihood


def threshold_of(pairs: Pairs) -> Regressor | None:
    """What fits a threshold to a game whose values are at two levels; None for other games."""
    worth = pairs.values.ravel()
    above = worth > (worth.min() + worth.max()) / 2
    if not above.any() or pairs.coalitions.shape[1] > MOST_PLAYERS:
        return None
    low, high = float(worth[~above].mean()), float(worth[above].mean())
    if ((worth - np.where(above, high, low)) ** 2).mean() > (1 - TWO_LEVELS) * worth.var():
        return None
    return partial(_fit, low, high)


def _fit(
    low: float, high: float, pairs: Pairs, parity: int, value: ProbabilisticValue, generator: np.random.Generator
) -> Fitted:
    """A logistic function between two levels, on weights in whole steps, of which the part is taken afterwards."""
    members = np.where(np.vstack([pairs.coalitions, ~pairs.coalitions]), 1.0, -1.0)
    weights, offset = _logistic(members, pairs.values.T.ravel() > (low + high) / 2)
    step = max(float(np.abs(weights).sum()), 1e-9) / GRID
    steps = np.rint(weights / step).astype(np.int64)
    most = int(np.abs(steps).sum())
    level = low + (high - low) * expit(offset + step * np.arange(-most, most + 1))  # by Σ steps of members − of others
    part = (level + parity * level[::-1]) / 2

    def predict(coalitions: Bools) -> Floats:
        predicted: Floats = part[most + np.where(coalitions, steps, -steps).sum(axis=1)]
        return predicted

    return Fitted(_values(part, steps, value), predict)


def _logistic(members: Floats, above: Bools) -> tuple[Floats, float]:
    """Weights (n,) and offset of a logistic regression of ``above`` (C,) on signs (C, n), with a small ridge."""
    side = np.where(above, 1.0, -1.0)

    def loss(asked: Floats) -> tuple[float, Floats]:
        margin = side * (members @ asked[:-1] + asked[-1])
        pull = -side * expit(-margin)
        ridge = RIDGE * asked[:-1]
        gradient = np.append(pull @ members + 2 * ridge, pull.sum())
        return float(np.logaddexp(0.0, -margin).sum() + ridge @ asked[:-1]), gradient

    found = minimize(loss, np.zeros(members.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return found[:-1], float(found[-1])


def _values(part: Floats, steps: Ints, value: ProbabilisticValue) -> Floats:
    """(n,) exact values of a game ``part`` (2 T + 1,) of the steps of members less those of the others, T in all."""
    values, most = np.zeros(len(steps)), len(part) // 2
    nobody = np.zeros((len(steps) + 1, len(part)))
    nobody[0, most] = 1.0

    def leave_one_out(players: Ints, others: Floats) -> None:
        """``others`` (n+1, 2 T + 1) counts coalitions of all but these players by size and steps."""
        if len(players) == 1:
            (player,) = players
            chance = value.weights @ others[: len(steps)]  # of the others' steps
            there = np.roll(chance, steps[player]) - np.roll(chance, -steps[player])
            values[player] = there @ part
            return
        half = len(players) // 2
        for kept, joining in ((players[:half], players[half:]), (players[half:], players[:half])):
            counts = others
            for player in joining:
                without, within = np.roll(counts, -steps[player], axis=1), np.roll(counts, steps[player], axis=1)
                without[1:] += within[:-1]
                counts = without
            leave_one_out(kept, counts)

    leave_one_out(np.arange(len(steps)), nobody)
    return values
