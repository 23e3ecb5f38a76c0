"""The question that an optimal menu answers, and the menu: lines (m_i, t_i), one for each type of party.

Follows Wang, Wu, Liu and Low, "Paid with Models: Optimal Contract Design for Collaborative Machine Learning" (AAAI
2025, arXiv 2412.11122). Parties differ in what a sample costs them, which they alone know. Who picks line i puts in m_i
samples and is given a copy of the model that is worth t_i money in expectation over the others.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError, apart
from commonweal.economy.menus.outcomes import Outcomes, complete_information
from commonweal.economy.rewards.accuracy import Accuracy, best_alone

READINGS = ("party", "published")
MOST_PARTIES = 10_000
CERTIFIED = 1e-6  # of the value of a perfect model: a menu with a smaller gap is optimal
Served = Bools


@dataclass(frozen=True)
class MenuProblem:
    """Who might take part, and what a model is worth to them.

    ``reading`` says what a party of type i expects: itself and N − 1 others drawn from the shares ("party"), or, as the
    paper writes it, that at least one party is of type i ("published"), which is not quite what the party knows.
    """

    costs: Floats  # (I,) money a sample costs a party of the type, highest first
    shares: Floats  # (I,) probability that a party is of the type
    parties: int  # N
    value: float  # money that a model of accuracy 1 is worth to a party
    accuracy: Accuracy  # accuracy by samples put in by all together
    reading: str = "party"
    budget: float = 1.0  # share of the model's accuracy that may be given out at most
    samples: int = 20_000  # outcomes drawn where there are too many to enumerate
    seed: int = 0  # of these draws
    alone: Accuracy | None = None  # accuracy by samples of who trains alone, never above ``accuracy``; the same if None

    def __post_init__(self) -> None:
        """Refuse what is inconsistent.

        Raises:
            InputError: one line: what, its value, what is allowed.
        """
        object.__setattr__(self, "costs", np.asarray(self.costs, dtype=np.float64))
        object.__setattr__(self, "shares", np.asarray(self.shares, dtype=np.float64))
        _check_types(self.costs, self.shares)
        if not 2 <= self.parties <= MOST_PARTIES:
            raise InputError(f"parties = {self.parties}: must be between 2 and {MOST_PARTIES}")
        if not (np.isfinite(self.value) and self.value > 0):
            raise InputError(f"value = {self.value:g}: must be above 0 and finite")
        if not 0 < self.budget <= 1:
            raise InputError(f"budget = {apart(self.budget, 1)[0]}: must be above 0 and at most 1, the whole model")
        if self.samples < 2:
            raise InputError(f"samples = {self.samples}: must be at least 2")
        if self.reading not in READINGS:
            raise InputError(f"reading = {self.reading!r}: must be one of {', '.join(READINGS)}")

    def training_alone(self) -> tuple[Floats, Floats]:
        """(I,) samples that are best for a party that trains alone, and (I,) f_i, the money it has of that."""
        accuracy = self.alone or self.accuracy
        samples = best_alone(accuracy, self.costs / self.value)
        return samples, np.maximum(self.value * accuracy(samples) - self.costs * samples, 0.0)


def _check_types(costs: Floats, shares: Floats) -> None:
    if costs.ndim != 1 or costs.shape != shares.shape or not costs.size:
        raise InputError(f"{costs.size} costs and {shares.size} shares: every type has one of each")
    for name, numbers in (("costs", costs), ("shares", shares)):
        for i, number in enumerate(numbers):
            if not (np.isfinite(number) and number > 0):
                raise InputError(f"{name}[{i}] = {number:g}: must be above 0 and finite")
    for dear, cheap in pairwise(costs):
        if cheap >= dear:
            raise InputError(f"costs must fall from type to type: {' follows '.join(apart(cheap, dear))}")
    if abs(shares.sum() - 1) > 1e-9:
        raise InputError(f"shares sum to {apart(shares.sum(), 1)[0]}: they must sum to 1")


@dataclass(frozen=True)
class Residuals:
    """By how much constraints are violated at worst, in units of the value of a perfect model; 0 where they hold."""

    participation: float  # () f_i − (t_i − c_i m_i)
    incentive: float  # () (t_j − c_i m_j) − (t_i − c_i m_i)
    budget: float  # () t_i − budget · t̄_i

    @property
    def worst(self) -> float:
        """The largest of them."""
        return max(self.participation, self.incentive, self.budget)


@dataclass(frozen=True)
class Menu:
    """An optimal menu and what certifies it. A type without a line has amount 0 and its reservation utility."""

    problem: MenuProblem
    amounts: Floats  # (I,) m_i, samples asked for
    values: Floats  # (I,) t_i, money that the model given in return is worth in expectation
    ceilings: Floats  # (I,) t̄_i, money that the whole model is worth in expectation, as the type sees it
    reservation: Floats  # (I,) f_i, money that a party has when it trains alone
    served: Served  # (I,) types that put in samples
    objective: float  # () E[v(a(Σ n m))], money
    standard_error: float  # () of the objective; 0 where outcomes are enumerated
    gap: float  # () by how much a better menu could exceed the objective, money: an upper bound
    seen: Outcomes  # that it is judged by
    residuals: Residuals

    @property
    def ratios(self) -> Floats:
        """(I,) part of the model's accuracy that line i gives: t_i / t̄_i."""
        parts = np.divide(self.values, self.ceilings, out=np.zeros_like(self.values), where=self.ceilings > 0)
        return np.minimum(parts, self.problem.budget)

    @property
    def rents(self) -> Floats:
        """(I,) money that a party has by the menu beyond what it has alone."""
        beyond = self.values - self.problem.costs * self.amounts - self.reservation
        return np.where(self.served, np.maximum(beyond, 0.0), 0.0)

    @cached_property
    def complete_information(self) -> float:
        """E[v(a)] if the cooperative could see every party's cost, money."""
        problem, v = self.problem, self.problem.value
        return v * complete_information(
            problem.accuracy, self.seen, problem.costs / v, self.reservation / v, problem.budget
        )

    @property
    def information_cost(self) -> float:
        """Money by which the model is worth less because costs are private."""
        return self.complete_information - self.objective

    @property
    def is_optimal(self) -> bool:
        """Whether no menu can be better by a millionth of the value of a perfect model."""
        return self.gap <= CERTIFIED * self.problem.value

    def rewards(self, counts: Floats) -> Floats:
        """What each type is given in an outcome: never better than the model itself.

        Args:
            counts: (..., I) parties of each type that came.

        Returns:
            (..., I) accuracy of the copies.
        """
        model = self.problem.accuracy(np.asarray(counts, dtype=np.float64) @ self.amounts)
        return self.ratios * np.asarray(model)[..., None]
