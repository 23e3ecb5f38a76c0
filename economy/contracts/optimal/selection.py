"""Which types to serve, and the best menu for them: ``solve``.

With the whole model to give any type can be offered what it would do alone, so that it costs nothing to serve all, and
the envelope's convex problem settles most cases at once. Otherwise every stretch of neighbouring types is tried, the
longest first, and left out where its bound says that it cannot be better.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from agents.errors import InputError
from agents.population import Floats
from economy.contracts.accuracy import Accuracy, best_alone
from economy.contracts.optimal.benchmark import complete_information
from economy.contracts.optimal.envelope import Envelope, envelope
from economy.contracts.optimal.outcomes import Outcomes, outcomes
from economy.contracts.optimal.problem import Menu, MenuProblem, Residuals, Served
from economy.contracts.optimal.program import Program, least_utilities, search, upper_bound

_TOLERANCE = 1e-8  # in units of v: a larger residual is a violation, a smaller gap is none
_NOTHING = 1e-9  # of the most that a type would put in: less is nothing


@dataclass(frozen=True)
class _Setting:
    """A problem and what does not depend on who is served; money in units of v."""

    problem: MenuProblem
    outcomes: Outcomes
    costs: Floats  # (I,) of a sample
    reservation: Floats  # (I,) f_i
    start: Floats  # (I,) samples that would be best alone with the shared accuracy
    most: Floats  # (I,) samples that nobody of the type would put in more of
    curve: Envelope


@dataclass(frozen=True)
class _Offer:
    """Lines, and the utilities they leave; money in units of v."""

    served: Served  # (I,)
    amounts: Floats  # (I,)
    utilities: Floats  # (I,)
    ceilings: Floats  # (I,) accuracy of the whole model that each type expects
    expected: float  # () accuracy of the whole model
    residuals: Residuals


def solve(problem: MenuProblem) -> Menu:
    """The menu that makes the shared model best, in expectation over who comes.

    Args:
        problem: who might take part, and what a model is worth to them.

    Returns:
        The menu with what certifies it. Of several equally good ones, the one that leaves parties the smallest rents.

    Raises:
        InputError: if no menu gives any type what it has alone, which takes a budget below 1.

    Source: Wang et al. (AAAI 2025), in first moments: t_i = E[v(r_i)].
    """
    design, check = np.random.default_rng(problem.seed).spawn(2)
    setting = _set_up(problem, _draw(problem, design))
    offer, bound = _select(setting)
    return _menu(setting, offer, bound, _draw(problem, check) if setting.outcomes.sampled else setting.outcomes)


def _draw(problem: MenuProblem, rng: np.random.Generator) -> Outcomes:
    return outcomes(problem.shares, problem.parties, problem.reading, problem.samples, rng)


def _set_up(problem: MenuProblem, drawn: Outcomes) -> _Setting:
    costs, reservation = problem.costs / problem.value, problem.training_alone()[1] / problem.value
    limit = problem.parties / costs[-1]  # so many samples would cost all together what a perfect model is worth
    top = float(problem.accuracy(np.array([limit]))[0])
    most = np.maximum(problem.budget * top - reservation, 0.0) / costs
    curve = envelope(problem.accuracy, limit)
    return _Setting(problem, drawn, costs, reservation, best_alone(problem.accuracy, costs), most, curve)


def _select(setting: _Setting) -> tuple[_Offer, float]:
    """The best offer, and the expected accuracy that no menu for any such selection exceeds."""
    whole, bound = _costs_nothing_to_serve_all(setting), -np.inf
    best = _better(None, _offer(setting, setting.most >= 0, setting.start))
    for served in _selections(setting):
        relaxed = _program(setting, served, setting.curve)
        start = search(relaxed, np.minimum(setting.start, setting.most)[served])
        ceiling = upper_bound(relaxed, start)
        if not whole or served.all():
            bound = max(bound, ceiling)
        if best is None or ceiling > best.expected + _TOLERANCE:
            for amounts in _candidates(setting, served, start):
                best = _better(best, _offer(setting, served, amounts))
        if whole and best is not None and best.expected >= bound - _TOLERANCE:
            break
    if best is None:
        certain = "is feasible" if bound == -np.inf else "was found"
        budget = f"{setting.problem.budget:g} of the model's accuracy"
        raise InputError(f"no menu {certain}: with {budget} to give, no type gets what it has alone")
    return best, max(bound, best.expected)


def _better(best: _Offer | None, offer: _Offer) -> _Offer | None:
    """The better of two offers, of which the second need not be feasible."""
    if offer.residuals.worst > _TOLERANCE or (best is not None and offer.expected <= best.expected):
        return best
    return offer


def _costs_nothing_to_serve_all(setting: _Setting) -> bool:
    """Whether every type's own best is a line that no other type prefers to what it has alone."""
    problem = setting.problem
    return problem.budget == 1 and (problem.alone is None or not setting.reservation.any())


