"""Paid with models: the menu that gets most data out of parties whose costs are private."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

import commonweal as cw
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

if TYPE_CHECKING:
    from commonweal.economy.menus import MenuProblem

PUBLISHED = {"big-firms": (86.478273, 6), "small-parties": (69.052095, 6), "two types": (84.3403, 4)}
POOLED = "ours is better, and certified: where types come out nearly alike in print the optimum pools them exactly"
CERTAIN = "no menu is better by more than 1e-6"
RUNS = 200  # of one round each, whose parties are drawn anew


@result(
    "wang-2025",
    paper="Wang, Wu, Liu and Low, AAAI 2025",
    table="expected worth of the model under the optimal menu, in money of 100 a",
    shows="optimal menus of data for accuracy, with costs that only their owners know",
    learns="The menus in print are nearly optimal; those that pool nearly alike types exactly are slightly better.",
    seconds=4,
    seeds=1,
)
def paid_with_models(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """The solver of menus on the paper's cases, with a certificate; and one of them as an economy.

    There ten firms choose lines of the menu in 200 runs of one round, whose types are drawn; the mean worth of the
    model is the objective.
    """
    for name, (theirs, digits) in PUBLISHED.items():
        asked = problem(name)
        costs = np.array(nudge("costs", asked.costs.tolist()))
        menu = cw.solve(replace(asked, costs=costs, reading="published"))
        yield Check(
            name, theirs=theirs, ours=menu.objective, source="published", found_by="function", digits=digits,
            breaks="costs", cause=POOLED,
        )  # fmt: skip
        yield Check(
            f"{name}: certificate", theirs=CERTAIN, ours=CERTAIN if menu.is_optimal else "a better menu is possible",
            source="derived", found_by="function",
        )  # fmt: skip
    yield Check(
        "big-firms, played", theirs=PUBLISHED["big-firms"][0], ours=played(nudge, seeds), source="published",
        found_by="run", kind="statistical", resolution=0.25, breaks="population.cost_types",
    )  # fmt: skip


def problem(name: str) -> "MenuProblem":
    """A contract of the library, or the paper's two types."""
    from commonweal.scenarios.schema.contract_files import read_contract

    if name == "two types":
        return cw.MenuProblem(np.array([0.02, 0.01]), np.array([0.5, 0.5]), 2, 100.0, cw.Bound(1.0, 1.0))
    return read_contract(name).problem()


def played(nudge: Nudge, seeds: Seeds) -> list[float]:
    """Money that the model is worth in each run of the scenario big-firms."""
    costs = list(cw.load("big-firms").population.cost_types)
    dearer = nudge("population.cost_types", costs, instead=[2 * cost for cost in costs])
    scenario = cw.load("big-firms", {"rounds": 1, "population.cost_types": dearer})
    numbers = [seed * RUNS + run for seed in seeds for run in range(RUNS)]
    rounds = cw.Ensemble(scenario, numbers).run().rounds
    return [scenario.market.model_value * float(quality) for quality in rounds["accuracy"]]
