"""Credit by evaluating coalitions: leave-one-out and the exact Shapley value (Shapley 1953) and its relatives."""

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.credit.game import Credit, ValueGame, credit_rule
from commonweal.economy.credit.probabilistic import ProbabilisticValue
from commonweal.economy.credit.probabilistic import shapley as shapley_weights

MOST_PLAYERS = 16


@credit_rule("leave_one_out", by_values=True, needs_updates=True)
def leave_one_out(game: ValueGame) -> Credit:
    """v(N) − v(N∖i): what the round's step would have lacked."""
    principals = game.shape[1]
    coalitions = np.vstack([np.ones((1, principals), dtype=bool), ~np.eye(principals, dtype=bool)])
    values = game.values(coalitions)
    return Credit(values[:, :1] - values[:, 1:], "leave_one_out", evaluations=principals + 1)


@credit_rule("shapley", by_values=True, needs_updates=True, stands_for="shapley")
def shapley(game: ValueGame) -> Credit:
    """The exact Shapley value of the round, from all coalitions of those who contributed."""
    runs, principals = game.shape
    if principals > MOST_PLAYERS:
        raise InputError(
            f"credit.kind = 'shapley' evaluates every coalition: population.count = {principals} must be at most "
            f"{MOST_PLAYERS}; estimated_shapley has no limit"
        )
    credit = np.zeros((runs, principals))
    for run, players in enumerate(game.contributors()):
        if len(players):
            values = game.run_values(run, seated(all_coalitions(len(players)), players, principals))
            credit[run, players] = shapley_value(values[None])[0]
    most = max((2 ** len(players) for players in game.contributors() if len(players)), default=0)
    return Credit(credit, "shapley", evaluations=most)


def all_coalitions(players: int) -> Bools:
    """(2^n, n) every coalition; player i is in coalition number c if bit i of c is set."""
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)


def seated(coalitions: Bools, players: Ints, principals: int) -> Bools:
    """(C, N) coalitions (C, n) of some players, among all principals."""
    among = np.zeros((len(coalitions), principals), dtype=bool)
    among[:, players] = coalitions
    return among


def exact_value(values: Floats, value: ProbabilisticValue) -> Floats:
    """A probabilistic value of games given by all their values, player by player in n 2^(n−1) operations.

    Args:
        values: (R, 2^n) v of every coalition, numbered as in ``all_coalitions``.
        value: of n players.

    Returns:
        (R, n).
    """
    others = np.bitwise_count(np.arange(2 ** (value.players - 1)))
    weights = value.weights[others]
    found = np.empty((len(values), value.players))
    for player in range(value.players):
        # Without its own bit a coalition keeps its place among the 2^(n−1) coalitions of the others
        pairs = values.reshape(len(values), -1, 2, 2**player)
        found[:, player] = (pairs[:, :, 1] - pairs[:, :, 0]).reshape(len(values), -1) @ weights
    return found


def shapley_value(values: Floats) -> Floats:
    """(R, n) exact Shapley value of games given by all their values (R, 2^n)."""
    return exact_value(values, shapley_weights(values.shape[1].bit_length() - 1))
