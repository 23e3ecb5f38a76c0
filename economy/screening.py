"""Value-conditioned screening: which part of an update is admissible under the principals' value profiles.

The public text of "Towards Value-Constrained Credit Assignment in Fully Delegated AI Cooperatives" (Yoon, Kim and Park,
arXiv 2606.28217) gives no equations; the algorithm here is this project's own instantiation of its summary. It lives in
K dimensions: it needs the inner products of updates with probe gradients and the probes' Gram matrix, and returns a
weight and K multipliers per principal, ũ_i = w_i u_i − Σ_k λ_ik s_k p_k.

With sense s_k (+1 withhold, −1 protect) the harm of a step −η u to value k is h_k(u) = s_k⟨p_k, u⟩ per unit η, and u is
admissible if h_k(u) ≤ budget_k for all k.
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from agents.terms import PerRun

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BLOCK = 1 << 18  # numbers of the complementarity problem held at a time


@dataclass(frozen=True)
class ScreeningTerms:
    """What the scenario says of screening."""

    mode: str  # off, reject, scale or project
    scope: str  # own, all, quorum or aggregate
    budget: str  # level or step
    step_tolerance: PerRun  # (R, 1) harm allowed per round under budget = "step"
    quorum: PerRun  # (R, 1) share of members that must accept under scope = "quorum"
    gate: bool  # drop updates whose first-order credit is negative
    safeguard: PerRun  # (R, 1) share of a limit by which a probe may overshoot


@dataclass(frozen=True)
class Screened:
    """What is left of every update: ũ_i = w_i u_i − Σ_k λ_ik s_k p_k, in the scale of the first-order step."""

    weights: Floats  # (R, N) share w_i of u_i kept
    multipliers: Floats  # (R, N, K) signed multipliers λ_ik s_k of the probe gradients taken off
    shadow_prices: Floats  # (R, K) λ_k ≥ 0 summed over principals: what a unit of budget is worth


def slack(levels: Floats, limits: Floats, senses: Floats) -> Floats:
    """How far every probe may still move in the harmful direction.

    Args:
        levels: (R, K) probe losses now.
        limits: (R, N, K) every principal's limit.
        senses: (K,) +1 withhold, −1 protect.

    Returns:
        (R, N, K) room left, in units of the probe loss; negative where the limit is broken.
    """
    return (levels[:, None] - limits) * senses


def acceptable(room: Floats, member: Bools, terms: ScreeningTerms) -> Floats:
    """The room that the scope's principals leave together.

    Args:
        room: (R, N, K) each principal's room.
        member: (R, N) who takes part this round.
        terms: screening terms; ``quorum`` q accepts what a share q of the members accepts.

    Returns:
        (R, 1, K) the tightest member's room (all, aggregate) or the quorum's, or (R, N, K) each one's own; +∞ where
        nobody takes part.
    """
    if terms.scope == "own":
        return room
    among = np.where(member[..., None], room, np.inf)
    if terms.scope != "quorum":
        return among.min(axis=1, keepdims=True)
    members = member.sum(axis=1, keepdims=True)
    rank = np.clip(members - np.ceil(terms.quorum * members), 0, np.maximum(members - 1, 0)).astype(np.int64)
    return np.take_along_axis(np.sort(among, axis=1), rank[..., None], axis=1)


def screen(harms: Floats, gram: Floats, budget: Floats, active: Bools, senses: Floats, terms: ScreeningTerms) -> Screened:
    """Screen every update, or their sum, by the scenario's mode and scope.

    Args:
        harms: (R, N, K) harm h_ik of every update per unit of learning rate.
        gram: (R, K, K) inner products ⟨p_k, p_l⟩ of the probe gradients.
        budget: (R, 1 or N, K) harm allowed to the step as a whole, per unit of learning rate.
        active: (R, N) who has an update; the others keep weight 0.
        senses: (K,) +1 withhold, −1 protect.
        terms: screening terms.
    """
    signed = gram * senses[:, None] * senses
    if terms.scope == "aggregate":
        weights, prices = admit((harms * active[..., None]).sum(axis=1, keepdims=True), signed, budget, terms.mode)
        charged = prices * _charges(harms, active)
        return Screened(weights * active, charged * senses, prices[:, 0])
    share = budget / np.maximum(active.sum(axis=1), 1)[:, None, None]
    weights, multipliers = admit(harms, signed, share, terms.mode)
    multipliers = multipliers * active[..., None]
    return Screened(weights * active, multipliers * senses, multipliers.sum(axis=1))


def admit(harms: Floats, gram: Floats, budget: Floats, mode: str) -> tuple[Floats, Floats]:
    """The admissible part of every update by one mode.

    Args:
        harms: (R, U, K) harm of each of U updates.
        gram: (R, K, K) signed Gram matrix M_kl = s_k s_l ⟨p_k, p_l⟩.
        budget: (R, 1 or U, K) harm allowed to each.
        mode: off, reject (drop), scale (largest admissible multiple) or project (nearest admissible update).

    Returns:
        weights (R, U) and multipliers (R, U, K) λ ≥ 0, with the admissible part w u − Σ_k λ_k s_k p_k. An update with
        no admissible part is dropped: weight and multipliers 0.
    """
    nothing = np.zeros_like(harms)
    if mode == "off":
        return np.ones(harms.shape[:2]), nothing
    if mode == "reject":
        return (harms <= budget).all(axis=2).astype(np.float64), nothing
    if mode == "scale":
        return largest_multiple(harms, budget), nothing
    multipliers = project(harms - budget, gram)
    feasible = ~np.isnan(multipliers[..., 0])
    return feasible.astype(np.float64), np.where(feasible[..., None], multipliers, 0.0)


def largest_multiple(harms: Floats, budget: Floats) -> Floats:
    """(R, U) largest w in [0, 1] with w · harm ≤ budget in every dimension, 0 where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = budget / harms
    most = np.where(harms > 0, ratio, np.inf).min(axis=2, initial=1.0)
    least = np.where(harms < 0, ratio, np.where(budget < 0, np.inf, 0.0)).max(axis=2, initial=0.0)
    return np.where(least <= most, np.maximum(most, 0.0), 0.0)


