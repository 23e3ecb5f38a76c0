"""Which types to serve, and the best menu for them: ``solve``.

Where the whole model may be given, every type can be offered what it does alone. Serving all costs nothing, and the
envelope's convex problem settles most cases at once. Otherwise every stretch of neighbouring types is tried, longest
first, and left out where its bound says that it cannot be better. Branch and bound closes what gap remains.
"""

from collections.abc import Iterator

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError, shown
from commonweal.economy.menus.branching import Node, refine
from commonweal.economy.menus.line import TOLERANCE, Offer, Setting, better, offer_of, program_of, set_up
from commonweal.economy.menus.outcomes import Outcomes, outcomes
from commonweal.economy.menus.problem import CERTIFIED, Menu, MenuProblem, Served
from commonweal.economy.menus.program import search, upper_bound

NODES = 200  # of branch and bound, unless told otherwise


def solve(problem: MenuProblem, nodes: int = NODES) -> Menu:
    """The menu that makes the shared model best, in expectation over who comes.

    Args:
        problem: who might take part, and what a model is worth to them.
        nodes: parts that menus are divided into at most where the envelope leaves a gap; with 0 the gap remains.

    Returns:
        The menu with what certifies it. Of several equally good ones, the one that leaves parties the smallest rents.

    Raises:
        InputError: if no menu gives any type what it has alone, which takes a budget below 1.

    Source: Wang et al. (AAAI 2025), in first moments: t_i = E[v(r_i)].
    """
    if not isinstance(problem, MenuProblem):
        raise InputError(f"{shown(problem)} is no menu problem: must be a MenuProblem")
    design, check = np.random.default_rng(problem.seed).spawn(2)
    setting = set_up(problem, _draw(problem, design))
    offer, bound = _select(setting, nodes)
    return _menu(setting, offer, bound, _draw(problem, check) if setting.outcomes.sampled else setting.outcomes)


def _draw(problem: MenuProblem, rng: np.random.Generator) -> Outcomes:
    return outcomes(problem.shares, problem.parties, problem.reading, problem.samples, rng)


def _select(setting: Setting, nodes: int) -> tuple[Offer, float]:
    """The best offer, and the expected accuracy that no menu for any such selection exceeds."""
    whole, roots, beaten = _costs_nothing_to_serve_all(setting), list[Node](), list[Served]()
    best = better(None, offer_of(setting, setting.most >= 0, setting.start))
    for served in _selections(setting):
        if best is not None and roots:
            if _is_content(setting, served, roots[0], best) or any((served <= other).all() for other in beaten):
                continue
            if _most(setting, served) <= best.expected + TOLERANCE:
                beaten.append(served)
                continue
        relaxed = program_of(setting, served, setting.curve)
        start, prices = search(relaxed, np.minimum(setting.start, setting.most)[served])
        ceiling = upper_bound(relaxed, start, prices)
        if not whole or served.all():
            roots.append(Node(served, relaxed, start, ceiling))
        if best is None or ceiling > best.expected + TOLERANCE:
            for amounts in _candidates(setting, served, start):
                best = better(best, offer_of(setting, served, amounts))
        if whole and best is not None and all(root.bound <= best.expected + TOLERANCE for root in roots):
            break
    bound = max((root.bound for root in roots), default=-np.inf)
    if best is None or bound > best.expected + CERTIFIED:
        best, bound = refine(setting, roots, best, nodes)
    if best is None:
        certain = "is feasible" if bound == -np.inf else "was found"
        budget = f"{setting.problem.budget:g} of the model's accuracy"
        raise InputError(f"no menu {certain}: with {budget} to give, no type gets what it has alone")
    return best, max(bound, best.expected)


def _costs_nothing_to_serve_all(setting: Setting) -> bool:
    """Whether every type's own best is a line that no other type prefers to what it has alone."""
    problem = setting.problem
    return problem.budget == 1 and (problem.alone is None or not setting.reservation.any())


def _is_content(setting: Setting, served: Served, first: Node, best: Offer) -> bool:
    """Whether a menu for these types would do for all, who are served by the first selection, if it were better.

    Only types that are dearer are left out. If type e were offered nothing for f_e, no constraint would be broken but
    perhaps that of the budget: it puts in nothing and expects a model that N − 1 others have made. As accuracy is
    concave, that is worth at least 1 − 1/N of what is expected of N.

    Args:
        setting: the problem.
        served: (I,) the types.
        first: the first selection.
        best: the best offer so far.
    """
    problem, cheapest = setting.problem, served[-1]
    if not (cheapest and first.served.all() and problem.reading == "party") or setting.outcomes.sampled:
        return False
    expects = problem.budget * (1 - 1 / problem.parties) * best.expected
    return bool(first.bound <= best.expected + TOLERANCE and (setting.reservation[~served] <= expects).all())


def _most(setting: Setting, served: Served) -> float:
    """Expected accuracy that no menu for these types exceeds, nor one for some of them.

    Lines must not tempt a cheaper type e that is left out: U_j + (c_j − c_e) m_j ≤ f_e, and U_j ≥ f_j.
    """
    cheaper = setting.costs[:, None] - setting.costs  # (I, I) by how much type e is cheaper than j
    tempted = served[:, None] & ~served & (cheaper > 0)
    rents = np.maximum(setting.reservation - setting.reservation[:, None], 0.0)
    limits = np.divide(rents, cheaper, out=np.full_like(rents, np.inf), where=tempted).min(axis=1)
    amounts = np.where(served, np.minimum(setting.most, limits), 0.0)
    return float(setting.outcomes.chances @ setting.curve(setting.outcomes.counts @ amounts))


def _selections(setting: Setting) -> Iterator[Served]:
    """Stretches of neighbouring types that would put in anything, the longest first."""
    place = np.arange(len(setting.most))
    for length in range(len(place), 0, -1):
        for first in range(len(place) - length + 1):
            served = (place >= first) & (place < first + length)
            if (setting.most[served] > 0).all():
                yield served


def _candidates(setting: Setting, served: Served, start: Floats) -> Iterator[Floats]:
    """Amounts (J,) worth a look: the envelope's solution, and where outcomes leave the curve, searches on the curve."""
    total = setting.outcomes.counts[:, served] @ start
    yield start
    if ((total > 0) & (total < setting.curve.touches)).any():
        program = program_of(setting, served, setting.problem.accuracy)
        for first in (start, np.minimum(setting.start, setting.most)[served]):
            yield search(program, first)[0]


def _menu(setting: Setting, offer: Offer, bound: float, seen: Outcomes) -> Menu:
    """The offer in money, judged by outcomes that it was not made for where these are sampled."""
    problem, v = setting.problem, setting.problem.value
    values = offer.utilities + setting.costs * offer.amounts
    served = offer.served & ((offer.amounts > 0) | (values > 0))
    model = problem.accuracy(seen.counts @ offer.amounts)
    mean = float(seen.chances @ model)
    spread = float(seen.chances @ (model - mean) ** 2)
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
        seen=seen,
        residuals=offer.residuals,
    )
