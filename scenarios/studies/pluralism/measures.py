"""How well plural values are served: Nash welfare, leximin, and what the strictest cost everybody else.

Nash (1950); leximin of Sen (1970); with somebody without a surplus Nash welfare compares the number who have one first
(Caragiannis et al. 2019).
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.scenarios.runs.intervals import mean_interval

SAME = 1e-12  # money: utilities that differ by less are the same


@dataclass(frozen=True)
class NashWelfare:
    """The geometric mean of what principals have beyond staying away, in R runs."""

    value: Floats  # (R,) of all; 0 where anybody has no surplus
    above: Floats  # (R,) share of principals with a surplus: who stays away has none
    of_those: Floats  # (R,) geometric mean over those; 0 where there are none


def nash_welfare(utility: Floats, outside: Floats) -> NashWelfare:
    """Nash welfare (Π_i (U_i − O_i))^(1/N).

    A product with a factor of at most 0 tells nothing, so it counts as 0; then the number with a surplus compares first
    and the geometric mean of theirs second.

    Args:
        utility: (R, N) money.
        outside: (R, N) of who stays away.
    """
    surplus = utility - outside
    above = surplus > SAME
    number = above.sum(axis=1)
    logs = np.where(above, np.log(np.where(above, surplus, 1.0)), 0.0).sum(axis=1)
    of_those = np.where(number > 0, np.exp(logs / np.maximum(number, 1)), 0.0)
    return NashWelfare(np.where(above.all(axis=1), of_those, 0.0), above.mean(axis=1), of_those)


def by_tenth(utility: Floats, parts: int = 10) -> Floats:
    """(S, J) mean utilities of tenths of the principals (S, N), the worst-off first; of each one where they are few."""
    ordered = np.array_split(np.sort(utility, axis=1), min(parts, utility.shape[1]), axis=1)
    return np.stack([part.mean(axis=1) for part in ordered], axis=1)


def leximin_better(ordered: Floats) -> Bools:
    """(M, M) whether the first of two designs is surely better by leximin than the second.

    Their worst-off are compared first, then the next, until the interval of a paired difference holds no 0. All J
    intervals together have 95 % (Bonferroni's correction). With seeds that are all alike that is leximin itself.

    Args:
        ordered: (S, M, J) utilities of each design in S seeds, the worst-off first.
    """
    confidence = 1 - 0.05 / ordered.shape[2]
    found = mean_interval(ordered[:, :, None] - ordered[:, None], confidence)  # (M, M, J)
    low, high = (np.where(np.isnan(end), found.value, end) for end in (found.low, found.high))
    sign = np.where(low > SAME, 1, np.where(high < -SAME, -1, 0))
    first = (sign != 0).argmax(axis=2)
    better: Bools = np.take_along_axis(sign, first[..., None], axis=2)[..., 0] > 0
    return better


def loosened(limits: Floats, senses: Floats, share: float) -> Floats:
    """What the strictest must add to their limits to claim those of the strictest among the others.

    Args:
        limits: (R, N, K) true ones.
        senses: (K,) +1 where a higher limit is stricter (withhold), −1 where a lower one is (protect).
        share: of the principals that are the strictest, in each dimension; one at least.

    Returns:
        (R, N, K), 0 for all others.
    """
    strictness = limits * senses
    count = min(max(1, round(share * limits.shape[1])), limits.shape[1] - 1)
    next_ones = np.sort(strictness, axis=1)[:, -count - 1]  # (R, K)
    added: Floats = senses * np.minimum(next_ones[:, None] - strictness, 0.0)
    return added + 0.0  # no −0
