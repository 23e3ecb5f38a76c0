"""Outcomes of all profiles: exact explanations by enumeration, the variance by degree, and the Fourier transform.

f = Σ_S f_S, f_S(x_S) = Σ_{T⊆S} (−1)^{|S|−|T|} E[f | x_T] under a product law (functional ANOVA: Hoeffding 1948; Sobol
1993); the game at x is v(S) = E[f | x_S].
"""

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.exact import all_coalitions, exact_value
from commonweal.economy.credit.probabilistic import shapley


def games(outcomes: Floats, law: Floats) -> Floats:
    """Every profile's game.

    Args:
        outcomes: (q, …, q) of all profiles.
        law: (n, q) over the actions of absent players, independent of each other.

    Returns:
        (q^n, 2^n) v of every coalition, numbered as in ``all_coalitions``; profiles with the last player's action
        changing fastest.
    """
    found = []
    for coalition in all_coalitions(outcomes.ndim):
        mean = outcomes
        for player in np.flatnonzero(~coalition):
            weights = law[player, : outcomes.shape[player]]
            mean = np.expand_dims(np.tensordot(mean, weights, (player, 0)), player)
        found.append(np.broadcast_to(mean, outcomes.shape).ravel())
    return np.stack(found, axis=1)


def cube_values(outcomes: Floats, law: Floats) -> Floats:
    """(q^n, n) exact Shapley values of every profile's game; arguments as for ``games``."""
    return exact_value(games(outcomes, law), shapley(outcomes.ndim))


def energies(outcomes: Floats) -> Floats:
    """(n,) share of the variance over equally likely profiles by degree: how many players interact, 1 to n."""
    spectrum = np.abs(fourier(outcomes)) ** 2
    degree = (np.indices(outcomes.shape) > 0).sum(axis=0).ravel()
    energy = np.bincount(degree, weights=spectrum.ravel(), minlength=outcomes.ndim + 1)[1:]
    shares: Floats = energy / energy.sum()
    return shares


def fourier(outcomes: Floats) -> NDArray[np.complex128]:
    """(q, …, q) coefficients F[k] = q^−n Σ_x f(x) ω^−⟨k, x⟩."""
    coefficients: NDArray[np.complex128] = np.fft.fftn(outcomes) / outcomes.size
    return coefficients
