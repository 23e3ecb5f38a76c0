"""What the economy asks of a shared network, whatever it is made of: trace it, pull gradients back, keep their owners.

Sizes as everywhere: R runs, S samples, N principals, D directions, C classes. A direction is a vector in parameter
space; an update, a probe gradient and the network itself have the same layout, so that inner products make sense.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats
from commonweal.agents.streams import Stream

Parameters: TypeAlias = tuple[Tensor, ...]  # each (R, *shape)
Directions: TypeAlias = tuple[Tensor, ...]  # each (R, D, *shape)
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Owners:
    """Whose samples a virtual batch is made of."""

    owner: Tensor  # (R, S) int64 principal of each sample, −1 where padded
    principals: int  # N
    visit: int = 0  # samples of each visited principal where they stand together, 0 where they are scattered

    def weights(self, dtype: torch.dtype) -> Tensor:
        """(R, S) weights of a mean over each run's real samples: 1 / S_r, and 0 where padded."""
        real = self.owner >= 0
        return real.to(dtype) / real.sum(dim=1, keepdim=True).clamp(min=1)

    def total(self, values: Tensor) -> Tensor:
        """(R, N, D) sums of every principal's values (R, S, D), which must be 0 where padded."""
        if self.visit:
            values = values.view(len(values), -1, self.visit, values.shape[2]).sum(2)
            return _scatter(values, self.owner[:, :: self.visit], self.principals)
        return _scatter(values, self.owner, self.principals)

    def spread(self, weights: Tensor) -> Tensor:
        """(R, S, 1) weight of every sample from weights (R, N) of the principals."""
        return weights.gather(1, self.owner.clamp(min=0)).unsqueeze(-1)


@dataclass(frozen=True)
class Objectives:
    """Losses measured side by side on one stack of samples: the first is the validation loss, the others are probes."""

    features: Tensor  # (R, B, d) the samples of all objectives, one objective after another
    labels: Tensor  # (R, B) int64
    weights: Tensor  # (R, B) weight of a sample in its objective's mean; 0 where padded
    sizes: tuple[int, ...]  # samples of each of the D objectives, summing to B; the same for all but the first
    bounded: Tensor  # (B,) True where the loss is 1 − p(label), False where it is cross-entropy

    def __post_init__(self) -> None:
        if len(set(self.sizes[1:])) > 1:
            raise ValueError(f"objectives after the first must have equally many samples, not {self.sizes[1:]}")

    def tail(self) -> "Objectives":
        """All objectives but the first."""
        rest = slice(self.sizes[0], None)
        features, labels, weights = (t[:, rest].contiguous() for t in (self.features, self.labels, self.weights))
        return Objectives(features, labels, weights, self.sizes[1:], self.bounded[rest])

    def levels(self, logits: Tensor) -> Tensor:
        """(R, D) level of every objective at scores (R, B, C)."""
        losses = sample_losses(log_probabilities(logits), self.labels, self.bounded)
        return self.by_objective(losses * self.weights)

    def by_objective(self, losses: Tensor) -> Tensor:
        """(R, D) sums of every objective's weighted losses (R, B)."""
        first = losses[:, : self.sizes[0]].sum(1, keepdim=True)
        if len(self.sizes) == 1:
            return first
        others = losses[:, self.sizes[0] :].reshape(len(losses), len(self.sizes) - 1, -1)
        return torch.cat([first, others.sum(2)], dim=1)


@dataclass(frozen=True)
class Examination:
    """What a network says of its objectives at its present parameters."""

    levels: Tensor  # (R, D)
    directions: Directions  # gradients of the objectives, each entry (R, D, *shape)
    curvature: Callable[[Parameters], Parameters]  # v ↦ H v of the first objective, a cross-entropy; one pass each call


class Passage(Protocol):
    """The record of one traversal pass: explicit gradient paths from every sample to every parameter, with owners."""

    @property
    def owners(self) -> Owners:
        """Whose samples the batch is made of."""

    @property
    def loss(self) -> Tensor:
        """(R,) mean loss over the virtual batch."""

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩ of every principal's update with every direction."""

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖²."""

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i for weights (R, N), without one gradient per principal."""

    def updates(self) -> Directions:
        """Every u_i itself, each entry (R, N, *shape): N times the memory of the network, for rules that need it."""


@runtime_checkable
class SamplePaths(Passage, Protocol):
    """A passage that reaches every sample, not only every principal."""

    def sample_products(self, directions: Directions) -> Tensor:
        """(R, S, D) inner products ⟨u_s, v_d⟩ of the part that every sample has in its owner's update; 0 if padded."""

    def reweighted(self, weights: Tensor) -> "SamplePaths":
        """The passage of updates Σ_s w_s u_s, for weights (R, S) of the samples."""


