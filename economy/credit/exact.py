"""Credit by evaluating coalitions: leave-one-out and the exact Shapley value (Shapley 1953)."""

from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from agents.errors import InputError
from economy.credit.game import Credit, RoundGame, credit_rule

Floats = NDArray[np.float64]

MOST_PLAYERS = 16


@credit_rule("leave_one_out")
def leave_one_out(game: RoundGame) -> Credit:
    """v(N) − v(N∖i): what the round's step would have lacked."""
    principals = game.shape[1]
    coalitions = np.vstack([np.ones((1, principals), dtype=bool), ~np.eye(principals, dtype=bool)])
    values = game.values(coalitions)
    return Credit(values[:, :1] - values[:, 1:], "leave_one_out", evaluations=principals + 1)


@credit_rule("shapley")
def shapley(game: RoundGame) -> Credit:
    """The exact Shapley value of the round, from all 2^N coalitions."""
    principals = game.shape[1]
    if principals > MOST_PLAYERS:
        raise InputError(
            f"credit.kind = 'shapley' evaluates every coalition: "
            f"population.count = {principals} must be at most {MOST_PLAYERS}"
        )
    return Credit(shapley_value(game.values(all_coalitions(principals))), "shapley", evaluations=2**principals)


def all_coalitions(players: int) -> NDArray[np.bool_]:
    """(2^n, n) every coalition; player i is in coalition number c if bit i of c is set."""
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)


def shapley_value(values: Floats) -> Floats:
    """Exact Shapley value of games given by all their values.

    Args:
        values: (R, 2^n) v of every coalition, numbered as in ``all_coalitions``.

    Returns:
        (R, n).
    """
    value: Floats = values @ _shapley_weights(values.shape[1].bit_length() - 1)
    return value


@cache
def _shapley_weights(players: int) -> Floats:
    """(2^n, n) weight of a coalition's value in a player's: 1 / (n C(n−1, s−1)) with it, −1 / (n C(n−1, s)) without."""
    inside = all_coalitions(players)
    size = inside.sum(axis=1)
    share = np.array([1.0 / (players * comb(players - 1, s)) for s in range(players)])
    gained = share[np.maximum(size - 1, 0)]
    missed = share[np.minimum(size, players - 1)]
    weights: Floats = np.where(inside, gained[:, None], -missed[:, None])
    return weights
