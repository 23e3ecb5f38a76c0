"""The optimal menu as a programme that is convex where accuracy is concave: its search, and a bound that certifies it.

With utilities U_i = t_i − c_i m_i the constraints are U_i ≥ f_i (IR), U_i ≥ U_j + (c_j − c_i) m_j (IC, where neighbours
suffice) and U_i + c_i m_i ≤ t̄_i(m) (budget). Money is in units of v, the value of a perfect model.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import Bounds, linprog, minimize

from commonweal.agents.arrays import Floats
from commonweal.economy.rewards.accuracy import Accuracy

PROVED = 1e-9  # expected accuracy between a menu and its bound: small enough to look no further


@dataclass(frozen=True)
class Program:
    """The problem for the J types that are served. Its unknowns y (2J,) are m_j / most_j, then U_j, from 0 to 1."""

    accuracy: Accuracy  # of all samples together; concave, if the optimum is to be the one
    counts: Floats  # (K, J) parties of each type that is served, by outcome
    weights: Floats  # (1 + J, K) probability of each outcome, for all and as each type sees it
    costs: Floats  # (J,) of a sample
    reservation: Floats  # (J,) f_j
    least: Floats  # (J,) samples that a line asks for at least, not falling
    most: Floats  # (J,) and at most, above 0
    outside_costs: Floats  # (E,) of a sample, for the types that are not served
    outside_reservation: Floats  # (E,) f of these types
    budget: float  # share of the model's accuracy that may be given out

    @cached_property
    def linear(self) -> tuple[Floats, Floats]:
        """G (L, 2J), h (L,) of the constraints G y ≤ h: IC between neighbours, and that no line tempts outsiders."""
        J, E = len(self.costs), len(self.outside_costs)
        amount, utility = np.eye(J, 2 * J) * np.tile(self.most, 2), np.eye(J, 2 * J, J)
        steps = -np.diff(self.costs)[:, None]
        upward = utility[:-1] - utility[1:] + steps * amount[:-1]
        downward = utility[1:] - utility[:-1] - steps * amount[1:]
        extra = (self.costs - self.outside_costs[:, None])[:, :, None]  # (E, J, 1)
        tempting = (utility + extra * amount).reshape(E * J, 2 * J)
        limits = np.append(np.zeros(2 * (J - 1)), np.repeat(self.outside_reservation, J))
        return np.vstack([upward, downward, tempting]), limits

    @cached_property
    def owed(self) -> Floats:
        """(J, 2J) so that ``owed @ y`` is t_j."""
        J = len(self.costs)
        return np.hstack([np.diag(self.costs * self.most), np.eye(J)])

    @cached_property
    def limits(self) -> tuple[Floats, Floats]:
        """(2J,) lowest and highest y."""
        return np.append(self.least / self.most, self.reservation), np.ones(2 * len(self.costs))

    def expectations(self, y: Floats) -> Floats:
        """(1 + J,) expected accuracy, for all and as each type sees it."""
        expected: Floats = self.weights @ self.accuracy(self.counts @ self.amounts(y))
        return expected

    def slopes(self, y: Floats) -> Floats:
        """(1 + J, 2J) slopes of the expectations."""
        slope: Floats = self.accuracy.slope(self.counts @ self.amounts(y))
        by_amount: Floats = (self.weights * slope) @ self.counts * self.most
        return np.hstack([by_amount, np.zeros_like(by_amount)])

    def unspent(self, y: Floats) -> Floats:
        """(J,) the part of each line's budget that is not spent; below 0 where a line breaks it."""
        left: Floats = self.budget * self.expectations(y)[1:] - self.owed @ y
        return left

    def unspent_slopes(self, y: Floats) -> Floats:
        """(J, 2J) slopes of what is not spent."""
        slopes: Floats = self.budget * self.slopes(y)[1:] - self.owed
        return slopes

    def amounts(self, y: Floats) -> Floats:
        """(J,) samples."""
        amounts: Floats = y[: len(self.most)] * self.most
        return amounts

    def point(self, amounts: Floats) -> Floats:
        """(2J,) the unknowns at these amounts, which must not fall from type to type, and least utilities."""
        return np.append(amounts / self.most, least_utilities(self.costs, self.reservation, amounts))


