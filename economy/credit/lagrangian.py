"""Value-consistent credit: what an update does to the market's loss and to the values that constrain it, together.

The market pays for accuracy and limits constrain it: minimise L subject to s_k L_k ≥ s_k ℓ_k, s_k = +1 withhold, −1
protect. Its Lagrangian is L − Σ_k λ_k s_k L_k with λ_k ≥ 0, a nat per unit of probe loss, so what an update is worth is
its effect on that, not on L alone.
"""

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.game import Credit, LinearMarginal, RoundGame, along_updates, credit_rule
from commonweal.economy.learning.network import Parameters, combine, to_tensor


@credit_rule("lagrangian")
def lagrangian(game: RoundGame) -> Credit:
    """η w_i (⟨∇L, u_i⟩ − Σ_k λ_k h_ik): who relieves a binding value is paid for it, who presses on it pays.

    Here h_ik = s_k⟨p_k, u_i⟩ is an update's harm, and λ_k what screening took off the step as a whole,
    Σ_i ũ_i = Σ_i w_i u_i − Σ_k λ_k s_k p_k, so λ_k s_k = Σ_i μ_ik. That is the multiplier of the problem that
    projection solves for the pooled update u, max ⟨u, x⟩ − ½‖x‖² subject to s_k⟨p_k, x⟩ ≤ budget_k: the market's,
    min L(θ − η x), in the metric of the step, with u for ∇L and a curvature of 1/η. A unit of budget is worth λ_k.
    Under the scope ``aggregate`` it is the shadow price; under the others shadow prices are of one of n updates, and
    λ_k is n times that. Modes that look for no nearest update, and rounds in which every value has room (or what a
    finer grain leaves of the updates fits), have none: credit is then that of ``first_order``.

    Where the batch is as good as the validation set, Σ_i u_i = ∇L, the credits of a round sum to the first-order credit
    of the projected step, η⟨∇L, Σ_i ũ_i⟩; elsewhere they exceed it by η Σ_k λ_k s_k ⟨p_k, ∇L − Σ_i u_i⟩. On the
    projected step itself ∇L and the Lagrangian differ by η Σ_k λ_k budget_k (complementary slackness), by nothing where
    a limit is reached and kept.
    """
    if not game.multipliers.any():
        return _along(game, game.gradient, game.slopes)
    charge = to_tensor(game.multipliers.sum(axis=1), game.gradient[0])  # (R, K) λ_k s_k
    taken = combine(game.probes, charge)
    direction = tuple(gradient - off for gradient, off in zip(game.gradient, taken, strict=True))
    return _along(game, direction, along_updates(game.passage, direction))


def _along(game: RoundGame, direction: Parameters, slopes: Floats) -> Credit:
    """Credit η w_i ⟨g, u_i⟩ along one direction g of every run, of updates before they are corrected."""
    marginal = LinearMarginal(game.rate, direction, game.passage, slopes)
    return Credit(game.rate * game.weights * slopes, "lagrangian", marginal=marginal)
