"""A collaboration under CGSV: everybody trains a model of its own and is paid in parts of what all learned.

Xu et al. (NeurIPS 2021), algorithm 1. There is no shared model that principals hold; the R·N models are runs of one
network, so that a round is a few batched passes whatever N.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.cgsv import LEAST, quotas
from commonweal.economy.learning.federated import train_locally
from commonweal.economy.learning.module import unflatten
from commonweal.economy.learning.network import Directions, Network, Owners, Parameters, to_numpy, to_tensor
from papers.model_shapley import Scope, ranking

TINY = 1e-7  # added to norms, as the authors do


@dataclass(frozen=True)
class CgsvTerms:
    """Hyper-parameters, with the authors' values for MNIST."""

    norm: float = 0.5  # Γ, to which every update is scaled
    memory: float = 0.95  # α, weight of the reputation so far
    altruism: float = 1.0  # β: the larger, the more even the quotas
    scope: Scope = "layer"  # quota of each layer, as in their code, or of all entries (global), as in print


@dataclass(frozen=True)
class Holders:
    """What principals hold between rounds."""

    models: Parameters  # each (R, N, *shape): everybody's own
    reputation: Floats  # (R, N) r; 0 before the first round


@dataclass(frozen=True)
class Rewarded:
    """What a round of CGSV came to."""

    holders: Holders
    credit: Floats  # (R, N) cosines φ
    quota: Floats  # (R, N) share of the aggregate that each got
    aggregate: Parameters  # each (R, *shape): u_N; who keeps a complete model adds all of it


def first_holders(parameters: Parameters, principals: int) -> Holders:
    """Everybody starts with the same model.

    Args:
        parameters: each (R, *shape).
        principals: N.
    """
    models = tuple(p.unsqueeze(1).repeat(1, principals, *[1] * (p.dim() - 1)) for p in parameters)
    return Holders(models, np.zeros((len(parameters[0]), principals)))


@torch.inference_mode()
def play_cgsv(
    network: Network,
    holders: Holders,
    data: tuple[Tensor, Tensor, Tensor],
    rate: Floats,
    epochs: int = 3,
    terms: CgsvTerms | None = None,
) -> Rewarded:
    """One round: local training, normalised updates, aggregate, reputations, and a reward for each model.

    Args:
        network: whose runs all the models are.
        holders: models and reputations before.
        data: features (R, N, M, d) and labels (R, N, M) of what everybody holds, and which of them are real (R, N, M).
        rate: (R,) learning rate of local training.
        epochs: E full-batch steps of local training; its result is sent, not kept.
        terms: hyper-parameters.
    """
    terms = terms or CgsvTerms()
    real = data[2]
    changes, shapes = local_changes(network, holders.models, data, rate, epochs)
    updates = normalised(changes, terms.norm)
    first = not holders.reputation.any()
    count = real.sum(2).double().numpy(force=True)
    weights = count / np.maximum(count.sum(axis=1, keepdims=True), 1.0) if first else holders.reputation
    flat = aggregated(updates, weights)
    credit = cosines(updates, flat)
    reputation = moved_reputation(holders.reputation, credit, terms.memory)
    due = quotas(reputation, terms.altruism)
    aggregate = unflatten(flat, shapes)
    handed = rewards(aggregate, due, terms.scope)
    models = tuple(p + h for p, h in zip(holders.models, handed, strict=False))
    return Rewarded(Holders((*models, *holders.models[len(models) :]), reputation), credit, due, aggregate)


def local_changes(
    network: Network, models: Parameters, data: tuple[Tensor, Tensor, Tensor], rate: Floats, epochs: int
) -> tuple[Tensor, tuple[torch.Size, ...]]:
    """What local training does to everybody's model, each as a run of its own.

    Args:
        network: whose runs all the models are.
        models: each (R, N, *shape).
        data: as in ``play_cgsv``.
        rate: (R,).
        epochs: E.

    Returns:
        (R, N, P) changes, and the shapes of the parameters that they are laid out as.
    """
    features, labels, real = (values.flatten(0, 1) for values in data)
    runs, principals = data[2].shape[:2]
    alone = tuple(p.flatten(0, 1) for p in models)
    own = to_tensor(rate, alone[0]).repeat_interleave(principals)
    passage = train_locally(network, alone, features, labels, Owners(torch.where(real, 0, -1), 1), own, epochs)
    updates = passage.updates()
    deltas = torch.cat([u.flatten(2) for u in updates], dim=2)
    changes = -own.view(-1, 1, 1).mul(deltas).view(runs, principals, -1)
    return changes, tuple(u.shape[2:] for u in updates)


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
