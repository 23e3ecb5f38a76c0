"""Array types and the arithmetic that every part needs: safe division, and whole numbers nearest to shares."""

from dataclasses import field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
AnyArray: TypeAlias = NDArray[Any]
Labels: TypeAlias = NDArray[Any]  # classes, int64, or numbers, float64


def per_principal(*, axis: int | tuple[int, ...] = 1, spare: float | str = 0, runs: int = 0) -> Any:
    """A dataclass field that holds an array with a place for each principal.

    Args:
        axis: the principals' axis, or axes, where there is a place for each pair.
        runs: the run axis; first, unless there is a reason.
        spare: what a place holds that is added for a second name in a study of deviations; ``"first"`` copies the first
            principal's.
    """
    return field(metadata={"axis": axis, "spare": spare, "runs": runs})


def ratio(part: AnyArray, whole: AnyArray) -> Floats:
    """Part / whole where the whole is above 0, the part itself elsewhere: shares of nothing are as they are, 0.

    Args:
        part: any shape that fits ``whole``.
        whole: what it is divided by.
    """
    result: Floats = part / np.where(whole > 0, whole, 1.0)
    return result


def apportioned(quotas: Floats, total: int | Ints) -> Ints:
    """Whole numbers nearest to quotas, by largest remainder (Hamilton): each is within 1 of its quota.

    Args:
        quotas: (R, C) at least 0, up to 1e15; rows sum to ``total`` but for rounding errors.
        total: of every row, or (R,) of each.

    Returns:
        (R, C) counts whose rows sum to ``total``. Equal remainders are rounded up from the first on.
    """
    parts, some = np.floor(quotas).astype(np.int64), quotas > 0.0
    left = np.reshape(total - parts.sum(axis=1), (-1, 1))
    places = np.flatnonzero(some.any(axis=0))
    if (left > some.sum(axis=1, keepdims=True)).any():  # rounding errors in sums: somebody without a quota gets one
        places = np.arange(parts.shape[1])
    remainders = np.where(some[:, places], quotas[:, places] - parts[:, places], -1.0)
    first = places[np.argsort(-remainders, axis=1, kind="stable")]
    parts[np.arange(len(parts))[:, None], first] += np.arange(len(places)) < left
    return parts


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
