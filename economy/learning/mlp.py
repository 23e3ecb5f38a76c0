"""The default shared network: a multilayer perceptron with a leading run axis and explicit backward paths."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from agents.streams import Stream
from economy.learning.network import CPU, Directions, Objectives, Owners, Parameters, output_deltas
from economy.learning.traversal import PathPassage


@dataclass(frozen=True)
class MLP:
    """Perceptron with one (R, d_out, d_in + 1) matrix per layer; the last column is the bias."""

    widths: tuple[int, ...]  # features, hidden units…, classes
    activation: str = "relu"  # relu or tanh
    dtype: torch.dtype = torch.float32
    device: torch.device = CPU

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
        losses, output = output_deltas(logits, labels, owners.weights(self.dtype))
        return PathPassage(inputs, self._backward(parameters, inputs, output), owners, losses.sum(1))

    def examine(self, parameters: Parameters, objectives: Objectives) -> tuple[Tensor, Directions]:
        """Level (R, D) and gradient of every objective, in one pass over the samples of all of them."""
        inputs, logits = self._forward(parameters, objectives.features)
        losses, output = output_deltas(logits, objectives.labels, objectives.weights, objectives.bounded)
        deltas = self._backward(parameters, inputs, output)
        levels = torch.stack([part.sum(1) for part in losses.split(objectives.sizes, dim=1)], dim=1)
        return levels, tuple(_block_gradients(a, d, objectives.sizes) for a, d in zip(inputs, deltas, strict=True))

    def turn(self, parameters: Parameters, rotation: Tensor) -> Parameters:
        """Turn the first layer instead of every sample: W (x·Q)ᵀ = (W Qᵀ) xᵀ."""
        first, *others = parameters
        turned = torch.bmm(first[..., :-1], rotation.transpose(1, 2))
        return (torch.cat([turned, first[..., -1:]], dim=2), *others)

    def _forward(self, parameters: Parameters, features: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
        """Inputs of every layer with the 1 of the bias appended, and the logits."""
        activate = torch.relu if self.activation == "relu" else torch.tanh
        inputs = [pad(features, (0, 1), value=1.0)]
        for weight in parameters[:-1]:
            inputs.append(pad(activate(torch.bmm(inputs[-1], weight.transpose(1, 2))), (0, 1), value=1.0))
        return tuple(inputs), torch.bmm(inputs[-1], parameters[-1].transpose(1, 2))

    def _backward(self, parameters: Parameters, inputs: Sequence[Tensor], output: Tensor) -> tuple[Tensor, ...]:
        """Output deltas of every layer from those of the logits (R, S, C)."""
        deltas = [output]
        for weight, activity in zip(reversed(parameters[1:]), reversed(inputs[1:]), strict=True):
            units = activity[..., :-1]
            back = torch.bmm(deltas[0], weight[..., :-1])
            slope = units > 0 if self.activation == "relu" else 1 - units**2
            deltas.insert(0, back.mul_(slope))
        return tuple(deltas)


def _block_gradients(inputs: Tensor, deltas: Tensor, sizes: Sequence[int]) -> Tensor:
    """(R, D, d_out, d_in + 1) gradients of D blocks of samples that follow one another."""
    blocks = zip(deltas.split(sizes, dim=1), inputs.split(sizes, dim=1), strict=True)
    return torch.stack([torch.bmm(d.transpose(1, 2), a) for d, a in blocks], dim=1)
