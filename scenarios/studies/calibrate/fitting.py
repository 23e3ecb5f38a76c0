"""Fitting by the method of simulated moments (McFadden 1989): least squares over periods, by differential evolution.

Every series that was tried is kept. Intervals are those of a parametric bootstrap (Efron and Tibshirani 1993, section
6.5): the fitted parameters are played again many times, and each time the nearest kept series gives a new fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import differential_evolution

from commonweal.agents.arrays import Floats, Ints
from commonweal.scenarios.studies.calibrate.parameters import admissible, bounds
from commonweal.scenarios.studies.calibrate.simulation import Simulator
from commonweal.scenarios.studies.pieces import Pieces

POPULATION = 40  # candidates of a generation
SURROUNDINGS = 4  # generations that look around what the bootstrap finds
REPLICAS = 80  # series of the bootstrap
_BLOCK = 16  # replicas compared with all kept series at a time


@dataclass(frozen=True)
class Fit:
    """The best fit to a series among all candidates that were tried."""

    names: tuple[str, ...]  # (P,) parameters
    values: Floats  # (B, P) all candidates tried, shares scaled down where they exceeded one
    courses: Floats  # (B, T') what they played in the fitted periods
    target: Floats  # (T',) the fitted periods
    replicas: Floats  # (K, T') what the best plays with other seeds; none before it is known

    @property
    def best(self) -> Floats:
        """(P,) the candidate of the smallest squared error."""
        best: Floats = self.values[_nearest(self.courses, self.target[None])[0]]
        return best

    def interval(self, confidence: float = 0.95) -> Floats:
        """(P, 2) lowest and highest value of each parameter among the fits of the replicas and the best fit."""
        again = self.values[_nearest(self.courses, self.replicas)]
        tail = (1 - confidence) / 2
        low, high = np.quantile(again, [tail, 1 - tail], axis=0)
        return np.stack([np.minimum(low, self.best), np.maximum(high, self.best)], axis=1)


def _nearest(courses: Floats, targets: Floats) -> Ints:
    """(K,) which of the courses (B, T') has the smallest squared difference to each target (K, T')."""
    blocks = np.array_split(targets, -(-len(targets) // _BLOCK))
    return np.concatenate([((courses - block[:, None]) ** 2).sum(axis=2).argmin(axis=1) for block in blocks])


def fit_series(
    simulator: Simulator,
    others: Simulator,
    target: Floats,
    generations: int,
    seed: int,
    pieces: Pieces | None = None,
    what: str = "fitting",
) -> Fit:
    """Fit the parameters to the first periods of a series.

    Args:
        simulator: plays candidates; its scenario starts with the share of the first period, which is not fitted.
        others: plays one candidate with as many other seeds as there shall be replicas.
        target: (T',) shares of the periods to fit.
        generations: of the search.
        seed: of the search.
        pieces: plays and keeps what candidates do.
        what: is being done, for progress.
    """
    pieces = pieces or Pieces()
    names, limits, periods = simulator.names, bounds(simulator.names), len(target)
    tried: list[Floats] = []
    courses: list[Floats] = []

    def loss(columns: Any) -> Any:
        candidates = admissible(np.atleast_2d(columns.T), names, simulator.scenario)
        tried.append(candidates)
        (course,) = pieces.play(what, [simulator.piece(candidates, simulator.played_series)])
        courses.append(course[:, :periods])
        return ((courses[-1] - target) ** 2).sum(axis=1)

    def found() -> Fit:
        fit = Fit(names, np.concatenate(tried), np.concatenate(courses), target, np.empty((0, periods)))
        (again,) = pieces.play(what, [others.piece(fit.best[None], others.played_runs)])
        return Fit(names, fit.values, fit.courses, target, again[0, :, :periods])

    differential_evolution(
        loss, limits.tolist(), popsize=_members(names), maxiter=generations, vectorized=True,
        updating="deferred", polish=False, tol=0.0, rng=np.random.default_rng(seed),
    )  # fmt: skip
    generator = np.random.default_rng([seed, 1])
    for _ in range(SURROUNDINGS):
        loss(_around(found(), limits, generator))
    return found()


def _members(names: Sequence[str]) -> int:
    """Candidates of a generation for each of the parameters."""
    return max(1, round(POPULATION / len(names)))


def fit_rounds(simulator: Simulator, others: Simulator, generations: int) -> int:
    """Rounds of single runs that a fit takes."""
    names = simulator.names
    candidates = (1 + generations) * _members(names) * len(names) + SURROUNDINGS * POPULATION
    runs = candidates * len(simulator.seeds) + (1 + SURROUNDINGS) * len(others.seeds)
    return runs * simulator.scenario.rounds


def _around(fit: Fit, limits: Floats, generator: np.random.Generator) -> Floats:
    """(P, POPULATION) candidates in a box half as large again as that of the intervals."""
    box = fit.interval()
    reach = 0.25 * (box[:, 1] - box[:, 0]) + 0.01 * (limits[:, 1] - limits[:, 0])
    low, high = np.maximum(box[:, 0] - reach, limits[:, 0]), np.minimum(box[:, 1] + reach, limits[:, 1])
    drawn: Floats = low[:, None] + (high - low)[:, None] * generator.random((len(low), POPULATION))
    return drawn


def constant(target: Floats, periods: int) -> Floats:
    """(periods,) the mean of the fitted periods, throughout."""
    return np.full(periods, target.mean())


def no_change(target: Floats, periods: int) -> Floats:
    """(periods,) the fitted periods, then the last of them."""
    return np.concatenate([target, np.full(periods - len(target), target[-1])])


def linear_trend(target: Floats, periods: int) -> Floats:
    """(periods,) the straight line of least squares through the fitted periods, within [0, 1]."""
    slope, level = np.polyfit(np.arange(len(target)), target, 1)
    line: Floats = np.clip(level + slope * np.arange(periods), 0.0, 1.0)
    return line
