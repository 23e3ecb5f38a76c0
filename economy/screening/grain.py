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

from functools import reduce

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
    group, seats = _seated((owner + groups * np.arange(runs)[:, None])[real])
    own, taken = np.ascontiguousarray(harms[real].T), seats >= 0  # (K, n), (C, M)
    held = badness = np.where(taken, own[:, seats], 0.0)  # (K, C, M)
    if unit is not None:
        apart = unit + (unit.max(initial=0) + 1) * np.arange(runs)[:, None]
        badness = np.where(taken, _together(own, apart[real])[:, seats], 0.0)
    limits = budget.reshape(-1, dimensions)[group].T
    total, excess, kept = held.cumsum(axis=2)[..., -1], np.full(limits.shape, np.inf), taken.copy()
    for _ in range(dimensions):
        fresh = (total > limits) & np.isinf(excess)
        some = np.flatnonzero(fresh.any(axis=0))
        if not len(some):
            break
        excess = np.where(fresh, total - limits, excess)
        kept[some], total[:, some] = _fitting(
            held[:, some], badness[:, some] / excess[:, some, None], taken[some],
            np.where(np.isinf(excess), np.inf, limits)[:, some],
        )  # fmt: skip
    stays = np.ones(np.count_nonzero(real), dtype=np.bool_)
    stays[seats[taken]] = kept[taken]
    left = np.ones(real.shape, dtype=np.bool_)
    left[real] = stays
    return left


def _fitting(harms: Floats, shares: Floats, real: Bools, limits: Floats) -> tuple[Bools, Floats]:
    """Which samples of each of C groups stay, and the sums of their harms.

    Args:
        harms: (K, C, M) of up to M samples of each group, 0 where there are fewer.
        shares: (K, C, M) what each sample's unit does of the excess; 0 in dimensions that fit.
        real: (C, M) False where there are fewer.
        limits: (K, C), ∞ in dimensions that fit.

    Returns:
        (C, M) and (K, C).
    """
    severity = np.where(real, reduce(np.maximum, shares, np.zeros(real.shape)), np.inf)
    order = np.argsort(severity, axis=1, kind="stable")
    row = np.arange(len(order))[:, None]
    ordered, summed = severity[row, order], harms[:, row, order].cumsum(axis=2)
    fits = (summed <= limits[..., None]).all(axis=0) & real[row, order]
    fits[:, :-1] &= ordered[:, 1:] != ordered[:, :-1]  # equally bad ones go together
    most = np.where(fits, ordered, 0.0).max(axis=1, keepdims=True)
    kept = real & (severity <= most)
    count = kept.sum(axis=1)
    total = np.where(count > 0, summed[:, row[:, 0], np.maximum(count - 1, 0)], 0.0)
    return kept, total


def _seated(group: Ints) -> tuple[Ints, Ints]:
    """(C,) the groups that there are, and (C, M) the samples of each, −1 where empty, of the group (n,) of each."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    count = np.diff(first, append=len(ordered))
    seats = np.full((len(first), count.max(initial=1)), -1)
    seats[np.arange(seats.shape[1]) < count[:, None]] = order
    return ordered[first], seats


def _together(harms: Floats, unit: Ints) -> Floats:
    """(K, n) harm of all the samples of each one's unit (n,), from their own harms (K, n)."""
    _, place = np.unique(unit, return_inverse=True)
    return np.stack([np.bincount(place, part)[place] for part in harms])
