"""How well an agent finds out a limit by asking: one dimension, many principals, the prior of the design notes."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.beliefs import QUERIES, Belief, Inquiry, answers, faded, first_belief, heard

MEAN, SD = 0.5, 0.2  # of the prior; limits lie in [0, 1]
SENSES, CEILING = np.array([1.0]), np.array([1.0])


@dataclass(frozen=True)
class Game:
    """What is asked, how, and what becomes of limits meanwhile."""

    rule: str = "believed"
    sharpness: float = 20.0  # β
    step: float = 0.0  # of the limits' random walk in a round
    forgetting: float = 0.0  # step that agents think of
    points: int = 256
    redrawn: bool = False  # limits beyond [0, 1] are drawn again, as agents think; else cut, as in economies


@dataclass(frozen=True)
class Found:
    """What agents found out."""

    errors: Floats  # (T, M) believed less true limit after each answer
    covered: Floats  # (T, M) whether the 95 % interval holds it


def play(game: Game, queries: int, repetitions: int, seed: int) -> Found:
    """Ask M principals T times each.

    Args:
        game: how.
        queries: T.
        repetitions: M.
        seed: of everything random.
    """
    random = np.random.default_rng(seed)
    limits = _drawn(random, repetitions, game)
    mean, sd = np.full((1, 1), MEAN), np.full((1, 1), SD)
    belief = first_belief(mean, sd, CEILING, repetitions, game.points)
    errors, covered = np.empty((2, queries, repetitions))
    for t in range(queries):
        if t:
            limits = _inside(limits + game.step * random.normal(size=limits.shape))
            belief = faded(belief, np.full((1, 1), game.forgetting))
        belief = _asked(belief, limits, game, t, random.random((2, *limits.shape)))
        low, high = belief.interval
        errors[t], covered[t] = (belief.mean - limits)[0, :, 0], ((low <= limits) & (limits <= high))[0, :, 0]
    return Found(errors, covered)


def _asked(belief: Belief, limits: Floats, game: Game, so_far: int, luck: Floats) -> Belief:
    sharpness = np.full((1, 1), game.sharpness)
    asked = np.full(limits.shape[:2], so_far)
    levels = QUERIES[game.rule](Inquiry(belief, SENSES, sharpness, asked, luck[0]))
    objects = answers(limits, levels, SENSES, sharpness, luck[1])
    return heard(belief, levels, objects, SENSES, sharpness)


def _drawn(random: np.random.Generator, repetitions: int, game: Game) -> Floats:
    """(1, M, 1) true limits."""
    limits = MEAN + SD * random.normal(size=(1, repetitions, 1))
    while game.redrawn and (beyond := limits != _inside(limits)).any():
        limits[beyond] = MEAN + SD * random.normal(size=beyond.sum())
    return _inside(limits)


def _inside(limits: Floats) -> Floats:
    """Limits in [0, 1], the valid range of what is withheld."""
    return np.clip(limits, 0.0, CEILING)
