"""Ranks that admit ties: which mechanism is surely better than which, by criterion and over all.

All pairs of mechanisms are compared by their paired differences, on the same seeds. One is surely better than another
where the interval of their difference leaves out 0 at the level that Holm's step-down (1979) gives the pair, so that
with 95 % probability no pair of a criterion is called surely better that is not. Each pair stands for two one-sided
hypotheses, which makes directions safe too. A mechanism's rank is 1 + the number of those surely better; it may be as
low as the number of all less those surely worse (Mogstad, Romano, Shaikh and Wilhelm 2024): 1–3. Those that share a
rank are not told apart from whom they share it with.

Over all criteria, one beats another if it is surely better by more of them than it is surely worse by, so criteria need
no common unit. Ranks follow from who beats whom in the same way; where beating goes round, nobody may be first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.scenarios.runs.intervals import (
    ANYWHERE,
    CORRELATION,
    POSITIVE,
    SHARE,
    Interval,
    Range,
    beside,
    mean_interval,
)
from commonweal.scenarios.studies.intervals import cross_fitted, largest_interval

RANGES = {
    "share": SHARE, "correlation": CORRELATION, "level per limit": POSITIVE, "money per round": ANYWHERE,
    "utility per round": ANYWHERE,
}  # fmt: skip
_ROUNDING = 1e-9  # of the largest value: differences below it are no differences


@dataclass(frozen=True)
class Criterion:
    """What M mechanisms are compared by, in S seeds that all of them play."""

    name: str
    unit: str  # one of RANGES
    more_is_better: bool
    samples: tuple[Floats, ...]  # M of (S, J): by seed, the J of which the largest mean counts; J = 1: that one's mean

    @classmethod
    def of(cls, name: str, unit: str, more_is_better: bool, values: Floats) -> "Criterion":
        """Compared by the means of values (S, M)."""
        return cls(name, unit, more_is_better, tuple(values.T[..., None]))

    @cached_property
    def values(self) -> Floats:
        """(S, M) whose mean is the estimate: of the largest, cross-fitted."""
        return np.stack([cross_fitted(each) for each in self.samples], axis=1)

    @cached_property
    def interval(self) -> Interval:
        """(M,) what tables show, each by itself."""
        within = RANGES[self.unit]
        alone = [
            mean_interval(each[:, 0], within=within) if each.shape[1] == 1 else largest_interval(each)
            for each in self.samples
        ]
        return beside(alone)

    @cached_property
    def better(self) -> Bools:
        """(M, M) whether the first is surely better than the second; never where a value is not known."""
        values = self.values if self.more_is_better else -self.values
        return surely_more(values, self.least, RANGES[self.unit].of_differences)

    @property
    def differences(self) -> Interval:
        """(M, M) by how much the first is better than the second; simultaneous over all pairs (Bonferroni)."""
        sign = 1.0 if self.more_is_better else -1.0
        apart = sign * (self.values[:, :, None] - self.values[:, None, :])
        pairs = max(1, len(self.samples) * (len(self.samples) - 1) // 2)
        return mean_interval(apart, 1 - 0.05 / pairs, RANGES[self.unit].of_differences)

    @property
    def least(self) -> float:
        """A difference of two means that may be an error of rounding."""
        return _ROUNDING * float(np.max(np.abs(self.values), initial=0.0, where=np.isfinite(self.values)))


def surely_more(values: Floats, least: float = 0.0, within: Range = ANYWHERE, error: float = 0.05) -> Bools:
    """Which of M means over seeds is surely larger than which, all pairs together.

    Args:
        values: (S, M) paired by seed; who has one that is not finite is not told apart from anybody.
        least: differences up to it are none.
        within: where differences lie.
        error: probability that any pair is told apart that should not be, or the wrong way round, at most.

    Returns:
        (M, M) whether the first is surely larger than the second.
    """
    found = np.zeros((values.shape[1], values.shape[1]), dtype=np.bool_)
    known = np.flatnonzero(np.isfinite(values).all(axis=0))
    first, second = (known[place] for place in np.triu_indices(len(known), k=1))
    apart = values[:, first] - values[:, second]
    more = less = np.zeros(len(first), dtype=np.bool_)
    while len(first) and len(values) > 1:
        before = int((more | less).sum())
        ends = mean_interval(apart, 1 - 2 * error / (2 * len(first) - before), within)  # 2 one-sided hypotheses a pair
        more, less = more | (ends.low > least), less | (ends.high < -least)
        if (more | less).sum() == before:
            break
    found[first, second], found[second, first] = more, less
    return found


def rank_sets(better: Bools) -> tuple[Ints, Ints]:
    """Highest and lowest rank (M,) each may have, of (M, M) whether the first is surely better than the second."""
    first: Ints = 1 + better.sum(axis=0)
    last: Ints = len(better) - better.sum(axis=1)
    return first, last


def overall(criteria: Sequence[Criterion]) -> tuple[Ints, Ints]:
    """Highest and lowest rank (M,) over all criteria."""
    wins = np.sum([criterion.better for criterion in criteria], axis=0)
    return rank_sets(wins > wins.T)


def copeland(majority: Ints) -> Ints:
    """How many others each beats less how many beat it (Copeland 1951).

    Args:
        majority: (..., M, M) by how many more criteria the first is better than the second.

    Returns:
        (..., M) scores.
    """
    score: Ints = (majority > 0).sum(axis=-1) - (majority < 0).sum(axis=-1)
    return score


def dominated(criteria: Sequence[Criterion]) -> Ints:
    """(M,) by how many others each is dominated: surely better by a criterion, and surely worse by none."""
    better = np.stack([criterion.better for criterion in criteria])
    dominates = better.any(axis=0) & ~better.any(axis=0).T
    count: Ints = dominates.sum(axis=0)
    return count
