"""The meta-game: attackers as the strategies of a game of pairs, and the mix at which it stands still.

Double oracle (McMahan, Gordon and Blum 2003; Lanctot et al. 2017): learners train against that mix.
"""

from collections.abc import Sequence

import numpy as np

from commonweal.agents.arrays import Floats, apportioned
from commonweal.economy.arena.tactics import Tactic
from commonweal.scenarios.studies.evolution.games import SymmetricGame, compositions
from commonweal.scenarios.studies.evolution.rest_points import replicator_rest_points


def resting_mix(payoffs: Floats) -> Floats:
    """(E,) shares at which nobody in a population of pairs can earn more by another strategy.

    Args:
        payoffs: (E, E) of each strategy against each.

    Returns:
        Of the replicator's rest points the one at which least can be gained, 0 at a Nash equilibrium.
    """
    game = game_of_pairs(payoffs)
    points = [point.shares for point in replicator_rest_points(game)] or [np.full(len(payoffs), 1 / len(payoffs))]
    gained = [float((payoffs @ shares).max() - shares @ payoffs @ shares) for shares in points]
    return points[int(np.argmin(np.round(gained, 12)))]


def game_of_pairs(payoffs: Floats) -> SymmetricGame:
    """The symmetric game of two players with payoffs (E, E) of each strategy against each."""
    others = compositions(1, len(payoffs))
    names = tuple(map(str, range(len(payoffs))))
    return SymmetricGame(names, others, others.astype(np.float64) @ payoffs.T)


def dealt(tactics: Sequence[Tactic], mix: Floats, others: Sequence[int], share: float) -> dict[int, Tactic]:
    """Who of the others plays what: a share of them, spread evenly, by the mix.

    Args:
        tactics: E of them.
        mix: (E,) shares of each.
        others: principals of whom some play.
        share: of these that play.
    """
    size = round(share * len(others))
    places = ((np.arange(size) + 0.5) * len(others) / max(size, 1)).astype(int)
    played = np.repeat(np.arange(len(tactics)), apportioned(mix[None] * size, size)[0])
    return {others[place]: tactics[int(k)] for place, k in zip(places, played, strict=True)}
