"""A collaboration under CGSV: everybody trains a model of its own and is paid in parts of what all learned.

Xu et al. (NeurIPS 2021), algorithm 1. There is no shared model that principals hold; the R·N models are runs of one
network, so that a round is a few batched passes whatever N.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.cgsv import CgsvTerms, aggregated, cosines, moved_reputation, normalised, quotas, rewards
from commonweal.economy.learning.federated import train_locally
from commonweal.economy.learning.module import unflatten
from commonweal.economy.learning.network import Network, Owners, Parameters, to_tensor


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
