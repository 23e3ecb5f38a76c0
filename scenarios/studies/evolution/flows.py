"""Flows on the simplex: how the shares of strategies move in a large population (Sandholm 2010)."""

from collections.abc import Callable

import numpy as np
from scipy.integrate import LSODA

from commonweal.agents.arrays import Floats

Payoffs = Callable[[Floats], Floats]
"""Payoff of each strategy at shares (..., M)."""

Flow = Callable[[Floats], Floats]
"""Velocity of the shares at shares (..., M)."""

_STEP = 1e-30  # of the complex step; no difference is taken, so nothing cancels


def replicator(payoffs: Payoffs) -> Flow:
    """ẋ_i = x_i (F_i − Σ_j x_j F_j) (Taylor and Jonker 1978)."""

    def flow(shares: Floats) -> Floats:
        earned = payoffs(shares)
        velocity: Floats = shares * (earned - (shares * earned).sum(axis=-1, keepdims=True))
        return velocity

    return flow


def logit(payoffs: Payoffs, noise: float) -> Flow:
    """ẋ = softmax(F / noise) − x (Fudenberg and Levine 1998); its rest points are logit equilibria."""

    def flow(shares: Floats) -> Floats:
        earned = payoffs(shares)
        weights = np.exp((earned - earned.real.max(axis=-1, keepdims=True)) / noise)
        velocity: Floats = weights / weights.sum(axis=-1, keepdims=True) - shares
        return velocity

    return flow


def jacobian(function: Callable[[Floats], Floats], shares: Floats) -> Floats:
    """Derivatives by complex steps, exact to rounding (Squire and Trapp 1998).

    Args:
        function: analytic: no maximum, no absolute value.
        shares: (M,) where.

    Returns:
        (M, M) derivative of component i by share j.
    """
    steps = shares + 1j * _STEP * np.eye(len(shares))
    return np.stack([function(step).imag for step in steps], axis=1) / _STEP


def follow(flow: Flow, starts: Floats, duration: float, most: float = np.inf) -> Floats:
    """Where the flow leads in a given time.

    Args:
        flow: that every start follows by itself.
        starts: (G, M) shares.
        duration: units of the flow's time.
        most: evaluations of the flow after which it is left where it is: with sharp choices flows turn round and round.

    Returns:
        (G, M) shares.
    """

    def together(_: float, flat: Floats) -> Floats:
        return flow(flat.reshape(starts.shape)).ravel()

    # Near a mixture that nearly pays alike, or with hardly any noise, flows are stiff: an implicit solver takes few
    # steps there. Each start moves by itself, so that its derivatives lie within a band of M − 1 around the diagonal.
    band = starts.shape[1] - 1
    solver = LSODA(together, 0.0, starts.ravel(), duration, rtol=1e-6, atol=1e-9, lband=band, uband=band)
    while solver.status == "running" and solver.nfev < most:
        solver.step()
    shares = np.maximum(solver.y.reshape(starts.shape), 0.0)
    normed: Floats = shares / shares.sum(axis=1, keepdims=True)
    return normed
