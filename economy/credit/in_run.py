"""In-run credit from gradient paths, one pass for all principals (In-Run Data Shapley, arXiv 2406.11011)."""

from commonweal.economy.credit.game import Credit, RoundGame, credit_rule
from commonweal.economy.learning.network import descend, scaled, to_tensor


@credit_rule("first_order", stands_for="shapley")
def first_order(game: RoundGame) -> Credit:
    """η⟨∇L, ũ_i⟩: the Shapley value of the linearised game (eq. 3 of the paper)."""
    return game.linear("first_order", game.gradient, game.slopes)


@credit_rule("second_order", stands_for="shapley")
def second_order(game: RoundGame) -> Credit:
    """η⟨∇L, ũ_i⟩ − (η²/2) ũ_iᵀ H Σ_j ũ_j: the Shapley value of the quadratic game, by one Hessian-vector product.

    The credits of a round sum to v(N) up to O(η³).
    """
    bend = scaled(game.curvature(game.step()), to_tensor(game.rate[:, 0] / 2, game.gradient[0]))
    return game.linear("second_order", descend(game.gradient, bend))
