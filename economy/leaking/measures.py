"""How much an attack recovers: of samples, of labels, of who took part."""

import numpy as np
from scipy.stats import rankdata

from commonweal.agents.arrays import Floats


def nmse(found: Floats, true: Floats, variance: float) -> float:
    """Mean squared error of recovered samples over the variance of all their features.

    Args:
        found: (s, d) what an attacker takes them to be.
        true: (s, d).
        variance: of all features of all samples of the data.
    """
    return float(np.mean((found - true) ** 2) / variance)


def area_under_curve(members: Floats, others: Floats) -> float:
    """Chance that a member scores higher than somebody else, ties counted half (Mann and Whitney 1947)."""
    ranks = rankdata(np.concatenate([members, others]))
    above = ranks[: len(members)].sum() - len(members) * (len(members) + 1) / 2
    return float(above / (len(members) * len(others)))


def distance_correlation(one: Floats, other: Floats) -> float:
    """Distance correlation of n paired samples (Székely, Rizzo and Bakirov 2007), biased V-statistic, O(n²).

    Args:
        one: (n, d).
        other: (n, e).
    """
    first, second = _centred_distances(one), _centred_distances(other)
    scale = np.sqrt(np.mean(first**2) * np.mean(second**2))
    return float(np.sqrt(max(np.mean(first * second), 0.0) / scale)) if scale > 0 else 0.0


def _centred_distances(samples: Floats) -> Floats:
    """(n, n) distances without the means of rows and columns."""
    squares = (samples**2).sum(axis=1)
    apart = np.sqrt(np.maximum(squares[:, None] + squares - 2 * samples @ samples.T, 0.0))
    centred: Floats = apart - apart.mean(axis=0) - apart.mean(axis=1)[:, None] + apart.mean()
    return centred
