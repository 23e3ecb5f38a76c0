"""Sums over the supersets of every coalition, and Shapley values of ratios of such sums without holding them all.

The zeta transform of all coalitions (Yates 1937) goes bit by bit; here five bits at a time as one small matrix product,
and in blocks that fit into a processor's cache. A value needs only the sums of v(C) over each half of every axis:
φ_i = Σ_{C∋i} v(C) (p_{|C|−1} + p_{|C|}) − Σ_C v(C) p_{|C|}, with p_k the weight of a coalition of k others.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.credit.exact import all_coalitions
from commonweal.economy.credit.probabilistic import shapley

_BITS = 5  # of a coalition that one matrix product sums over
_WIDE = 32  # coalitions of the lower half of the players that a block holds, with all of the upper half
_TOPS = 32  # masks of the upper half whose lower half is summed over at a time


def superset_sums(numbers: Floats, along: int = 1) -> Floats:
    """Σ over all coalitions that contain C, for every C.

    Args:
        numbers: (B, 2^F · along) of every coalition, numbered as in ``all_coalitions``.
        along: numbers that a coalition has beside each other.
    """
    sums = numbers
    while along < numbers.shape[1]:
        side = min(1 << _BITS, numbers.shape[1] // along)
        parts, contains = sums.reshape(-1, side, along), _contains(side)
        sums = parts[:, :, 0] @ contains if along == 1 else np.matmul(contains.T, parts)
        along *= side
    return sums.reshape(numbers.shape)


@lru_cache
def _contains(coalitions: int) -> Floats:
    """(C, C) 1 where the coalition of a row contains that of a column."""
    each = np.arange(coalitions)
    contains: Floats = ((each[:, None] & each) == each).astype(np.float64)
    return contains


@dataclass(frozen=True)
class RatioValues:
    """Values of F players in A games v_a(C) = Σ_{masks ⊇ C} part_a / Σ_{masks ⊇ C} whole."""

    base: Floats  # (A,) of the empty coalition
    known: Floats  # (A,) of all players
    values: Floats  # (F, A) Shapley values


def ratio_values(masks: Ints, parts: Floats, whole: Floats, players: int) -> RatioValues:
    """Exact Shapley values of games that are ratios of sums over supersets, in (A + 1) F 2^F operations.

    Args:
        masks: (M,) coalitions, at least one of them that of all players with a whole above 0.
        parts: (A, M).
        whole: (M,) at least 0.
        players: F, at least 1.
    """
    columns = np.vstack([whole, parts])
    low = players // 2
    tops, sums = _summed_low(masks, columns, low)
    weights = _weights(players)
    sizes_high, sizes_low = (np.bitwise_count(np.arange(1 << bits)) for bits in (players - low, low))
    by_size = weights[sizes_high[:, None] + np.arange(low + 1)]
    high_sums, low_sums = np.zeros((len(parts), len(sizes_high))), np.empty((len(parts), len(sizes_low)))
    for first in range(0, len(sizes_low), _WIDE):
        here = slice(first, first + _WIDE)
        block = np.zeros((len(columns), len(sizes_high), len(sizes_low[here])))
        block[:, tops] = sums[:, :, here]
        block = superset_sums(block.reshape(len(columns), -1), block.shape[2]).reshape(block.shape)
        games = block[1:] / block[0]
        games *= by_size[:, sizes_low[here]]
        high_sums += games.sum(axis=2)
        low_sums[:, here] = games.sum(axis=1)
    every = masks == (1 << players) - 1
    base, known = parts.sum(axis=1) / whole.sum(), parts[:, every].sum(axis=1) / whole[every].sum()
    values = np.vstack([(low_sums @ all_coalitions(low)).T, (high_sums @ all_coalitions(players - low)).T])
    return RatioValues(base, known, values + (known - base - values.sum(axis=0)) / players)


def _summed_low(masks: Ints, columns: Floats, low: int) -> tuple[Ints, Floats]:
    """The upper bits (T,) of masks that occur, and sums (A, T, 2^low) over supersets in the lower bits."""
    order = np.argsort(masks, kind="stable")
    tops, starts, place = np.unique(masks[order] >> low, return_index=True, return_inverse=True)
    columns, size = columns[:, order], 1 << low
    numbers = place * size + (masks[order] & (size - 1))
    sums = np.empty((len(columns), len(tops), size))
    ends = np.append(starts, len(masks))
    for first in range(0, len(tops), _TOPS):
        last = min(first + _TOPS, len(tops))
        own = slice(ends[first], ends[last])
        found = [np.bincount(numbers[own] - first * size, column[own], (last - first) * size) for column in columns]
        sums[:, first:last] = superset_sums(np.reshape(found, (-1, size))).reshape(len(columns), -1, size)
    return tops, sums


@lru_cache
def _weights(players: int) -> Floats:
    """(F + 1,) p_{k−1} + p_k of coalitions of k players."""
    weights = shapley(players).weights
    both: Floats = np.pad(weights, (1, 0)) + np.pad(weights, (0, 1))
    return both
