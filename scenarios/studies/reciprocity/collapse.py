"""Where learners who only sample end up giving to all alike, or to nobody, and where their objective says they should.

The map is over the discount, the length of episodes and b/c, in event time: one act at a time among N principals, so
that whoever earns a name by a gift waits about N events for a gift, and its name lasts about N events.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import beta

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.reciprocity.norms import Errors, norm_of
from commonweal.agents.streams import Stream
from commonweal.scenarios.runs.intervals import SHARE, Interval, mean_interval
from commonweal.scenarios.studies.reciprocity.rivals import Rival, learn
from commonweal.scenarios.studies.reciprocity.scores import Judge, reference, scores
from commonweal.scenarios.studies.reciprocity.world import Budget, world_of


def wait_discount(gamma: Floats | float, count: int) -> Floats:
    """What is left of a payment after a wait that ends with probability 1/N in each event: Σ_k (1/N) (1 − 1/N)^k γ^k.

    Args:
        gamma: discount of an event.
        count: N principals.
    """
    share = 1 / count
    left: Floats = share / (1 - np.asarray(gamma) * (1 - share))
    return left


def cut(turnover: Floats | float) -> Floats:
    """Share of what acts earn that falls within the episode, for acts at any time in it: 1 − (1 − e^(−T/N)) / (T/N).

    Args:
        turnover: T/N, acts of each principal in an episode.
    """
    x = np.asarray(turnover, dtype=np.float64)
    within: Floats = 1 + np.expm1(-x) / x
    return within


def reach(gamma: Floats | float, length: Floats | int, count: int) -> Floats:
    """What a good name is worth in an episode's discounted return, against what it is worth without end or discount.

    A name earned in event t is met in event t + k, before its owner's next act, with probability q (1 − q)^(k−1),
    q = 1/N, and counts γ^k if t + k is within T. With ρ = γ (1 − q), the mean over t is

        γ q / (1 − ρ) · [1 − (1 − ρ^T) / (T (1 − ρ))].

    With γ = 1 that is ``cut`` as N grows, without an end it is γ times ``wait_discount``. Between the two it is more
    than their product: what is discounted away is no more there to be cut off.

    Args:
        gamma: discount of an event.
        length: T events of an episode.
        count: N principals.
    """
    share = 1 / count
    rho = np.asarray(gamma) * (1 - share)
    worth: Floats = gamma * share / (1 - rho) * (1 - (1 - rho**length) / (length * (1 - rho)))
    return worth


def threshold(errors: Errors, givers: float = 1.0) -> float:
    """b/c from which giving to the good pays among those who follow L3 or L6, undiscounted.

    A gift is made with probability 1 − εe and costs c. Made, it raises the chance of a good name by (1 − 2εa) (1 − εp).
    Whatever the donor's name, that chance depends on the act alone, so that a name is worth what it brings until the
    owner's next act: one meeting, in which a donor gives to the good with probability 1 − εe, and never to the bad.

    Args:
        errors: () each.
        givers: share of the others who give to the good.
    """
    kept = (1 - 2 * errors.assignment) * (1 - errors.perception) * (1 - errors.execution)
    return float(1 / (kept * givers))


def boundary(gamma: Floats | float, length: Floats | int, count: int, errors: Errors) -> Floats:
    """b/c below which refusing everybody is right for an episode's discounted return: the threshold over ``reach``.

    Args:
        gamma: discount of an event.
        length: T events of an episode.
        count: N principals.
        errors: () each.
    """
    least: Floats = threshold(errors) / reach(gamma, length, count)
    return least


@dataclass(frozen=True)
class Grid:
    """What the map is over."""

    gammas: Sequence[float] = (0.9, 0.95, 0.98, 0.99, 0.995, 1.0)
    turnovers: Sequence[int] = (1, 2, 4, 8, 16)  # T/N
    ratios: Sequence[float] = (1.2, 1.5, 2.0, 3.0, 5.0, 8.0)  # b/c
    seeds: int = 8
    count: int = 100  # N
    updates: int = 60
    episodes: int = 2  # of an update
    acts: int = 0  # of each principal for an update, whatever the episodes' length; 0: as many as ``episodes`` give
    norm: str = "L6"
    errors: float = 0.02  # of execution and assignment

    def budget(self, turnover: int) -> Budget:
        """What is played with episodes of one length."""
        episodes = max(1, self.acts // turnover) if self.acts else self.episodes
        return Budget(episodes, turnover * self.count, "events", self.updates)

    @property
    def happens(self) -> Errors:
        """() each."""
        return errors_of(self.errors)


def errors_of(rate: float, perception: float = 0.0) -> Errors:
    """() each: execution and assignment go wrong at the same rate."""
    return Errors(execution=np.array(rate), perception=np.array(perception), assignment=np.array(rate))


def share_interval(part: Ints, whole: int, confidence: float = 0.95) -> Interval:
    """Shares of seeds, with exact intervals (Clopper and Pearson 1934).

    Args:
        part: (...) seeds of which something holds.
        whole: all seeds.
        confidence: of the interval.
    """
    least = (1 - confidence) / 2
    low = np.where(part > 0, beta.ppf(least, part, whole - part + 1), 0.0)
    high = np.where(part < whole, beta.ppf(1 - least, part + 1, whole - part), 1.0)
    return Interval(part / whole, low, high)


def collapse_map(kind: Literal["reinforce", "ppo"], grid: Grid) -> pd.DataFrame:
    """A line for each cell of the grid: how many seeds end constant, payoff and adherence, and what is predicted.

    Args:
        kind: of the rival.
        grid: what the map is over.
    """
    parts = [column(kind, grid, turnover) for turnover in grid.turnovers]
    return pd.concat(parts, ignore_index=True)


def column(kind: Literal["reinforce", "ppo"], grid: Grid, turnover: int) -> pd.DataFrame:
    """The cells with episodes of one length, a line each.

    Args:
        kind: of the rival.
        grid: what the map is over.
        turnover: T/N, acts of each in an episode.
    """
    gamma, ratio = (each.ravel() for each in np.meshgrid(grid.gammas, grid.ratios, indexing="ij"))
    place = np.tile(np.arange(len(grid.ratios)), len(grid.gammas))
    world = world_of([(norm_of(grid.norm), grid.count)], grid.happens, np.asarray(grid.ratios))
    judge = Judge.of(world)
    every = np.repeat(place, grid.seeds)
    worlds, best = world.taken(every), reference(world, judge).taken(every)
    stream = Stream(tuple(np.random.default_rng([seed, turnover]) for _ in place for seed in range(grid.seeds)))
    learned = learn(worlds, Rival(kind, np.repeat(gamma, grid.seeds)), grid.budget(turnover), stream)
    found = scores(worlds, judge, best, learned.act)
    constant, share, adherence = (np.asarray(each, dtype=np.float64).reshape(-1, grid.seeds).T
                                  for each in (found.constant, found.share, found.adherence))  # fmt: skip
    columns: dict[str, Any] = {"rival": kind, "gamma": gamma, "turnover": turnover, "ratio": ratio}
    columns |= share_interval(constant.sum(axis=0).astype(np.int64), grid.seeds).columns("constant")
    columns |= mean_interval(share).columns("share") | mean_interval(adherence, within=SHARE).columns("adherence")
    least = boundary(gamma, turnover * grid.count, grid.count, grid.happens)
    return pd.DataFrame(columns | {"boundary": least, "refusing_is_right": ratio < least})