def least_utilities(costs: Floats, reservation: Floats, amounts: Floats) -> Floats:
    """The smallest utilities (J,) under which IR and IC hold, given amounts (J,) that do not fall."""
    steps = -np.diff(costs)
    upward = np.append(0.0, np.cumsum(steps * amounts[:-1]))  # what the cheap gain by the lines of the dear
    downward = np.append(0.0, np.cumsum(steps * amounts[1:]))  # what the cheap have more of their lines than the dear
    by_dearer = np.maximum.accumulate(reservation - upward) + upward
    by_cheaper = np.maximum.accumulate((reservation - downward)[::-1])[::-1] + downward
    utilities: Floats = np.maximum(by_dearer, by_cheaper)
    return utilities


def search(program: Program, start: Floats) -> tuple[Floats, Floats | None]:
    """Where sequential quadratic programming ends.

    Args:
        program: what to maximise and under which constraints.
        start: (J,) amounts to start from, not falling.

    Returns:
        (J,) amounts, made not to fall; and (L,) prices of the constraints there, in the order of ``tangents``, which
        SciPy tells from version 1.16 on.
    """
    (G, h), (low, high) = program.linear, program.limits
    expectations, slopes = _once(program.expectations), _once(program.slopes)
    found = minimize(  # type: ignore[call-overload]  # its stubs know no functions of an ndarray of any length
        lambda y: -expectations(y)[0],
        np.clip(program.point(start), low, high),
        jac=lambda y: -slopes(y)[0],
        method="SLSQP",
        bounds=Bounds(low, high),
        constraints={
            "type": "ineq",
            "fun": lambda y: np.append(h - G @ y, program.budget * expectations(y)[1:] - program.owed @ y),
            "jac": lambda y: np.vstack([-G, program.budget * slopes(y)[1:] - program.owed]),
        },
        options={"maxiter": 300, "ftol": 1e-13},
    )
    amounts = np.maximum.accumulate(program.amounts(np.clip(found.x, low, high)))
    return amounts, found.get("multipliers")


def _once(function: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    """The same function, which is not computed again at the point where it was computed last."""
    last: list[tuple[bytes, Floats]] = []

    def remembered(y: Floats) -> Floats:
        key = y.tobytes()
        if not last or last[0][0] != key:
            last[:] = [(key, function(y))]
        return last[0][1]

    return remembered


def tangents(program: Program, amounts: Floats) -> tuple[Floats, float, Floats, Floats]:
    """What no menu exceeds if accuracy is concave, as functions of y that are linear: they touch at amounts (J,).

    Returns:
        (2J,) slope of the expected accuracy, and what it is at y = 0; rows (L, 2J) and sides (L,) of what y must keep.
    """
    (G, h), y = program.linear, program.point(amounts)
    slope, left_slope = program.slopes(y)[0], program.unspent_slopes(y)
    rows, sides = np.vstack([G, -left_slope]), np.append(h, program.unspent(y) - left_slope @ y)
    return slope, float(program.expectations(y)[0] - slope @ y), rows, sides


def upper_bound(program: Program, amounts: Floats, prices: Floats | None = None) -> float:
    """Expected accuracy that no menu exceeds, if accuracy is concave: tangents at a point make a linear programme.

    Args:
        program: what is maximised.
        amounts: (J,) where the tangents touch; at the optimum the bound is the optimum.
        prices: (L,) of the constraints there; where they prove the optimum, no linear programme is solved.

    Returns:
        The bound; minus infinity if not even the linear programme is feasible.
    """
    slope, level, rows, sides = tangents(program, amounts)
    if prices is not None and len(prices) == len(sides):
        bound = level + _dual(slope, rows, sides, *program.limits, prices)
        if bound <= program.expectations(program.point(amounts))[0] + PROVED:
            return min(1.0, bound)
    return min(1.0, level + most_of(slope, rows, sides, *program.limits))


def most_of(slope: Floats, rows: Floats, sides: Floats, low: Floats, high: Floats) -> float:
    """What ``slope @ y`` cannot exceed where ``rows @ y`` ≤ sides and low ≤ y ≤ high.

    Returns:
        The bound; minus infinity if no y fits.
    """
    found = linprog(-slope, A_ub=rows, b_ub=sides, bounds=list(zip(low, high, strict=True)), method="highs")
    if found.status == 2:
        return -np.inf
    prices = -found.ineqlin.marginals if found.status == 0 else np.zeros(len(sides))
    return _dual(slope, rows, sides, low, high, prices)


def _dual(slope: Floats, rows: Floats, sides: Floats, low: Floats, high: Floats, prices: Floats) -> float:
    """The bound by weak duality: it holds for any prices (L,) of the constraints, so that tolerances do no harm."""
    prices = np.maximum(prices, 0.0)
    left = slope - prices @ rows
    return float(prices @ sides + np.maximum(left * low, left * high).sum())
