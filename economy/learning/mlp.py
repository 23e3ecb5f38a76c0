"""The default shared network: a multilayer perceptron with a leading run axis and explicit backward paths."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.streams import Stream
from commonweal.economy.learning.curvature import PathCurvature
from commonweal.economy.learning.losses import CROSS_ENTROPY, Loss
from commonweal.economy.learning.network import CPU, Examination, Objectives, Owners, Parameters
from commonweal.economy.learning.traversal import PathPassage, affine, outer


@dataclass(frozen=True)
class MLP:
    """Perceptron with one (R, d_out, d_in + 1) matrix per layer; the last column is the bias."""

    widths: tuple[int, ...]  # features, hidden units…, scores: one a class, or one where labels are numbers
    activation: str = "relu"  # relu or tanh
    dtype: torch.dtype = torch.float32
    device: torch.device = CPU
    loss: Loss = CROSS_ENTROPY

    @property
    def trained(self) -> int:
        """All of them: a matrix for each layer."""
        return len(self.widths) - 1

    def initial(self, stream: Stream) -> Parameters:
        """First weights: uniform in ±√(6 / d_in) for ReLU (He et al. 2015) and ±√(3 / d_in) for tanh, biases 0."""
        gain = 6.0 if self.activation == "relu" else 3.0
        layers = []
        for d_in, d_out in pairwise(self.widths):
            drawn = (2 * stream.uniform(d_out, d_in) - 1) * math.sqrt(gain / d_in)
            with_bias = np.concatenate([drawn, np.zeros((len(stream), d_out, 1))], axis=2)
            layers.append(torch.as_tensor(with_bias, dtype=self.dtype, device=self.device))
        return tuple(layers)

    def logits(self, parameters: Parameters, features: Tensor) -> Tensor:
        """(R, S, C) scores for features (R, S, d)."""
        return self._forward(parameters, features)[1]

    def traverse(self, parameters: Parameters, features: Tensor, labels: Tensor, owners: Owners) -> PathPassage:
        """Forward on every node's samples, backward at the orchestrator, paths kept with their owners."""
        inputs, logits = self._forward(parameters, features)
        losses, output = self.loss.deltas(logits, labels, owners.weights(self.dtype))
        return PathPassage(inputs, self._backward(parameters, inputs, output), owners, losses.sum(1))

    def retrace(
        self, parameters: Parameters, hidden: Tensor, output: Tensor
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """The paths above the first layer, of samples that are not here.

        Args:
            parameters: θ, of at least two layers.
            hidden: (R, S, h₁) what enters the second layer.
            output: (R, S, C) deltas of the logits.

        Returns:
            Inputs and output deltas of each layer above the first.
        """
        above = replace(self, widths=self.widths[1:])
        inputs, _ = above._forward(parameters[1:], hidden)
        return inputs, above._backward(parameters[1:], inputs, output)

    def examine(self, parameters: Parameters, objectives: Objectives) -> Examination:
        """Level and gradient of every objective, in one pass over the samples of all of them."""
        inputs, logits = self._forward(parameters, objectives.features)
        losses, output = objectives.loss.deltas(logits, objectives.labels, objectives.weights, objectives.bounded)
        deltas = self._backward(parameters, inputs, output)
        gradients = tuple(_gradients(a, d, objectives.sizes) for a, d in zip(inputs, deltas, strict=True))
        curvature = partial(self._curved, parameters, objectives, inputs, deltas, logits)
        return Examination(objectives.by_objective(losses), gradients, curvature)

    def _curved(
        self,
        parameters: Parameters,
        objectives: Objectives,
        inputs: Sequence[Tensor],
        deltas: Sequence[Tensor],
        logits: Tensor,
        direction: Parameters,
    ) -> Parameters:
        """H v of the first objective, on the paths of the examination."""
        first = slice(objectives.sizes[0])
        curvature = PathCurvature(
            parameters=parameters,
            inputs=tuple(a[:, first] for a in inputs),
            deltas=tuple(d[:, first] for d in deltas),
            logits=logits[:, first],
            weights=objectives.weights[:, first],
            loss=objectives.loss,
            slope=self.slope,
            curved=self.activation == "tanh",
        )
        return curvature(direction)

    def turn(self, parameters: Parameters, rotation: Tensor) -> Parameters:
        """Turn the first layer instead of every sample: W (x·Q)ᵀ = (W Qᵀ) xᵀ."""
        first, *others = parameters
        turned = torch.bmm(first[..., :-1], rotation.transpose(1, 2))
        return (torch.cat([turned, first[..., -1:]], dim=2), *others)

    def _forward(self, parameters: Parameters, features: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
        """Inputs of every layer (R, S, d_in), and the logits."""
        activate = torch.relu_ if self.activation == "relu" else torch.tanh_  # nobody else holds what they overwrite
        inputs = [features]
        for weight in parameters[:-1]:
            inputs.append(activate(affine(inputs[-1], weight)))
        return tuple(inputs), affine(inputs[-1], parameters[-1])

    def _backward(self, parameters: Parameters, inputs: Sequence[Tensor], output: Tensor) -> tuple[Tensor, ...]:
        """Output deltas of every layer from those of the logits (R, S, C)."""
        deltas = [output]
        for weight, activity in zip(reversed(parameters[1:]), reversed(inputs[1:]), strict=True):
            back = torch.bmm(deltas[0], weight[..., :-1])
            deltas.insert(0, self.slope(back, activity))
        return tuple(deltas)

    @property
    def slope(self) -> Callable[[Tensor, Tensor], Tensor]:
        """(R, S, h) deltas of a hidden layer from what comes back to its activity, and that activity."""
        return _relu_backward if self.activation == "relu" else torch.ops.aten.tanh_backward


def _relu_backward(back: Tensor, activity: Tensor) -> Tensor:
    # A third of the time of multiplying by a mask
    through: Tensor = torch.ops.aten.threshold_backward(back, activity, 0)
    return through


def _gradients(inputs: Tensor, deltas: Tensor, sizes: Sequence[int]) -> Tensor:
    """(R, D, d_out, d_in + 1) gradients of D objectives whose samples follow one another, all but the first alike."""
    first, count = sizes[0], len(sizes) - 1
    one = outer(deltas[:, :first], inputs[:, :first]).unsqueeze(1)
    if not count:
        return one
    d, a = (values[:, first:].reshape(-1, sizes[1], values.shape[2]) for values in (deltas, inputs))
    return torch.cat([one, outer(d, a).unflatten(0, (-1, count))], dim=1)
