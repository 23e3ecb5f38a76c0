"""Credit along the step: Aumann and Shapley (1974), "Values of Non-Atomic Games", on the game of a round.

The In-Run Data Shapley formulas (arXiv 2406.11011) look at the loss where the step starts; at the learning rates of a
scenario the loss bends before it ends. Here every update is followed along the whole step, which shares out v(N).
"""

import numpy as np
from torch import Tensor
from torch.func import grad

from commonweal.economy.credit.game import Credit, RoundGame, credit_rule
from commonweal.economy.learning.network import Parameters, descend, scaled, to_tensor

NODES = 5  # of Gauss-Legendre quadrature, each one gradient of the validation loss


@credit_rule("aumann_shapley")
def aumann_shapley(game: RoundGame) -> Credit:
    """η ∫₀¹ ⟨∇L(θ − t η Σ_j ũ_j), ũ_i⟩ dt: the value where everybody is small, at a cost that is linear in N."""
    step, along = game.step(), np.zeros(game.shape)
    for node, weight in zip(*np.polynomial.legendre.leggauss(NODES), strict=True):
        rate = to_tensor(game.rate[:, 0] * (node + 1) / 2, step[0])
        reached = descend(game.parameters, scaled(step, rate))
        along += weight / 2 * game.along(_gradient(game, reached))
    return Credit(game.rate * along, "aumann_shapley")


def _gradient(game: RoundGame, parameters: Parameters) -> Parameters:
    """∇L of the validation loss with respect to what is trained."""
    trained = game.network.trained

    def total_loss(own: Parameters) -> Tensor:
        return game.loss((*own, *parameters[trained:])).sum()

    gradient: Parameters = grad(total_loss)(parameters[:trained])
    return gradient
