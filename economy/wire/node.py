"""A node: it holds its principals' samples, answers what it is asked of them, and sends nothing else.

Batbaatar, Kim, Kim and Yoon, "Traversal Learning" (arXiv 2504.07471); modes after TL++ (arXiv 2606.25627). A node
answers for sums over its samples, each with weight 1: the orchestrator divides by the samples that arrive.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import AnyArray
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.message import Message, WireError, numbered

Answer = dict[str, AnyArray]


class Summed(Owners):
    """Owners of samples that count as a sum, not as a mean."""

    def weights(self, dtype: torch.dtype) -> Tensor:
        """(R, S) 1 for each sample, 0 where padded."""
        return (self.owner >= 0).to(dtype)


KEPT = 3  # visits that a node remembers: that of the round, and of what principals might have put in


class Node:
    """Answers the questions of one mode.

    Args:
        holding: the samples of its principals.
        network: the shared network, without parameters.
        mode: which layers' paths a visit sends up, a key of ``UP``.
    """

    def __init__(self, holding: Holding, network: MLP, mode: str) -> None:
        self.holding, self.network, self.mode = holding, network, mode
        self._features = torch.as_tensor(np.array(holding.features), dtype=network.dtype)
        self._labels = np.array(holding.labels)
        self._visited: dict[int, PathPassage] = {}  # by the number of the question

    @torch.inference_mode()
    def handle(self, question: Message) -> Message:
        """The answer to a question, of the same round and plan.

        Raises:
            WireError: if this mode knows no such question, or it is about a round that was not visited.
        """
        known = {"visit": self._visit, **dict.fromkeys(ASKED[self.mode], self._about_visit)}
        if question.kind not in known:
            raise WireError(f"mode {self.mode} answers no question {question.kind[:20]!r}")
        return Message(question.kind, question.round, question.plan, known[question.kind](question))

    def _visit(self, question: Message) -> Answer:
        """Forward and backward on the samples that a plan names."""
        features, labels = self._samples(question)
        owner = torch.as_tensor(np.array(question.arrays["owner"], dtype=np.int64))
        owners = Summed(owner, len(self.holding.principals), int(question.words["together"]))
        passage = self.network.traverse(tensors(question.stack("theta")), features, labels, owners)
        self._visited = {**dict(list(self._visited.items())[1 - KEPT :]), question.plan: passage}
        return UP[self.mode](passage)

    def _about_visit(self, question: Message) -> Answer:
        """Of a visit: products with directions, or a weighted sum."""
        visited = self._visited.get(int(question.words["visit"]))
        if visited is None:
            raise WireError(f"visit {question.words['visit']} is not remembered")
        return ASKED[self.mode][question.kind](visited, question)

    def _samples(self, question: Message) -> tuple[Tensor, Tensor]:
        """Features (R, S, d) and claimed labels (R, S): own samples, or what a principal makes up in their place."""
        row = np.array(question.arrays["row"], dtype=np.int64)
        shift = np.array(question.arrays["label"], dtype=np.int64)
        if row.size and (row.max() >= len(self._labels) or row.min() < 0):
            raise WireError("a sample that this node does not hold")
        features = self._features[torch.as_tensor(row)]
        claimed = (self._labels[row] + shift) % self.network.widths[-1] if row.size else shift
        if "made" in question.arrays:
            made, added = (np.array(question.arrays[name]) for name in ("made", "added"))
            noise = torch.as_tensor(np.array(question.arrays["noise"]), dtype=features.dtype)
            features[torch.as_tensor(made)] = noise + features[torch.as_tensor(made)] * torch.as_tensor(added)[:, None]
            claimed[made] = np.where(added, claimed[made], shift[made])
        return features, torch.as_tensor(claimed)


def tensors(arrays: tuple[AnyArray, ...]) -> tuple[Tensor, ...]:
    """Arrays of a message, which cannot be written to, as tensors."""
    return tuple(torch.as_tensor(np.array(array)) for array in arrays)


def _all_paths(passage: PathPassage) -> Answer:
    """Every input and output delta, the samples' features included."""
    paths = {**numbered("input", _numpy(passage.inputs)), **numbered("delta", _numpy(passage.deltas))}
    return {**paths, "loss": passage.loss.numpy()}


def _above_the_cut(passage: PathPassage) -> Answer:
    """What enters the second layer and what leaves the last; of the first layer sums alone."""
    first = first_layer(passage)
    everybody = passage.loss.new_ones(len(passage.loss), passage.owners.principals)
    (gradient,) = first.weighted_sum(everybody)
    hidden = {"input": passage.inputs[1].numpy()} if len(passage.inputs) > 1 else {}
    outputs = {"delta": passage.deltas[-1].numpy()} if len(passage.deltas) > 1 else {}
    return {**hidden, **outputs, "loss": passage.loss.numpy(), "sum": gradient.numpy(),
            "norms": first.squared_norms().numpy()}  # fmt: skip


def _above_the_cut_with_gradients(passage: PathPassage) -> Answer:
    """As above the cut, and each principal's own gradient of the first layer in the place of the sum."""
    answer = _above_the_cut(passage)
    del answer["sum"], answer["norms"]
    (own,) = first_layer(passage).updates()
    return {**answer, "updates": own.numpy()}


def first_layer(passage: PathPassage) -> PathPassage:
    """The paths through the first layer alone."""
    return PathPassage(passage.inputs[:1], passage.deltas[:1], passage.owners, passage.loss)


def _products(passage: PathPassage, question: Message) -> Answer:
    """(R, n, D) products of each principal's update of the first layer with directions."""
    return {"products": first_layer(passage).products(tensors(question.stack("direction"))).numpy()}


def _sum(passage: PathPassage, question: Message) -> Answer:
    """Σ_i w_i u_i of the first layer."""
    weights = torch.as_tensor(np.array(question.arrays["weights"]))
    (total,) = first_layer(passage).weighted_sum(weights)
    return {"sum": total.numpy()}


def _numpy(values: tuple[Tensor, ...]) -> tuple[AnyArray, ...]:
    return tuple(each.numpy() for each in values)


UP: dict[str, Callable[[PathPassage], Answer]] = {
    "paths": _all_paths,
    "cut": _above_the_cut,
    "cut-gradients": _above_the_cut_with_gradients,
}
ASKED: dict[str, dict[str, Callable[[PathPassage, Message], Answer]]] = {
    "paths": {},
    "cut": {"products": _products, "sum": _sum},
    "cut-gradients": {},
}
