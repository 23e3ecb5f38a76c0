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
from commonweal.economy.learning.losses import CROSS_ENTROPY, Loss

Parameters: TypeAlias = tuple[Tensor, ...]  # each (R, *shape)
Directions: TypeAlias = tuple[Tensor, ...]  # each (R, D, *shape)
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Owners:
    """Whose samples a virtual batch is made of."""

    owner: Tensor  # (R, S) int64 principal of each sample, −1 where padded
    principals: int  # N
    visit: int = 0  # samples of each visited principal where they stand together, 0 where they are scattered
    importance: Tensor | None = None  # (R, S) what a sample counts for in the mean, 1 on average; None: all alike

    def weights(self, dtype: torch.dtype) -> Tensor:
        """(R, S) weights of a mean over each run's real samples: importance / S_r, and 0 where padded."""
        real = self.owner >= 0
        even = real.to(dtype) / real.sum(dim=1, keepdim=True).clamp(min=1)
        return even if self.importance is None else even * self.importance.to(dtype)

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
    labels: Tensor  # (R, B) int64, or numbers
    weights: Tensor  # (R, B) weight of a sample in its objective's mean; 0 where padded
    sizes: tuple[int, ...]  # samples of each of the D objectives, summing to B; the same for all but the first
    bounded: Tensor  # (B,) True where the loss is bounded: 1 − p(label) instead of cross-entropy
    loss: Loss = CROSS_ENTROPY

    def __post_init__(self) -> None:
        if len(set(self.sizes[1:])) > 1:
            raise ValueError(f"objectives after the first must have equally many samples, not {self.sizes[1:]}")

    def tail(self) -> "Objectives":
        """All objectives but the first."""
        rest = slice(self.sizes[0], None)
        features, labels, weights = (t[:, rest].contiguous() for t in (self.features, self.labels, self.weights))
        return Objectives(features, labels, weights, self.sizes[1:], self.bounded[rest], self.loss)

    def levels(self, logits: Tensor) -> Tensor:
        """(R, D) level of every objective at scores (R, B, C)."""
        losses = self.loss.of_samples(logits, self.labels, self.bounded)
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
    curvature: Callable[[Parameters], Parameters]  # v ↦ H v of the first objective, not bounded; one pass each call


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
