"""Branch and bound: the best menu, and a bound on all of them, where the envelope alone leaves a gap.

Menus are divided into boxes of amounts. Within a box every outcome's total lies between two numbers, and the least
concave function above accuracy between these is lower than the envelope, so that the bounds of small boxes come down to
the optimum. The box with the highest bound is made smaller or halved next.

Source: spatial branch and bound, as in Horst and Tuy, "Global Optimization: Deterministic Approaches" (1996).
"""

from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from itertools import count

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.menus.envelope import between
from commonweal.economy.menus.line import NOTHING, TOLERANCE, Offer, Setting, better, offer_of
from commonweal.economy.menus.problem import Served
from commonweal.economy.menus.program import Program, most_of, search, tangents, upper_bound

_SHRUNK = 0.8  # of the width of some amount: a box that is narrower than that has a new bound before it is halved
_MARGIN = 0.1  # of the width of a box, which each half has at least


@dataclass(frozen=True)
class Node:
    """The menus for a selection of types whose amounts lie within a box."""

    served: Served  # (I,)
    program: Program  # relaxed, from the least to the most amounts of the box
    amounts: Floats  # (J,) what it asks for at its optimum
    bound: float  # () expected accuracy that none of the menus exceeds


def refine(setting: Setting, roots: list[Node], best: Offer | None, nodes: int) -> tuple[Offer | None, float]:
    """The best offer found, and the expected accuracy that no menu exceeds.

    Args:
        setting: the problem.
        roots: all menus, a node for each selection of types.
        best: the best offer known.
        nodes: how many bounds to compute at most.
    """
    order = count()
    heap = [(-root.bound, next(order), root) for root in roots]
    heapify(heap)
    while heap and nodes > 0:
        known = -np.inf if best is None else best.expected
        if -heap[0][0] <= known + TOLERANCE:
            break
        node = heappop(heap)[2]
        for low, high in parts(setting, node, known):
            part = bounded(setting, node, low, high)
            nodes -= 1
            if part.bound > -np.inf:
                best = better(best, offer_of(setting, part.served, part.amounts))
                heappush(heap, (-part.bound, next(order), part))
    return best, -heap[0][0] if heap else -np.inf


def bounded(setting: Setting, node: Node, low: Floats, high: Floats) -> Node:
    """The part of a node's menus with amounts from ``low`` to ``high`` (J,), which do not fall."""
    curve = between(setting.curve, node.program.counts @ low, node.program.counts @ high)
    program = replace(node.program, accuracy=curve, least=low, most=high)
    amounts, _ = search(program, np.clip(node.amounts, low, high))
    return Node(node.served, program, amounts, min(node.bound, upper_bound(program, amounts)))


def parts(setting: Setting, node: Node, known: float) -> list[tuple[Floats, Floats]]:
    """Boxes, least and most amounts (J,), outside which no menu of a node is worth more than ``known``."""
    tightened = _tightened(setting, node, known)
    if tightened is None:
        return []
    low, high = tightened
    if (high - low < _SHRUNK * (node.program.most - node.program.least)).any():
        return [(low, high)]
    at, where = _division(setting, node, low, high)
    place = np.arange(len(low))  # amounts do not fall from type to type, so that one limits others
    below = np.where(place <= at, np.minimum(high, where), high)
    above = np.where(place >= at, np.maximum(low, where), low)
    return [(low, below), (above, high)]


def _tightened(setting: Setting, node: Node, known: float) -> tuple[Floats, Floats] | None:
    """Least and most amounts (J,) of a node's menus that may be worth more than ``known``; None if none may."""
    program = node.program
    slope, level, rows, sides = tangents(program, node.amounts)
    if known > -np.inf:
        rows, sides = np.vstack([rows, -slope]), np.append(sides, level - known)
    low, high = (limit.copy() for limit in program.limits)
    for j, direction in enumerate(np.eye(len(program.most), len(low))):
        high[j] = min(high[j], most_of(direction, rows, sides, low, high))
        if high[j] >= low[j]:
            low[j] = max(low[j], -most_of(-direction, rows, sides, low, high))
        if high[j] < low[j]:
            return None
    least = np.maximum.accumulate(program.amounts(low))
    most = np.minimum.accumulate(program.amounts(high)[::-1])[::-1]
    most = np.maximum(most, np.minimum(NOTHING * setting.most[node.served], program.most))  # above 0
    return None if (least > most).any() else (least, most)


def _division(setting: Setting, node: Node, low: Floats, high: Floats) -> tuple[int, float]:
    """The amount that the gap between envelope and accuracy owes most to, and where to divide it."""
    counts, width = node.program.counts, high - low
    total = counts @ node.amounts
    missing = node.program.weights.sum(axis=0) * (node.program.accuracy(total) - setting.problem.accuracy(total))
    wide = counts * width  # (K, J) what each amount adds to the width of an outcome's total
    owed = missing @ np.divide(wide, wide.sum(axis=1, keepdims=True), out=np.zeros_like(wide), where=wide > 0)
    at = int(owed.argmax()) if owed.max() > 0 else int((width / node.program.most).argmax())
    margin = _MARGIN * width[at]
    return at, float(np.clip(node.amounts[at], low[at] + margin, high[at] - margin))
