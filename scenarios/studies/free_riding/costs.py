"""Effects of costs: threshold surfaces over costs and another field, and tipping points as costs rise and fall.

Between the two tipping points the economy depends on its past (hysteresis). Costs are those of delegating samples; of a
public good what is contributed, while what a contribution brings to all stays the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.world.world import World
from commonweal.scenarios.runs.intervals import POSITIVE, SHARE, Range, mean_interval
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.relevance import sells
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick

_RUNS = 64  # of an ensemble


def cost_over_benefit(scenario: Scenario) -> float:
    """Mean cost of delegating for a round, over what a perfect model brings in per principal and round.

    Of a public good: what is contributed, over what it brings to all.
    """
    learning, market, population = scenario.learning, scenario.market, scenario.population
    if not sells(scenario):
        return 1 / market.multiplication if market.contribution * market.multiplication > 0 else float("inf")
    samples = learning.samples if learning.sampling == "each" else learning.batch / population.count
    benefit = market.price * (1 - market.baseline)
    return (population.cost_low + population.cost_high) / 2 * samples / benefit if benefit > 0 else float("inf")


def costing(scenario: Scenario, factor: float) -> Scenario:
    """The scenario with costs multiplied by a factor."""
    population, market = scenario.population, scenario.market
    if sells(scenario):
        costs = {"population.cost_high": population.cost_high, "population.cost_low": population.cost_low}
        return revise(scenario, {path: cost * factor for path, cost in costs.items()})
    dearer = {"market.contribution": market.contribution * factor}
    return revise(scenario, dearer | {"market.multiplication": market.multiplication / factor})


@dataclass(frozen=True)
class Surface:
    """A threshold surface: a field that takes L levels, at F multiples of the scenario's costs."""

    path: str
    levels: tuple[float, ...]  # (L,)
    factors: tuple[float, ...]  # (F,)
    points: tuple[Scenario, ...]  # (L F,) level by level
    seeds: tuple[int, ...]  # (S,)

    @property
    def parts(self) -> list[list[tuple[int, int]]]:
        """Seed and point, by number, of the runs that are played together."""
        structural = self.path == "population.count"
        every = np.arange(len(self.points))
        groups = np.split(every, len(self.levels)) if structural else [every]
        places = [[(seed, int(point)) for point in group for seed in range(len(self.seeds))] for group in groups]
        return [group[k : k + _RUNS] for group in places for k in range(0, len(group), _RUNS)]

    @property
    def pieces(self) -> list[Piece]:
        """A piece for each part."""
        return [
            Piece(_late_shares, ([self.points[p] for _, p in part], [self.seeds[s] for s, _ in part]),
                  self.points[0].rounds * len(part))
            for part in self.parts
        ]  # fmt: skip


def surface_of(
    scenario: Scenario, path: str, levels: Sequence[float], factors: Sequence[float], seeds: tuple[int, ...]
) -> Surface:
    """The surface over a field.

    Raises:
        InputError: if a level or a cost is not allowed.
    """
    points = [costing(revise(scenario, {path: level}), factor) for level, factor in product(levels, factors)]
    return Surface(path, tuple(levels), tuple(factors), tuple(points), seeds)


def _late_shares(asked: tuple[list[Scenario], list[int]], tick: Tick) -> Floats:
    """(R,) share delegating in the last quarter of rounds."""
    scenarios, seeds = asked
    rounds = Ensemble(scenarios, seeds).run(on_round=lambda: tick(len(seeds))).rounds
    late = rounds[rounds["round"] >= scenarios[0].rounds * 3 // 4]
    return np.asarray(late.groupby("run")["share_delegate"].mean(), dtype=np.float64)


def surface(asked: Surface, pieces: Pieces) -> pd.DataFrame:
    """Share delegating in the last quarter of rounds, for every level of a field and every cost.

    Args:
        asked: the surface.
        pieces: plays and keeps it.

    Returns:
        A row per level and factor.
    """
    shares = np.empty((len(asked.seeds), len(asked.points)))
    for part, found in zip(asked.parts, pieces.play(f"surface over {asked.path}", asked.pieces), strict=True):
        shares[tuple(np.array(part).T)] = found
    grid = pd.DataFrame(list(product(asked.levels, asked.factors)), columns=[asked.path, "cost_factor"])
    grid["cost_over_benefit"] = [cost_over_benefit(point) for point in asked.points]
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


@dataclass(frozen=True)
class Loop:
    """Costs that rise and fall without a break."""

    scenario: Scenario
    factors: tuple[float, ...]  # (F,) multiples of its costs, ascending
    seeds: tuple[int, ...]  # (S,)
    rounds: int  # at every step; the share delegating is the mean over the last quarter of them

    @property
    def path(self) -> tuple[float, ...]:
        """(2 F,) the multiples in turn."""
        return (*self.factors, *self.factors[::-1])

    @property
    def piece(self) -> Piece:
        """All of it."""
        return Piece(_loop, self, len(self.path) * self.rounds * len(self.seeds))


def _loop(asked: Loop, tick: Tick) -> Floats:
    """(S, 2 F) share delegating at every step."""
    ensemble = Ensemble(asked.scenario, asked.seeds)
    world, cost = ensemble.world, ensemble.people.cost
    shares = np.empty((len(asked.seeds), len(asked.path)))
    for step, factor in enumerate(asked.path):
        if sells(asked.scenario):
            ensemble.people = replace(ensemble.people, cost=cost * factor)
        else:
            ensemble.world = _dearer(world, factor)
        course = [(ensemble.step().actions == Action.DELEGATE).mean(axis=1) for _ in range(asked.rounds)]
        shares[:, step] = np.mean(course[-max(1, asked.rounds // 4) :], axis=0)
        tick(asked.rounds * len(asked.seeds))
    return shares


def _dearer(world: World, factor: float) -> World:
    """A public good with contributions multiplied by a factor; what each brings to all stays."""
    market = world.terms.market
    dearer = replace(market, contribution=market.contribution * factor, multiplication=market.multiplication / factor)
    return replace(world, terms=replace(world.terms, market=dearer))


def hysteresis(asked: Loop, pieces: Pieces) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Raise and lower costs without a break.

    Args:
        asked: how.
        pieces: plays and keeps it.

    Returns:
        A row per direction and factor; and a row per direction with the tipping point, and the area of the loop.
    """
    (shares,) = pieces.play("hysteresis", [asked.piece])
    factors = asked.factors
    ratio = np.array(factors) * cost_over_benefit(asked.scenario)
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
