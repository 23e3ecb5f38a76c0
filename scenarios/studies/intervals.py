"""Intervals over seeds of the largest of many means, and of a sum of largest means.

The largest of noisy means is too large on average. So which one it is, is chosen on half of the seeds and judged on the
other half, both ways round (cross-fitting); that cannot come out too large and gives estimate and lower end. The upper
end is the highest upper end of any single mean: it covers that of the truly largest, whichever it is (Berger 1982).
"""

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.scenarios.runs.intervals import Interval, mean_interval


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