class Network(Protocol):
    """A model whose parameters carry a leading run axis."""

    @property
    def trained(self) -> int:
        """How many of the parameter tensors are trained; they come first. The others, buffers, stay as they are."""

    def initial(self, stream: Stream) -> Parameters:
        """First weights of every run, drawn from its own generator."""

    def logits(self, parameters: Parameters, features: Tensor) -> Tensor:
        """(R, S, C) scores for features (R, S, d); differentiable in the parameters."""

    def traverse(self, parameters: Parameters, features: Tensor, labels: Tensor, owners: Owners) -> Passage:
        """One traversal pass over a virtual batch: features (R, S, d), labels (R, S)."""

    def examine(self, parameters: Parameters, objectives: Objectives) -> Examination:
        """Level and gradient of every objective, and the curvature of the first."""

    def turn(self, parameters: Parameters, rotation: Tensor) -> Parameters:
        """The network seen from features that turned by ``rotation`` (R, d, d): f'(x) = f(x · rotation)."""


def log_probabilities(logits: Tensor) -> Tensor:
    """(R, C, S) log-probabilities of scores (R, S, C)."""
    # Softmax over the middle axis is vectorised; over a short last axis it is five times slower.
    return torch.log_softmax(logits.transpose(1, 2).contiguous(), dim=1)


def sample_losses(log_probability: Tensor, labels: Tensor, bounded: Tensor | None = None) -> Tensor:
    """(R, S) losses of samples.

    Args:
        log_probability: (R, C, S).
        labels: (R, S) int64.
        bounded: (S,) True where the loss is 1 − p(label) instead of −log p(label).
    """
    losses = log_probability.gather(1, labels.unsqueeze(1)).squeeze(1).neg_()
    return losses if bounded is None else torch.where(bounded, -torch.expm1(-losses), losses)


def output_deltas(
    logits: Tensor, labels: Tensor, weights: Tensor, bounded: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Weighted losses of samples and their gradients with respect to the logits.

    Args:
        logits: (R, S, C).
        labels: (R, S) int64.
        weights: (R, S) weight of each sample.
        bounded: as in ``sample_losses``.

    Returns:
        (R, S) weighted losses and (R, S, C) deltas: p − 1[label] times the weight, and times p(label) if bounded.
    """
    log_probability, index = log_probabilities(logits), labels.unsqueeze(1)
    losses = sample_losses(log_probability, labels, bounded)
    factor = weights if bounded is None else torch.where(bounded, weights * (1 - losses), weights)
    deltas = log_probability.exp_()
    deltas.scatter_add_(1, index, deltas.new_full((), -1).expand(index.shape)).mul_(factor.unsqueeze(1))
    return losses * weights, deltas.transpose(1, 2).contiguous()


def _scatter(values: Tensor, owner: Tensor, principals: int) -> Tensor:
    """(R, N, D) sums of values (R, S, D) by owner (R, S)."""
    runs, _, width = values.shape
    place = owner.clamp(min=0)
    if runs > 1:
        place = place + principals * torch.arange(runs, device=owner.device).unsqueeze(1)
    total = values.new_zeros(runs * principals, width)
    total.index_add_(0, place.reshape(-1), values.reshape(-1, width))
    return total.view(runs, principals, width)


def inner(left: Directions, right: Directions) -> Tensor:
    """(R, D, E) inner products of two sets of directions, D in ``left`` and E in ``right``."""
    pairs = (torch.bmm(a.flatten(2), b.flatten(2).transpose(1, 2)) for a, b in zip(left, right, strict=True))
    return reduce(torch.add, pairs)


def combine(directions: Directions, coefficients: Tensor) -> Parameters:
    """Σ_d c_d v_d for coefficients (R, D): a parameter-sized step per run."""
    return tuple(
        torch.bmm(coefficients.unsqueeze(1), v.flatten(2)).view(v.shape[0], *v.shape[2:]) for v in directions
    )


def scaled(parameters: Parameters, rate: Tensor) -> Parameters:
    """Every run's parameters times its own number, (R,)."""
    return tuple(p * rate.view(-1, *[1] * (p.dim() - 1)) for p in parameters)


def descend(parameters: Parameters, step: Parameters) -> Parameters:
    """The parameters after a step; what a network carries beyond its trained parameters stays as it is."""
    moved = tuple(p - s for p, s in zip(parameters, step, strict=False))
    return (*moved, *parameters[len(step) :])


def to_numpy(tensor: Tensor) -> Floats:
    """A tensor where the decisions are made: on the host, in double precision."""
    return tensor.numpy(force=True).astype(np.float64, copy=False)


def to_tensor(array: Floats, like: Tensor) -> Tensor:
    """An array where the network is computed, in its precision."""
    return torch.as_tensor(array, dtype=like.dtype, device=like.device)
