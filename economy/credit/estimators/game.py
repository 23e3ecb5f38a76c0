"""What an estimator of values asks of a game, whatever the game is: values of many coalitions at once, counted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.credit.probabilistic import ProbabilisticValue


@dataclass
class CoalitionGame:
    """A game of n players with a budget of coalitions; the only object here that changes."""

    players: int  # n
    value: Callable[[Bools], Floats]  # (C, n) coalitions → (C,) v
    budget: int  # coalitions that may be evaluated, the empty and the whole one among them
    evaluations: int = 0  # coalitions evaluated so far

    def values(self, coalitions: Bools) -> Floats:
        """(C,) v of coalitions (C, n), in one batched call.

        Raises:
            ValueError: if the budget does not allow so many.
        """
        self.evaluations += len(coalitions)
        if self.evaluations > self.budget:
            raise ValueError(f"{self.evaluations} coalitions evaluated, the budget is {self.budget}")
        return np.asarray(self.value(coalitions), dtype=np.float64) if len(coalitions) else np.zeros(0)

    def ends(self) -> tuple[float, float]:
        """v(∅) and v(N)."""
        empty, whole = self.values(np.array([[False] * self.players, [True] * self.players]))
        return float(empty), float(whole)

    @property
    def left(self) -> int:
        """Coalitions that may still be evaluated."""
        return self.budget - self.evaluations


@dataclass(frozen=True)
class Estimate:
    """Estimated values of the players of one game, and how far they can be trusted."""

    values: Floats  # (n,)
    standard_error: Floats  # (n,); 0 where exact, nan where unknown
    evaluations: int  # coalitions evaluated
    residual: float = 0.0  # what was missed of v(N) − v(∅) before that was shared out equally; 0 if not claimed
    exact: bool = False  # whether every coalition was evaluated


Estimator: TypeAlias = Callable[[CoalitionGame, ProbabilisticValue, np.random.Generator], Estimate]


def share_residual(values: Floats, worth: float, value: ProbabilisticValue) -> tuple[Floats, float]:
    """Values that sum to ``worth`` if the value is efficient, and what was missing before."""
    missing = worth - float(values.sum()) if value.is_efficient else 0.0
    return values + missing / len(values), missing


def error_of_mean(samples: Floats) -> Floats:
    """(n,) standard error of the mean of independent rows (C, n); nan for fewer than two."""
    count = len(samples)
    if count < 2:
        return np.full(samples.shape[1], np.nan)
    error: Floats = samples.std(axis=0, ddof=1) / np.sqrt(count)
    return error
