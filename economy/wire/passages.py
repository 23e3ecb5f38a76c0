"""What the orchestrator makes of the answers of nodes: a passage like any other, whose first layer it may not see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import AnyArray, Bools, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.learning.federated import DeltaPassage
from commonweal.economy.learning.module import unflatten
from commonweal.economy.learning.network import Directions, Owners, Parameters, Passage
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.tasks import Batch
from commonweal.economy.wire.holding import Roster
from commonweal.economy.wire.masks import demand_in_range, from_fixed, stream
from commonweal.economy.wire.message import Message, numbered
from commonweal.economy.wire.modes import FEDERATED
from commonweal.economy.wire.nodes import Nodes
from commonweal.economy.wire.shares import Share, SharedLayer, joined

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


@dataclass(frozen=True)
class CutPassage:
    """A passage whose first layer stays at the nodes: the paths above it are here, of the first layer sums alone."""

    upper: PathPassage  # the layers above the first; none where the network has one layer
    first: Tensor  # (R, h₁, d + 1) Σ_i u_i of the first layer
    norms: Tensor  # (R, N) squared norms of the first layer's part
    plan: Plan
    nodes: Nodes

    @property
    def owners(self) -> Owners:
        """Whose samples the batch is made of."""
        return self.plan.owners

    @property
    def loss(self) -> Tensor:
        """(R,) mean loss over the samples that arrived."""
        return self.upper.loss

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩; the nodes multiply the first layer's part."""
        first = numbered("direction", (directions[0].numpy(),))
        answers = self.nodes.ask({node: self.plan.about("products", first) for node in self.plan.places})
        parts = {node: answer.arrays["products"] for node, answer in answers.items()}
        weight = self.plan.weights(self.first)[:, None, None]
        return _above(self.upper, directions) + weight * by_principal(parts, self.nodes, self.first)

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖²."""
        return self.norms + (self.upper.squared_norms() if self.upper.inputs else 0.0)

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i; the nodes are asked only where some weight is not 1."""
        first = self.first if _all_count(weights, self.owners) else self._asked(weights)
        return (first, *self.upper.weighted_sum(weights))

    def updates(self) -> Directions:
        """Not here: nobody but the nodes knows them."""
        raise ValueError("updates of single principals do not leave the nodes: must be learning.wire = 'cut-gradients'")

    def _asked(self, weights: Tensor) -> Tensor:
        roster = self.nodes.roster
        questions = {
            node: self.plan.about("sum", {"weights": weights[:, roster.principals(node)].numpy()})
            for node in self.plan.places
        }
        parts = [answer.arrays["sum"] for answer in self.nodes.ask(questions).values()]
        return self.plan.weights(self.first)[:, None, None] * torch.from_numpy(np.sum(parts, axis=0))


