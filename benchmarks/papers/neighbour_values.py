"""Nearest-neighbour values of other games: soft labels, samples with copies, neighbourhoods, data before training.

Soft labels: Wang and Jia 2023 (arXiv 2304.04258). Copies: Zhang, Gionis and Liu 2025. Neighbourhoods: a kernel that is
0 beyond a radius makes everybody outside a null player, so that a radius query loses nothing; the game is
v(S) = Σ w_j 1_j over the K nearest samples of S, that of Jia et al. 2019 with votes that weigh w_j.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.credit.neighbours import (
    CHUNK,
    NEIGHBOURS,
    Ranked,
    Samples,
    by_owner,
    demand_samples,
    mean_value,
    of_run,
    shared,
    sum_onwards,
    unweighted,
)
from commonweal.economy.tasks.examples import FeatureTable
from commonweal.economy.tasks.holdings import Holdings

Copies: TypeAlias = Ints | Callable[[Floats], Ints]
Kernel: TypeAlias = Callable[[Floats], Floats]  # weight of a sample from its distance in radii, 0 to 1; 0 at 1


def worth(holdings: Holdings, table: FeatureTable, neighbours: int = NEIGHBOURS) -> Floats:
    """What each principal's samples, as labelled, are worth to the validation set before any training.

    Args:
        holdings: who holds what.
        table: the features of all samples.
        neighbours: K.

    Returns:
        (R, N) shares of the validation set that K nearest neighbours vote right for; a run's sum is their accuracy.
    """
    train, validation = (
        Samples(table.gather(ids).numpy(force=True), np.take_along_axis(holdings.labels, ids, axis=1))
        for ids in (holdings.held, holdings.validation)
    )
    principals = holdings.count.shape[1]
    owner = np.stack([np.repeat(np.arange(principals), count) for count in holdings.count])
    return by_owner(unweighted(train, validation, neighbours), owner, principals)


def soft_label(train: Samples, test: Samples, classes: int, neighbours: int = 5) -> Floats:
    """Values for v(S) = (right votes) / min(K, |S|), v(∅) = 1 / C (Wang and Jia 2023, theorem 6).

    Args:
        train: (R, S) samples to be valued.
        test: (R, T) samples to be classified.
        classes: C.
        neighbours: K.

    Returns:
        (R, S) mean over the test points; a run's values sum to v of all samples less 1 / C.

    Raises:
        InputError: as for ``unweighted``.
    """
    return mean_value(train, test, neighbours, partial(_soft_label, neighbours=neighbours, classes=classes))


def duplicated(train: Samples, test: Samples, copies: Copies, classes: int, neighbours: int = 5) -> Floats:
    """Soft-label values when each sample stands for several copies of itself (Zhang, Gionis and Liu 2025).

    A test point's K nearest samples vote with all their copies. The values grow with the number of copies of everybody:
    rank and detect by them, pay by others.

    Args:
        train: (R, S) samples to be valued.
        test: (R, T) samples to be classified.
        copies: (R, S) whole numbers ≥ 1, or what gives those of the samples (t, S) from their distances to t test
            points, in ascending order.
        classes: C.
        neighbours: K.

    Returns:
        (R, S) value of all copies of a sample, mean over the test points.

    Raises:
        InputError: as for ``unweighted``, or if a sample has no copy.
    """
    if not callable(copies) and (copies.shape != train.labels.shape or copies.min(initial=1) < 1):
        raise InputError(f"copies: one whole number >= 1 per sample, not {copies.min()} for shape {copies.shape}")
    runs = []
    for run in range(len(train.labels)):
        own = copies if callable(copies) else copies[run]
        form = partial(_duplicated, copies=own, neighbours=neighbours, classes=classes)
        runs.append(mean_value(of_run(train, run), of_run(test, run), neighbours, form))
    return np.concatenate(runs)


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


def _soft_label(ranked: Ranked, neighbours: int, classes: int) -> Floats:
    """The recursion of Wang and Jia summed up: unweighted values of min(K, S), moved by what |S| < K is paid for."""
    votes = ranked.votes
    samples = votes.shape[1]
    nearest = min(neighbours, samples)
    surplus = (_harmonic(nearest) - 1) / max(samples - 1, 1)
    values: Floats = shared(votes, nearest) / nearest
    values += surplus * (votes - votes.mean(1, keepdims=True)) - 1 / (samples * classes)
    return values


def _duplicated(ranked: Ranked, copies: Copies, neighbours: int, classes: int) -> Floats:
    """As ``_soft_label`` on all copies, where each sample's stand in a row and have equal values."""
    votes = ranked.votes
    samples = votes.shape[1]
    weight = (copies(ranked.distances()) if callable(copies) else copies[ranked.places]).astype(np.float64)
    last = weight.cumsum(1)
    nearest, everyone = last[:, [min(neighbours, samples) - 1]], last[:, -1:]
    beyond = np.arange(samples) >= neighbours
    passed: Floats = (votes & beyond) * (1 / np.maximum(last - weight, 1) - 1 / last)
    values: Floats = votes / np.maximum(nearest, last) + passed
    values -= sum_onwards(passed)
    surplus = (_harmonic(nearest) - 1) / np.maximum(everyone - 1, 1)
    values += surplus * (votes - (weight * votes).sum(1, keepdims=True) / everyone) - 1 / (everyone * classes)
    return values * weight


def _harmonic(number: Any) -> Any:
    """1 + 1/2 + … + 1/number."""
    return digamma(number + 1.0) + np.euler_gamma
