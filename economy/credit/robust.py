"""Replication-robust credit: ψ_m = φ_m exp(−λ Σ_{j≠m} SM(X_m, X_j)) (Agarwal et al. 2019, arXiv 1805.08125).

From λ = ln 2 on, putting in the same under two names earns no more than under one. Who merely resembles others pays
for it too: no rule for anonymous sellers is both balanced and robust to replication.
"""

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.alike import Alike
from commonweal.economy.learning.network import to_numpy


def discount(similarity: Floats, penalty: Floats) -> Floats:
    """(R, N) exp(−λ Σ_{j≠m} SM_mj), what remains of credit.

    Args:
        similarity: (R, N, N) SM, 0 to 1.
        penalty: (R, 1) λ.
    """
    own = np.diagonal(similarity, axis1=1, axis2=2)
    remains: Floats = np.exp(-penalty * (similarity.sum(axis=2) - own))
    return remains


def sample_similarity(alike: Alike) -> Floats:
    """How far principals put in the same samples.

    Args:
        alike: the samples of this round and of those remembered.

    Returns:
        (R, N, N) symmetric: the mean, over the samples of both, of the likeness to the other's most similar sample.
    """
    runs, principals, most = alike.real.shape
    sample = np.concatenate([alike.one, alike.other])  # each looks for the nearest of the other's principal
    owner, sought = sample // most, np.concatenate([alike.other, alike.one]) // most
    likeness = np.tile(alike.likeness, 2)
    abroad = np.flatnonzero(owner != sought)
    seeks = sample * principals + sought % principals
    abroad = abroad[np.argsort(seeks[abroad], kind="stable")]
    first = np.flatnonzero(np.diff(seeks[abroad], prepend=-1))
    nearest = np.maximum.reduceat(likeness[abroad], first) if len(first) else likeness[:0]
    pair = (owner * principals + sought % principals)[abroad[first]]
    count = alike.real.sum(axis=2)
    total = np.bincount(pair, nearest, minlength=count.size * principals).reshape(runs, principals, principals)
    found = total / np.maximum(count, 1)[:, :, None]
    both: Floats = (found + found.swapaxes(1, 2)) / 2
    np.einsum("rii->ri", both)[:] = count > 0
    return both


def update_similarity(updates: Tensor) -> Floats:
    """(R, N, N) cosines of updates (R, N, P), none below 0: how far principals pull the network the same way."""
    directions = updates / updates.norm(dim=2, keepdim=True).clamp(min=1e-30)
    return to_numpy(torch.bmm(directions, directions.transpose(1, 2)).clamp(0, 1))
