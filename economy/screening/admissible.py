"""Value-conditioned screening: which part of an update is admissible under the principals' value profiles.

The public text of "Towards Value-Constrained Credit Assignment in Fully Delegated AI Cooperatives" (Yoon, Kim and Park,
arXiv 2606.28217) gives no equations; the algorithm here is this project's own instantiation of its summary. It lives in
K dimensions: it needs the inner products of updates with probe gradients and the probes' Gram matrix, and returns a
weight and K multipliers per principal, ũ_i = w_i u_i − Σ_k λ_ik s_k p_k.

With sense s_k (+1 withhold, −1 protect) the harm of a step −η u to value k is h_k(u) = s_k⟨p_k, u⟩ per unit η, and u is
admissible if h_k(u) ≤ budget_k for all k.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.agents.terms import PerRun
from commonweal.economy.screening.projection import DOUBLE, project

BISECTIONS = 24  # of the harm above which updates are dropped


@dataclass(frozen=True)
class ScreeningTerms:
    """What the scenario says of screening."""

    mode: str  # off, reject, scale or project
    scope: str  # own, all, quorum or aggregate
    budget: str  # level or step
    step_tolerance: PerRun  # (R, 1) harm allowed per round under budget = "step"
    quorum: PerRun  # (R, 1) share of members that must accept under scope or vote = "quorum"
    gate: bool  # drop updates whose first-order credit is negative
    safeguard: PerRun  # (R, 1) share of a limit by which a probe may overshoot
    grain: str = "principal"  # principal, class or sample: what is left out, worst first, before updates are screened
    vote: str = "strictest"  # name of the vote on the limit of all, under the scopes all and aggregate
    weight: str = "equal"  # of votes: equal, data or stake


@dataclass(frozen=True)
class Screened:
    """The admissible part of every update: ũ_i = w_i u_i − Σ_k λ_ik s_k p_k, in the scale of the first-order step.

    A shadow price says how much nearer the admissible updates come to those offered with a unit more of everybody's
    budget for the step as a whole: −∂/∂budget_k of Σ_i ½‖ũ_i − u_i‖², which is Σ_i λ_ik / n for n updates with a share
    of the budget each; under the scope ``aggregate`` of ½‖Σ_i ũ_i − Σ_i u_i‖², which is λ_k. Only projection has a
    price: the other modes do not look for the nearest update, and theirs is 0. A unit of budget is η of a probe loss.
    """

    weights: Floats  # (R, N) share w_i of u_i kept
    multipliers: Floats  # (R, N, K) signed multipliers λ_ik s_k of the probe gradients taken off
    shadow_prices: Floats  # (R, K) squared norm of an update per unit of budget, ≥ 0


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


def screen(
    harms: Floats,
    gram: Floats,
    budget: Floats,
    active: Bools,
    senses: Floats,
    terms: ScreeningTerms,
    rounding: float = DOUBLE,
) -> Screened:
    """Screen every update, or their sum, by the scenario's mode and scope.

    Only the places of those who have an update in some run are worked on: of a million principals few put something in.

    Args:
        harms: (R, N, K) harm h_ik of every update per unit of learning rate.
        gram: (R, K, K) inner products ⟨p_k, p_l⟩ of the probe gradients.
        budget: (R, 1 or N, K) harm allowed to the step as a whole, per unit of learning rate.
        active: (R, N) who has an update; the others keep weight 0.
        senses: (K,) +1 withhold, −1 protect.
        terms: screening terms.
        rounding: relative precision in which harms and Gram matrix were computed.
    """
    rule = partial(admit, gram=gram * senses[:, None] * senses, mode=terms.mode, rounding=rounding)
    aggregate, principals, alone = terms.scope == "aggregate", harms.shape[1], len(senses) == 1
    places = _places(active, aggregate, len(senses), terms.mode)
    if len(places) < principals:
        harms, active = harms[:, places], active[:, places]
        budget = budget if budget.shape[1] == 1 else budget[:, places]
    if aggregate:
        weights, multipliers, prices = _screen_sum(harms * active[..., None], budget, active, terms.mode, rule)
    else:
        updates = np.maximum(active.sum(axis=1), 1)[:, None]
        weights, multipliers = rule(harms, budget=budget / updates[:, None])
        multipliers = multipliers * active[..., None]
        prices = (_spread(multipliers, places, principals) if alone else multipliers).sum(axis=1) / updates
    weights, multipliers = (_spread(each, places, principals) for each in (weights * active, multipliers * senses))
    return Screened(weights, multipliers, prices)


def _places(active: Bools, aggregate: bool, dimensions: int, mode: str) -> Ints:
    """(U,) places that are worked on: of those who have an update, where that changes no bit, else all.

    A single value numpy adds up pairwise, by place. Matrix products of three terms and more, and of one column, are
    rounded in an order of their own.
    """
    by_place = dimensions == 1 if aggregate else mode == "project" and dimensions > 2
    places = np.flatnonzero(active.any(axis=0) | by_place)
    return places if len(places) != 1 else np.unique([0, places[0], active.shape[1] - 1])


def _spread(values: Floats, places: Ints, principals: int) -> Floats:
    """(R, N, …) values (R, U, …) at their places, 0 elsewhere."""
    if len(places) == principals:
        return values
    spread = np.zeros((len(values), principals, *values.shape[2:]))
    spread[:, places] = values
    return spread


def _screen_sum(
    harms: Floats, budget: Floats, active: Bools, mode: str, rule: Callable[..., tuple[Floats, Floats]]
) -> tuple[Floats, Floats, Floats]:
    """Screen the sum of all updates once by ``rule`` and charge the correction to those who cause it.

    Returns:
        weights (R, N), multipliers (R, N, K) and prices (R, K), all of them ≥ 0.
    """
    nothing = np.zeros_like(harms)
    if mode == "project":
        weights, prices = rule(harms.sum(axis=1, keepdims=True), budget=budget)
        prices = prices * np.asarray(active.any(axis=1))[:, None, None]  # where nobody can be charged, there is no step
        return weights, prices * _charges(harms, active), prices[:, 0]
    weights = np.ones(active.shape) if mode == "off" else drop_worst(harms, budget, mode)
    return weights, nothing, np.zeros_like(budget[:, 0])


def drop_worst(harms: Floats, budget: Floats, mode: str) -> Floats:
    """Weights that make the sum of updates admissible at the expense of the most harmful ones.

    Updates whose harm exceeds the share θ of the largest in some dimension are rejected, or scaled to their largest
    common multiple, with the largest θ in [0, 1] that bisection finds admissible. Harmless updates always pass: where a
    limit is broken beyond one round's repair they alone remain.

    Args:
        harms: (R, N, K), 0 for who has no update.
        budget: (R, 1, K) harm allowed to the sum.
        mode: scale or reject.

    Returns:
        (R, N) weights in [0, 1].
    """
    largest = np.maximum(harms.max(axis=1, keepdims=True, initial=0.0), np.finfo(float).tiny)
    severity = (np.maximum(harms, 0.0) / largest).max(axis=2, initial=0.0)

    def total(kept: Bools) -> Floats:
        summed: Floats = (kept[..., None] * harms).sum(axis=1, keepdims=True)
        return summed

    low, high = np.zeros((len(harms), 1)), np.ones((len(harms), 1))
    if (total(severity <= 1) <= budget).all():
        return np.ones_like(severity)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        fits = (total(severity <= middle) <= budget).all(axis=2)
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    high = np.where((total(severity <= 1) <= budget).all(axis=2), 1.0, low)
    kept = severity <= high
    rest = largest_multiple(total(~kept), budget - total(kept)) if mode == "scale" else 0.0
    return np.where(kept, 1.0, rest)


def admit(harms: Floats, gram: Floats, budget: Floats, mode: str, rounding: float = DOUBLE) -> tuple[Floats, Floats]:
    """The admissible part of every update by one mode.

    Args:
        harms: (R, U, K) harm of each of U updates.
        gram: (R, K, K) signed Gram matrix M_kl = s_k s_l ⟨p_k, p_l⟩.
        budget: (R, 1 or U, K) harm allowed to each.
        mode: off, reject (drop), scale (largest admissible multiple) or project (nearest admissible update).
        rounding: relative precision in which harms and Gram matrix were computed.

    Returns:
        weights (R, U) and multipliers (R, U, K) λ ≥ 0, with the admissible part w u − Σ_k λ_k s_k p_k. An update with
        no admissible part is dropped: weight and multipliers 0.
    """
    nothing = np.zeros_like(harms)
    if mode == "off":
        return np.ones(harms.shape[:2]), nothing
    if mode == "reject":
        return np.asarray((harms <= budget).all(axis=2), dtype=np.float64), nothing
    if mode == "scale":
        return largest_multiple(harms, budget), nothing
    multipliers = project(harms, budget, gram, rounding)
    feasible = np.asarray(~np.isnan(multipliers).any(axis=2))
    return feasible.astype(np.float64), np.where(feasible[..., None], multipliers, 0.0)


def largest_multiple(harms: Floats, budget: Floats) -> Floats:
    """(R, U) largest w in [0, 1] with w · harm ≤ budget in every dimension, 0 where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        multiple = budget / harms
    most = np.where(harms > 0, multiple, np.inf).min(axis=2, initial=1.0)
    least = np.where(harms < 0, multiple, np.where(budget < 0, np.inf, 0.0)).max(axis=2, initial=0.0)
    return np.where(least <= most, np.maximum(most, 0.0), 0.0)


def _charges(harms: Floats, active: Bools) -> Floats:
    """(R, N, K) who answers for a binding value: in proportion to harm, equally where nobody harms."""
    harmful = np.maximum(harms, 0.0) * active[..., None]
    total = harmful.sum(axis=1, keepdims=True)
    equal = active[..., None] / np.maximum(active.sum(axis=1), 1)[:, None, None]
    return np.where(total > 0, ratio(harmful, total), equal)
