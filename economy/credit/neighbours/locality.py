"""Nearest-neighbour values in which only a test point's neighbourhood has a share.

A kernel that is 0 beyond a radius makes everybody outside a null player, so that a radius query loses nothing. The
game is v(S) = Σ w_j 1_j over the K nearest samples of S: that of Jia et al. 2019 (arXiv 1908.08619) with votes that
weigh w_j.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.spatial import cKDTree

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.credit.neighbours.values import CHUNK, Samples, demand_samples, shared

Kernel: TypeAlias = Callable[[Floats], Floats]  # weight of a sample from its distance in radii, 0 to 1; 0 at 1


def tent(distance: Floats) -> Floats:
    """1 − distance: the weight falls evenly to 0 at the radius."""
    return 1.0 - distance


@dataclass(frozen=True)
class Locality:
    """Who is near whom, and what that is worth."""

    radius: float  # beyond which a sample has no part in a test point, in units of the features
    neighbours: int = 5  # K
    kernel: Kernel = tent

    def __post_init__(self) -> None:
        if not self.radius > 0:
            raise InputError(f"radius = {self.radius} must be above 0")


@dataclass(frozen=True)
class Shares:
    """What the samples near test points are to them; nobody else has a share."""

    test: Ints  # (Z,) test point, ascending
    sample: Ints  # (Z,) from near to far
    value: Floats  # (Z,) Shapley value


def localised(train: Samples, test: Samples, locality: Locality) -> Floats:
    """Values of samples for the test points in whose neighbourhood they are.

    Args:
        train: (R, S) samples to be valued.
        test: (R, T) samples to be classified.
        locality: radius, K and kernel.

    Returns:
        (R, S) mean over the test points; a run's values sum to the mean of v of all samples.

    Raises:
        InputError: if shapes do not fit, a feature is not finite, or K or T is 0.
    """
    demand_samples(train, test, locality.neighbours)
    totals = np.zeros(train.labels.shape)
    for run, total in enumerate(totals):
        for part in local_shares(cKDTree(train.features[run]), train.labels[run], test, run, locality):
            total += np.bincount(part.sample, part.value, len(total))
    values: Floats = totals / test.labels.shape[1]
    return values


def local_shares(tree: cKDTree, labels: Ints, test: Samples, run: int, locality: Locality) -> Iterator[Shares]:
    """What the samples of one run are to its test points, some test points at a time.

    Args:
        tree: of the run's S samples.
        labels: (S,) theirs.
        test: (R, T) samples to be classified.
        run: which run.
        locality: radius, K and kernel.
    """
    features, answers = test.features[run], test.labels[run]
    near = tree.query_ball_point(features, locality.radius, return_length=True)
    start = 0
    while start < len(near):
        padded = np.maximum.accumulate(near[start:]) * np.arange(1, len(near) - start + 1)
        stop = start + max(1, int(np.searchsorted(padded, CHUNK, side="right")))
        pairs = cKDTree(features[start:stop]).sparse_distance_matrix(tree, locality.radius, output_type="ndarray")
        order = np.lexsort((pairs["j"], pairs["v"], pairs["i"]))
        row, sample, distance = (pairs[name][order] for name in ("i", "j", "v"))
        weight = locality.kernel(distance / locality.radius) * (labels[sample] == answers[start:stop][row])
        yield Shares(start + row, sample, _by_row(row, weight, locality.neighbours))
        start = stop


def _by_row(row: Ints, weight: Floats, neighbours: int) -> Floats:
    """(Z,) values of the games of all rows, given one after another, as one padded array."""
    count = np.bincount(row)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    padded = np.zeros((len(count), count.max(initial=0)))
    padded[row, place] = weight
    values: Floats = shared(padded, neighbours)[row, place]
    return values
