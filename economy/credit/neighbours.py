"""Exact Shapley values of samples for nearest-neighbour classification, as the credit of a round.

The game of one test point: v(S) is how well its K nearest samples in S vote for its label. Sorted from near to far the
game is linear in the votes, so that all values follow from one sort and one cumulated sum (Jia et al. 2019, PVLDB
12(11), arXiv 1908.08619).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.credit.game import Credit, RoundGame, credit_rule

Scalar = TypeVar("Scalar", bound=np.generic)

NEIGHBOURS = 5  # K of the credit rule
BLOCK = 1 << 24  # distances held at a time
CHUNK = 1 << 16  # of which ranked at a time: their order stays in a core's second-level cache


@dataclass(frozen=True)
class Samples:
    """Labelled samples of R runs."""

    features: NDArray[np.floating[Any]]  # (R, S, d)
    labels: Ints  # (R, S)


@dataclass(frozen=True)
class Ranked:
    """The S samples as each of t test points sees them, from near to far; equally near ones in their own order."""

    places: Ints  # (t, S) which sample it is
    votes: Bools  # (t, S) whether the sample has the test point's label
    distances: Callable[[], Floats]  # (t, S) Euclidean, ascending, to single precision


Form: TypeAlias = Callable[[Ranked], Floats]


@credit_rule("neighbours", needs_samples=True, needs_classes=True)
def neighbours(game: RoundGame) -> Credit:
    """Nearest-neighbour value, for the validation set, of the samples put in (Jia et al. 2019, theorem 1).

    Looks at the samples alone, not at what the network learned from them, and credits the part of each principal's
    that screening left of its update. Whose update was dropped is not in the game. Where all is left, the credits of a
    round sum to the share of validation samples that their K nearest vote right for.
    """
    features, labels = (values.numpy(force=True) for values in game.samples())
    owner = game.passage.owners.owner.numpy(force=True)
    validation = Samples(game.features.numpy(force=True), game.labels.numpy(force=True))
    values = np.zeros(owner.shape)
    for run, contributors in enumerate(game.contributors()):
        plays = np.isin(owner[run], contributors)
        if game.taken is not None:
            plays &= game.taken[run]
        if not plays.any():
            continue
        train = Samples(features[run : run + 1, plays], labels[run : run + 1, plays])
        test = Samples(validation.features[run : run + 1], validation.labels[run : run + 1])
        values[run, plays] = unweighted(train, test, NEIGHBOURS)[0]
    return Credit(game.kept * by_owner(values, owner, game.shape[1]), "neighbours")


def unweighted(train: Samples, test: Samples, neighbours: int = 5) -> Floats:
    """Values for v(S) = (right votes among the K nearest of S) / K, v(∅) = 0 (Jia et al. 2019, theorem 1).

    Args:
        train: (R, S) samples to be valued.
        test: (R, T) samples to be classified.
        neighbours: K.

    Returns:
        (R, S) mean over the test points, in shares of a test point; a run's values sum to v of all samples.

    Raises:
        InputError: if shapes do not fit, a feature is not finite, or K or T is 0.
    """
    return mean_value(train, test, neighbours, lambda ranked: shared(ranked.votes, neighbours)) / neighbours


def by_owner(values: Floats, owner: Ints, principals: int) -> Floats:
    """(R, N) what each principal's samples are worth together.

    Args:
        values: (R, S) values of samples.
        owner: (R, S) principal of each sample, −1 where nobody's.
        principals: N.
    """
    totals = [np.bincount(o + 1, v, principals + 1)[1:] for o, v in zip(owner, values, strict=True)]
    return np.stack(totals)


def shared(votes: Floats | Bools, neighbours: int) -> Floats:
    """Shapley values of games that sum the votes of the K nearest: s_i = s_{i+1} + (a_i − a_{i+1}) min(K, i) / i.

    Args:
        votes: (t, S) what a_i a sample adds while it is among the K nearest, from near to far.
        neighbours: K.

    Returns:
        (t, S).
    """
    own, lost = _coefficients(votes.shape[1], neighbours)
    values: Floats = votes * own
    values -= sum_onwards(votes * lost)
    return values


@lru_cache(maxsize=4)
def _coefficients(samples: int, neighbours: int) -> tuple[Floats, Floats]:
    """Of the recursion summed up, s_i = a_i min(K, i) / i − Σ_{j > max(i, K)} a_j K / (j (j − 1)), with j = i added."""
    place = np.arange(1.0, samples + 1)
    before = np.maximum(place - 1, 1)
    beyond = place > neighbours
    return np.where(beyond, neighbours / before, 1.0), np.where(beyond, neighbours / (place * before), 0.0)


def sum_onwards(terms: Floats) -> Floats:
    """(t, S) sums over a place and all places farther away, in the memory of the terms."""
    backwards = terms[:, ::-1]
    np.cumsum(backwards, axis=1, out=backwards)
    return terms


def mean_value(train: Samples, test: Samples, neighbours: int, form: Form) -> Floats:
    """(R, S) values by a closed form, averaged over the test points, chunk by chunk."""
    demand_samples(train, test, neighbours)
    values = np.zeros(train.labels.shape)
    for run, total in enumerate(values):
        for ranked in _ranked(of_run(train, run), of_run(test, run)):
            total += np.bincount(ranked.places.ravel(), form(ranked).ravel(), len(total))
    mean: Floats = values / test.labels.shape[1]
    return mean


def demand_samples(train: Samples, test: Samples, neighbours: int) -> None:
    """Raise InputError where samples cannot be valued for a test set."""
    if neighbours < 1:
        raise InputError(f"neighbours = {neighbours} must be at least 1")
    for name, samples in (("train", train), ("test", test)):
        if samples.features.ndim != 3 or samples.features.shape[:2] != samples.labels.shape:
            shapes = f"{samples.features.shape} and {samples.labels.shape}"
            raise InputError(f"{name}: features and labels of shapes {shapes} must be (R, S, d) and (R, S)")
        if not np.isfinite(samples.features).all():
            raise InputError(f"{name}: features must be finite numbers")
    if train.features.shape[::2] != test.features.shape[::2]:
        raise InputError(f"train and test must agree in R and d: {train.features.shape}, {test.features.shape}")
    if not test.labels.shape[1]:
        raise InputError("test: at least one sample is needed to value others")


def of_run(samples: Samples, run: int) -> Samples:
    """The samples of one run, as (1, S)."""
    return Samples(samples.features[run : run + 1], samples.labels[run : run + 1])


def _ranked(train: Samples, test: Samples) -> Iterator[Ranked]:
    """The samples of one run as its test points see them, some test points at a time."""
    samples, tests = train.labels.shape[1], test.labels.shape[1]
    centre = train.features[0].mean(axis=0)  # distances are differences of squares: the smaller, the more exact
    known, tried = ((s.features[0] - centre).astype(np.float32) for s in (train, test))
    squares = (known**2).sum(1)
    for start in range(0, tests, block := max(1, BLOCK // max(1, samples))):
        part = slice(start, start + block)
        squared = (-2 * tried[part]) @ known.T
        squared += squares
        squared += (tried[part] ** 2).sum(1, keepdims=True)
        np.maximum(squared, 0, out=squared)
        for row in range(0, len(squared), rows := max(1, CHUNK // max(1, samples))):
            near = squared[row : row + rows]
            order = _order(near)
            right = train.labels == test.labels[0, start + row : start + row + len(near), None]
            yield Ranked(order, _taken(right, order), partial(_distances, near, order))


def _order(squared: NDArray[np.float32]) -> Ints:
    """(t, S) stable ascending order of numbers ≥ 0: a radix sort by 16 bits at a time, whose time is linear in S."""
    bits = squared.view(np.uint32)  # of numbers ≥ 0: in the same order
    low, high = bits.astype(np.uint16), (bits >> 16).astype(np.uint16)
    by_low = np.argsort(low, axis=1, kind="stable")
    return _taken(by_low, np.argsort(_taken(high, by_low), axis=1, kind="stable"))


def _taken(values: NDArray[Scalar], order: Ints) -> NDArray[Scalar]:
    """(t, S) values of every row in its order; four times as fast as ``take_along_axis``."""
    taken: NDArray[Scalar] = values.take(order + values.shape[1] * np.arange(len(values))[:, None])
    return taken


def _distances(squared: NDArray[np.float32], order: Ints) -> Floats:
    return np.sqrt(_taken(squared, order).astype(np.float64))
