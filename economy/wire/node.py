"""A node: it holds its principals' samples, answers what it is asked of them, and sends nothing else.

Batbaatar, Kim, Kim and Yoon, "Traversal Learning" (arXiv 2504.07471); modes after TL++ (arXiv 2606.25627). A node
answers for sums over its samples, each with weight 1: the orchestrator divides by the samples that arrive.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from commonweal.economy.learning.federated import DeltaPassage, train_locally
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.masks import Keys
from commonweal.economy.wire.message import Message, WireError
from commonweal.economy.wire.modes import FEDERATED, MODES, Answer, Asked, deltas, tensors


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
        mode: what leaves it, a key of ``MODES``, or ``FEDERATED``.
        number: of the node.
    """

    def __init__(self, holding: Holding, network: MLP, mode: str, number: int = 0) -> None:
        self.holding, self.network, self.number = holding, network, number
        self.mode = None if mode == FEDERATED else MODES[mode]
        self._keys = Keys() if self.mode is not None and self.mode.secret else None
        self._features = torch.as_tensor(np.array(holding.features), dtype=network.dtype)
        self._labels = np.array(holding.labels)
        self._visited: dict[int, PathPassage] = {}  # by the number of the question

    @torch.inference_mode()
    def handle(self, question: Message) -> Message:
        """The answer to a question, of the same round and plan.

        Raises:
            WireError: if this mode knows no such question, or it is about a round that was not visited.
        """
        known = self._known()
        if question.kind not in known:
            raise WireError(f"no question of this mode: {question.kind[:20]!r}")
        return Message(question.kind, question.round, question.plan, known[question.kind](question))

    def _known(self) -> dict[str, Callable[[Message], Answer]]:
        """What the node can be asked."""
        if self.mode is None:
            return {"train": self._train}
        known = {"visit": self._visit, **dict.fromkeys(self.mode.about, self._about_visit)}
        return known | ({} if self._keys is None else {"key": self._key, "agree": self._agree})

    def _train(self, question: Message) -> Answer:
        """Local training of every principal on the samples that a plan names."""
        features, labels = self._samples(question)
        owner = torch.as_tensor(np.array(question.arrays["owner"], dtype=np.int64))
        owners = Owners(owner, len(self.holding.principals), int(question.words["together"]))
        theta, rate = tensors(question.stack("theta")), torch.as_tensor(np.array(question.arrays["rate"]))
        epochs = int(question.words["epochs"])
        passage = train_locally(self.network, theta, features, labels, owners, rate, epochs)
        if not isinstance(passage, DeltaPassage):
            raise WireError("nobody on this node has samples to train on")
        return deltas(passage)

    def _visit(self, question: Message) -> Answer:
        """Forward and backward on the samples that a plan names."""
        features, labels = self._samples(question)
        owner = torch.as_tensor(np.array(question.arrays["owner"], dtype=np.int64))
        owners = Summed(owner, len(self.holding.principals), int(question.words["together"]))
        passage = self.network.traverse(tensors(question.stack("theta")), features, labels, owners)
        assert self.mode is not None
        self._visited = {**dict(list(self._visited.items())[1 - KEPT :]), question.plan: passage}
        return self.mode.up(Asked(question, passage, self.number, self._keys))

    def _about_visit(self, question: Message) -> Answer:
        """Of a visit: products with directions, or a weighted sum."""
        visited = self._visited.get(int(question.words["visit"]))
        if visited is None:
            raise WireError(f"visit {question.words['visit']} is not remembered")
        assert self.mode is not None
        return self.mode.about[question.kind](Asked(question, visited, self.number, self._keys))

    def _key(self, question: Message) -> Answer:
        """The public key that others agree on a key with."""
        assert self._keys is not None
        return {"key": np.frombuffer(self._keys.public, dtype=np.int8)}

    def _agree(self, question: Message) -> Answer:
        """Agree on a key with every other node, and with the first of two servers."""
        assert self._keys is not None
        nodes, keys = question.arrays["nodes"].tolist(), question.arrays["keys"]
        self._keys.agree({node: key.tobytes() for node, key in zip(nodes, keys, strict=True) if node != self.number})
        return {}

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
