"""Effects of costs: threshold surfaces over costs and another field, and tipping points as costs rise and fall.

Between the two tipping points the economy depends on its past (hysteresis).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import POSITIVE, SHARE, Range, mean_interval
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario

_RUNS = 64  # of an ensemble


def cost_over_benefit(scenario: Scenario) -> float:
    """Mean cost of delegating for a round, over what a perfect model brings in per principal and round."""
    learning, market, population = scenario.learning, scenario.market, scenario.population
    samples = learning.samples if learning.sampling == "each" else learning.batch / population.count
    benefit = market.price * (1 - market.baseline)
    return (population.cost_low + population.cost_high) / 2 * samples / benefit if benefit > 0 else float("inf")


def costing(scenario: Scenario, factor: float) -> Scenario:
    """The scenario with costs of delegating multiplied by a factor."""
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
    return grid.assign(**mean_interval(shares, within=SHARE).columns("share_delegate"))


def thresholds(table: pd.DataFrame, path: str, level: float = 0.5) -> pd.DataFrame:
    """The cost over benefit at which less than half of all principals delegate, for every level of a field."""
    rows: list[dict[str, float | str]] = []
    for value, part in table.groupby(path, sort=True):
        share: Floats = part["share_delegate"].to_numpy()
        at = crossing(part["cost_over_benefit"].to_numpy(), share, level)
        side = "" if np.isfinite(at) else "above all tried" if share[0] >= level else "below all tried"
        rows.append({"field": path, "level": float(str(value)), "threshold_cost_over_benefit": at, "where": side})
    return pd.DataFrame(rows)


def hysteresis(
    scenario: Scenario, factors: Sequence[float], seeds: tuple[int, ...], rounds: int, tell: Callable[[int, int], None]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Raise and lower costs without a break.

    Args:
        scenario: the economy.
        factors: F multiples of its costs, ascending.
        seeds: S of them.
        rounds: at every step; the share delegating is the mean over the last quarter of them.
        tell: told the steps done, of how many.

    Returns:
        A row per direction and factor; and a row per direction with the tipping point, and the area of the loop.
    """
    path = [*factors, *factors[::-1]]
    ensemble = Ensemble(scenario, seeds)
    cost = ensemble.people.cost
    shares = np.empty((len(seeds), len(path)))
    for step, factor in enumerate(path):
        ensemble.people = replace(ensemble.people, cost=cost * factor)
        course = [(ensemble.step().actions == Action.DELEGATE).mean(axis=1) for _ in range(rounds)]
        shares[:, step] = np.mean(course[-max(1, rounds // 4) :], axis=0)
        tell(step + 1, len(path))
    ratio = np.array(factors) * cost_over_benefit(scenario)
    rising, falling = shares[:, : len(factors)], shares[:, : len(factors) - 1 : -1]
    labels = {"cost_factor": factors, "cost_over_benefit": ratio}
    rows = [
        pd.DataFrame({"costs": name, **labels, **mean_interval(y, within=SHARE).columns("share_delegate")})
        for name, y in (("rising", rising), ("falling", falling))
    ]
    return pd.concat(rows, ignore_index=True), _tipping(ratio, rising, falling)


def _tipping(ratio: Floats, rising: Floats, falling: Floats) -> pd.DataFrame:
    """Where half of all principals delegate, on the way up and on the way down, and how far the two ways are apart."""
    rows = []
    for name, shares in (("rising", rising), ("falling", falling)):
        points = np.array([crossing(ratio, share, 0.5) for share in shares])
        known = int(np.isfinite(points).sum())
        rows.append({"measure": f"tipping point, costs {name} (cost over benefit)", "seeds": known,
                     **_mean(points, POSITIVE)})  # fmt: skip
    if len(ratio) > 1:
        area = np.trapezoid(rising - falling, np.log(ratio), axis=1) / np.log(ratio[-1] / ratio[0])
        rows.append({"measure": "mean share by which delegating is higher on the way up", "seeds": len(area),
                     **_mean(area, SHARE.of_differences)})  # fmt: skip
    return pd.DataFrame(rows)


def _mean(values: Floats, within: Range) -> dict[str, float]:
    return {name: float(end) for name, end in mean_interval(values, within=within).columns("mean").items()}


def crossing(x: Floats, y: Floats, level: float) -> float:
    """Where a course first crosses a level, by linear interpolation; nan if it does not.

    Args:
        x: (T,) increasing or decreasing.
        y: (T,) the course.
        level: to cross, from either side.
    """
    above = y >= level
    turns = np.flatnonzero(above[1:] != above[:-1])
    if not len(turns):
        return float("nan")
    k = int(turns[0])
    return float(x[k] + (x[k + 1] - x[k]) * (level - y[k]) / (y[k + 1] - y[k]))
