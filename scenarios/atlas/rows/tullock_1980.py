"""Pay by samples is a contest for revenue: it calls forth too many samples, where equal pay calls forth too few."""

from collections.abc import Iterator
from math import sqrt
from typing import Any

import commonweal as cw
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

PRIZE, COST = 1000.0, 1.0  # revenue of a round, and cost of a sample
WORTH, MISSING, PARTIES = 10.0, 0.1, 10  # revenue by accuracy a = 1 − s/N: V, s; m
GRID = 1e-3  # relative distance to which best responses by trial settle
REVENUE, FEWER = "revenue", "population.count"


@result(
    "tullock-1980",
    paper="Tullock, Efficient rent seeking, 1980",
    table="revenue fixed, pay by samples; and revenue V (1 − s/N)",
    shows="samples put in by who is paid by samples, by credit or equally",
    learns="Paid by samples, people fight for revenue and put in far too much; paid equally, far too little.",
    link="https://doi.org/10.1007/978-3-540-79247-5_6",
    seconds=5,
    seeds=2,
)
def contest(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Principals choose how many samples they put in, and are paid by them; best responses, from eight samples each.

    Of a revenue V that is fixed each puts in V (m − 1)/(m² c) and keeps V/m². Of a revenue V (1 − s/N), one owner of
    all would put in √(Vs/c); equal pay brings √(Vs/(mc)) in all, pay by samples or credit the greater root of
    c N² − V (m − 1)/m N + V s (m − 2)/m = 0.
    """
    for parties in (2, 5, 10):
        yield from _fixed(parties, seeds, nudge)
    root = WORTH * (PARTIES - 1) / PARTIES
    many = (root + sqrt(root**2 - 4 * COST * WORTH * MISSING * (PARTIES - 2) / PARTIES)) / (2 * COST)
    for told, settlement, parties, theirs in (
        ("one owner of all: samples", "equal", 1, sqrt(WORTH * MISSING / COST)),
        ("equal pay: samples of all", "equal", PARTIES, sqrt(WORTH * MISSING / (PARTIES * COST))),
        ("pay by samples: samples of all", "data", PARTIES, many),
        ("pay by credit: samples of all", "credit", PARTIES, many),
    ):
        fields = {"rounds": 120, "settlement.kind": settlement, "rewards.accuracy.drop": MISSING}
        found = _settled(seeds, parties, nudge(REVENUE, WORTH), fields)
        yield Check(
            f"revenue by accuracy, {told}", theirs=theirs, ours=found["samples"], source="derived",
            found_by="best responses",
            within=GRID, breaks=REVENUE,
        )  # fmt: skip


def _fixed(parties: int, seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Revenue that is the same whatever is put in."""
    count = nudge(FEWER, parties)
    fields = {"rounds": 150, "settlement.kind": "data", "rewards.accuracy.kind": "somebody_has_it"}
    found = _settled(seeds, count, nudge(REVENUE, PRIZE), fields)
    yield Check(
        f"{parties} parties: samples of each", theirs=PRIZE * (parties - 1) / (parties**2 * COST),
        ours=found["samples"] / count, source="derived", found_by="best responses", within=GRID, breaks=REVENUE,
    )  # fmt: skip
    yield Check(
        f"{parties} parties: payoff of each", theirs=PRIZE / parties**2, ours=found["welfare"] / count,
        source="derived", found_by="best responses", within=GRID, breaks=FEWER,
    )  # fmt: skip


def _settled(seeds: Seeds, parties: int, revenue: float, fields: dict[str, Any]) -> Any:
    """The last round of each run, as a table; nobody has any use for the model but to sell it."""
    changes = {
        "population.count": parties, "population.cost_types": [COST], "market.model_value": 0.0,
        "market.price": revenue / parties,
    }  # fmt: skip
    return cw.Ensemble(cw.load("mean-estimation", changes | fields), seeds).run().rounds.groupby("run").last()
