"""Any ``torch.nn.Module`` as the shared network, through ``torch.func``: same interface, one gradient per sample.

Costs S gradients of memory per pass where a perceptron's paths need none; meant for convolutional and other networks
whose layers are not plain matrices.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, jvp, vmap

from commonweal.agents.errors import InputError
from commonweal.agents.streams import Stream
from commonweal.economy.learning.losses import CROSS_ENTROPY, Loss
from commonweal.economy.learning.network import CPU, Directions, Examination, Objectives, Owners, Parameters


@dataclass(frozen=True)
class SamplePassage:
    """Gradient of every sample, flattened over the parameters."""

    gradients: Tensor  # (R, S, P), of the mean loss; 0 where padded
    shapes: tuple[torch.Size, ...]  # of each parameter, without the run axis
    owners: Owners
    loss: Tensor  # (R,)

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩."""
        flat = torch.cat([v.flatten(2) for v in directions], dim=2)
        return self.owners.total(torch.bmm(self.gradients, flat.transpose(1, 2)))

    def sample_products(self, directions: Directions) -> Tensor:
        """(R, S, D) inner products ⟨u_s, v_d⟩ of every sample's gradient."""
        flat = torch.cat([v.flatten(2) for v in directions], dim=2)
        return torch.bmm(self.gradients, flat.transpose(1, 2))

    def reweighted(self, weights: Tensor) -> "SamplePassage":
        """The passage of updates Σ_s w_s u_s, for weights (R, S)."""
        return replace(self, gradients=self.gradients * weights.unsqueeze(2))

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖²."""
        return self.owners.total(self.gradients).square().sum(-1)

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i for weights (R, N)."""
        scale = self.owners.spread(weights).transpose(1, 2)
        return tuple(part.squeeze(1) for part in unflatten(torch.bmm(scale, self.gradients), self.shapes))

    def updates(self) -> Directions:
        """Every u_i, each entry (R, N, *shape)."""
        return unflatten(self.owners.total(self.gradients), self.shapes)


