"""Credit along the step: Aumann and Shapley (1974), "Values of Non-Atomic Games", on the game of a round.

The In-Run Data Shapley formulas (arXiv 2406.11011) look at the loss where the step starts; at the learning rates of a
scenario the loss bends before it ends. Here every update is followed along the whole step, which shares out v(N) but
for the error of the quadrature. The gradient at the start is known from the exam, so Radau's nodes are used, which
begin there: with n more gradients they are exact where L along the step is a polynomial of degree 2n + 1.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.special import roots_jacobi

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.game import Credit, RoundGame, credit_rule
from commonweal.economy.learning.network import Parameters, descend, scaled, to_numpy, to_tensor


@credit_rule("aumann_shapley", stands_for="shapley")
def aumann_shapley(game: RoundGame) -> Credit:
    """η ∫₀¹ ⟨∇L(θ − t η Σ_j ũ_j), ũ_i⟩ dt: the value where everybody is small, at a cost that is linear in N.

    An estimate: its residual is v(N) less the sum of credits, the error of the quadrature.
    """
    step = scaled(game.step(), to_tensor(game.rate[:, 0], game.gradient[0]))
    nodes, weights = radau(game.terms.aumann_shapley.gradients)
    direction = _times(game.gradient, weights[0])
    for node, weight in zip(nodes[1:], weights[1:], strict=True):
        gradient = game.gradient_at(descend(game.parameters, _times(step, node)))
        direction = tuple(d.add(g, alpha=float(weight)) for d, g in zip(direction, gradient, strict=True))
    credit = game.linear("aumann_shapley", direction)
    worth = game.level - to_numpy(game.loss(descend(game.parameters, step)))
    return replace(credit, estimated=True, residual=worth - credit.values.sum(axis=1))


@cache
def radau(gradients: int) -> tuple[Floats, Floats]:
    """Gauss-Radau quadrature on [0, 1] from the value at 0 and others (Abramowitz and Stegun 25.4.31).

    Args:
        gradients: n ≥ 0 nodes beside 0.

    Returns:
        (n + 1,) nodes, 0 first, and (n + 1,) weights; exact for polynomials of degree 2n.
    """
    inner, moments = roots_jacobi(gradients, 0.0, 1.0) if gradients else (np.zeros(0), np.zeros(0))
    weights = np.concatenate([[2 / (gradients + 1) ** 2], moments / (1 + inner)])
    return np.concatenate([[0.0], (1 + inner) / 2]), weights / 2


def _times(parameters: Parameters, factor: float) -> Parameters:
    return tuple(p * float(factor) for p in parameters)