def _selections(setting: _Setting) -> Iterator[Served]:
    """Stretches of neighbouring types that would put in anything, the longest first."""
    place = np.arange(len(setting.most))
    for length in range(len(place), 0, -1):
        for first in range(len(place) - length + 1):
            served = (place >= first) & (place < first + length)
            if (setting.most[served] > 0).all():
                yield served


def _program(setting: _Setting, served: Served, accuracy: Accuracy) -> Program:
    weights = np.vstack([setting.outcomes.chances, setting.outcomes.expected[served]])
    inside = (setting.costs[served], setting.reservation[served], setting.most[served])
    outside = (setting.costs[~served], setting.reservation[~served])
    counts = np.ascontiguousarray(setting.outcomes.counts[:, served])
    return Program(accuracy, counts, weights, *inside, *outside, setting.problem.budget)


def _candidates(setting: _Setting, served: Served, start: Floats) -> Iterator[Floats]:
    """Amounts (I,) worth a look: the envelope's solution, and where outcomes leave the curve, searches on the curve."""
    total = setting.outcomes.counts[:, served] @ start
    yield _spread(served, start)
    if ((total > 0) & (total < setting.curve.touches)).any():
        program = _program(setting, served, setting.problem.accuracy)
        for first in (start, np.minimum(setting.start, setting.most)[served]):
            yield _spread(served, search(program, first))


def _spread(served: Served, amounts: Floats) -> Floats:
    spread = np.zeros(len(served))
    spread[served] = amounts
    return spread


def _offer(setting: _Setting, served: Served, amounts: Floats) -> _Offer:
    """The lines with these amounts (I,) that leave the smallest rents; they need not keep the budget."""
    amounts = np.where(amounts > _NOTHING * setting.most, amounts, 0.0)
    utilities = setting.reservation.copy()
    utilities[served] = least_utilities(setting.costs[served], setting.reservation[served], amounts[served])
    model = setting.problem.accuracy(setting.outcomes.counts @ amounts)
    ceilings, expected = setting.outcomes.expected @ model, float(setting.outcomes.chances @ model)
    values = utilities + setting.costs * amounts
    tempting = np.where(served, values - setting.costs[:, None] * amounts, -np.inf).max(axis=1)
    residuals = Residuals(
        participation=float((setting.reservation - utilities).max()),
        incentive=float((tempting - utilities).max()),
        budget=float((values - setting.problem.budget * ceilings)[served].max()),
    )
    return _Offer(served, amounts, utilities, ceilings, expected, residuals)


def _menu(setting: _Setting, offer: _Offer, bound: float, seen: Outcomes) -> Menu:
    """The offer in money, judged by outcomes that it was not made for where these are sampled."""
    problem, v = setting.problem, setting.problem.value
    values = offer.utilities + setting.costs * offer.amounts
    served = offer.served & ((offer.amounts > 0) | (values > 0))
    model = problem.accuracy(seen.counts @ offer.amounts)
    mean = float(seen.chances @ model)
    spread = float(seen.chances @ (model - mean) ** 2)
    informed = complete_information(problem.accuracy, seen, setting.costs, setting.reservation, problem.budget)
    return Menu(
        problem=problem,
        amounts=offer.amounts,
        values=np.where(served, values * v, 0.0),
        ceilings=offer.ceilings * v,
        reservation=setting.reservation * v,
        served=served,
        objective=mean * v,
        standard_error=v * np.sqrt(spread / (problem.samples - 1)) if seen.sampled else 0.0,
        gap=(bound - offer.expected) * v,
        complete_information=informed * v,
        residuals=offer.residuals,
    )
