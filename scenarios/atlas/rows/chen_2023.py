"""Pooling readings and sharing the mean: together people take no more of them than one would alone."""

from collections.abc import Iterator
from math import sqrt
from typing import Any

import commonweal as cw
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

VALUE, COST = 10.0, 0.1  # of a model without error, and of a reading of variance 1
READINGS, UNIT = sqrt(VALUE / COST), sqrt(VALUE * COST)  # N = σ √(V/c) of one alone; σ √(cV), money
PARTIES = (2, 5, 10)
GAINS = {2: 0.121320, 5: 0.335410, 10: 0.281091}  # of deviating from the optimum, in units of σ √(cV)
LESS = sqrt(2) - 1  # of its part, what is best for one of two
FEWER = "population.count"


@result(
    "chen-2023",
    paper="Chen, Zhu and Kandasamy, NeurIPS 2023",
    table="pooling and sharing, penalty σ²/N + c n",
    shows="price of anarchy of pooling and sharing a mean, and what deviating from the optimum gains",
    learns="Where all have the whole model, they put in no more than one would alone, however many they are.",
    link="https://arxiv.org/abs/2306.04538",
    seconds=4,
    seeds=4,
)
def pool_and_share(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Parties choose how many readings they take; the mean of all is everybody's.

    They are played by best responses; from the optimum, the studies incentives and best-deviation look for a gain. The
    optimum is what one owner chooses to whom the mean is worth as much as to all. In every equilibrium N = σ√(V/c), so
    that m parties bear (m + 1) σ√(cV) where 2σ√(cmV) would do.
    """
    for parties in PARTIES:
        yield from _anarchy(parties, seeds, nudge)
    for parties in PARTIES:
        yield from _deviation(parties, nudge)
    yield from _unequal(seeds, nudge)


def _anarchy(parties: int, seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Best responses beside what one owner of all would do."""
    count, cost = nudge(FEWER, parties), nudge("population.cost_types", COST)
    everybody = count * nudge("market.model_value", VALUE)
    found = _settled(seeds, {FEWER: count, "population.cost_types": [cost]})
    owner = _settled(
        seeds, {FEWER: 1, "market.model_value": everybody, "population.cost_types": [cost]}
    )
    penalty, least = count * VALUE - found["welfare"], everybody - owner["welfare"]
    yield Check(
        f"{parties} parties: price of anarchy", theirs=(parties + 1) / (2 * sqrt(parties)), ours=penalty / least,
        source="derived", found_by="best responses", within=1e-4, breaks=FEWER,
    )  # fmt: skip
    yield Check(
        f"{parties} parties: readings at the equilibrium", theirs=READINGS, ours=found["samples"], source="derived",
        found_by="best responses", within=1e-4, breaks="population.cost_types",
    )  # fmt: skip
    yield Check(
        f"{parties} parties: readings at the optimum", theirs=READINGS * sqrt(parties), ours=owner["samples"],
        source="derived", found_by="best responses", within=1e-3, breaks="market.model_value",
    )  # fmt: skip


def _deviation(parties: int, nudge: Nudge) -> Iterator[Check]:
    """What one gains who deviates from the optimum, everybody else holding to it: as named, and as searched for."""
    fields = {
        "rounds": 1, FEWER: parties, "menu.offer": "fixed", "population.samples": [READINGS / sqrt(parties)] * parties,
        "population.cost_types": [nudge("population.cost_types", COST)],
    }  # fmt: skip
    named = cw.ask("incentives", "mean-estimation", 2, fields, deviations=["free_ride", "less"], share=LESS, horizon=1,
                   others="freeze", workers=1)  # fmt: skip
    searched = cw.ask("best-deviation", "mean-estimation", 2, fields, horizon=1, held_out=2, members=1, workers=1)
    gain, best = named.tables["verdict"].query("measure == 'IC gap'")["value"].iloc[0], searched.tables["best"].iloc[0]
    for how, ours, study in (
        ("gain from the optimum", gain, "incentives"), ("gain that a search finds", best["gain"], "best-deviation"),
    ):  # fmt: skip
        yield Check(
            f"{parties} parties: {how}", theirs=GAINS[parties], ours=float(ours) / UNIT, source="derived",
            found_by=study, within=1e-4, breaks="population.cost_types",
        )  # fmt: skip
    yield Check(
        f"{parties} parties: what the search finds", theirs="41% of its samples" if parties == 2 else "free_ride",
        ours=str(best["deviation"]), source="derived", found_by="best-deviation",
    )  # fmt: skip


def _unequal(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Only those put in to whom a reading is cheapest; where no one would alone, nobody does."""
    costs = [nudge("the least cost", COST, instead=1.5 * COST), 2 * COST, 3 * COST]
    ensemble = cw.Ensemble(cw.load("mean-estimation", {FEWER: 6, "population.cost_types": costs}), seeds)
    readings = ensemble.run().rounds.groupby("run")["samples"].last().to_numpy()
    there = ensemble.state.membership.amount > 0.01
    each = zip(ensemble.people.cost, there, strict=True)
    who = [", ".join(f"{some:g}" for some in sorted({*cost[put]})) for cost, put in each]
    yield Check(
        "three costs: of those who put in", theirs=f"{COST:g}", ours=who, source="derived", found_by="best responses",
        breaks="the least cost",
    )  # fmt: skip
    yield Check(
        "three costs: readings", theirs=READINGS, ours=readings, source="derived",
        found_by="best responses", within=1e-4,
        breaks="the least cost",
    )  # fmt: skip
    dear = nudge("a cost too high for one", VALUE / 2, instead=VALUE / 5)  # 4 c σ² ≤ V is what one alone asks for
    yield Check(
        "a reading too dear for one alone: readings", theirs=0.0, source="derived",
        found_by="best responses", within=1e-6,
        ours=_settled(seeds, {FEWER: 2, "population.cost_types": [dear]})["samples"], breaks="a cost too high for one",
    )  # fmt: skip


def _settled(seeds: Seeds, changes: dict[str, Any]) -> Any:
    """The last round of each run, as a table."""
    return cw.Ensemble(cw.load("mean-estimation", changes), seeds).run().rounds.groupby("run").last()
