"""Time-aware fairness: the joint value of data counts less, the later the last who brings it joins."""

from collections.abc import Iterator

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

VALUES = [1.0, 2.0, 4.0, 3.0, 5.0, 6.0, 10.0]  # v of {1}, {2}, {1, 2}, {3}, {1, 3}, {2, 3}, all
JOINED = [0.0, 1.0, 2.0]
DECAY, BETA = 0.5, 1.0
SHAPLEY = [2.3333, 3.3333, 4.3333]
CUMULATION = [1.6111, 2.6111, 3.4444]
VALUATION = [1.609832, 2.609832, 3.490506]


@result(
    "chen-2025",
    paper="Chen et al., NeurIPS 2025",
    table="the example of three parties that join at times 0, 1 and 2",
    shows="rewards by time-aware cumulation and valuation",
    learns="Who joins late shares in less of what all are worth together, and nothing is taken from what it has alone.",
    link="https://arxiv.org/abs/2510.09240",
    seconds=1,
)
def time_aware(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Shapley values of the game in which the joint value of a coalition is discounted by its last member to join."""
    from commonweal.economy.money.time_aware import kept_by_cumulation, kept_by_valuation
    from commonweal.economy.money.time_aware_games import time_aware_value

    game = np.array([[0.0, *nudge("values", VALUES)]])
    joined = np.array([JOINED])
    found: dict[str, tuple[list[float], Floats, int]] = {
        "cumulation": (CUMULATION, kept_by_cumulation(joined.astype(int), np.full((1, 1), BETA), int(JOINED[-1])), 4),
        "valuation": (VALUATION, kept_by_valuation(joined, np.full((1, 1), DECAY)), 6),
        "all at once": (SHAPLEY, kept_by_valuation(0 * joined, np.full((1, 1), DECAY)), 4),
    }
    for rule, (theirs, kept, digits) in found.items():
        for party, (one, ours) in enumerate(zip(theirs, time_aware_value(game, kept)[0], strict=True), start=1):
            yield Check(
                f"{rule}: party {party}", theirs=one, ours=float(ours), source="published", found_by="function",
                digits=digits, breaks="values",
            )  # fmt: skip
