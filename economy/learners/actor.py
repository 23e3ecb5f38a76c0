"""An actor: a network that chooses a move for each of B principals from what they see and remember.

It is what a learner has while it learns; ``Actor.tactic`` is the same as a tactic of the arena.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.arena.history import History, Past
from commonweal.economy.arena.moves import Moves
from commonweal.economy.arena.tactics import Net
from commonweal.economy.learners.environment import Act, Environment
from commonweal.economy.learners.layers import Layer, best_codes, scores_of

RATES = (0.5, 0.1)  # weights of the newest sight in the moving means that networks are shown


@dataclass(frozen=True)
class Actor:
    """The move of the highest score, given what is seen and was seen."""

    history: History
    layers: tuple[Layer, ...]

    def tactic(self, moves: Moves, names: Sequence[str]) -> Net:
        """The same as a tactic, over a menu and the names of what is seen."""
        return Net(moves, tuple(names), self.history, tuple((weights, offsets[0]) for weights, offsets in self.layers))


@dataclass(frozen=True)
class Learned:
    """What was learned, and how that went."""

    actor: Actor
    course: Floats  # (U,) mean reward per round in each update
    rounds: int  # played, all runs together


def acting(actor: Actor) -> Act:
    """What the actor does in all runs of an environment, from their first round on."""
    past: Past | None = None

    def act(sights: Floats, round: int) -> Ints:
        nonlocal past
        rows = sights.reshape(-1, sights.shape[-1])
        known = actor.history.begin(len(rows)) if round == 0 or past is None else past
        inputs, means = actor.history.inputs(rows, known)
        codes = best_codes(scores_of(actor.layers, inputs), actor.history.sizes)
        past = Past(codes, means)
        return codes.reshape(*sights.shape[:2], -1)

    return act


def always(codes: Sequence[int]) -> Act:
    """The same move in every round."""
    return lambda sights, round: np.broadcast_to(np.asarray(codes), (*sights.shape[:2], len(codes)))


def seen_at_random(environment: Environment, seeds: Sequence[int], rng: np.random.Generator) -> History:
    """The history of a network that is about to learn: sights are put in standard deviations of those in random play.

    Args:
        environment: is reset, and played to its end.
        seeds: of its runs.
        rng: draws moves.
    """
    sizes, sights = np.asarray(environment.sizes), environment.reset(seeds)
    seen = [sights]
    for _ in range(environment.horizon - 1):
        codes = rng.integers(sizes, size=(*sights.shape[:2], len(sizes)))
        sights, _, over, _ = environment.step(codes)
        seen.append(sights)
        if over:
            break
    rows = np.concatenate(seen).reshape(-1, sights.shape[-1])
    spread = rows.std(axis=0)
    return History(rows.mean(axis=0), np.where(spread > 1e-9, spread, 1.0), sizes, RATES)
