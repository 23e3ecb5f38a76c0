"""The nearest point that satisfies a few linear constraints, for many points at once: a small complementarity problem.

Murty, "On the number of solutions to the complementarity problem and spanning properties" (1972).
"""

from functools import cache
from itertools import combinations

import numpy as np

from commonweal.agents.arrays import Bools, Floats

BLOCK = 1 << 18  # numbers of the complementarity problem held at a time
REFINEMENTS = 2  # of multipliers that are not exact at once
LARGEST_INFLATION = 1e13  # 1 / (1 − ρ²) of a probe, from which on it counts as a combination of the others


def project(excess: Floats, gram: Floats) -> Floats:
    """Multipliers of the nearest admissible update, exactly, for any number of updates at once.

    The projection argmin ½‖x − u‖² subject to s_k⟨p_k, x⟩ ≤ budget_k has the dual min ½ λᵀMλ − λᵀ(h − budget), λ ≥ 0,
    a linear complementarity problem in K dimensions. Every set of binding constraints is tried, smallest first, and the
    first whose solution meets the conditions (Murty 1972: natural residual min(λ, Mλ − excess) = 0) is taken; an
    optimum with independent binding probes always exists, so singular sets may be skipped.

    Args:
        excess: (R, U, K) harm minus budget of each of U updates; −∞ where a budget is infinite.
        gram: (R, K, K) signed Gram matrix M.

    Returns:
        (R, U, K) multipliers λ ≥ 0; nan where no admissible update exists (limits that contradict each other).
    """
    runs, updates, dimensions = excess.shape
    if not (excess > 0).any():
        return np.zeros_like(excess)
    norms = np.sqrt(np.diagonal(gram, axis1=1, axis2=2))
    norms = np.where(norms > 0, norms, 1.0)
    correlation = gram / (norms[:, :, None] * norms[:, None, :])
    inverses = _inverses(correlation)
    scaled = np.maximum(excess / norms[:, None], -1e30)
    block = max(1, BLOCK // (runs * 2**dimensions * dimensions))
    parts = [_complementary(scaled[:, i : i + block], correlation, inverses) for i in range(0, updates, block)]
    return np.concatenate(parts, axis=1) / norms[:, None]


def _complementary(excess: Floats, correlation: Floats, inverses: Floats) -> Floats:
    """Solve λ ≥ 0, Cλ − e ≥ 0, λᵀ(Cλ − e) = 0 for e (R, U, K) by trying every binding set; nan where none works.

    What works is measured against the largest breach, never against ample room elsewhere, which would hide breaches.
    """
    runs, updates, dimensions = excess.shape
    wanted = excess.transpose(0, 2, 1)
    tried = (inverses.reshape(runs, -1, dimensions) @ wanted).reshape(runs, -1, dimensions, updates)
    tolerance = 1e-12 + 1e-11 * np.maximum(excess, 0.0).max(axis=2)[:, None]
    works = _residual(tried, correlation, wanted) <= tolerance
    for _ in range(REFINEMENTS):  # nearly dependent probes: the inverse alone is not exact enough
        if works.any(axis=1).all():
            break
        with np.errstate(invalid="ignore", over="ignore"):
            tried = tried + inverses @ (wanted[:, None] - correlation[:, None] @ tried)
        works = _residual(tried, correlation, wanted) <= tolerance
    first, run, update = works.argmax(axis=1), np.arange(runs)[:, None], np.arange(updates)
    chosen, found = tried[run, first, :, update], works[run, first, update]
    return np.where(found[..., None], np.maximum(chosen, 0.0), np.nan)


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


def _inverses(correlation: Floats) -> Floats:
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
    dependent = np.asarray(((alone < 0.5) | (alone > LARGEST_INFLATION)).any(axis=2))
    return np.where(dependent[..., None, None], np.nan, np.where(inside, inverses, 0.0))
