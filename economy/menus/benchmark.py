"""What the cooperative could reach if it saw every party's cost: the best contract for each outcome, averaged.

With costs known, IR is all that binds: party i puts in up to (budget · v a(X) − f_i) / c_i samples, X being all samples
together. The best X is the largest that is not more than what parties then put in.
"""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.menus.outcomes import Outcomes
from commonweal.economy.rewards.accuracy import Accuracy

_MOST_STEPS = 1000


def best_totals(accuracy: Accuracy, counts: Floats, costs: Floats, reservation: Floats, budget: float) -> Floats:
    """The most samples (K,) that parties who see each other's costs put in, by outcome.

    Args:
        accuracy: accuracy by samples.
        counts: (K, I) parties of each type.
        costs: (I,) of a sample, in units of the value of a perfect model.
        reservation: (I,) f_i, in the same units.
        budget: share of the model's accuracy that may be given out.
    """
    total: Floats = counts @ (np.maximum(1.0 - reservation, 0.0) / costs)
    for _ in range(_MOST_STEPS):
        offered = _offered(accuracy, total, counts, costs, reservation, budget)
        willing = budget * accuracy(total)[:, None] > reservation
        slope = budget * accuracy.slope(total) * (counts * willing / costs).sum(axis=1)
        # Newton's step from above where it does not pass the solution, else the plain step, which never does.
        newton = total - (total - offered) / np.where(slope < 1, 1 - slope, 1.0)
        short = _offered(accuracy, newton, counts, costs, reservation, budget) > newton
        ahead = np.where((slope < 1) & ~short, newton, offered)
        if np.allclose(ahead, total, rtol=1e-12, atol=1e-9):
            break
        total = ahead
    return total


def _offered(
    accuracy: Accuracy, total: Floats, counts: Floats, costs: Floats, reservation: Floats, budget: float
) -> Floats:
    """Samples (K,) that parties would put in for a model that learnt from ``total`` (K,)."""
    given = budget * accuracy(np.maximum(total, 0.0))[:, None] - reservation
    offered: Floats = (counts * np.maximum(given, 0.0) / costs).sum(axis=1)
    return offered


def complete_information(
    accuracy: Accuracy, outcomes: Outcomes, costs: Floats, reservation: Floats, budget: float
) -> float:
    """Expected accuracy with every party's cost known; arguments as of ``best_totals``."""
    totals = best_totals(accuracy, outcomes.counts, costs, reservation, budget)
    return float(outcomes.chances @ accuracy(totals))