@dataclass(frozen=True)
class SecretPassage:
    """A passage of which only sums are here, and what nodes claim of each principal.

    Between two servers the last layer is here as well, in two shares; else ``last`` is None.
    """

    total: Parameters  # Σ_i u_i of the layers whose sums are secret
    claimed_norms: Tensor  # (R, N) squared norms
    loss: Tensor  # (R,) mean loss over the samples that arrived
    last: SharedLayer | None
    shapes: tuple[torch.Size, ...]  # of the layers whose sums are secret, without the run axis
    plan: Plan
    nodes: Nodes

    @property
    def owners(self) -> Owners:
        """Whose samples the batch is made of."""
        return self.plan.owners

    @property
    def depth(self) -> int:
        """How many layers, the first ones, have sums that are secret and products that are claims."""
        return len(self.shapes)

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩, as nodes claim; those of a shared last layer are worked out."""
        told = numbered("direction", tuple(v.numpy() for v in directions[: self.depth]))
        about = self.plan.about("products", told)
        about = replace(about, words={**about.words, "directions": directions[0].shape[1]})
        answers = self.nodes.ask(dict.fromkeys(self.plan.places, about))
        parts = {node: answer.arrays["products"] for node, answer in answers.items()}
        claimed = by_principal(parts, self.nodes, self.loss) * self.plan.weights(self.loss)[:, None, None]
        return claimed if self.last is None else claimed + self.unclaimed(directions)

    def unclaimed(self, directions: Directions) -> Tensor:
        """(R, N, D) the part of products that nobody claims: that of a shared last layer."""
        if self.last is None:
            return self.loss.new_zeros(len(self.loss), self.owners.principals, directions[0].shape[1])
        return self.last.products(directions[-1])

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖², as nodes claim."""
        return self.claimed_norms

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i; nodes are asked only where some weight is not 1."""
        total = self.hidden_sum(weights)
        return total if self.last is None else (*total, self.last.weighted_sum(weights))

    def hidden_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i of the layers whose sums are secret."""
        return self.total if _all_count(weights, self.owners) else self._asked(weights)

    def opened(self, asked: Bools) -> Tensor:
        """(M, P) updates, all layers, of the principals who are asked (R, N): only their nodes hear the question."""
        roster, place = self.nodes.roster, np.cumsum(asked).reshape(asked.shape) - 1
        parts = {node: asked[:, roster.principals(node)] for node in self.plan.places}
        questions = {node: self.plan.about("open", {"open": part}) for node, part in parts.items() if part.any()}
        rows = self.loss.new_empty(int(asked.sum()), sum(shape.numel() for shape in self._all_shapes))
        for node, answer in self.nodes.ask(questions).items():
            own = place[:, roster.principals(node)][parts[node]]
            rows[torch.as_tensor(own)] = torch.as_tensor(np.array(answer.arrays["updates"])).to(rows)
        return rows * self.plan.weights(self.loss)[torch.as_tensor(np.nonzero(asked)[0])][:, None]

    def updates(self) -> Directions:
        """Not here: nobody but the nodes knows them."""
        raise ValueError("updates of single principals do not leave the nodes: must be learning.wire = 'cut-gradients'")

    @property
    def _all_shapes(self) -> tuple[torch.Size, ...]:
        widths = self.nodes.network.widths
        return tuple(torch.Size((out, into + 1)) for into, out in pairwise(widths))

    def _asked(self, weights: Tensor) -> Parameters:
        roster, among = self.nodes.roster, self.plan.among(self.nodes)
        questions = {
            node: self.plan.about("sum", {"weights": weights[:, roster.principals(node)].numpy(), **among})
            for node in self.plan.places
        }
        return revealed(self.nodes.ask(questions), self.shapes, self.plan, self.loss)[0]


def revealed(
    answers: Answers, shapes: tuple[torch.Size, ...], plan: Plan, like: Tensor
) -> tuple[Parameters, Tensor]:
    """The sum of what nodes hide, as mean over the samples that arrived: layers, and the loss (R,).

    Raises:
        InputError: if masks do not cancel.
    """
    hidden = np.stack([answer.arrays["hidden"] for answer in answers.values()])
    flat = from_fixed(hidden.sum(axis=0, dtype=np.uint64)).reshape(len(plan.owners.owner), -1)
    demand_in_range(flat)
    weighted = torch.as_tensor(flat).to(like) * plan.weights(like)[:, None]
    return unflatten(weighted[:, :-1], shapes), weighted[:, -1]


