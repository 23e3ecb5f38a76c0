"""Data maximisation by accuracy shaping: who puts in more is given just enough more accuracy."""

from collections.abc import Iterator

import commonweal as cw
from commonweal.agents.arrays import Floats
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

COST, MARGIN = 0.02, 1e-4  # money for a sample; by which share of it a further one is rewarded above its cost
ALONE = 715.643598  # samples that are best for one alone, at a cost of .02 in 100 a(m)
MOST = {2: 1451.559344, 5: 1774.929803, 10: 1916.855299}  # m* of each of so many parties
GRID = 1e-3  # amounts are chosen from a grid


@result(
    "karimireddy-2022",
    paper="Karimireddy, Guo and Jordan, arXiv 2207.04557, 2022",
    table="Theorems 2 and 3",
    shows="naive sharing ends in catastrophic free-riding; accuracy shaping has everybody put in as much as possible",
    learns="Shared alike, all together put in what one would alone; shaped, each puts in more than twice as much.",
    link="https://arxiv.org/abs/2207.04557",
    seconds=4,
    seeds=4,
)
def shaping(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """The scenario catastrophe: best responses on a grid of amounts, 60 rounds, parties of one cost.

    Under shared models one party's best amount is all there is; under shaping each puts in m*, where its line meets the
    accuracy of all: m* = m° + (a(N m*) − a(m°)) / c.
    """
    for parties, most in MOST.items():
        put = put_in(nudge, seeds, parties, "shaping")
        yield Check(
            f"{parties} parties, shaped: samples of each", theirs=most, ours=put.mean(axis=1), source="derived",
            found_by="best responses", within=GRID, breaks="market.model_value",
        )  # fmt: skip
    for parties in MOST:
        put = put_in(nudge, seeds, parties, "shared")
        yield Check(
            f"{parties} parties, shared alike: samples of all", theirs=ALONE, ours=put.sum(axis=1), source="derived",
            found_by="best responses", within=GRID, breaks="market.model_value",
        )  # fmt: skip
    yield Check(
        "who puts in, shared alike, costs .02, .03 and .04", theirs="the cheapest alone", ours=who_puts_in(seeds),
        source="published", found_by="best responses", kind="order",
    )  # fmt: skip


def put_in(nudge: Nudge, seeds: Seeds, parties: int, rule: str) -> Floats:
    """(R, N) samples put in at the end."""
    changes = {
        "population.count": parties, "population.cost_types": [COST], "rewards.kind": rule,
        "rewards.shaping_margin": MARGIN, "market.model_value": nudge("market.model_value", 100.0),
    }  # fmt: skip
    return _played(changes, seeds)[0]


def who_puts_in(seeds: Seeds) -> list[str]:
    """Per run, whether others than the cheapest put in anything."""
    put, cost = _played({}, seeds)
    dearer = (put * (cost > cost.min(axis=1, keepdims=True))).sum(axis=1)
    return ["the cheapest alone" if more == 0 else "dearer ones too" for more in dearer]


def _played(changes: dict[str, object], seeds: Seeds) -> tuple[Floats, Floats]:
    """(R, N) samples put in in the last round, and (R, N) what one costs."""
    scenario = cw.load("catastrophe", changes)
    ensemble = cw.Ensemble(scenario, seeds)
    for _ in range(scenario.rounds):
        record = ensemble.step()
    return record.produce.put.total, ensemble.people.cost
