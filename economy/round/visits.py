"""Visiting what everybody puts in: the passage over a round's virtual batch, wherever its samples are."""

import torch
from torch import Tensor

from commonweal.agents.arrays import Labels
from commonweal.agents.streams import Stream
from commonweal.economy.credit.alike import Seen, remembered, seen_by_owner
from commonweal.economy.learning.federated import DeltaPassage, train_locally
from commonweal.economy.learning.forged import forge
from commonweal.economy.learning.guards import Secrets, Told, guarded, guarded_deltas
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners, Parameters, Passage, to_tensor
from commonweal.economy.learning.own.network import in_round
from commonweal.economy.tasks import Batch, Form, PutIn
from commonweal.economy.wire.visiting import Training, visit_nodes
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World


def visit(
    batch: Batch,
    parameters: Parameters,
    world: World,
    taken: tuple[Tensor, Tensor] | None = None,
    number: int = 0,
    purpose: int = 0,
) -> Passage:
    """The passage over a virtual batch, of traversal learning or of the FedAvg baseline.

    Args:
        batch: which samples.
        parameters: θ.
        world: who holds them.
        taken: the samples, where they have been gathered already.
        number: of the round.
        purpose: 0: what is taught; others: what is only supposed.
    """
    learning = world.terms.learning
    guard = learning.privacy
    rate = to_tensor(learning.rate[:, 0], parameters[0])
    if world.nodes is not None:
        training = Training(rate, learning.local_epochs) if learning.method == "federated" else None
        return visit_nodes(batch, parameters, world.nodes, (number, purpose if guard.on else 0), training)
    parameters = in_round(world.network, parameters, round=number)
    device, (features, labels) = world.terms.device, taken or samples(batch, world)
    owner, importance = torch.as_tensor(batch.owner, device=device), world.importance(labels, batch.sample)
    owners = Owners(owner, world.graph.principals, batch.visit, importance)
    if not guard.on:
        return _passage(world, parameters, (features, labels), owners, rate)
    secrets = Secrets(world.keys, number, purpose)
    if learning.method == "federated":
        return guarded_deltas(_passage(world, parameters, (features, labels), owners, rate), guard, secrets)
    assert isinstance(world.network, MLP)
    passage = guarded(world.network, parameters, (features, labels), owners, guard, secrets)
    return Told(passage, guard.rounding)


def _passage(
    world: World, parameters: Parameters, samples: tuple[Tensor, Tensor], owners: Owners, rate: Tensor
) -> Passage:
    """The passage where all samples are here and nothing is changed."""
    learning, (features, labels) = world.terms.learning, samples
    if learning.method == "traversal":
        return world.network.traverse(parameters, features, labels, owners)
    return train_locally(world.network, parameters, features, labels, owners, rate, learning.local_epochs)


def sent_back(passage: Passage, put: PutIn, state: State, stream: Stream) -> Passage:
    """The passage as principals send it back; under FedAvg some send a forged update instead of training."""
    if not isinstance(passage, DeltaPassage) or put.form is None:
        return passage
    return forge(passage, put.form == Form.DISGUISED, put.form == Form.REPLAY, state.last_delta, stream)


def samples(batch: Batch, world: World) -> tuple[Tensor, Tensor]:
    """Features (R, S, d) and claimed labels (R, S) of a virtual batch."""
    features = world.features.gather(batch.sample, batch.junk, batch.noise, batch.added)
    return features, label_tensor(batch.label, world.terms)


def label_tensor(labels: Labels, terms: Terms) -> Tensor:
    """Labels where the network is computed: classes as int64, numbers in its precision."""
    dtype = terms.dtype if labels.dtype.kind == "f" else torch.int64
    return torch.as_tensor(labels, dtype=dtype, device=terms.device)


def recent_samples(
    batch: Batch, features: Tensor, passage: Passage, state: State, world: World
) -> tuple[Seen, ...]:
    """The samples of this round and of those remembered by owner, where credit is discounted by them."""
    if not (memory := world.terms.credit.memory):
        return ()
    row = torch.as_tensor(batch.sample, device=world.terms.device) + world.features.first
    if batch.junk is not None:
        row[torch.as_tensor(batch.junk, device=row.device)] = -1
    return remembered(state.recent, seen_by_owner(features, passage.owners, row), memory)
