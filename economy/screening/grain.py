"""Screening at the grain of samples: what of an update is left out before its rest is screened as a whole.

An update is a sum over samples, and along explicit gradient paths the harm of each is known, h_sk = s_k⟨p_k, δ_s aᵀ⟩.
So samples, or all of a principal's that claim one class, can be left out while the rest of its update stays. FedAvg
sees one delta per principal and cannot.

The grain works before the mode, as a filter: the worst are left out first, until what is left fits. Under the scope
``aggregate`` the sum of all updates has to fit the budget; under the others each principal's update has to fit its
share. A limit on each sample by itself would reject nearly everything, since a sum fits because its harms cancel. The
mode then works on what is left, which is too much only where even the harmless samples do not fit: where a limit is
broken beyond one round's repair.
"""

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints


def leave_out(harms: Floats, owner: Ints, budget: Floats, unit: Ints | None = None) -> Bools:
    """Which samples stay: the worst are left out first, until the sum of what is left fits.

    How bad a sample is says its harm as a share of what is over the budget, in the dimension where that is largest;
    dimensions that fit do not count. Where leaving some out breaks the budget of another dimension, that counts too.
    Samples that do no harm where the budget is broken always stay; equally bad ones go together.

    Args:
        harms: (R, S, K) harm of every sample per unit of learning rate, 0 where padded.
        owner: (R, S) the group whose sum has to fit, −1 where padded or not to be left out.
        budget: (R, G, K) harm allowed to the sum of each of G groups.
        unit: (R, S) samples of one number are as bad as all of them together, and go together; None: each alone.

    Returns:
        (R, S), True where a sample stays; where ``owner`` is −1, too.
    """
    runs, groups, dimensions = budget.shape
    real = owner >= 0
    cell = np.where(real, owner, 0) + groups * np.arange(runs)[:, None]
    limits = budget.reshape(-1, dimensions)
    kept, over, excess = real, np.zeros(limits.shape, dtype=np.bool_), np.ones(limits.shape)
    for _ in range(dimensions):
        beyond = _sums(harms, kept, cell, len(limits)) - limits
        fresh = (beyond > 0) & ~over
        if not fresh.any():
            break
        over |= fresh
        excess = np.where(fresh, beyond, excess)
        broken = np.flatnonzero(over.any(axis=0))
        parts, scale = harms[..., broken], np.where(over, 1 / excess, 0.0)[:, broken]
        severity = _severity(parts if unit is None else _together(parts, unit), scale, cell) * real
        most = _most_severe(parts, severity, cell, np.where(over, limits, np.inf)[:, broken], real)
        kept = real & (severity <= most[cell])
    return kept | ~real


def _severity(harms: Floats, scale: Floats, cell: Ints) -> Floats:
    """(R, S) largest share of an excess, from harms (R, S, K) and (cells, K) 1 / excess."""
    by_sample = scale if len(scale) == 1 else scale[cell]
    severity: Floats = (np.maximum(harms, 0.0) * by_sample).max(axis=2)
    return severity


def _most_severe(harms: Floats, severity: Floats, cell: Ints, limits: Floats, real: Bools) -> Floats:
    """(cells,) the largest severity up to which the samples of a cell fit its limits; 0 where none do.

    Args:
        harms: (R, S, K).
        severity: (R, S).
        cell: (R, S).
        limits: (cells, K), ∞ where there is none.
        real: (R, S) False where padded.
    """
    place = np.where(real, cell, len(limits))
    order = np.lexsort((severity, place), axis=1)
    place, ordered = (np.take_along_axis(values, order, axis=1) for values in (place, severity))
    summed = np.take_along_axis(harms, order[..., None], axis=1).cumsum(axis=1)
    first = np.ones(place.shape, dtype=np.bool_)
    first[:, 1:] = place[:, 1:] != place[:, :-1]
    last = np.ones(place.shape, dtype=np.bool_)
    last[:, :-1] = first[:, 1:] | (ordered[:, 1:] != ordered[:, :-1])
    ends = np.flatnonzero(last & (place < len(limits)) & (ordered > 0))
    start = np.maximum.accumulate(np.where(first, np.arange(place.shape[1]), 0), axis=1).ravel()[ends]
    row = ends // place.shape[1] * place.shape[1]
    flat, cells = summed.reshape(-1, harms.shape[2]), place.ravel()[ends]
    before = np.where((start > 0)[:, None], flat[row + np.maximum(start - 1, 0)], 0.0)
    fits = (flat[ends] - before <= limits[cells]).all(axis=1)
    most = np.zeros(len(limits))
    np.maximum.at(most, cells[fits], ordered.ravel()[ends[fits]])
    return most


def _sums(harms: Floats, kept: Bools, cell: Ints, cells: int) -> Floats:
    """(cells, K) sums of the harms (R, S, K) that are kept."""
    place = cell[kept]
    sums: Floats = np.stack([np.bincount(place, part[kept], cells) for part in np.moveaxis(harms, 2, 0)], axis=1)
    return sums


def _together(harms: Floats, unit: Ints) -> Floats:
    """(R, S, K) harm of all the samples of each one's unit (R, S)."""
    runs, samples = unit.shape
    apart = np.where(unit < 0, -1, unit + (unit.max(initial=0) + 1) * np.arange(runs)[:, None])
    _, place = np.unique(apart, return_inverse=True)
    place = place.reshape(-1)
    total = np.empty(harms.shape)
    for k in range(harms.shape[2]):
        total[..., k] = np.bincount(place, harms[..., k].ravel())[place].reshape(runs, samples)
    return total
