"""The nearest point that satisfies a few linear constraints, for many points at once: a small complementarity problem.

Murty, "On the number of solutions to the complementarity problem and spanning properties" (1972).
"""

from functools import cache
from itertools import combinations

import numpy as np

from commonweal.agents.arrays import Bools, Floats

BLOCK = 1 << 18  # numbers of the complementarity problem held at a time
REFINEMENTS = 2  # of multipliers that are not exact at once
LARGEST_INFLATION = 1e13  # 1 / (1 − ρ²) of a probe in double precision, from which on others combine to it
LARGEST_MULTIPLIERS = 1e5  # Σ λ per unit of excess and probe norm, beyond which rounding may break a budget
TOLERANCE = 1e-11  # of a breach, per unit of the largest excess
PROXIMAL_STEPS = 12
MARGIN = 8  # what is asked of a negative budget, per noise: entries of C are sums of many products
DOUBLE = float(np.finfo(np.float64).eps)


def project(harms: Floats, budget: Floats, gram: Floats, rounding: float = DOUBLE) -> Floats:
    """Multipliers of the nearest admissible update, for any number of updates at once.

    The projection argmin ½‖x − u‖² subject to s_k⟨p_k, x⟩ ≤ budget_k has the dual min ½ λᵀMλ − λᵀ(h − budget), λ ≥ 0,
    a linear complementarity problem in K dimensions. Every set of binding constraints is tried, smallest first, and the
    first whose solution meets the conditions (Murty 1972: natural residual min(λ, Mλ − excess) = 0) is taken; an
    optimum with independent binding probes always exists, so singular sets may be skipped. Where none meets them, since
    probes depend on each other up to rounding, ``_cautious`` answers.

    Args:
        harms: (R, U, K) harm of each of U updates.
        budget: (R, 1 or U, K) harm allowed to each; ∞ where there is no limit.
        gram: (R, K, K) signed Gram matrix M.
        rounding: relative precision in which harms and Gram matrix were computed.

    Returns:
        (R, U, K) multipliers λ ≥ 0; nan where no admissible update exists (limits that contradict each other).
    """
    excess = harms - budget
    runs, updates, dimensions = excess.shape
    if not (excess > 0).any():
        return np.zeros_like(excess)
    norms = np.sqrt(np.diagonal(gram, axis1=1, axis2=2))
    norms = np.where(norms > 0, norms, 1.0)
    correlation = gram / (norms[:, :, None] * norms[:, None, :])
    inverses = _inverses(correlation, LARGEST_INFLATION * DOUBLE / rounding)
    scaled = np.maximum(excess / norms[:, None], -1e30)
    block = max(1, BLOCK // (runs * 2**dimensions * dimensions))
    parts = [_complementary(scaled[:, i : i + block], correlation, inverses) for i in range(0, updates, block)]
    multipliers = np.concatenate(parts, axis=1)
    possible = np.broadcast_to(np.asarray((budget >= 0).all(axis=2)), (runs, updates))  # x = 0 is admissible
    for run in range(runs):
        left = np.flatnonzero(np.isnan(multipliers[run, :, 0]))
        for some in np.split(left, range(block, len(left), block)):
            multipliers[run, some] = _cautious(scaled[run, some], correlation[run], possible[run, some], rounding)
    return multipliers / norms[:, None]


def _cautious(excess: Floats, correlation: Floats, possible: Bools, rounding: float) -> Floats:
    """Multipliers (U, K) for excess (U, K) where probes depend on each other up to rounding.

    Steps of the proximal point method (Rockafellar 1976) solve a problem with one solution each. An answer λ may breach
    a budget by what it is off by, and by noise · Σ λ, since entries of C are known up to the noise. The first answer
    that surely breaches nothing is taken, else the one with the least breach.

    - Where an admissible update is ``possible`` (U,) in any case, since no budget is negative, there always is an
      answer. A first step leaves √noise times the distance to the nearest admissible update at most.
    - Elsewhere as much less harm is asked for as rounding may add, so that limits are restored. Limits contradict each
      other, up to rounding, if that is more than all harm or a breach is left: nan.
    """
    eigenvalues, vectors = np.linalg.eigh(correlation)
    noise = max(0.5 * len(correlation) * rounding, -float(eigenvalues[0]))
    nearest_gram = (vectors * np.maximum(eigenvalues, 0.0)) @ vectors.T
    matrix = nearest_gram + noise * np.eye(len(correlation))
    largest, unsure = excess.max(axis=1), np.zeros(len(excess))
    multipliers, chosen, least = np.zeros_like(excess), np.zeros_like(excess), np.full(len(excess), np.inf)
    for _ in range(PROXIMAL_STEPS):
        multipliers = _solved(excess + noise * multipliers + unsure[:, None], matrix)
        breach = (excess - multipliers @ nearest_gram).max(axis=1) + noise * multipliers.sum(axis=1)
        better = (breach < least) & (least > TOLERANCE * largest)
        chosen, least = np.where(better[:, None], multipliers, chosen), np.where(better, breach, least)
        unsure = np.where(possible, 0.0, np.minimum(MARGIN * noise * multipliers.sum(axis=1), largest))
    restores = (least <= np.sqrt(noise) * largest) & (MARGIN * noise * chosen.sum(axis=1) <= largest)
    return np.where((possible | restores)[:, None], chosen, np.nan)


def _solved(excess: Floats, matrix: Floats) -> Floats:
    """(U, K) solution of the complementarity problem with a positive definite matrix (K, K), for excess (U, K)."""
    sets = _binding_sets(len(matrix))
    restricted = np.where(sets[:, :, None] & sets[:, None, :], matrix, np.eye(len(matrix)))
    tried = np.linalg.solve(restricted, np.where(sets[:, :, None], excess.T, 0.0))  # unlike an inverse, off by ε · |λ|
    best = np.abs(np.minimum(tried, matrix @ tried - excess.T)).max(axis=1).argmin(axis=0)
    return np.maximum(tried[best, :, np.arange(len(excess))], 0.0)


def _complementary(excess: Floats, correlation: Floats, inverses: Floats) -> Floats:
    """Solve λ ≥ 0, Cλ − e ≥ 0, λᵀ(Cλ − e) = 0 for e (R, U, K) by trying every binding set; nan where none works.

    What works is measured against the largest breach, never against ample room elsewhere, which would hide breaches.
    """
    runs, updates, dimensions = excess.shape
    wanted = excess.transpose(0, 2, 1)
    tried = (inverses.reshape(runs, -1, dimensions) @ wanted).reshape(runs, -1, dimensions, updates)
    largest = np.maximum(excess, 0.0).max(axis=2)
    tolerance = 1e-12 + TOLERANCE * largest[:, None]
    works = _residual(tried, correlation, wanted) <= tolerance
    for _ in range(REFINEMENTS):  # nearly dependent probes: the inverse alone is not exact enough
        if works.any(axis=1).all():
            break
        with np.errstate(invalid="ignore", over="ignore"):
            tried = tried + inverses @ (wanted[:, None] - correlation[:, None] @ tried)
        works = _residual(tried, correlation, wanted) <= tolerance
    first, run, update = works.argmax(axis=1), np.arange(runs)[:, None], np.arange(updates)
    chosen, found = np.maximum(tried[run, first, :, update], 0.0), works[run, first, update]
    sure = chosen.sum(axis=2) <= LARGEST_MULTIPLIERS * largest
    return np.where((found & sure)[..., None], chosen, np.nan)


def _residual(multipliers: Floats, correlation: Floats, excess: Floats) -> Floats:
    """(R, 2^K, U) natural residual max_k |min(λ, Cλ − e)| of multipliers (R, 2^K, K, U) for e (R, K, U)."""
    with np.errstate(invalid="ignore", over="ignore"):
        room = correlation[:, None] @ multipliers - excess[:, None]
        residual: Floats = np.abs(np.minimum(multipliers, room)).max(axis=2)
    return residual


@cache
def _binding_sets(dimensions: int) -> Bools:
    """(2^K, K) every set of binding constraints, smallest first."""
    sets = [subset for size in range(dimensions + 1) for subset in combinations(range(dimensions), size)]
    return np.array([[k in subset for k in range(dimensions)] for subset in sets], dtype=bool).reshape(-1, dimensions)


def _inverses(correlation: Floats, largest_inflation: float) -> Floats:
    """(R, 2^K, K, K) inverse of the correlation matrix restricted to every binding set, 0 elsewhere; nan if singular.

    A diagonal entry of the inverse is 1 / (1 − ρ²), ρ the correlation of a probe with the best combination of the
    others: it tells dependent probes from many alike ones, whose determinant is as small.
    """
    dimensions = correlation.shape[1]
    sets = _binding_sets(dimensions)
    inside = sets[:, :, None] & sets[:, None, :]
    identity = np.eye(dimensions)
    restricted = np.where(inside, correlation[:, None], identity)
    try:
        inverses = np.linalg.inv(restricted)
    except np.linalg.LinAlgError:  # one of them is exactly singular: a zero on the diagonal marks it
        singular = np.linalg.det(restricted)[..., None, None] == 0.0
        inverses = np.where(singular, 0.0, np.linalg.inv(np.where(singular, identity, restricted)))
    alone = np.diagonal(inverses, axis1=2, axis2=3)
    dependent = np.asarray(((alone < 0.5) | (alone > largest_inflation)).any(axis=2))
    return np.where(dependent[..., None, None], np.nan, np.where(inside, inverses, 0.0))
