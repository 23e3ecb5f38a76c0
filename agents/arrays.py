"""Arrays and the arithmetic that every part needs: type names, division where nothing may be divided by, whole parts."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
AnyArray: TypeAlias = NDArray[Any]


def ratio(part: AnyArray, whole: AnyArray) -> Floats:
    """Part / whole where the whole is above 0, the part itself elsewhere: shares of nothing are as they are, 0.

    Args:
        part: any shape that fits ``whole``.
        whole: what it is divided by.
    """
    result: Floats = part / np.where(whole > 0, whole, 1.0)
    return result


def apportioned(shares: Floats, total: int) -> Ints:
    """Whole numbers nearest to shares of a total, by largest remainder (Hamilton); ties go to the first.

    Args:
        shares: (R, C) that sum to 1 in each run.
        total: what is apportioned.

    Returns:
        (R, C) counts that sum to ``total``.
    """
    quotas = shares * total
    counts = np.floor(quotas).astype(np.int64)
    rank = np.argsort(np.argsort(counts - quotas, axis=1, kind="stable"), axis=1)
    counts += rank < total - counts.sum(axis=1, keepdims=True)
    return counts


def gini(amounts: Ints | Floats) -> Floats:
    """Gini coefficient: 0 where all have the same, (N − 1) / N where one has all.

    Args:
        amounts: (R, N) from 0.

    Returns:
        (R,) coefficients; 0 where nobody has anything, since nobody has more than another.
    """
    ordered = np.sort(amounts, axis=1).astype(np.float64)  # whole amounts times N would not fit into int64
    count = ordered.shape[1]
    rank = 2 * np.arange(1, count + 1) - count - 1
    total = ordered.sum(axis=1)
    coefficient: Floats = (ordered @ rank) / (count * np.where(total > 0, total, 1.0))
    return coefficient
