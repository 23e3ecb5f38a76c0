"""FedAvg, the baseline that traversal learning is compared with: local training, then an average of the changes.

McMahan, Moore, Ramage, Hampson and Agüera y Arcas, "Communication-Efficient Learning of Deep Networks from
Decentralized Data" (AISTATS 2017), with full local batches (their B = ∞). The deltas are written as updates
u_i = −(n_i / n) Δ_i / η: θ − η Σ u_i is the average of the local networks, and screening, credit and settlement work
on them unchanged.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from commonweal.economy.learning.module import unflatten
from commonweal.economy.learning.network import Directions, Network, Owners, Parameters, Passage, descend, scaled
from commonweal.economy.learning.own.network import in_round
from commonweal.economy.learning.traversal import places_by_owner


@dataclass(frozen=True)
class DeltaPassage:
    """What a round of FedAvg leaves: a delta per principal, N times the memory of the network; no path to samples."""

    deltas: Tensor  # (R, N, P) u_i, flattened over the trained parameters; 0 for who puts in nothing
    shapes: tuple[torch.Size, ...]  # of each trained parameter, without the run axis
    owners: Owners
    loss: Tensor  # (R,) mean loss over the virtual batch, before local training

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩."""
        flat = torch.cat([v.flatten(2) for v in directions], dim=2)
        return torch.bmm(self.deltas, flat.transpose(1, 2))

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖²."""
        return self.deltas.square().sum(2)

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i for weights (R, N)."""
        summed = torch.bmm(weights.unsqueeze(1), self.deltas).squeeze(1)
        return unflatten(summed, self.shapes)

    def updates(self) -> Directions:
        """Every u_i, each entry (R, N, *shape)."""
        return unflatten(self.deltas, self.shapes)


def train_locally(
    network: Network,
    parameters: Parameters,
    features: Tensor,
    labels: Tensor,
    owners: Owners,
    rate: Tensor,
    epochs: int,
) -> Passage:
    """One round of FedAvg: every contributor trains a copy of the network on its own part of the virtual batch.

    The L ≤ R·N local networks are runs of the one network: about 4 L P numbers at a time (a module's sample gradients
    come on top), of which (R, N, P) remain. With one epoch the updates are those of a traversal pass.

    Args:
        network: the shared network.
        parameters: θ, of R runs.
        features: (R, S, d) of the virtual batch.
        labels: (R, S).
        owners: whose samples they are.
        rate: (R,) η, of the local steps too.
        epochs: E full-batch steps of each contributor.
    """
    if not owners.owner.shape[1]:
        return network.traverse(parameters, features, labels, owners)  # nobody trains: no updates in either way
    places = places_by_owner(owners.owner)
    run, row = (places[..., 0] >= 0).nonzero(as_tuple=True)  # (L,) each
    seats = places[run, row]  # (L, M), −1 where empty
    index = run.unsqueeze(1), seats.clamp(min=0)
    importance = None if owners.importance is None else owners.importance[index]
    local = Owners(torch.where(seats >= 0, 0, -1), 1, importance=importance)
    gradients, losses = _descend_locally(
        network, tuple(p[run] for p in parameters), features[index], labels[index], local, rate[run], epochs
    )
    flat = torch.cat([g.flatten(1) for g in gradients], dim=1)
    share = (seats >= 0).sum(1).to(flat) / (owners.owner >= 0).sum(1)[run]  # (L,) n_i / n
    deltas = flat.new_zeros(len(owners.owner), owners.principals, flat.shape[1])
    deltas[run, owners.owner[run, seats[:, 0]]] = flat * share.unsqueeze(1)
    loss = losses.new_zeros(len(deltas)).index_add_(0, run, losses * share)
    return DeltaPassage(deltas, tuple(g.shape[1:] for g in gradients), owners, loss)


def _descend_locally(
    network: Network, local: Parameters, features: Tensor, labels: Tensor, owners: Owners, rate: Tensor, epochs: int
) -> tuple[Parameters, Tensor]:
    """−Δ / η of L local networks, the sum of their gradients over E steps, and (L,) losses before the first."""
    everybody = features.new_ones(len(features), 1)
    passage = network.traverse(local, features, labels, owners)
    total = gradient = passage.weighted_sum(everybody)
    for epoch in range(1, epochs):
        local = in_round(network, descend(local, scaled(gradient, rate)), step=epoch)
        gradient = network.traverse(local, features, labels, owners).weighted_sum(everybody)
        total = tuple(t + g for t, g in zip(total, gradient, strict=True))
    return total, passage.loss
