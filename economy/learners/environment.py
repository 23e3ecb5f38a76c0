"""What learners act in: R runs at once, in each of which M members choose a code for each of D factors of their move.

``commonweal.economy.arena.arena`` is one such environment; a matrix game is another.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from commonweal.agents.arrays import Floats, Ints

Progress = Callable[[int], None]  # told how many rounds were played, all runs together


class Environment(Protocol):
    """R runs of equal length, reset together. The same seeds and codes give the same sights and rewards."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """R runs, M members who learn in each, F things that each sees."""
        ...

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes there are for each of D factors."""
        ...

    horizon: int  # rounds of a run

    def reset(self, seeds: Sequence[int] | None = None) -> Floats:
        """(R, M, F) what each member sees before the first round; runs with the same seed draw the same numbers."""
        ...

    def step(self, codes: Ints, /) -> tuple[Floats, Floats, bool, Any]:
        """Play a round: what members see then (R, M, F), their rewards (R, M), whether it was the last, a record."""
        ...


Act = Callable[[Floats, int], Ints]  # from sights (R, M, F) and rounds played: codes (R, M, D)


def played(environment: Environment, seeds: Sequence[int], act: Act, on_rounds: Progress | None = None) -> Floats:
    """Rewards (T, R, M) of runs that are played to their end.

    Args:
        environment: is reset.
        seeds: R of them.
        act: chooses codes.
        on_rounds: is told of rounds played.
    """
    sights, rewards = environment.reset(seeds), []
    for round in range(environment.horizon):
        sights, reward, over, _ = environment.step(act(sights, round))
        rewards.append(reward)
        if on_rounds is not None:
            on_rounds(len(reward))
        if over:
            break
    return np.stack(rewards)


def drawn_seeds(rng: np.random.Generator, count: int) -> list[int]:
    """Seeds of runs, from a generator."""
    return [int(seed) for seed in rng.integers(2**31, size=count)]
