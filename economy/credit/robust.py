"""Replication-robust credit: ψ_m = φ_m exp(−λ Σ_{j≠m} SM(X_m, X_j)) (Agarwal et al. 2019, arXiv 1805.08125).

From λ = ln 2 on, putting in the same under two names earns no more than under one. Who merely resembles others pays
for it too: no rule for anonymous sellers is both balanced and robust to replication.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.novelty import Seen, likeness
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


def sample_similarity(rounds: Sequence[Seen], radius: Tensor) -> Floats:
    """How far principals put in the same samples.

    Args:
        rounds: samples by owner, of this round and those remembered.
        radius: (R,) distance from which on samples are different.

    Returns:
        (R, N, N) symmetric: the mean, over the samples of both, of the likeness to the other's most similar sample.
    """
    features = torch.cat([each.features for each in rounds], dim=2)
    real = torch.cat([each.real for each in rounds], dim=2)
    return np.stack([_overlap(*run) for run in zip(features, real, radius, strict=True)])


def _overlap(features: Tensor, real: Tensor, radius: Tensor) -> Floats:
    """(N, N) of one run from features (N, M, d) and which are real (N, M); holds N² M² numbers."""
    principals, most, _ = features.shape
    flat = features.flatten(0, 1).unsqueeze(0)
    alike = likeness(flat, flat, radius.view(1, 1, 1))[0] * real.flatten()
    nearest = alike.view(principals, most, principals, most).amax(3) * real.unsqueeze(2)
    found = nearest.sum(1) / real.sum(1).clamp(min=1).unsqueeze(1)
    return to_numpy((found + found.T) / 2)


def update_similarity(updates: Tensor) -> Floats:
    """(R, N, N) cosines of updates (R, N, P), none below 0: how far principals pull the network the same way."""
    directions = updates / updates.norm(dim=2, keepdim=True).clamp(min=1e-30)
    return to_numpy(torch.bmm(directions, directions.transpose(1, 2)).clamp(0, 1))
