"""Halves: how far two rankings agree that come from one half of the seeds and from the other.

Agreement is Kendall's τ-b (1945), the mean over many random halves. Its interval is a jackknife over seeds (Tukey
1958), on Fisher's scale, since halves of the same seeds are not independent of each other.

A half is a smaller study. What two studies of as many seeds as the whole would agree by is a forecast after Spearman
and Brown (1910): τ becomes the correlation ρ = sin(π τ / 2) that normal numbers with this τ have (Greiner 1909), ρ of
twice as many seeds is 2 ρ / (1 + ρ), and that becomes τ again. It holds where true differences are spread like a
normal; where some mechanisms are truly equal no number of seeds orders them, and it promises too much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy.special import stdtrit

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.scenarios.runs.intervals import Interval
from commonweal.scenarios.studies.compare.ranking import Criterion, copeland

ALL = "over all"
_NEAR = 0.999  # |τ| beyond which Fisher's scale ends


@dataclass(frozen=True)
class Agreement:
    """How far rankings from halves of the seeds agree, by one criterion."""

    name: str
    tau: Interval  # () mean over halves; nan where nothing is ordered
    whole: float  # what two studies of as many seeds as the whole would agree by
    least: float  # the middle 95 % of halves lie between
    most: float


def agreements_of_halves(criteria: Sequence[Criterion], halves: int, rng: np.random.Generator) -> list[Agreement]:
    """Agreement by each criterion, and over all.

    Args:
        criteria: C of them, of M mechanisms in S seeds.
        halves: random ones, at most; every one there is where there are no more.
        rng: draws them.

    Returns:
        C + 1 of them, the last over all.
    """
    seeds = len(criteria[0].values)
    one, other = split(seeds, halves, rng)
    signs = [(_signs(each, one), _signs(each, other)) for each in criteria]
    without = [_without(seed, one, other, criteria) for seed in range(seeds)] if seeds > 3 else []
    told = [*zip([each.name for each in criteria], signs, strict=True), (ALL, _over_all(signs))]
    return [_agreement(name, tau_b(*pair), [left[k] for left in without]) for k, (name, pair) in enumerate(told)]


def split(seeds: int, halves: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """(H, S // 2) seeds of one half and of the other; where S is odd a random one is left out."""
    size = seeds // 2
    if seeds % 2 == 0 and comb(seeds, size) // 2 <= halves:
        one = np.array([chosen for chosen in combinations(range(seeds), size) if 0 in chosen])
        return one, np.array([np.setdiff1d(np.arange(seeds), each) for each in one])
    orders = np.stack([rng.permutation(seeds) for _ in range(halves)])
    return orders[:, :size], orders[:, size : 2 * size]


def tau_b(one: Ints, other: Ints) -> Floats:
    """Kendall's τ-b of rankings by the signs of their pairwise differences.

    Args:
        one: (..., P) of each pair: 1 the first is above, −1 below, 0 they tie.
        other: (..., P) of the other ranking.

    Returns:
        (...) from −1 to 1; nan where a ranking has only ties.
    """
    told = (one != 0).sum(axis=-1) * (other != 0).sum(axis=-1)
    agreed: Floats = (one * other).sum(axis=-1) / np.where(told > 0, np.sqrt(np.maximum(told, 1)), np.nan)
    return agreed


def of_whole(tau: float) -> float:
    """What two studies of twice as many seeds would agree by (Spearman and Brown, Greiner)."""
    correlation = np.sin(np.pi * max(tau, 0.0) / 2)
    return float(2 / np.pi * np.arcsin(min(2 * correlation / (1 + correlation), 1.0)))


def estimates(criterion: Criterion, seeds: Ints) -> Floats:
    """(H, M) what each mechanism comes to in some of the seeds.

    Args:
        criterion: by which.
        seeds: (H, n) which.
    """
    return np.stack([_largest(each[seeds]) for each in criterion.samples], axis=-1)


def _largest(values: Floats) -> Floats:
    """(H,) largest of J means of values (H, n, J), chosen on every second seed and judged on the others."""
    if values.shape[2] == 1:
        return np.asarray(values[..., 0].mean(axis=1))
    if values.shape[1] < 2:
        return np.asarray(values.max(axis=(1, 2)))
    total = np.zeros(len(values))
    for judged, choosing in ((values[:, ::2], values[:, 1::2]), (values[:, 1::2], values[:, ::2])):
        best = choosing.mean(axis=1).argmax(axis=-1)
        total += np.take_along_axis(judged, best[:, None, None], axis=2)[..., 0].sum(axis=1)
    found: Floats = total / values.shape[1]
    return found


def _signs(criterion: Criterion, seeds: Ints) -> Ints:
    """(H, P) of every pair of mechanisms in some of the seeds (H, n), 1 where the first is better; unknown: a tie."""
    found = estimates(criterion, seeds) * (1.0 if criterion.more_is_better else -1.0)
    first, second = np.triu_indices(found.shape[1], k=1)
    apart = np.nan_to_num(found[:, first] - found[:, second])
    return np.where(np.abs(apart) <= criterion.least, 0, np.sign(apart)).astype(np.int64)


def _over_all(signs: Sequence[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    """The same over all criteria, by how many others each beats less how many beat it."""
    one, other = (np.sum([pair[half] for pair in signs], axis=0) for half in (0, 1))
    return _order(one), _order(other)


def _order(majority: Ints) -> Ints:
    """(H, P) signs of differences of Copeland's scores, of majorities (H, P)."""
    mechanisms = round((1 + np.sqrt(1 + 8 * majority.shape[1])) / 2)
    first, second = np.triu_indices(mechanisms, k=1)
    square = np.zeros((len(majority), mechanisms, mechanisms), dtype=np.int64)
    square[:, first, second], square[:, second, first] = majority, -majority
    score = copeland(square)
    signs: Ints = np.sign(score[:, first] - score[:, second])
    return signs


def _without(seed: int, one: Ints, other: Ints, criteria: Sequence[Criterion]) -> list[float]:
    """Mean τ by each criterion and over all, from the same halves without one seed."""
    taken: list[list[tuple[Ints, Ints]]] = []
    for has in (_has(one, seed), _has(other, seed), ~_has(one, seed) & ~_has(other, seed)):
        if has.any():
            halves = (_less(one[has], seed), _less(other[has], seed))
            taken.append([(_signs(each, halves[0]), _signs(each, halves[1])) for each in criteria])
    told = [[*signs, _over_all(signs)] for signs in taken]
    return [_mean(np.concatenate([tau_b(*part[k]) for part in told])) for k in range(len(criteria) + 1)]


def _has(half: Ints, seed: int) -> Bools:
    return np.asarray((half == seed).any(axis=1))


def _less(half: Ints, seed: int) -> Ints:
    """Halves without a seed that all of them have, or none."""
    left: Ints = half[half != seed].reshape(len(half), -1)
    return left


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else np.nan


def _agreement(name: str, taus: Floats, without: Sequence[float]) -> Agreement:
    """Agreement from τ of each half (H,) and their means without each of S seeds."""
    tau, known = _mean(taus), taus[np.isfinite(taus)]
    least, most = np.quantile(known, [0.025, 0.975]) if known.size else (np.nan, np.nan)
    return Agreement(name, _jackknife(tau, np.array(without)), of_whole(tau) if known.size else np.nan, least, most)


def _jackknife(tau: float, without: Floats) -> Interval:
    """() with the ends of Student's interval on Fisher's scale; nan where there are too few seeds.

    Where no seed changes anything the interval has no width.
    """
    count, low, high = len(without), np.nan, np.nan
    if count and np.isfinite(tau) and np.isfinite(without).all():
        spread = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
        inside = np.clip(tau, -_NEAR, _NEAR)
        reach = stdtrit(count - 1, 0.975) * spread / (1 - inside**2)
        low, high = np.tanh(np.arctanh(inside) + reach * np.array([-1.0, 1.0])) if spread > 0 else (tau, tau)
        low, high = min(low, tau), max(high, tau)
    return Interval(np.asarray(tau), np.asarray(low), np.asarray(high))
