"""What a regression that stands in for a game must tell: its predictions, and its own values, exactly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.credit.estimators.sampling import Pairs
from commonweal.economy.credit.probabilistic import ProbabilisticValue


@dataclass(frozen=True)
class Fitted:
    """A function fitted to one part (odd or even) of a game."""

    values: Floats  # (n,) its exact probabilistic values
    predict: Callable[[Bools], Floats]  # (C, n) coalitions → (C,) the part


Regressor: TypeAlias = Callable[[Pairs, int, ProbabilisticValue, np.random.Generator], Fitted]  # the int is the parity


@dataclass(frozen=True)
class Adjustment:
    """What a regression says of the pairs it was fitted to, also as if it had not seen them."""

    values: Floats  # (n,) of the function
    seen: Floats  # (m,) its predictions
    held_out: Floats  # (m,) predictions of each pair without it


def cross_fit(
    fit: Regressor, pairs: Pairs, parity: int, value: ProbabilisticValue, generator: np.random.Generator, folds: int = 5
) -> Adjustment:
    """Fit as often as there are folds, each time without one of them, and average by the folds' sizes."""
    count = len(pairs.coalitions) - 1
    fold = np.concatenate([[-1], generator.permutation(np.arange(count) % folds)])  # the first pair is in all
    held_out, seen, values = np.zeros(count + 1), np.zeros(count + 1), np.zeros(value.players)
    for number in range(min(folds, count)):
        fitted = fit(pairs.take(fold != number), parity, value, generator)
        share, predicted = float((fold == number).sum() / count), fitted.predict(pairs.coalitions)
        held_out = np.where(fold == number, predicted, held_out)
        seen, values = seen + share * predicted, values + share * fitted.values
    held_out[0] = seen[0]
    return Adjustment(values, seen, held_out)