@dataclass(frozen=True)
class GradientPassage:
    """A passage above the cut, with each principal's own gradient of the first layer."""

    upper: PathPassage
    first: Tensor  # (R, N, h₁, d + 1) u_i of the first layer

    @property
    def owners(self) -> Owners:
        """Whose samples the batch is made of."""
        return self.upper.owners

    @property
    def loss(self) -> Tensor:
        """(R,) mean loss over the samples that arrived."""
        return self.upper.loss

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩."""
        return _above(self.upper, directions) + torch.bmm(self.first.flatten(2), directions[0].flatten(2).mT)

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖²."""
        first = self.first.square().sum((2, 3))
        return first + self.upper.squared_norms() if self.upper.inputs else first

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i."""
        first = (weights[..., None, None] * self.first).sum(1)
        return (first, *self.upper.weighted_sum(weights))

    def updates(self) -> Directions:
        """Every u_i, each entry (R, N, d_out, d_in + 1)."""
        return (self.first, *(self.upper.updates() if self.upper.inputs else ()))


@dataclass(frozen=True)
class Training:
    """What principals train by under FedAvg."""

    rate: Tensor  # (R,) of the local steps
    epochs: int  # full-batch steps of each

    def told(self, visit: Message) -> Message:
        """The question to train on the samples of a visit."""
        return replace(
            visit, kind="train", arrays={**visit.arrays, "rate": self.rate.numpy()},
            words={**visit.words, "epochs": self.epochs},
        )


def visit_nodes(
    batch: Batch, parameters: Parameters, nodes: Nodes, when: tuple[int, int], training: Training | None = None
) -> Passage:
    """One traversal pass over nodes, or a round of FedAvg.

    Args:
        batch: planned for everybody; its labels say by how many classes a label is shifted or, where labels are
            numbers, what one is multiplied by; or what is made up.
        parameters: θ.
        nodes: that hold the samples.
        when: number of the round, and what for: 0 what is taught, others what is only supposed.
        training: of FedAvg; None for a traversal pass.

    Raises:
        LostNodesError: if nodes do not answer.
        InputError: if a run has diverged: nodes would refuse its parameters.
    """
    _demand_finite(parameters, when[0])
    nodes.agree()
    plan, questions = planned(batch, parameters, nodes, when)
    if training is not None:
        questions = {node: training.told(each) for node, each in questions.items()}
    if not plan.owners.owner.ge(0).any():
        return _of_nobody(batch, plan, parameters, nodes)
    answers = nodes.ask(questions)
    return PASSAGES[nodes.mode](answers, replace(plan, visit=nodes.asked), parameters, nodes)


def _demand_finite(parameters: Parameters, number: int) -> None:
    for layer in parameters:
        fine = torch.isfinite(layer).flatten(1).all(1).tolist()
        if not all(fine):
            raise InputError(f"run {fine.index(False)} diverged: parameters in round {number}; lower learning.rate")


def _of_nobody(batch: Batch, plan: Plan, parameters: Parameters, nodes: Nodes) -> Passage:
    """The passage over a batch to which no node that answers puts in anything."""
    features = parameters[0].new_zeros(*batch.owner.shape, nodes.network.widths[0])
    numbers = batch.label.dtype.kind == "f"
    labels = torch.zeros(batch.owner.shape, dtype=features.dtype if numbers else torch.int64)
    return nodes.network.traverse(parameters, features, labels, plan.owners)


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


def _from_paths(answers: Answers, plan: Plan, parameters: Parameters, nodes: Nodes) -> Passage:
    layers = range(len(parameters))
    inputs = tuple(plan.placed({n: a.arrays[f"input{layer}"] for n, a in answers.items()}) for layer in layers)
    deltas = tuple(plan.placed({n: a.arrays[f"delta{layer}"] for n, a in answers.items()}) for layer in layers)
    weights = plan.weights(inputs[0])
    return PathPassage(inputs, tuple(d * weights[:, None, None] for d in deltas), plan.owners, _loss(answers, weights))


def _upper(answers: Answers, plan: Plan, parameters: Parameters, nodes: Nodes) -> PathPassage:
    """The paths above the cut: forward again from what enters the second layer, back from what leaves the last."""
    weights = plan.weights(parameters[0])
    loss = _loss(answers, weights)
    if len(parameters) == 1:
        return PathPassage((), (), plan.owners, loss)
    hidden = plan.placed({node: answer.arrays["input"] for node, answer in answers.items()})
    output = plan.placed({node: answer.arrays["delta"] for node, answer in answers.items()})
    return PathPassage(*nodes.network.retrace(parameters, hidden, output * weights[:, None, None]), plan.owners, loss)


def _from_cut(answers: Answers, plan: Plan, parameters: Parameters, nodes: Nodes) -> Passage:
    upper, weights = _upper(answers, plan, parameters, nodes), plan.weights(parameters[0])
    first = torch.from_numpy(np.sum([answer.arrays["sum"] for answer in answers.values()], axis=0))
    norms = by_principal({node: answer.arrays["norms"] for node, answer in answers.items()}, nodes, first)
    return CutPassage(upper, first * weights[:, None, None], norms * weights[:, None] ** 2, plan, nodes)


def _from_gradients(answers: Answers, plan: Plan, parameters: Parameters, nodes: Nodes) -> Passage:
    upper, weights = _upper(answers, plan, parameters, nodes), plan.weights(parameters[0])
    parts = {node: answer.arrays["updates"] for node, answer in answers.items()}
    return GradientPassage(upper, by_principal(parts, nodes, weights) * weights[:, None, None, None])


def _from_secret(answers: Answers, plan: Plan, parameters: Parameters, nodes: Nodes) -> Passage:
    """Sums alone; between two servers the last layer in two shares."""
    shapes, last = tuple(p.shape[1:] for p in parameters), None
    if nodes.mode == "two-servers":
        shapes, last = shapes[:-1], _shared_layer(answers, plan, parameters[0], nodes)
    total, loss = revealed(answers, shapes, plan, parameters[0])
    norms = by_principal({node: answer.arrays["norms"] for node, answer in answers.items()}, nodes, loss)
    return SecretPassage(total, norms * plan.weights(loss)[:, None] ** 2, loss, last, shapes, plan, nodes)


def _shared_layer(answers: Answers, plan: Plan, like: Tensor, nodes: Nodes) -> SharedLayer:
    """The last layer: the first server makes its share from the key that it has agreed with each node."""
    assert nodes.server is not None
    sent = {node: answer.arrays["share"] for node, answer in answers.items()}
    made = {
        node: stream(nodes.server.agreed(node), answers[node].plan, words.size).reshape(words.shape)
        for node, words in sent.items()
    }
    runs, samples = plan.owners.owner.shape
    first, second = (Share(joined(words, plan.places, (runs, samples))) for words in (made, sent))
    deltas = plan.placed({node: answer.arrays["delta"] for node, answer in answers.items()})
    return SharedLayer((first, second), deltas * plan.weights(like)[:, None, None], plan.owners)


def _from_deltas(answers: Answers, plan: Plan, parameters: Parameters, nodes: Nodes) -> Passage:
    weights, shapes = plan.weights(parameters[0]), tuple(p.shape[1:] for p in parameters)
    parts = {node: answer.arrays["deltas"] for node, answer in answers.items()}
    deltas = by_principal(parts, nodes, weights) * weights[:, None, None]
    return DeltaPassage(deltas, shapes, plan.owners, _loss(answers, weights))


def _loss(answers: Answers, weights: Tensor) -> Tensor:
    """(R,) mean loss from the nodes' sums."""
    return torch.from_numpy(np.sum([answer.arrays["loss"] for answer in answers.values()], axis=0)) * weights


def _above(upper: PathPassage, directions: Directions) -> Tensor:
    """(R, N, D) products of the layers above the cut; 0 where there are none."""
    if upper.inputs:
        return upper.products(directions[1:])
    runs, count = directions[0].shape[:2]
    return directions[0].new_zeros(runs, upper.owners.principals, count)


def _all_count(weights: Tensor, owners: Owners) -> bool:
    """Whether everybody who put in something has weight 1."""
    real = owners.owner >= 0
    return bool((weights.gather(1, owners.owner.clamp(min=0))[real] == 1).all())


PASSAGES: dict[str, Callable[[Answers, Plan, Parameters, Nodes], Passage]] = {
    "paths": _from_paths,
    "cut": _from_cut,
    "cut-gradients": _from_gradients,
    "secure": _from_secret,
    "two-servers": _from_secret,
    FEDERATED: _from_deltas,
}
