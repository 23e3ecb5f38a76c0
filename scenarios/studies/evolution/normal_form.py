"""Normal-form games: deviation gains, exploitability and NashConv (Lanctot et al. 2017)."""

from collections.abc import Sequence

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.scenarios.studies.evolution.games import SymmetricGame


def deviation_gains(payoffs: Floats, strategies: Sequence[Floats]) -> list[Floats]:
    """What every player would gain by each pure strategy, the others playing on.

    Args:
        payoffs: (n, A_1, …, A_n) payoff of each of n players in each profile of actions.
        strategies: n mixed strategies, (A_p,) each.

    Returns:
        n arrays (A_p,).
    """
    gains = []
    for player, table in enumerate(payoffs):
        for other in reversed(range(len(strategies))):  # from the last axis, so that those before keep their numbers
            if other != player:
                table = np.tensordot(table, strategies[other], axes=(other, 0))
        gains.append(table - table @ strategies[player])
    return gains


def nash_conv(payoffs: Floats, strategies: Sequence[Floats]) -> float:
    """Sum over players of their largest deviation gain; zero exactly in a Nash equilibrium. Arguments as above."""
    return float(sum(gain.max() for gain in deviation_gains(payoffs, strategies)))


def exploitability(payoffs: Floats, strategies: Sequence[Floats]) -> float:
    """NashConv per player."""
    return nash_conv(payoffs, strategies) / len(strategies)


def symmetric_nash_conv(game: SymmetricGame, shares: Floats) -> Floats:
    """NashConv when all N players mix alike.

    Args:
        game: with payoffs (..., Q, M).
        shares: (M,) the common mixed strategy.

    Returns:
        (...) N times the largest gain of a pure strategy.
    """
    payoffs = game.expected(shares)
    gain: Floats = game.players * (payoffs.max(axis=-1) - payoffs @ shares)
    return gain
