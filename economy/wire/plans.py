"""Plans of visits: which samples of a batch each node visits, and how what nodes answer is put together again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import AnyArray, Bools, Ints
from commonweal.economy.learning.network import Owners, Parameters
from commonweal.economy.tasks import Batch
from commonweal.economy.wire.holding import Roster
from commonweal.economy.wire.message import Message, numbered
from commonweal.economy.wire.nodes import Nodes

Answers: TypeAlias = Mapping[int, Message]


@dataclass(frozen=True)
class Plan:
    """Which samples of a round's virtual batch each node visits."""

    round: int
    visit: int  # number of the question that the nodes know the visit by
    owners: Owners  # of the samples at nodes that answer
    places: Mapping[int, Ints]  # by node: (R, S_j) places in the batch, −1 where padded

    def about(self, kind: str, arrays: Mapping[str, AnyArray]) -> Message:
        """A question about this visit."""
        return Message(kind, self.round, 0, arrays, {"visit": self.visit})

    def among(self, nodes: Nodes) -> dict[str, AnyArray]:
        """Who is asked together, where nodes answer in secret."""
        return {"among": np.array(sorted(self.places), dtype=np.int32)} if nodes.secret else {}

    def weights(self, like: Tensor) -> Tensor:
        """(R,) weight of each sample: one over those that arrive."""
        return (1 / self._arrived.to(like.dtype)).to(like.device)

    @cached_property
    def _arrived(self) -> Tensor:
        return (self.owners.owner >= 0).sum(1).clamp(min=1)

    def placed(self, parts: Mapping[int, AnyArray]) -> Tensor:
        """(R, S, w) of the batch from the nodes' (R, S_j, w); 0 where nothing arrives."""
        runs, samples = self.owners.owner.shape
        some = next(iter(parts.values()))
        whole = np.zeros((runs, samples, some.shape[2]), dtype=some.dtype)
        for node, part in parts.items():
            run, column = self._seats[node]
            whole[run, self.places[node][run, column]] = part[run, column]
        return torch.from_numpy(whole)

    @cached_property
    def _seats(self) -> dict[int, tuple[AnyArray, ...]]:
        """By node: runs and columns of its samples that are no padding."""
        return {node: np.nonzero(places >= 0) for node, places in self.places.items()}


def planned(
    batch: Batch, parameters: Parameters, nodes: Nodes, when: tuple[int, int]
) -> tuple[Plan, dict[int, Message]]:
    """What each node that is present is asked to visit."""
    roster, (number, purpose) = nodes.roster, when
    real = batch.owner >= 0
    at = np.where(real, roster.node[batch.owner], -1)
    arrives = real & nodes.present[at]
    owner = np.where(arrives, batch.owner, -1)
    owners = Owners(torch.as_tensor(owner), len(roster.node), batch.visit)
    asked = nodes.here if nodes.secret else np.unique(at[arrives])
    places = {node: _places(at == node) for node in asked.tolist()}
    theta = numbered("theta", tuple(p.numpy() for p in parameters))
    words = {"together": batch.visit, **({"purpose": purpose} if purpose else {})}
    questions = {
        node: Message("visit", number, 0, {**theta, **_part(batch, own, roster)}, words)
        for node, own in places.items()
    }
    plan = Plan(number, 0, owners, places)
    return plan, {node: replace(each, arrays={**each.arrays, **plan.among(nodes)}) for node, each in questions.items()}


def _places(here: Bools) -> Ints:
    """(R, S_j) places of the samples that are here, in their order, −1 where a run has fewer than another."""
    width = int(here.sum(axis=1).max(initial=0))
    order = np.argsort(~here, axis=1, kind="stable")[:, :width]
    return np.where(np.take_along_axis(here, order, axis=1), order, -1)


def _part(batch: Batch, places: Ints, roster: Roster) -> dict[str, AnyArray]:
    """A node's part of a batch: rows of its file, their owners, shifts of labels, and what is made up."""
    run, real = np.arange(len(places))[:, None], places >= 0
    at = np.maximum(places, 0)
    owner, sample = batch.owner[run, at], batch.sample[run, at]
    part = {
        "row": np.where(real, roster.row[run, sample], 0).astype(np.int32),
        "owner": np.where(real, roster.place[owner], -1).astype(np.int32),
        "label": batch.label[run, at].astype(np.float64 if batch.label.dtype.kind == "f" else np.int32),
    }
    if batch.junk is None or batch.noise is None or not (made := batch.junk[run, at] & real).any():
        return part
    number = np.cumsum(batch.junk.ravel()).reshape(batch.junk.shape) - 1  # of each place that is made up
    chosen = number[run, at][made]
    added = np.zeros(len(batch.noise), dtype=bool) if batch.added is None else batch.added
    return {**part, "made": made, "noise": batch.noise[chosen], "added": added[chosen]}


def by_principal(parts: Mapping[int, AnyArray], nodes: Nodes, like: Tensor) -> Tensor:
    """(R, N, …) of all principals from the nodes' (R, n, …); 0 for those of other nodes."""
    some = next(iter(parts.values()))
    whole = np.zeros((some.shape[0], len(nodes.roster.node), *some.shape[2:]), dtype=some.dtype)
    for node, part in parts.items():
        whole[:, nodes.roster.principals(node)] = part
    return torch.from_numpy(whole).to(like)
