"""The revenue of served requests, credited only to the owners of samples in each request's neighbourhood.

A request's revenue follows the localised nearest-neighbour values of the samples around it, so that crediting one costs
a radius query, whatever the cooperative's size.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.credit.neighbours import Samples, demand_samples
from commonweal.economy.money.settlement import apportion
from papers.neighbour_values import Locality, Shares, local_shares


@dataclass(frozen=True)
class Served:
    """What requests have earned so far. Arrays are replaced, never written to."""

    requests: Ints  # (R,) how many were served
    earned: Ints  # (R, N) micro-units credited to principals
    unclaimed: Ints  # (R,) micro-units of requests around which nobody's samples helped

    @classmethod
    def nothing(cls, runs: int, principals: int) -> "Served":
        """Before the first request."""
        return cls(np.zeros(runs, np.int64), np.zeros((runs, principals), np.int64), np.zeros(runs, np.int64))


@dataclass(frozen=True)
class Shelf:
    """The samples that requests are served from, ready to be asked who is near."""

    samples: Samples  # (R, S)
    owner: Ints  # (R, S) principal of each sample
    trees: tuple[cKDTree, ...]  # R search trees of the samples
    locality: Locality


def shelve(samples: Samples, owner: Ints, locality: Locality) -> Shelf:
    """Build the search trees of R runs' samples.

    Args:
        samples: (R, S) samples.
        owner: (R, S) principal of each sample.
        locality: radius, K and kernel.
    """
    return Shelf(samples, owner, tuple(cKDTree(features) for features in samples.features), locality)


def serve(served: Served, shelf: Shelf, requests: Samples, revenue: Ints) -> Served:
    """Credit the revenue of Q more requests.

    Each request's revenue is divided among the principals around it in proportion to the value of their samples for it,
    where positive, to the micro-unit; together with what nobody can claim it is all of it.

    Args:
        served: what was earned so far.
        shelf: the samples.
        requests: (R, Q) features asked about, and the answers that were paid for.
        revenue: (R, Q) micro-units.

    Raises:
        InputError: if shapes do not fit or a feature is not finite.
    """
    demand_samples(shelf.samples, requests, shelf.locality.neighbours)
    earned, unclaimed = served.earned.copy(), served.unclaimed.copy()
    for run, tree in enumerate(shelf.trees):
        paid = 0
        for part in local_shares(tree, shelf.samples.labels[run], requests, run, shelf.locality):
            owner, amount = _divided(part, shelf.owner[run], revenue[run], earned.shape[1])
            np.add.at(earned[run], owner, amount)
            paid += int(amount.sum())
        unclaimed[run] += int(revenue[run].sum()) - paid
    return Served(served.requests + requests.labels.shape[1], earned, unclaimed)


def _divided(part: Shares, owner: Ints, revenue: Ints, principals: int) -> tuple[Ints, Ints]:
    """Principals around requests, and what each receives of one; a principal may be around several."""
    pair, which = np.unique(part.test * principals + owner[part.sample], return_inverse=True)
    worth = np.maximum(np.bincount(which, part.value), 0.0)
    pair, worth = pair[worth > 0], worth[worth > 0]
    request, row, count = np.unique(pair // principals, return_inverse=True, return_counts=True)
    shares: Floats = np.zeros((len(request), count.max(initial=1)))
    place = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    shares[row, place] = worth
    amounts = apportion(revenue[request], shares / shares.sum(1, keepdims=True))
    return pair % principals, amounts[row, place]
