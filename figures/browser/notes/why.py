"""What led a principal to what it did, thing by thing: exact Shapley values of the chance of its action.

A policy looks at a few things: one's own pay, others' pay, what one did last. Each of them counts by how much the
chance changes if the principal had seen what another principal saw instead, averaged over whom that is and over the
order in which the things are put in (Shapley 1953; Štrumbelj and Kononenko 2014). The parts add up from the chance that
anybody here would have had to the principal's own, and all orders are gone through.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import factorial

import numpy as np
from scipy.special import expit

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.agents.graphs import Graph, SparseGraph
from commonweal.agents.policies import best_action
from commonweal.agents.policies.conditional import delegating_and_shirking, willingness
from commonweal.agents.population import ConditionalKind
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Sight

MOST = 100  # principals whose eyes it is seen through: all of them up to here, evenly chosen ones beyond


@dataclass(frozen=True)
class Seen:
    """One thing that a policy looks at."""

    what: str  # pay, others, values, last, foregone, learned, kind or share
    values: AnyArray  # (N, ...) what each principal saw of it
    action: Action | None = None  # which action it is about


@dataclass(frozen=True)
class Weighed:
    """What a policy looks at, and what it makes of that."""

    seen: tuple[Seen, ...]
    propose: Callable[..., Floats]  # (J,) of each thing seen → (J, 4) chances of proposing each action


@dataclass(frozen=True)
class Parts:
    """The chance of an action, in parts that add up."""

    seen: tuple[Seen, ...]
    base: float  # chance of the action in anybody's place, on average
    parts: Floats  # (things seen,) added by each
    chance: float  # base and all parts together
    eyes: int  # principals that "anybody" is the mean of


def parts_of(before: Sight, index: int, action: Action, world: World) -> Parts | None:
    """How the chance of an action came about.

    Args:
        before: the round before, which the principal saw.
        index: which principal.
        action: what it did.
        world: of one run.

    Returns:
        The parts; None where it follows a policy from elsewhere.
    """
    weigh = _WEIGHED.get(world.terms.policy.names[int(before.policy[index])])
    if weigh is None:
        return None
    weighed, count = weigh(before, world), len(before.actions)
    eyes = np.unique(np.linspace(0, count - 1, min(count, MOST)).astype(np.int64))
    worth = {}
    for coalition in product((False, True), repeat=len(weighed.seen)):
        who = [np.full(len(eyes), index) if own else eyes for own in coalition]
        worth[coalition] = float(_chances(weighed, who, before, action, world).mean())
    things = len(weighed.seen)
    parts = np.array([_shapley(worth, k, things) for k in range(things)])
    return Parts(weighed.seen, worth[(False,) * things], parts, worth[(True,) * things], len(eyes))


def _shapley(worth: dict[tuple[bool, ...], float], k: int, things: int) -> float:
    """What the k-th thing adds, averaged over all orders."""
    total = 0.0
    for coalition, value in worth.items():
        if not coalition[k]:
            size = sum(coalition)
            weight = factorial(size) * factorial(things - size - 1) / factorial(things)
            total += weight * (worth[(*coalition[:k], True, *coalition[k + 1 :])] - value)
    return total


def _chances(weighed: Weighed, who: list[Ints], before: Sight, action: Action, world: World) -> Floats:
    """(J,) chance of the action where each thing is what one of ``who`` (J,) saw, revision and mutation included."""
    terms, available = world.terms.policy, world.terms.available
    proposes = weighed.propose(*(each.values[seer] for each, seer in zip(weighed.seen, who, strict=True)))
    last = next(before.actions[seer] for each, seer in zip(weighed.seen, who, strict=True) if each.what == "last")
    revision, mutation = float(terms.revision[0, 0]), float(terms.mutation[0, 0])
    by_policy = revision * proposes[:, action] + (1 - revision) * (last == action)
    chances: Floats = (1 - mutation) * by_policy + mutation / len(available) * (action in available)
    return chances


def _imitation(before: Sight, world: World) -> Weighed:
    terms, everybody = world.terms.policy.imitation, np.arange(len(before.actions))
    graph = world.graph if terms.reach == "neighbours" else None
    intensity = float(terms.intensity[0, 0])

    def propose(own: Floats, others: Ints, *more: AnyArray) -> Floats:
        *costs, last = more  # of each action in one's own values, where anybody minds
        adopts = np.zeros((len(own), 4))
        for one in np.unique(others):
            at, met = others == one, acquaintances(graph, int(one), len(everybody))
            if met.size:
                theirs = before.actions[met]
                promised = before.remembered[met][:, None] - (costs[0][at][:, theirs].T if costs else 0.0)
                copies = expit(intensity * (promised - own[at]))  # (M, J')
                adopts[at] = copies.T @ np.eye(4)[theirs] / met.size
        return np.asarray(adopts + (1 - adopts.sum(axis=1, keepdims=True)) * np.eye(4)[last])

    values = (Seen("values", before.value_costs),) if before.value_costs.size else ()
    return Weighed((Seen("pay", before.utility), Seen("others", everybody), *values, _last(before)), propose)


def acquaintances(graph: Graph | None, one: int, count: int) -> Ints:
    """Numbers of those whom a principal may meet: its neighbours, or everybody else where there is no sparse graph."""
    if isinstance(graph, SparseGraph):
        row = graph.indices[graph.indptr[one] : graph.indptr[one + 1]]
        return np.asarray(row[row != one])
    return np.delete(np.arange(count), one)


def _best_response(before: Sight, world: World) -> Weighed:
    inertia = float(world.terms.policy.best_response.inertia[0, 0])

    def propose(*seen: AnyArray) -> Floats:
        best, last = _best(seen, world), np.eye(4)[seen[-1]]
        return np.asarray((1 - inertia) * best + inertia * last)

    return Weighed((*_by_action("foregone", before.foregone, world), _last(before)), propose)


def _learning(before: Sight, world: World) -> Weighed:
    exploration, available = float(world.terms.policy.learning.exploration[0, 0]), world.terms.available

    def propose(*seen: AnyArray) -> Floats:
        anything = np.isin(np.arange(4), available) / len(available)
        return np.asarray((1 - exploration) * _best(seen, world) + exploration * anything)

    return Weighed((*_by_action("learned", before.action_values, world), _last(before)), propose)


def _by_action(what: str, values: Floats, world: World) -> tuple[Seen, ...]:
    return tuple(Seen(what, values[:, code], Action(code)) for code in world.terms.available.tolist())


def _best(seen: tuple[AnyArray, ...], world: World) -> Floats:
    """(J, 4) all of the chance on the best available action, by what was seen of each; the last at a tie."""
    *values, last = seen
    table = np.full((len(last), 4), np.nan)
    table[:, world.terms.available] = np.stack(values, axis=1)
    return np.asarray(np.eye(4)[best_action(table[None], last[None], world.terms.available)[0]])


def _conditional(before: Sight, world: World) -> Weighed:
    delegated = (before.actions == Action.DELEGATE).astype(np.float64)
    share = world.graph.neighbour_mean(delegated[None])[0]
    slope, available = world.terms.policy.conditional.slope[0], world.terms.available

    def propose(kind: Ints, share: Floats, last: Ints) -> Floats:
        willing = willingness(kind, share, slope)[:, None]
        delegating, shirking = delegating_and_shirking(available)
        chances = willing * np.eye(4)[delegating] + (1 - willing) * np.eye(4)[shirking]
        anything = np.isin(np.arange(4), available) / len(available)
        return np.where((kind == ConditionalKind.RANDOM)[:, None], anything, chances)

    return Weighed((Seen("kind", before.kind), Seen("share", share), _last(before)), propose)


def _fixed(before: Sight, world: World) -> Weighed:
    return Weighed((_last(before),), lambda last: np.eye(4)[last])


def _wait_and_see(before: Sight, world: World) -> Weighed:
    actions = (Action.DELEGATE, Action.ABSTAIN)
    seen = (Seen("foregone", before.foregone[:, each], each) for each in actions)

    def propose(joining: Floats, staying: Floats, last: Ints) -> Floats:
        joins = (last == Action.ABSTAIN) & (joining > staying) & (Action.DELEGATE in world.terms.available)
        return np.eye(4)[np.where(joins, int(Action.DELEGATE), last)]

    return Weighed((*seen, _last(before)), propose)


def _last(before: Sight) -> Seen:
    return Seen("last", before.actions)


_WEIGHED: dict[str, Callable[[Sight, World], Weighed]] = {
    "imitation": _imitation, "best_response": _best_response, "learning": _learning, "conditional": _conditional,
    "fixed": _fixed, "wait_and_see": _wait_and_see,
}
