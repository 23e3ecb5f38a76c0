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
    left = undominated(payoffs)
    if len(left) == 1 or np.ptp(payoffs) == 0:
        alone: Floats = np.eye(len(payoffs))[left[0]]
        return alone
    points = [point.shares for point in replicator_rest_points(game_of_pairs(payoffs[np.ix_(left, left)]))]
    mixes = np.zeros((max(len(points), 1), len(payoffs)))
    mixes[:, left] = points or [np.full(len(left), 1 / len(left))]
    gained = [float((payoffs @ shares).max() - shares @ payoffs @ shares) for shares in mixes]
    mix: Floats = mixes[int(np.argmin(np.round(gained, 12)))]
    return mix


def undominated(payoffs: Floats) -> list[int]:
    """Strategies left when those that earn less than another one against all that are left are left out in turn.

    Args:
        payoffs: (E, E) of each strategy against each.

    Returns:
        Their places; no equilibrium is lost (iterated strict dominance).
    """
    left = list(range(len(payoffs)))
    while True:
        own = payoffs[np.ix_(left, left)]
        beats = np.asarray((own[None] > own[:, None]).all(axis=2))  # [which, by which]
        kept = np.flatnonzero(~np.asarray(beats.any(axis=1)))
        if len(kept) == len(left):
            return left
        left = [left[place] for place in kept.tolist()]


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
