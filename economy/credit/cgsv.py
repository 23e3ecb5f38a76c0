"""CGSV: credit by direction, and models as pay (Xu et al., "Gradient Driven Rewards …", NeurIPS 2021).

A principal's update is worth the cosine of its angle with the aggregate, an approximation of its Shapley value for
ν(S) = cos(u_S, u_N). Worth moves a reputation, and the reputation sets a quota: the part of the aggregate handed back.
The rule ``cosine`` takes from this the credit alone. It does not look at the validation set: who agrees with the others
earns, right or wrong, and whether the step helps or not.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats, ratio
from commonweal.economy.credit.game import Credit, RoundGame, credit_rule
from commonweal.economy.credit.model_shapley import Scope, ranking
from commonweal.economy.learning.network import Directions, Parameters, inner, to_numpy, to_tensor

TINY = 1e-7  # added to norms, as the authors do
LEAST = 1e-3  # reputation, before all are divided by their sum


@dataclass(frozen=True)
class CgsvTerms:
    """Hyper-parameters, with the authors' values for MNIST."""

    norm: float = 0.5  # Γ, to which every update is scaled
    memory: float = 0.95  # α, weight of the reputation so far
    altruism: float = 1.0  # β: the larger, the more even the quotas
    scope: Scope = "layer"  # quota of each layer, as in their code, or of all entries (global), as in print


@credit_rule("cosine")
def cosine(game: RoundGame) -> Credit:
    """cos(ũ_i, Σ_j ũ_j): CGSV's credit of a round (eq. 2), from products alone."""
    step = game.step()
    length = np.sqrt(np.maximum(_squared_norms(game), 0.0)) * _norm(step)[:, None]
    return Credit(np.where(length > 0, ratio(game.along(step), length), 0.0), "cosine")


def _squared_norms(game: RoundGame) -> Floats:
    """(R, N) ‖w_i u_i − Σ_k μ_ik p_k‖²."""
    own = game.weights**2 * to_numpy(game.passage.squared_norms())
    if not game.multipliers.any():
        return own
    crossed = (game.multipliers * to_numpy(game.passage.products(game.probes))).sum(axis=2)
    charged = ((game.multipliers @ to_numpy(inner(game.probes, game.probes))) * game.multipliers).sum(axis=2)
    total: Floats = own - 2 * game.weights * crossed + charged
    return total


def _norm(step: Parameters) -> Floats:
    """(R,) Euclidean length of a direction."""
    return np.sqrt(sum(to_numpy(s.flatten(1).square().sum(1)) for s in step))


def normalised(changes: Tensor, norm: float) -> Tensor:
    """(R, N, P) changes Δ of parameters (R, N, P), each scaled to the norm Γ: Γ Δ / (‖Δ‖ + 1e-7)."""
    lengths: Tensor = changes.norm(dim=2, keepdim=True)
    return norm * changes / (lengths + TINY)


def aggregated(updates: Tensor, weights: Floats) -> Tensor:
    """(R, P) Σ_i λ_i u_i of updates (R, N, P); weights (R, N) are shares of data at first, then reputations."""
    return torch.bmm(to_tensor(weights, updates).unsqueeze(1), updates).squeeze(1)


def cosines(updates: Tensor, aggregate: Tensor) -> Floats:
    """(R, N) cosine of updates (R, N, P) with the aggregate (R, P)."""
    return to_numpy(torch.cosine_similarity(updates, aggregate.unsqueeze(1), dim=2))


def moved_reputation(reputation: Floats, credit: Floats, memory: float) -> Floats:
    """(R, N) reputations r ← α r + (1 − α) φ, at least 1e-3, then divided by their sum.

    Args:
        reputation: (R, N) so far; 0 before the first round.
        credit: (R, N) φ of the round.
        memory: α.
    """
    moved = np.maximum(memory * reputation + (1 - memory) * credit, LEAST)
    shares: Floats = moved / moved.sum(axis=1, keepdims=True)
    return shares


def quotas(reputation: Floats, altruism: float | Floats) -> Floats:
    """(R, N) share of the aggregate that each is due: tanh(β r_i) / max_j tanh(β r_j)."""
    earned = np.tanh(altruism * reputation)
    due: Floats = earned / earned.max(axis=1, keepdims=True)
    return due


def rewards(aggregate: Parameters, due: Floats, scope: Scope) -> Directions:
    """The aggregate as each principal gets it: its entries of largest magnitude, the others 0.

    Args:
        aggregate: each entry (R, *shape).
        due: (R, N) quotas.
        scope: ``layer``: the min(⌈q D_l⌉, D_l − 1) largest of the D_l entries of each layer, as in the authors' code;
            ``global``: the ⌈q D⌉ largest of all D, as in their paper.

    Returns:
        Each entry (R, N, *shape).
    """
    places = ranking(tuple(a.abs() for a in aggregate), scope)
    handed = []
    for entries, place in zip(aggregate, places, strict=True):
        size = entries[0].numel()
        most = np.minimum(due, (size - 1) / size) if scope == "layer" else due
        quota = to_tensor(most, place).view(*most.shape, *[1] * (place.dim() - 1))
        handed.append(entries.unsqueeze(1) * (place.unsqueeze(1) < quota))
    return tuple(handed)
