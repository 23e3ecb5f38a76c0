"""What is fair: Shapley values before the task, and what was really gained divided by them after it.

Shapley-Coop (Hua et al. 2025, arXiv 2506.07388): task-time pricing and post-task redistribution.
"""

from collections.abc import Callable

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.credit.estimators import CoalitionGame, permutation
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.credit.probabilistic import shapley
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.settlement import apportion
from commonweal.economy.negotiation.talks import Proposal, Situation

MOST_EXACT = 12  # players whose coalitions are all looked at
ORDERS = 200  # drawn where there are more


def shapley_values(value: Callable[[Bools], Floats], players: int, seed: int = 0) -> Floats:
    """(n,) Shapley values, exact for up to 12 players, else means over random orders that the seed fixes.

    Args:
        value: (C, n) coalitions → (C,) money.
        players: n.
        seed: of the orders.
    """
    if players <= MOST_EXACT:
        values: Floats = shapley_value(np.asarray(value(all_coalitions(players)), dtype=np.float64)[None])[0]
        return values
    game = CoalitionGame(players, value, 2 + ORDERS * (players - 1))
    return permutation(game, shapley(players), np.random.default_rng(seed)).values


def best_course(situation: Situation) -> int:
    """The course by which all together have most; the first of several."""
    return int(np.argmax([course.payoffs.sum() for course in situation.courses]))


def fair_payoffs(situation: Situation) -> Floats:
    """(n,) Shapley values, and an equal part of what the best course is worth beyond them (v(∅), rounding)."""
    values = shapley_values(situation.value, len(situation.parties))
    total = situation.courses[best_course(situation)].payoffs.sum()
    fair: Floats = values + (total - values.sum()) / len(values)
    return fair


def fair_proposal(situation: Situation) -> Proposal:
    """The best course with transfers to fair payoffs; smaller ones in proportion where a party cannot pay its own."""
    course = best_course(situation)
    owed = (fair_payoffs(situation) - situation.courses[course].payoffs) * MICRO
    short = [fund / -due for due, fund in zip(owed, situation.funds, strict=True) if -due > fund]
    return Proposal(course, whole(owed * min(short, default=1.0)))


def whole(owed: Floats) -> tuple[int, ...]:
    """Transfers (n,) that sum to 0, in whole units that sum to 0; all together pay no more than they owe."""
    paid = np.floor([np.maximum(-owed, 0.0).sum() + 1e-6]).astype(np.int64)
    sides = np.maximum([-owed, owed], 0.0)
    payer, receiver = (apportion(paid, (side / (side.sum() or 1.0))[None])[0] for side in sides)
    return tuple((receiver - payer).tolist())


def redistribution(realised: Ints, agreed: Ints) -> Ints:
    """Post-task transfers: a gain is divided as agreed, in proportion; of a loss everybody bears the same more.

    Args:
        realised: (n,) what the task paid each, transfers included, micro-units.
        agreed: (n,) what each was to have, micro-units.

    Returns:
        (n,) micro-units each receives, net; they sum to 0.
    """
    total, claims = int(realised.sum()), np.maximum(agreed, 0).astype(np.float64)
    if total > 0 and claims.any():
        due = apportion(np.array([total]), (claims / claims.sum())[None])[0]
    else:
        surprise = total - int(agreed.sum())
        due = agreed + surprise // len(agreed) + (np.arange(len(agreed)) < surprise % len(agreed))
    net: Ints = due - realised
    return net
