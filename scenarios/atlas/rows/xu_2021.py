"""CGSV: the cosine of an update with the sum of all stands in for its Shapley value."""

from collections.abc import Iterator

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge
from commonweal.scenarios.runs.intervals import CORRELATION, POSITIVE

PUBLISHED = {5: (0.97, 0.009), 10: (0.988, 0.0108)}  # Pearson's correlation, and l1 distance of shares
SIZE = 1000  # parameters of an update
DRAWS = 400
FEW = "theirs is a mean of draws whose number is not printed; here single draws spread by .0028"


@result(
    "xu-2021",
    paper="Xu et al., NeurIPS 2021",
    table="drawn updates of 5 and 10 parties in 1000 dimensions",
    shows="cosines against exact Shapley values of cos(u_S, u_N)",
    learns="Cosines of independent updates go with Shapley values; nothing is said of updates that agree.",
    seconds=5,
    seeds=1,
)
def cosines(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """400 draws of independent normal updates for each seed: correlation and distance of shares of the two."""
    for players, (pearson, distance) in PUBLISHED.items():
        parties = nudge("parties", players, instead=players - 2)
        pairs = [shares(parties, np.random.default_rng([players, *at(seed, draw)]))
                 for seed in seeds for draw in range(DRAWS)]  # fmt: skip
        related = [float(np.corrcoef(one, other)[0, 1]) for one, other in pairs]
        apart = [float(np.abs(one - other).sum()) for one, other in pairs]
        yield Check(
            f"{players} parties: correlation", theirs=pearson, ours=related, source="published", found_by="function",
            kind="statistical", resolution=0.005, lies=CORRELATION, breaks="parties",
        )  # fmt: skip
        yield Check(
            f"{players} parties: distance of shares", theirs=distance, ours=apart, source="published",
            found_by="function", kind="statistical", resolution=0.001, lies=POSITIVE, breaks="parties", cause=FEW,
        )  # fmt: skip


def at(seed: int, draw: int) -> list[int]:
    """What a draw of a seed is drawn by; that of seed 0 by its number alone, as in the tables."""
    return [draw] if seed == 0 else [draw, seed]


def shares(players: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """(n,) cosines of drawn updates and Shapley values of their game, each divided by its sum.

    Args:
        players: n.
        generator: that draws them.
    """
    from commonweal.agents.arrays import ratio
    from commonweal.economy.credit.exact import all_coalitions, shapley_value

    updates = generator.normal(size=(players, SIZE))
    products, coalitions = updates @ updates.T, all_coalitions(players)
    lengths = np.sqrt(((coalitions @ products) * coalitions).sum(axis=1) * products.sum())
    worth = np.where(lengths > 0, ratio(coalitions @ products.sum(axis=1), lengths), 0.0)
    cosine = products.sum(axis=1) / np.sqrt(np.diag(products))
    exact = shapley_value(worth[None])[0]
    return cosine / cosine.sum(), exact / exact.sum()
