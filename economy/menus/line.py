"""Offers: lines for the types that are served, what they lead to, and by how much they violate constraints."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.menus.envelope import Envelope, envelope
from commonweal.economy.menus.outcomes import Outcomes
from commonweal.economy.menus.problem import MenuProblem, Residuals, Served
from commonweal.economy.menus.program import Program, least_utilities
from commonweal.economy.rewards.accuracy import Accuracy, best_alone

TOLERANCE = 1e-8  # in units of v: a larger residual is a violation, a smaller gap is none
NOTHING = 1e-9  # of the most that a type would put in: less is nothing


@dataclass(frozen=True)
class Setting:
    """A problem and what does not depend on who is served; money in units of v."""

    problem: MenuProblem
    outcomes: Outcomes
    costs: Floats  # (I,) of a sample
    reservation: Floats  # (I,) f_i
    start: Floats  # (I,) samples that would be best alone with the shared accuracy
    most: Floats  # (I,) samples that nobody of the type would put in more of
    curve: Envelope


@dataclass(frozen=True)
class Offer:
    """Lines, and the utilities they leave; money in units of v."""

    served: Served  # (I,)
    amounts: Floats  # (I,)
    utilities: Floats  # (I,)
    ceilings: Floats  # (I,) accuracy of the whole model that each type expects
    expected: float  # () accuracy of the whole model
    residuals: Residuals


def set_up(problem: MenuProblem, drawn: Outcomes) -> Setting:
    """A problem with these outcomes, and what follows for each type."""
    costs, reservation = problem.costs / problem.value, problem.training_alone()[1] / problem.value
    limit = problem.parties / costs[-1]  # so many samples would cost all together what a perfect model is worth
    top = float(problem.accuracy(np.array([limit]))[0])
    most = np.maximum(problem.budget * top - reservation, 0.0) / costs
    curve = envelope(problem.accuracy, limit)
    return Setting(problem, drawn, costs, reservation, best_alone(problem.accuracy, costs), most, curve)


def better(best: Offer | None, offer: Offer) -> Offer | None:
    """The better of two offers, of which the second need not be feasible."""
    if offer.residuals.worst > TOLERANCE or (best is not None and offer.expected <= best.expected):
        return best
    return offer


def program_of(setting: Setting, served: Served, accuracy: Accuracy) -> Program:
    """The programme for the types served, with this accuracy in place of the true one."""
    weights = np.vstack([setting.outcomes.chances, setting.outcomes.expected[served]])
    most = setting.most[served]
    inside = (setting.costs[served], setting.reservation[served], np.zeros_like(most), most)
    outside = (setting.costs[~served], setting.reservation[~served])
    counts = np.ascontiguousarray(setting.outcomes.counts[:, served])
    return Program(accuracy, counts, weights, *inside, *outside, setting.problem.budget)


def offer_of(setting: Setting, served: Served, amounts: Floats) -> Offer:
    """The lines with these amounts (J,) that leave the smallest rents; they need not keep the budget."""
    asked, utilities = np.where(amounts > NOTHING * setting.most[served], amounts, 0.0), setting.reservation.copy()
    utilities[served] = least_utilities(setting.costs[served], setting.reservation[served], asked)
    amounts = np.zeros(len(served))
    amounts[served] = asked
    model = setting.problem.accuracy(setting.outcomes.counts @ amounts)
    ceilings, expected = setting.outcomes.expected @ model, float(setting.outcomes.chances @ model)
    values = utilities + setting.costs * amounts
    tempting = np.where(served, values - setting.costs[:, None] * amounts, -np.inf).max(axis=1)
    residuals = Residuals(
        participation=float((setting.reservation - utilities).max()),
        incentive=float((tempting - utilities).max()),
        budget=float((values - setting.problem.budget * ceilings)[served].max()),
    )
    return Offer(served, amounts, utilities, ceilings, expected, residuals)
