"""Threshold surfaces: how much is delegated, over the cost of delegating and what else matters for it."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.free_riding.estimates import crossing, estimated

_RUNS = 64  # of an ensemble


def cost_over_benefit(scenario: Scenario) -> float:
    """Mean cost of delegating for a round, over what a perfect model brings in per principal and round."""
    learning, market, population = scenario.learning, scenario.market, scenario.population
    samples = learning.samples if learning.sampling == "each" else learning.batch / population.count
    benefit = market.price * (1 - market.baseline)
    return (population.cost_low + population.cost_high) / 2 * samples / benefit if benefit > 0 else float("inf")


def costing(scenario: Scenario, factor: float) -> Scenario:
    """The scenario with delegating so many times as costly."""
    population = scenario.population
    return revise(
        scenario,
        {"population.cost_high": population.cost_high * factor, "population.cost_low": population.cost_low * factor},
    )


def surface(
    scenario: Scenario,
    path: str,
    levels: Sequence[float],
    factors: Sequence[float],
    seeds: tuple[int, ...],
    tell: Callable[[int, int], None],
) -> pd.DataFrame:
    """Share delegating in the last quarter of rounds, for every level of a field and every cost.

    Args:
        scenario: what to change.
        path: field that takes the levels.
        levels: L of them.
        factors: F multiples of the scenario's costs.
        seeds: S of them.
        tell: told the runs done, of how many.

    Returns:
        A row per level and factor.
    """
    points = [costing(revise(scenario, {path: level}), factor) for level, factor in product(levels, factors)]
    shares = np.empty((len(seeds), len(points)))
    structural = path == "population.count"
    done = 0
    for group in np.split(np.arange(len(points)), len(levels)) if structural else [np.arange(len(points))]:
        places = [(seed, point) for point in group for seed in range(len(seeds))]
        for part in (places[k : k + _RUNS] for k in range(0, len(places), _RUNS)):
            ensemble = Ensemble([points[p] for _, p in part], [seeds[s] for s, _ in part])
            rounds = ensemble.run().rounds
            late = rounds[rounds["round"] >= scenario.rounds * 3 // 4]
            shares[tuple(np.array(part).T)] = late.groupby("run")["share_delegate"].mean()
            done += len(part)
            tell(done, shares.size)
    grid = pd.DataFrame(list(product(levels, factors)), columns=[path, "cost_factor"])
    grid["cost_over_benefit"] = [cost_over_benefit(point) for point in points]
    return grid.assign(**estimated("share_delegate", shares))


def thresholds(table: pd.DataFrame, path: str, level: float = 0.5) -> pd.DataFrame:
    """The cost over benefit at which less than half of all principals delegate, for every level of a field."""
    rows: list[dict[str, float | str]] = []
    for value, part in table.groupby(path, sort=True):
        share: Floats = part["share_delegate"].to_numpy()
        at = crossing(part["cost_over_benefit"].to_numpy(), share, level)
        side = "" if np.isfinite(at) else "above all tried" if share[0] >= level else "below all tried"
        rows.append({"field": path, "level": float(str(value)), "threshold_cost_over_benefit": at, "where": side})
    return pd.DataFrame(rows)
