"""Which coalitions an estimator looks at: each together with its complement, distinct or drawn independently.

Sizes are drawn as marginal contributions have them, q_{s−1} + q_s; for Shapley values that is uniform, the leverage
scores of Musco and Witter (2025, "Provably accurate Shapley value estimation via leverage score sampling").
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.credit.estimators.game import CoalitionGame
from commonweal.economy.credit.probabilistic import ProbabilisticValue


@dataclass(frozen=True)
class Pairs:
    """Coalitions with their complements. The first pair is N and ∅, which is always looked at."""

    coalitions: Bools  # (m, n) one of each pair
    values: Floats  # (m, 2) v of it and of its complement, less v(∅)
    scale: Floats  # (m,) what one draw stands for: 1 / expected draws of coalitions of this size
    unseen: Floats  # (m,) chance that the pair had not been drawn; 1 where drawn independently, 0 for the first

    def part(self, parity: int) -> Floats:
        """(m,) the odd (parity −1) or even (+1) part of the game, (v(S) ± v(N∖S)) / 2."""
        return (self.values[:, 0] + parity * self.values[:, 1]) / 2

    def coefficients(self, value: ProbabilisticValue, parity: int) -> Floats:
        """(m, n) how much a pair's part counts in the values, φ_i ≈ Σ_pairs coefficient_i · part."""
        both = value.coefficients(self.coalitions) + parity * value.coefficients(~self.coalitions)
        return self.scale[:, None] * both

    def importance(self, value: ProbabilisticValue, parity: int) -> Floats:
        """(m,) what a squared error of a prediction adds to the squared error of the values, up to a factor."""
        counts: Floats = self.unseen * (self.coefficients(value, parity) ** 2).sum(axis=1)
        return counts if counts.any() else np.ones_like(counts)

    def take(self, chosen: Bools) -> "Pairs":
        """Some of the pairs, and always the first."""
        chosen = chosen.copy()
        chosen[0] = True
        return Pairs(*(array[chosen] for array in vars(self).values()))


def draw_distinct(game: CoalitionGame, value: ProbabilisticValue, generator: np.random.Generator) -> Pairs:
    """Different pairs, as many as the budget allows; small sizes may be all there."""
    law, capacity = _pair_law(value)
    expected = _fill(law, capacity, game.left // 2 - 1)
    counts = _round(expected, generator)
    coalitions = [_distinct(game.players, s, count, generator) for s, count in enumerate(counts, start=1) if count]
    sizes = np.repeat(np.arange(1, len(counts) + 1), counts)
    return _evaluate(game, coalitions, sizes, expected, np.clip(1 - expected / capacity, 0, 1))


def draw_independently(game: CoalitionGame, value: ProbabilisticValue, generator: np.random.Generator) -> Pairs:
    """As many pairs as the budget allows, each drawn independently of the others."""
    law, _ = _pair_law(value)
    sizes = sizes_by(law, game.left // 2 - 1, generator)
    coalitions = [of_sizes(game.players, sizes, generator)]
    return _evaluate(game, coalitions, sizes, law * len(sizes), np.ones(len(law)))


def _pair_law(value: ProbabilisticValue) -> tuple[Floats, Floats]:
    """Probability of a pair by the size of its smaller half 1…⌊n/2⌋, and how many pairs there are of that size."""
    players = value.players
    size = np.arange(1, players)
    law = value.law[size - 1] + value.law[size]
    half = np.arange(1, players // 2 + 1)
    is_middle = 2 * half == players  # its own complement's size
    paired = np.where(is_middle, law[half - 1], law[half - 1] + law[players - half - 1])
    number = np.array([float(min(comb(players, int(s)), 1 << 1000)) for s in half])
    return paired / paired.sum() if len(half) else paired, np.where(is_middle, number / 2, number)


def _fill(law: Floats, capacity: Floats, pairs: int) -> Floats:
    """Expected pairs of each size: by the law, but no more than there are; the rest goes to the other sizes."""
    full = np.zeros(len(law), dtype=bool)
    while not full.all():
        expected = np.where(full, capacity, law * max(pairs - capacity[full].sum(), 0.0) / law[~full].sum())
        overflowing = ~full & (expected >= capacity)
        if not overflowing.any():
            return expected
        full |= overflowing
    return capacity


def _round(expected: Floats, generator: np.random.Generator) -> Ints:
    """Whole numbers with these expectations that sum to theirs (systematic sampling)."""
    ends = np.floor(np.concatenate([[0.0], np.cumsum(expected)]) + 1e-9 + (1 - 2e-9) * generator.random())
    return np.diff(ends).astype(np.int64)


def _distinct(players: int, size: int, count: int, generator: np.random.Generator) -> Bools:
    """(count, n) different coalitions of a size; of two complements of n/2 only one can be among them."""
    middle = 2 * size == players
    number = comb(players, size) // (2 if middle else 1)
    if 4 * count > number:
        every = _all_of(players - middle, size - middle)
        chosen = every[generator.choice(number, size=count, replace=False)]
        return np.hstack([np.ones((count, 1), dtype=bool), chosen]) if middle else chosen
    found = np.zeros((0, players), dtype=bool)
    while len(found) < count:
        more = of_sizes(players, np.full(count - len(found), size), generator)
        more[middle & ~more[:, 0]] ^= True
        joined = np.vstack([found, more])
        found = joined[np.sort(np.unique(np.packbits(joined, axis=1), axis=0, return_index=True)[1])]
    return found


@cache
def _all_of(players: int, size: int) -> Bools:
    """Every coalition of a size."""
    places = np.array(list(combinations(range(players), size)), dtype=np.int64).reshape(comb(players, size), size)
    every = np.zeros((len(places), players), dtype=bool)
    np.put_along_axis(every, places, True, axis=1)
    return every


def sizes_by(law: Floats, count: int, generator: np.random.Generator) -> Ints:
    """(C,) sizes 1, 2, … drawn by a law up to a factor; none where there is no size to draw."""
    sizes: Ints = 1 + generator.choice(len(law), size=count, p=law / law.sum()) if len(law) else np.zeros(0, np.int64)
    return sizes


def of_sizes(players: int, sizes: Ints, generator: np.random.Generator) -> Bools:
    """(C, n) a uniformly drawn coalition of each size."""
    rank = generator.random((len(sizes), players)).argsort(axis=1).argsort(axis=1)
    drawn: Bools = rank < sizes[:, None]
    return drawn


def _evaluate(
    game: CoalitionGame,
    coalitions: list[Bools],
    sizes: Ints,
    expected: Floats,
    unseen: Floats,
) -> Pairs:
    whole = np.ones((1, game.players), dtype=bool)
    first = np.vstack([whole, *coalitions])
    values = game.values(np.vstack([first, ~first])).reshape(2, -1).T
    doubled = 1 + (2 * sizes == game.players)  # coalitions of n/2 are two by two of the same pair
    return Pairs(
        coalitions=first,
        values=values - values[0, 1],
        scale=np.concatenate([[1.0], 1 / (expected[sizes - 1] * doubled)]),
        unseen=np.concatenate([[0.0], unseen[sizes - 1]]),
    )
