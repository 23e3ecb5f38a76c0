"""Ranks that admit ties: which mechanism is surely better than which, by criterion and over all.

One mechanism is surely better than another by a criterion where the 95 % interval of their paired difference holds no
0; otherwise the two tie. The surely better ones rank before it and the surely worse ones behind it, which leaves it a
set of ranks, such as 1–3 (Mogstad, Romano, Shaikh and Wilhelm 2024, with pairs taken one by one). Over all
criteria, one beats another if it is surely better by more of them than it is surely worse by; mechanisms are ranked by
how many they beat less how many beat them (Copeland 1951), so criteria need no common unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.scenarios.runs.intervals import ANYWHERE, CORRELATION, POSITIVE, SHARE, Interval, mean_interval

RANGES = {
    "share": SHARE, "correlation": CORRELATION, "seconds per round": POSITIVE, "money per round": ANYWHERE,
    "utility per round": ANYWHERE,
}  # fmt: skip
_ROUNDING = 1e-9  # of the largest value: differences below it are no differences


@dataclass(frozen=True)
class Criterion:
    """What M mechanisms are compared by."""

    name: str
    unit: str  # one of RANGES
    more_is_better: bool
    values: Floats  # (S, M) paired by seed, or by whatever else they are measured on
    shown: Interval | None = None  # (M,) where it is not that of the mean of the values

    @property
    def interval(self) -> Interval:
        """(M,) what tables show."""
        return self.shown or mean_interval(self.values, within=RANGES[self.unit])

    @property
    def differences(self) -> Interval:
        """(M, M) by how much the first is better than the second."""
        sign = 1.0 if self.more_is_better else -1.0
        apart = sign * (self.values[:, :, None] - self.values[:, None, :])
        return mean_interval(apart, within=RANGES[self.unit].of_differences)

    @property
    def better(self) -> Bools:
        """(M, M) whether the first is surely better than the second; never where a value is not known."""
        least = _ROUNDING * float(np.max(np.abs(self.values), initial=0.0, where=np.isfinite(self.values)))
        known = np.isfinite(self.values).all(axis=0)
        surely: Bools = (self.differences.low > least) & known & known.reshape(-1, 1)
        return surely


def rank_sets(better: Bools) -> tuple[Ints, Ints]:
    """Highest and lowest rank (M,) each may have, of (M, M) whether the first is surely better than the second."""
    first: Ints = 1 + better.sum(axis=0)
    last: Ints = len(better) - better.sum(axis=1)
    return first, last


def overall(criteria: Sequence[Criterion]) -> tuple[Ints, Ints]:
    """(M,) ranks over all criteria, and by how many more mechanisms each beats than beat it."""
    wins = np.sum([criterion.better for criterion in criteria], axis=0)
    beats = wins > wins.T
    score: Ints = beats.sum(axis=1) - beats.sum(axis=0)
    ranks: Ints = 1 + (score[:, None] > score[None, :]).sum(axis=0)
    return ranks, score
