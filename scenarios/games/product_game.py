"""A team whose absent members are replaced: what coalitions are worth, Shapley's division, and the way back from one.

v(S) = Π_{i∉S} q_i, where a substitute does the work of i at quality q_i. Its Shapley value is the integral over t of
(1 − q_i) Π_{j≠i} (t + (1 − t) q_j) (Owen 1972), for which ⌈n/2⌉ Gauss–Legendre nodes are exact.
"""

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError, apart
from commonweal.economy.explaining.products import shapley_parts

MOST_STEPS = 200  # of Newton's method
LEAST_STEP = 1e-4  # of a step of Newton's method; where less is needed, rounding is what is left
ROUNDING = 1e-9  # by which shares may miss 1


def worths(coalitions: Bools, substitutes: Floats) -> Floats:
    """(C,) what coalitions (C, n) are worth, of 1, with substitutes of quality (n,) for everybody else."""
    found: Floats = np.where(coalitions, 1.0, substitutes).prod(axis=1)
    return found


def shapley_of_team(substitutes: Floats) -> Floats:
    """Shapley values of a team whose whole is worth 1.

    Args:
        substitutes: (n,) quality at which each member is replaced, in [0, 1].

    Returns:
        (n,) values; they sum to 1 − Π q, what the team is worth beyond nobody at all.
    """
    return shapley_parts(np.ones((1, len(substitutes), 1)), substitutes[:, None])[0, :, 0]


def shares_of_team(substitutes: Floats) -> Floats:
    """(n,) Shapley values as shares of their sum; equal ones where nobody would be missed."""
    values = shapley_of_team(substitutes)
    return values / values.sum() if values.sum() else np.full(len(values), 1 / len(values))


def substitutes_behind(shares: Floats, nobody: float) -> Floats:
    """The only substitutes for which a division is Shapley's: the inverse of ``shares_of_team``.

    In x = −log q every value falls in the x of others, and all values together rise in each x, since they sum to
    1 − exp(−Σ x). The Jacobian is thus an M-matrix and the values determine q (Gale and Nikaido 1965). There are such
    q, since the map from the simplex Σ x = −log Π q to shares takes each face to the same face, so that it is onto.

    Args:
        shares: (n,) of what the team is worth beyond nobody at all; they sum to 1.
        nobody: Π q, what nobody at all is worth, of what the team is.

    Returns:
        (n,) q in (0, 1]; 1 for who has no share.

    Raises:
        InputError: if shares are no division, or ``nobody`` is not between 0 and 1.
    """
    if not 0 < nobody < 1:
        raise InputError(f"nobody = {apart(nobody, 0, 1)[0]}: must be more than 0 and less than 1, of the whole")
    _require_division(shares)
    paid = shares > 0
    found = np.ones(len(shares))
    found[paid] = np.exp(-_solved(np.log(shares[paid]), -np.log(nobody)))
    return found


def _require_division(shares: Floats) -> None:
    if not (np.isfinite(shares).all() and (shares >= 0).all()):
        raise InputError("division: every share must be a number of at least 0")
    if not len(shares) or abs(shares.sum() - 1) > ROUNDING:
        raise InputError(f"division: shares sum to {apart(shares.sum(), 1)[0]}; they must sum to 1")


def _solved(log_shares: Floats, total: float) -> Floats:
    """The x (n,) that sum to ``total``, by Newton's method in log x; a step that does not help is halved."""
    x = np.exp(log_shares) * total  # exact in the limit where nobody is missed
    error, slopes = _error(x, log_shares)
    for _ in range(MOST_STEPS):
        step = _step(x, error, slopes)
        size = min(1.0, 2.0 / np.abs(step).max(initial=1e-300))
        while True:
            moved = x * np.exp(size * step)
            moved *= total / moved.sum()
            after, turned = _error(moved, log_shares)
            if np.abs(after).max() < np.abs(error).max():
                break
            if (size := size / 2) < LEAST_STEP:  # as exact as numbers are
                return x
        x, error, slopes = moved, after, turned
    return x


def _error(x: Floats, log_shares: Floats) -> tuple[Floats, Floats]:
    """(n,) how much log shares are too large, and (n, n) by how many per cent each value rises if an x does by one."""
    nodes, weights = np.polynomial.legendre.leggauss((len(x) + 1) // 2)
    absent, there = np.exp(-x), ((nodes + 1) / 2)[:, None]
    factors = there + (1 - there) * absent  # (T, n)
    worth = factors.prod(axis=1, keepdims=True) * weights[:, None] / 2
    missed = worth * -np.expm1(-x) / factors  # of v, at each node
    slopes = -missed.T @ ((1 - there) * absent / factors)
    np.fill_diagonal(slopes, (worth * absent / factors).sum(axis=0))
    values = missed.sum(axis=0)
    return np.log(values / values.sum()) - log_shares, slopes * x / values[:, None]


def _step(x: Floats, error: Floats, slopes: Floats) -> Floats:
    """(n,) of log x that takes the error away but for a common factor, and keeps the sum of x."""
    bordered = np.block([[slopes, np.ones((len(x), 1))], [x / x.sum(), np.zeros(1)]])
    found: Floats = -np.linalg.solve(bordered, np.append(error, 0.0))[:-1]
    return found
