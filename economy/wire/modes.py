"""What leaves a node in each mode: what a visit sends up, and what is answered about it afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import AnyArray, Floats
from commonweal.economy.learning.federated import DeltaPassage
from commonweal.economy.learning.network import Passage
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.wire.masks import Keys, stream, to_fixed
from commonweal.economy.wire.message import Message, numbered
from commonweal.economy.wire.shares import ACTIVITY_BITS

Answer = dict[str, AnyArray]
SERVER = -1  # number under which the first of two servers agrees on keys


@dataclass(frozen=True)
class Asked:
    """A question about a visit, and what the node needs to answer it."""

    question: Message
    passage: Passage  # of its samples, each with weight 1, as it is let out
    number: int  # of the node
    keys: Keys | None  # of a node that answers in secret
    theta: bytes = b""  # digest of the parameters of the visit

    @property
    def paths(self) -> PathPassage:
        """Paths of its samples, in modes that look at some."""
        assert isinstance(self.passage, PathPassage)
        return self.passage

    @property
    def weights(self) -> Tensor:
        """(R, n) that the question gives the principals; 1 where it gives none."""
        if "weights" in self.question.arrays:
            return torch.from_numpy(self.question.arrays["weights"].copy())
        loss, owners = self.passage.loss, self.passage.owners
        return loss.new_ones(len(loss), owners.principals)

    def hidden(self, values: Floats) -> AnyArray:
        """Numbers under masks that cancel in the sum of all nodes that are asked, if all visited with the same θ."""
        assert self.keys is not None
        among = self.question.arrays["among"].tolist()
        fixed = to_fixed(values.ravel(), len(among))
        return self.keys.hide(fixed, self.number, among, self.question.plan, self.theta)


@dataclass(frozen=True)
class Mode:
    """What a node sends of a visit, and what it answers about it."""

    up: Callable[[Asked], Answer]
    about: Mapping[str, Callable[[Asked], Answer]] = field(default_factory=dict)
    secret: bool = False  # whether nodes agree on keys, and all of them are asked together
    told: slice = field(default_factory=partial(slice, 1))  # layers that products and weighted sums are told of


def _all_paths(asked: Asked) -> Answer:
    """Every input and output delta, the samples' features included."""
    passage = asked.paths
    paths = {**numbered("input", _numpy(passage.inputs)), **numbered("delta", _numpy(passage.deltas))}
    return {**paths, "loss": passage.loss.numpy()}


def _above_the_cut(asked: Asked) -> Answer:
    """What enters the second layer and what leaves the last, of every sample."""
    passage = asked.paths
    hidden = {"input": passage.inputs[1].numpy()} if len(passage.inputs) > 1 else {}
    outputs = {"delta": passage.deltas[-1].numpy()} if len(passage.deltas) > 1 else {}
    return {**hidden, **outputs, "loss": passage.loss.numpy()}


def _cut(asked: Asked) -> Answer:
    """Above the cut every path; of the first layer the sum, and everybody's squared norm."""
    norms = layers(asked.paths, slice(1)).squared_norms().numpy()
    return {**_above_the_cut(asked), **_sum_of_first(asked), "norms": norms}


def _cut_with_gradients(asked: Asked) -> Answer:
    """Above the cut every path; of the first layer each principal's own gradient."""
    (own,) = layers(asked.paths, slice(1)).updates()
    return {**_above_the_cut(asked), "updates": own.numpy()}


def _products_of_first(asked: Asked) -> Answer:
    """(R, n, D) products of each principal's update of the first layer with directions."""
    return {"products": layers(asked.paths, slice(1)).products(tensors(asked.question.stack("direction"))).numpy()}


def _sum_of_first(asked: Asked) -> Answer:
    """Σ_i w_i u_i of the first layer."""
    (total,) = layers(asked.paths, slice(1)).weighted_sum(asked.weights)
    return {"sum": total.numpy()}


def _secret_sum(asked: Asked) -> Answer:
    """Under masks: Σ_i w_i u_i of all layers, and the loss."""
    return {"hidden": asked.hidden(_flat(asked.passage, asked.weights))}


