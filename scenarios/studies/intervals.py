"""Intervals over seeds: of a mean, of the largest of many means, and of a sum of largest means.

A mean has the studentised bootstrap interval (Efron and Tibshirani 1993, section 12.5; Hall 1992), which follows skewed
data; below ``ENOUGH`` seeds, where too few resamples differ, it has the t-interval.

The largest of noisy means is too large on average. So which one it is, is chosen on half of the seeds and judged on the
other half, both ways round (cross-fitting); that cannot come out too large and gives estimate and lower end. The upper
end is the highest upper end of any single mean: it covers that of the truly largest, whichever it is (Berger 1982).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from commonweal.agents.arrays import Floats, Ints

ENOUGH = 12  # seeds from which the bootstrap's tails are those of the data and not of a few resamples
RESAMPLES = 2000
LEAST = 0.1  # least variance of a resample, relative to that of the data: else one odd seed gives no upper end


@dataclass(frozen=True)
class Interval:
    """Estimates and the ends of their intervals, which are nan with a single seed."""

    value: Floats  # (...)
    low: Floats  # (...)
    high: Floats  # (...)

    def columns(self, name: str) -> dict[str, Floats]:
        """Columns ``name``, ``name_low`` and ``name_high`` of a table."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}


def mean_interval(values: Floats, confidence: float = 0.95) -> Interval:
    """Mean over seeds.

    Args:
        values: (S, ...) one value per seed.
        confidence: of the interval.
    """
    seeds = len(values)
    mean: Floats = np.asarray(values.mean(axis=0))
    if seeds < 2:
        return Interval(mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan))
    error = values.std(axis=0, ddof=1) / np.sqrt(seeds)
    tail = (1 - confidence) / 2
    if seeds < ENOUGH:
        reach = stdtrit(seeds - 1, 1 - tail) * error
        return Interval(mean, mean - reach, mean + reach)
    lowest, highest = _studentised(values - mean, error, tail)
    return Interval(mean, mean - highest * error, mean - lowest * error)


def _studentised(centred: Floats, error: Floats, tail: float) -> Floats:
    """(2, ...) quantiles of the resampled means over their own standard errors; the resamples are always the same."""
    seeds = len(centred)
    flat = centred.reshape(seeds, -1) / np.where(error > 0, error, 1.0).reshape(-1)
    shares = np.random.default_rng(0).multinomial(seeds, np.full(seeds, 1 / seeds), size=RESAMPLES) / seeds
    means = shares @ flat
    squares = (shares @ flat**2 - means**2) / (seeds - 1)
    statistic = means / np.sqrt(np.maximum(squares, LEAST))
    return np.asarray(np.quantile(statistic, [tail, 1 - tail], axis=0)).reshape(2, *centred.shape[1:])


def largest_interval(values: Floats, confidence: float = 0.95) -> Interval:
    """The largest of J true means.

    Args:
        values: (S, ..., J) one value per seed of each.
        confidence: of the interval.

    Returns:
        (...) estimates.
    """
    crossed = mean_interval(cross_fitted(values), confidence)
    if len(values) < 2:
        return crossed
    return Interval(crossed.value, crossed.low, mean_interval(values, confidence).high.max(axis=-1))


def cross_fitted(values: Floats) -> Floats:
    """(S, ...) of values (S, ..., J), seed by seed, those of the one that is largest on the other half of seeds.

    Their mean over seeds is that of a largest without the bias of having been chosen. A single seed chooses for itself.
    """
    if len(values) < 2:
        return np.asarray(values.max(axis=-1))
    judged = np.empty(values.shape[:-1])
    for chosen, others in _halves(len(values)):
        judged[chosen] = _taken(values[chosen], values[others].mean(axis=0).argmax(axis=-1))
    return judged


def regret_interval(gains: Floats, confidence: float = 0.95) -> Interval:
    """NashConv Σ_i max(0, max_d E[gain_id]): what all could gain by their best deviations, each alone.

    Args:
        gains: (S, N, D) gains of N principals from D deviations.
        confidence: of the interval.

    Returns:
        () estimates, at least 0.
    """
    if len(gains) < 2:
        return mean_interval(np.maximum(gains.max(axis=2), 0.0).sum(axis=1), confidence)
    crossed, everyone = np.empty(len(gains)), gains.mean(axis=0)
    for chosen, others in _halves(len(gains)):
        crossed[chosen] = _responses(gains[chosen], gains[others].mean(axis=0))
    below, above = (mean_interval(v, confidence) for v in (crossed, _responses(gains, everyone)))
    return Interval(*(np.maximum(end, 0.0) for end in (below.value, below.low, above.high)))


def _halves(seeds: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Every second seed, and the others, so that halves stay what they are as seeds are added."""
    even, odd = slice(0, seeds, 2), slice(1, seeds, 2)
    return (even, odd), (odd, even)


def _taken(values: Floats, which: Ints) -> Floats:
    """(S, ...) the chosen (...) of the last axis of (S, ..., J)."""
    index = np.broadcast_to(which[None, ..., None], (*values.shape[:-1], 1))
    taken: Floats = np.take_along_axis(values, index, axis=-1)[..., 0]
    return taken


def _responses(gains: Floats, means: Floats) -> Floats:
    """(S,) what principals gain together if each takes its best deviation by ``means`` (N, D), where that gains."""
    taken: Floats = (_taken(gains, means.argmax(axis=1)) * (means.max(axis=1) > 0)).sum(axis=1)
    return taken
