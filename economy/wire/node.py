"""A node: it holds its principals' samples, answers what it is asked of them, and sends nothing else.

Batbaatar, Kim, Kim and Yoon, "Traversal Learning" (arXiv 2504.07471); modes after TL++ (arXiv 2606.25627). A node
answers for sums over its samples, each with weight 1: the orchestrator divides by the samples that arrive.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from commonweal.economy.learning.federated import DeltaPassage, train_locally
from commonweal.economy.learning.guards import Secrets, Told, guarded, guarded_deltas
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners, Parameters, Passage
from commonweal.economy.wire.demands import (
    Visit,
    demand_among,
    demand_directions,
    demand_parameters,
    demand_samples,
    demand_weights,
    digest,
)
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.masks import Keys
from commonweal.economy.wire.message import Message, WireError
from commonweal.economy.wire.modes import FEDERATED, MODES, Answer, Asked, deltas, tensors


class Summed(Owners):
    """Owners of samples that count as a sum, not as a mean."""

    def weights(self, dtype: torch.dtype) -> Tensor:
        """(R, S) 1 for each sample, 0 where padded."""
        return (self.owner >= 0).to(dtype)


EPOCHS = 1000  # of local training in a round, at most
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
        self._kind = np.dtype(np.float64 if network.dtype == torch.float64 else np.float32)
        self._visited: dict[int, Visit] = {}  # by the number of the question
        self._newest = 0  # number of the newest question
        self._noises: dict[tuple[int, int], int] = {}  # by round and purpose: how often noise was drawn

    def handle(self, question: Message) -> Message:
        """The answer to a question, of the same round and plan.

        Raises:
            WireError: if this mode knows no such question, it is not newer than the last, or asks for more than a
                node tells.
        """
        known = self._known
        if question.kind not in known:
            raise WireError(f"no question of this mode: {question.kind[:20]!r}")
        if question.plan <= self._newest:
            raise WireError(f"question {question.plan} is not newer than question {self._newest}")
        self._newest = question.plan
        if torch.is_inference_mode_enabled():
            answer = known[question.kind](question)
        else:
            with torch.inference_mode():
                answer = known[question.kind](question)
        return Message(question.kind, question.round, question.plan, answer)

    @cached_property
    def _known(self) -> dict[str, Callable[[Message], Answer]]:
        """What the node can be asked."""
        if self.mode is None:
            return {"train": self._train}
        known = {"visit": self._visit, **dict.fromkeys(self.mode.about, self._about_visit)}
        return known | ({} if self._keys is None else {"key": self._key, "agree": self._agree})

    def _train(self, question: Message) -> Answer:
        """Local training of every principal on the samples that a plan names."""
        theta, rate = question.stack("theta"), torch.as_tensor(np.array(question.arrays["rate"]))
        demand_parameters(theta, self.network.widths, self._kind)
        demand_samples(question, self._labels, len(self.holding.principals), len(theta[0]))
        epochs = question.words["epochs"]
        if rate.shape != (len(theta[0]),) or not isinstance(epochs, int) or not 1 <= epochs <= EPOCHS:
            raise WireError(f"local training: must be by a rate for each run, in 1 to {EPOCHS} epochs")
        features, labels = self._samples(question)
        owner = torch.as_tensor(np.array(question.arrays["owner"], dtype=np.int64))
        owners = Owners(owner, len(self.holding.principals), int(question.words["together"]))
        passage = train_locally(self.network, tensors(theta), features, labels, owners, rate, epochs)
        if self.holding.guard.on:
            passage = guarded_deltas(passage, self.holding.guard, self._secrets(question))
        if not isinstance(passage, DeltaPassage):
            raise WireError("nobody on this node has samples to train on")
        return deltas(passage)

    def _visit(self, question: Message) -> Answer:
        """Forward and backward on the samples that a plan names."""
        theta = question.stack("theta")
        demand_parameters(theta, self.network.widths, self._kind)
        demand_samples(question, self._labels, len(self.holding.principals), len(theta[0]))
        features, labels = self._samples(question)
        owner = torch.from_numpy(question.arrays["owner"].astype(np.int64))
        owners = Summed(owner, len(self.holding.principals), int(question.words["together"]))
        passage = self._let_out(question, tensors(theta), (features, labels), owners)
        visit = Visit(passage, digest(theta))
        self._visited = {**dict(list(self._visited.items())[1 - KEPT :]), question.plan: visit}
        assert self.mode is not None
        return self.mode.up(self._asked(question, visit))

    def _let_out(
        self, question: Message, parameters: Parameters, samples: tuple[Tensor, Tensor], owners: Owners
    ) -> Passage:
        """The passage over visited samples, as far as principals let it out."""
        guard = self.holding.guard
        if not guard.on:
            return self.network.traverse(parameters, *samples, owners)
        passage = guarded(self.network, parameters, samples, owners, guard, self._secrets(question))
        return Told(passage, guard.rounding) if guard.rounding else passage

    def _secrets(self, question: Message) -> Secrets:
        """What noise is drawn from; while the node lives no numbers are drawn twice, whatever is asked."""
        purpose, keys = question.words.get("purpose", 0), self.holding.keys
        if not isinstance(purpose, int) or purpose < 0 or question.round < 0:
            raise WireError("rounds and purposes: must be whole numbers from 0")
        if keys is None:
            raise WireError("principals of this node have no keys to draw noise from")
        asked = question.round, purpose
        again = self._noises[asked] = self._noises.get(asked, -1) + 1
        return Secrets(keys, *asked, again)

    def _about_visit(self, question: Message) -> Answer:
        """Of a visit: products with directions, or a weighted sum."""
        visit = self._visited.get(int(question.words["visit"]))
        if visit is None:
            raise WireError(f"visit {question.words['visit']} is not remembered")
        assert self.mode is not None
        runs, principals = len(visit.passage.loss), len(self.holding.principals)
        if question.kind == "products":
            asked = demand_directions(question.stack("direction"), self.network.widths, self.mode.told, runs)
            visit.tell(visit.directions, asked, self.holding.directions, "directions")
        if "weights" in question.arrays:
            demand_weights(question.arrays["weights"], runs, principals)
            visit.tell(visit.sums, {digest([question.arrays["weights"]])}, self.holding.sums, "weighted sums")
        return self.mode.about[question.kind](self._asked(question, visit))

    def _asked(self, question: Message, visit: Visit) -> Asked:
        """A question about a visit with what answers it."""
        if "among" in question.arrays:
            demand_among(question.arrays["among"], self.number)
        return Asked(question, visit.passage, self.number, self._keys, visit.theta)

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
        row, told = question.arrays["row"].astype(np.int64), np.array(question.arrays["label"])
        features = self._features[torch.from_numpy(row)]
        if self.network.loss.target == "number":
            claimed = self._labels[row] * told if row.size else told
        else:
            told = told.astype(np.int64)
            claimed = (self._labels[row] + told) % self.network.widths[-1] if row.size else told
        if "made" in question.arrays:
            made, added = (np.array(question.arrays[name]) for name in ("made", "added"))
            noise = torch.as_tensor(np.array(question.arrays["noise"]), dtype=features.dtype)
            features[torch.as_tensor(made)] = noise + features[torch.as_tensor(made)] * torch.as_tensor(added)[:, None]
            claimed[made] = np.where(added, claimed[made], told[made])
        labels = torch.from_numpy(claimed)
        return features, labels.to(features.dtype) if labels.is_floating_point() else labels