@dataclass(frozen=True)
class ModuleNetwork:
    """A module shared by R runs. Its parameters are followed by a rotation (R, d, d) of the features, never trained."""

    module: nn.Module  # maps features (S, d) to scores (S, C); no buffers that training changes
    features: int  # d
    dtype: torch.dtype = torch.float32
    device: torch.device = CPU
    loss: Loss = CROSS_ENTROPY

    def __post_init__(self) -> None:
        """Refuse layers whose output for a sample depends on chance or on other samples: it would have no gradient.

        Raises:
            InputError: naming the layer.
        """
        for name, layer in self.module.named_modules():
            if reason := _unfit(layer):
                where = f"layer {name!r} ({type(layer).__name__})" if name else type(layer).__name__
                raise InputError(f"the network's {where} {reason}; leave it out, or take LayerNorm or GroupNorm")

    @property
    def trained(self) -> int:
        """All but the last, which holds the rotation."""
        return len(list(self.module.parameters()))

    def initial(self, stream: Stream) -> Parameters:
        """First weights: uniform in ±1/√fan_in as in torch.nn, biases 0; the rotation starts as the identity."""
        runs = len(stream)
        drawn = []
        for parameter in self.module.parameters():
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 0
            bound = fan_in**-0.5 if fan_in else 0.0
            values = (2 * stream.uniform(*parameter.shape) - 1) * bound
            drawn.append(torch.as_tensor(values, dtype=self.dtype, device=self.device))
        turn = np.broadcast_to(np.eye(self.features), (runs, self.features, self.features)).copy()
        return (*drawn, torch.as_tensor(turn, dtype=self.dtype, device=self.device))

    def logits(self, parameters: Parameters, features: Tensor) -> Tensor:
        """(R, S, C) scores for features (R, S, d)."""
        return vmap(self._scores)(parameters, features)

    def traverse(self, parameters: Parameters, features: Tensor, labels: Tensor, owners: Owners) -> SamplePassage:
        """The gradient of every sample by vmap of grad."""
        if not owners.owner.shape[1]:  # a module need not accept an empty batch
            return self._empty_passage(parameters, owners)
        weights = owners.weights(self.dtype)

        def loss(trained: Parameters, turn: Tensor, x: Tensor, y: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
            scores = self._scores((*trained, turn), x.unsqueeze(0))
            value = weight * self.loss.each(scores, y.unsqueeze(0)).squeeze(0)
            return value, value.detach()

        over_samples = vmap(grad(loss, has_aux=True), in_dims=(None, None, 0, 0, 0))
        *trained, turn = parameters
        gradients, losses = vmap(over_samples)(tuple(trained), turn, features, labels, weights)
        flat = torch.cat([g.flatten(2) for g in gradients], dim=2)
        return SamplePassage(flat, tuple(g.shape[2:] for g in gradients), owners, losses.sum(1))

    def examine(self, parameters: Parameters, objectives: Objectives) -> Examination:
        """Level and gradient of every objective, one backward pass each."""
        *trained, turn = parameters
        levels, gradients = [], []
        start = 0
        for size in objectives.sizes:
            part = slice(start, start + size)
            loss = self._objective(objectives.loss, bool(objectives.bounded[start]))
            gradient, level = vmap(grad(loss, has_aux=True))(
                tuple(trained),
                turn,
                objectives.features[:, part],
                objectives.labels[:, part],
                objectives.weights[:, part],
            )
            levels.append(level)
            gradients.append(gradient)
            start += size
        directions = tuple(torch.stack(parts, 1) for parts in zip(*gradients, strict=True))
        return Examination(torch.stack(levels, 1), directions, partial(self._curvature, parameters, objectives))

    def turn(self, parameters: Parameters, rotation: Tensor) -> Parameters:
        """Keep the rotation with the parameters and apply it to the features."""
        return (*parameters[:-1], torch.bmm(rotation, parameters[-1]))

    def _curvature(self, parameters: Parameters, objectives: Objectives, direction: Parameters) -> Parameters:
        """H v of the first objective: forward-mode derivative of its gradient."""
        *trained, turn = parameters
        first = slice(objectives.sizes[0])
        weights = objectives.weights[:, first].flatten()

        def loss(own: Parameters) -> Tensor:
            scores = self.logits((*own, turn), objectives.features[:, first]).flatten(0, 1)
            return objectives.loss.each(scores, objectives.labels[:, first].flatten()) @ weights

        product: Parameters = jvp(grad(loss), (tuple(trained),), (direction,))[1]
        return product

    def _empty_passage(self, parameters: Parameters, owners: Owners) -> SamplePassage:
        shapes = tuple(p.shape[1:] for p in parameters[:-1])
        gradients = parameters[0].new_zeros(len(owners.owner), 0, sum(shape.numel() for shape in shapes))
        return SamplePassage(gradients, shapes, owners, parameters[0].new_zeros(len(owners.owner)))

    def _scores(self, own: Parameters, features: Tensor) -> Tensor:
        names = [name for name, _ in self.module.named_parameters()]
        scores: Tensor = functional_call(self.module, dict(zip(names, own[:-1], strict=True)), (features @ own[-1],))
        return scores

    def _objective(self, loss: Loss, bounded: bool) -> Callable[..., tuple[Tensor, Tensor]]:
        def mean(trained: Parameters, turn: Tensor, x: Tensor, y: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
            value = (loss.each(self._scores((*trained, turn), x), y, bounded) * weight).sum()
            return value, value.detach()

        return mean


def _unfit(layer: nn.Module) -> str:
    """Why a layer cannot be trained sample by sample; empty if it can."""
    if isinstance(layer, nn.modules.batchnorm._BatchNorm) or getattr(layer, "track_running_stats", False):
        return "takes averages over a batch, and every sample has a gradient of its own here"
    chance = layer.p if isinstance(layer, nn.modules.dropout._DropoutNd) else getattr(layer, "dropout", 0.0)
    if isinstance(layer, nn.RReLU) or (isinstance(chance, float) and chance > 0):
        return "draws at random, and a run must be the same each time it is played"
    return ""


def unflatten(flat: Tensor, shapes: tuple[torch.Size, ...]) -> Directions:
    """Vectors of length P along the last axis, cut and shaped as the parameters."""
    parts = flat.split([shape.numel() for shape in shapes], dim=-1)
    return tuple(part.unflatten(-1, shape) for part, shape in zip(parts, shapes, strict=True))


class SmallConvolution(nn.Module):
    """Two 3 × 3 convolutions and one linear layer for small square images, given as flat features."""

    def __init__(self, side: int, classes: int, channels: int = 8) -> None:
        super().__init__()
        self.side = side
        self.first = nn.Conv2d(1, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        self.out = nn.Linear(channels * ((side + 1) // 2) ** 2, classes)

    def forward(self, features: Tensor) -> Tensor:
        """(S, C) scores for features (S, side²)."""
        image = features.unflatten(-1, (1, self.side, self.side))
        hidden = torch.relu(self.second(torch.relu(self.first(image))))
        scores: Tensor = self.out(hidden.flatten(1))
        return scores