def _secure(asked: Asked) -> Answer:
    """Under masks the sum; everybody's squared norm is the node's claim."""
    return {**_secret_sum(asked), "norms": asked.passage.squared_norms().numpy()}


def _claimed_products(asked: Asked) -> Answer:
    """(R, n, D) products of each principal's update with directions: the node's claims."""
    return {"products": asked.passage.products(tensors(asked.question.stack("direction"))).numpy()}


def _two_servers(asked: Asked) -> Answer:
    """What enters the last layer, shared between two servers; its deltas; the layers below as in ``secure``."""
    passage, keys = asked.paths, asked.keys
    assert keys is not None
    activity = passage.inputs[-1].numpy()
    fixed = to_fixed(activity, bits=ACTIVITY_BITS)
    mask = stream(keys.agreed(SERVER), asked.question.plan, fixed.size).reshape(fixed.shape)
    share, norms = fixed - mask, passage.squared_norms().numpy()
    return {**_secret_lower(asked), "share": share, "delta": passage.deltas[-1].numpy(), "norms": norms}


def _secret_lower(asked: Asked) -> Answer:
    """Under masks: Σ_i w_i u_i of the layers below the last, and the loss."""
    return {"hidden": asked.hidden(_flat(layers(asked.paths, slice(-1)), asked.weights))}


def _claimed_products_of_lower(asked: Asked) -> Answer:
    """(R, n, D) products of the layers below the last: the node's claims."""
    below, directions = layers(asked.paths, slice(-1)), tensors(asked.question.stack("direction"))
    if not below.inputs:
        shape = (len(below.loss), below.owners.principals, int(asked.question.words["directions"]))
        return {"products": below.loss.new_zeros(shape).numpy()}
    return {"products": below.products(directions).numpy()}


def _opened(asked: Asked) -> Answer:
    """(M, P) updates of the principals who are asked to open theirs, run after run; those of nobody else."""
    chosen = np.array(asked.question.arrays["open"], dtype=bool)
    own = torch.cat([part.flatten(2) for part in asked.passage.updates()], dim=2)
    return {"updates": own[torch.as_tensor(chosen)].numpy()}


def layers(passage: PathPassage, which: slice) -> PathPassage:
    """The paths through some layers alone."""
    return PathPassage(passage.inputs[which], passage.deltas[which], passage.owners, passage.loss)


def _flat(passage: Passage, weights: Tensor) -> Floats:
    """(R, P + 1) weighted sum of updates, layer after layer, and the loss."""
    parts = [*passage.weighted_sum(weights), passage.loss[:, None]]
    flat: Floats = torch.cat([part.flatten(1) for part in parts], dim=1).numpy().astype(np.float64)
    return flat


def tensors(arrays: tuple[AnyArray, ...]) -> tuple[Tensor, ...]:
    """Arrays of a message, which cannot be written to, as tensors."""
    return tuple(torch.from_numpy(array.copy()) for array in arrays)


def _numpy(values: tuple[Tensor, ...]) -> tuple[AnyArray, ...]:
    return tuple(each.numpy() for each in values)


def deltas(passage: DeltaPassage) -> Answer:
    """(R, n, P) of every principal its samples times −Δ_i / η, and the loss, as sums over samples.

    Args:
        passage: of samples with local training, whose updates are weighted as a mean.
    """
    count = (passage.owners.owner >= 0).sum(1).to(passage.deltas)
    return {"deltas": (passage.deltas * count[:, None, None]).numpy(), "loss": (passage.loss * count).numpy()}


FEDERATED = "deltas"  # the mode of FedAvg, which no traversal goes with: each principal's change of the network

MODES: dict[str, Mode] = {  # of traversal learning
    "paths": Mode(_all_paths),
    "cut": Mode(_cut, {"products": _products_of_first, "sum": _sum_of_first}),
    "cut-gradients": Mode(_cut_with_gradients),
    "secure": Mode(
        _secure, {"products": _claimed_products, "sum": _secret_sum, "open": _opened}, True, slice(None)
    ),
    "two-servers": Mode(
        _two_servers,
        {"products": _claimed_products_of_lower, "sum": _secret_lower, "open": _opened},
        True,
        slice(-1),
    ),
}

SECRET = tuple(name for name, mode in MODES.items() if mode.secret)  # in which products are claims
