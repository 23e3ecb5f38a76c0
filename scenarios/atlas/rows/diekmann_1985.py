"""The volunteer's dilemma: one is enough, and each hopes that it is another."""

from collections.abc import Iterator

import numpy as np

from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

PLAYERS, BENEFIT, COST = 4, 2.0, 1.0


@result(
    "diekmann-1985",
    paper="Diekmann, Journal of Conflict Resolution 29, 1985",
    table="the symmetric mixed equilibrium, N = 4, b = 2, c = 1",
    shows="all wait with probability (c/b)^(1/(N−1)), so that more players make help less likely",
    link="https://doi.org/10.1177/0022002785029004003",
    seconds=1,
)
def volunteers_dilemma(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Rest points of the replicator dynamics of its payoff table, by the solver of the study evolution."""
    from commonweal.scenarios.studies.evolution.games import SymmetricGame, compositions
    from commonweal.scenarios.studies.evolution.rest_points import replicator_rest_points

    others, cost = compositions(PLAYERS - 1, 2), nudge("cost", COST)
    payoffs = np.stack([np.full(len(others), BENEFIT - cost), BENEFIT * (others[:, 0] > 0)], axis=1)
    points = replicator_rest_points(SymmetricGame(("volunteer", "wait"), others, payoffs))
    (inside,) = [point for point in points if point.shares.min() > 0]
    yield Check(
        "share who wait", theirs=0.7937, ours=float(inside.shares[1]), source="derived", found_by="function", digits=4,
        breaks="cost",
    )  # fmt: skip
    yield Check(
        "stability of the mixture", theirs="stable", ours=inside.stability, source="derived", found_by="function"
    )
