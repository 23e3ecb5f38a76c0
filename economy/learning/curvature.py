"""Products of the Hessian with a direction on the gradient paths of a perceptron: Pearlmutter's R-operator (1994).

Every quantity of the pass moves along the direction by its derivative, written R{·}; activations and deltas are those
of the examination, so that only the derivatives are computed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from commonweal.economy.learning.losses import Loss
from commonweal.economy.learning.network import Parameters
from commonweal.economy.learning.traversal import affine, outer


@dataclass(frozen=True)
class PathCurvature:
    """v ↦ H v of a weighted loss of a perceptron, from the paths that its gradient was computed on."""

    parameters: Parameters  # per layer (R, d_out, d_in + 1)
    inputs: tuple[Tensor, ...]  # per layer (R, V, d_in)
    deltas: tuple[Tensor, ...]  # per layer (R, V, d_out), of the loss
    logits: Tensor  # (R, V, C)
    weights: Tensor  # (R, V) weight of each sample in the loss
    loss: Loss
    slope: Callable[[Tensor, Tensor], Tensor]  # σ'(z) times a tensor, from the tensor and the activity σ(z)
    curved: bool  # True for tanh, whose σ'' = −2 σ σ'; False for ReLU, whose σ'' = 0

    def __call__(self, direction: Parameters) -> Parameters:
        """H v, shaped as the parameters."""
        turned, moved = self._forward(direction)
        change = self.loss.bend(self.logits, turned[-1]) * self.weights.unsqueeze(2)  # R{δ} at the logits
        products = []
        for layer in range(len(self.parameters) - 1, -1, -1):
            product = outer(change, self.inputs[layer])
            if layer:
                product[..., :-1] += torch.bmm(self.deltas[layer].transpose(1, 2), moved[layer - 1])
                change = self._pull_back(layer, change, direction[layer], turned[layer - 1])
            products.append(product)
        return tuple(reversed(products))

    def _forward(self, direction: Parameters) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        """R{z} of every layer, and R{a} of every hidden layer; the features themselves do not move."""
        turned, moved = [affine(self.inputs[0], direction[0])], []
        for layer in range(1, len(self.parameters)):
            moved.append(self.slope(turned[-1], self.inputs[layer]))
            weight = self.parameters[layer][..., :-1].transpose(1, 2)
            turned.append(torch.baddbmm(affine(self.inputs[layer], direction[layer]), moved[-1], weight))
        return turned, moved

    def _pull_back(self, layer: int, change: Tensor, direction: Tensor, turned: Tensor) -> Tensor:
        """R{δ} below a layer, from that above it."""
        back = torch.bmm(change, self.parameters[layer][..., :-1])
        back = self.slope(back.baddbmm_(self.deltas[layer], direction[..., :-1]), self.inputs[layer])
        if self.curved:
            back.sub_(2 * self.inputs[layer] * turned * self.deltas[layer - 1])
        return back
