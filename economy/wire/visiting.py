"""Visits of nodes: what is asked for a traversal pass or a round of FedAvg, and which passage the answers make."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.errors import InputError
from commonweal.economy.learning.federated import DeltaPassage
from commonweal.economy.learning.network import Parameters, Passage
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.tasks import Batch
from commonweal.economy.wire.masks import stream
from commonweal.economy.wire.message import Message
from commonweal.economy.wire.modes import FEDERATED
from commonweal.economy.wire.nodes import Nodes
from commonweal.economy.wire.passages import CutPassage, GradientPassage, SecretPassage, revealed
from commonweal.economy.wire.plans import Answers, Plan, by_principal, planned
from commonweal.economy.wire.shares import Share, SharedLayer, joined


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


PASSAGES: dict[str, Callable[[Answers, Plan, Parameters, Nodes], Passage]] = {
    "paths": _from_paths,
    "cut": _from_cut,
    "cut-gradients": _from_gradients,
    "secure": _from_secret,
    "two-servers": _from_secret,
    FEDERATED: _from_deltas,
}