def project(excess: Floats, gram: Floats) -> Floats:
    """Multipliers of the nearest admissible update, exactly, for any number of updates at once.

    The projection argmin ½‖x − u‖² subject to s_k⟨p_k, x⟩ ≤ budget_k has the dual min ½ λᵀMλ − λᵀ(h − budget), λ ≥ 0,
    a linear complementarity problem in K dimensions. Every set of binding constraints is tried, smallest first, and the
    first whose solution meets the conditions (Murty 1972: natural residual min(λ, Mλ − excess) = 0) is taken; an optimum
    with independent binding probes always exists, so singular sets may be skipped.

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
    """Solve λ ≥ 0, Cλ − e ≥ 0, λᵀ(Cλ − e) = 0 for e (R, U, K) by trying every binding set; nan where none works."""
    runs, updates, dimensions = excess.shape
    tried = (inverses.reshape(runs, -1, dimensions) @ excess.transpose(0, 2, 1)).reshape(runs, -1, dimensions, updates)
    with np.errstate(invalid="ignore", over="ignore"):
        room = correlation[:, None] @ tried - excess.transpose(0, 2, 1)[:, None]
        residual = np.abs(np.minimum(tried, room)).max(axis=2)
    scale = np.abs(np.where(excess > -1e29, excess, 0.0)).max(axis=2)
    works = residual <= 1e-12 + 1e-11 * scale[:, None]
    first = works.argmax(axis=1)
    chosen = np.take_along_axis(tried, first[:, None, None], axis=1)[:, 0].transpose(0, 2, 1)
    found = np.take_along_axis(works, first[:, None], axis=1)[:, 0]
    return np.where(found[..., None], np.maximum(chosen, 0.0), np.nan)


@cache
def _binding_sets(dimensions: int) -> NDArray[np.bool_]:
    """(2^K, K) every set of binding constraints, smallest first."""
    sets = [subset for size in range(dimensions + 1) for subset in combinations(range(dimensions), size)]
    return np.array([[k in subset for k in range(dimensions)] for subset in sets], dtype=bool).reshape(-1, dimensions)


def _inverses(correlation: Floats) -> Floats:
    """(R, 2^K, K, K) inverse of the correlation matrix restricted to every binding set, 0 elsewhere; nan if singular."""
    dimensions = correlation.shape[1]
    sets = _binding_sets(dimensions)
    inside = sets[:, :, None] & sets[:, None, :]
    restricted = np.where(inside, correlation[:, None], np.eye(dimensions))
    singular = np.abs(np.linalg.det(restricted)) < 1e-13
    restricted = np.where(singular[..., None, None], np.eye(dimensions), restricted)
    return np.where(singular[..., None, None], np.nan, np.where(inside, np.linalg.inv(restricted), 0.0))


def _charges(harms: Floats, active: Bools) -> Floats:
    """(R, N, K) who answers for a binding value: in proportion to harm, equally where nobody harms."""
    harmful = np.maximum(harms, 0.0) * active[..., None]
    total = harmful.sum(axis=1, keepdims=True)
    equal = active[..., None] / np.maximum(active.sum(axis=1), 1)[:, None, None]
    return np.where(total > 0, harmful / np.where(total > 0, total, 1.0), equal)
