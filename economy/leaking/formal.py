"""What noise promises formally: Gaussian differential privacy (Dong, Roth and Su 2022) and what that is worth.

T releases of a vector of norm at most C, each with noise N(0, (zC)²), are μ-GDP with μ = √T / z for two holdings whose
updates differ by at most C (one of them absent). Credit is a release about one principal: no noise is shared.
"""

import math

from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

EMPTY = 10.0  # ε above which a bound of e^ε on any odds says nothing that matters


def mu_of(rounds: int, noise: float) -> float:
    """μ of T rounds, without subsampling.

    Args:
        rounds: T.
        noise: z, the standard deviation over the clipping norm; above 0.
    """
    return math.sqrt(rounds) / noise


def delta_of(epsilon: float, mu: float) -> float:
    """δ(ε) = Φ(−ε/μ + μ/2) − e^ε Φ(−ε/μ − μ/2), the exact conversion (their Corollary 2.13)."""
    return float(ndtr(mu / 2 - epsilon / mu) - math.exp(min(epsilon + float(log_ndtr(-epsilon / mu - mu / 2)), 700.0)))


def epsilon_of(mu: float, delta: float = 1e-5) -> float:
    """The least ε for which μ-GDP is (ε, δ)-differentially private."""
    if delta_of(0.0, mu) <= delta:
        return 0.0
    most = mu**2 / 2 + mu * math.sqrt(2 * math.log(1 / delta)) + 1
    return float(brentq(lambda epsilon: delta_of(epsilon, mu) - delta, 0.0, most, xtol=1e-9))


def most_auc(mu: float) -> float:
    """The largest AUC that any attacker may have that tells two holdings apart, Φ(μ / √2)."""
    return float(ndtr(mu / math.sqrt(2)))


def said(rounds: int, noise: float, delta: float = 1e-5) -> str:
    """What a promise comes to, in a line that says so when it is worth nothing."""
    if noise <= 0:
        return "no noise, no formal promise"
    mu = mu_of(rounds, noise)
    epsilon = epsilon_of(mu, delta)
    told = f"ε = {epsilon:.3g} at δ = {delta:g} after {rounds} rounds"
    if epsilon > EMPTY:
        return f"{told}: means nothing, an attacker may still have an AUC of {most_auc(mu):.3f}"
    return f"{told}: no attacker tells a holding from its absence with an AUC above {most_auc(mu):.3f}"
