"""Learners among norms: the reciprocity gradient beside REINFORCE and PPO, and where these collapse.

    python benchmarks/reciprocity.py                 all tables (about a quarter of an hour on one core)
    python benchmarks/reciprocity.py joint --write   one of them, into docs/reciprocity.md
    python benchmarks/reciprocity.py --quick         everything in small, to see that it runs

8 seeds, 95 % intervals over seeds. A donation world outside the cooperative: errors of execution and assignment .02,
names good with probability one half at the start, payoffs a round over 30 rounds in the true chain of judgements.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from results_page import main, markdown

from commonweal.agents.arrays import Floats
from commonweal.agents.reciprocity.norms import Norm, norm_of
from commonweal.agents.streams import Stream
from commonweal.figures.collapse_map import draw_collapse
from commonweal.figures.printing import save
from commonweal.scenarios.runs.intervals import CORRELATION, SHARE, mean_interval
from commonweal.scenarios.studies.reciprocity import gradient, rivals
from commonweal.scenarios.studies.reciprocity.collapse import Grid, collapse_map, errors_of, share_interval
from commonweal.scenarios.studies.reciprocity.gradient import Planner
from commonweal.scenarios.studies.reciprocity.rivals import Rival
from commonweal.scenarios.studies.reciprocity.scores import Judge, Reference, Scores, reference, scores
from commonweal.scenarios.studies.reciprocity.signals import cosines
from commonweal.scenarios.studies.reciprocity.world import Budget, World, with_learner, world_of

PAGE = Path(__file__).parents[1] / "docs" / "reciprocity.md"
FIGURE = PAGE.parent / "images" / "collapse.png"
QUICK = "--quick" in sys.argv
ERRORS = errors_of(0.02)
SEEDS = 2 if QUICK else 8
SCHEDULES = 4 if QUICK else 128
POINTS = 3 if QUICK else 32  # random policies at which gradients are compared
EPISODES = (4, 8) if QUICK else (4, 32, 256)
MAPS = 2 if QUICK else 4  # seeds of the maps
GRID = Grid(seeds=MAPS, turnovers=(1, 4), updates=2, count=20) if QUICK else Grid(seeds=MAPS, turnovers=(1, 4, 16))


def budget(episodes: int, length: int) -> Budget:
    """Everybody acts each round, 100 updates."""
    return Budget(episodes, length, "rounds", 3 if QUICK else 100)


def streams(count: int, purpose: int) -> Stream:
    """A generator for each seed."""
    return Stream(tuple(np.random.default_rng([seed, purpose]) for seed in range(count)))


def groups(name: str, count: int, defectors: int = 0) -> list[tuple[Norm, int]]:
    """Followers of a norm, the learner among them, and who never give but judge by it."""
    norm = norm_of(name)
    never = Norm(np.zeros((2, 2)), norm.assess)
    return [(norm, count - defectors), *([(never, defectors)] if defectors else [])]


@dataclass(frozen=True)
class Setting:
    """A world and the budget that all learners in it have."""

    name: str
    norm: str
    members: Sequence[tuple[Norm, int]]
    ratio: float
    budget: Budget

    def world(self, judges: int = 1) -> World:
        """One world."""
        return world_of(self.members, ERRORS, np.array([self.ratio]), judges=judges)


@dataclass(frozen=True)
class Bench:
    """A setting, what its rules are valued by, and the best of them."""

    setting: Setting
    world: World  # one for each seed
    judge: Judge
    best: Reference
    signals: bool

    @classmethod
    def of(cls, setting: Setting, signals: bool = False) -> "Bench":
        """Find the best rules."""
        one = setting.world()
        judge = Judge.of(one, SCHEDULES if one.principals < 50 else max(4, SCHEDULES // 4))
        best = reference(one, judge, signals)
        return cls(setting, one.repeated(SEEDS), judge, best.taken(np.zeros(SEEDS, dtype=np.int64)), signals)

    def gradient(self, schedules: int = 16) -> Scores:
        """The reciprocity gradient."""
        found = gradient.learn(self.world, norm_of(self.setting.norm), Planner(schedules), self.setting.budget,
                               streams(SEEDS, 0), self.signals)  # fmt: skip
        return scores(self.world, self.judge, self.best, found.act, found.assess)

    def rival(self, kind: Any, gamma: float = 1.0, times: int = 1) -> Scores:
        """A rival with so many times the episodes."""
        budget = replace(self.setting.budget, episodes=self.setting.budget.episodes * times)
        found = rivals.learn(self.world, Rival(kind, np.full(SEEDS, gamma)), budget, streams(SEEDS, 1), self.signals)
        return scores(self.world, self.judge, self.best, found.act, found.assess)


def line(bench: Bench, learner: str, found: Scores) -> list[str]:
    """World, learner, share of the best payoff, adherence, seeds that end constant."""
    constant = share_interval(np.array(found.constant.sum()), SEEDS)
    cells = [mean_interval(each, within=SHARE).text() for each in (found.share, found.adherence)]
    return [bench.setting.name, learner, f"{found.share.min():.3f}", *cells, f"{found.constant.sum()} {ends(constant)}"]


def ends(interval: Any) -> str:
    """The ends of an interval in percent."""
    return f"[{100 * float(interval.low):.0f} %, {100 * float(interval.high):.0f} %]"


HEADS = ["world", "learner", "worst seed", "payoff, share of the best", "adherence", "seeds that end constant"]


def actions() -> str:
    """Everybody acts each round, 24 principals, 4 episodes of 20 rounds an update (1 where b/c is 1.5), 100 updates."""
    often, once = budget(4, 20), budget(1, 20)
    scoring, never = norm_of("image-scoring"), Norm(np.zeros((2, 2)), norm_of("image-scoring").assess)
    settings = [
        *(Setting(name, name, groups(name, 24), 3.0, often) for name in ("L6", "L3")),
        *(Setting(f"{name}, half AllD", name, groups(name, 24, 11), 3.0, often) for name in ("L6", "L3")),
        Setting("image scoring, half AllD", "image-scoring", [(scoring, 13), (never, 11)], 3.0, often),
        Setting("L6, b/c 1.5", "L6", groups("L6", 24), 1.5, once),
        Setting("L3, half AllD, b/c 2: never to give is best", "L3", groups("L3", 24, 11), 2.0, often),
    ]
    rows = []
    for setting in settings:
        bench = Bench.of(setting)
        rows += [line(bench, name, learn()) for name, learn in (
            ("reciprocity gradient", bench.gradient), ("PPO", lambda b=bench: b.rival("ppo")),
            ("REINFORCE", lambda b=bench: b.rival("reinforce")))]  # fmt: skip
    return markdown(HEADS, rows)


def events() -> str:
    """One act at a time, 100 principals: 400 events (4 acts of each) an episode, 2 episodes an update, 60 updates."""
    short, long = (Budget(2, length, "events", 3 if QUICK else 60) for length in (400, 1600))
    settings = [
        Setting("L6, b/c 1.5", "L6", groups("L6", 100), 1.5, short),
        Setting("L3, b/c 1.5", "L3", groups("L3", 100), 1.5, short),
        Setting("L6, half AllD, b/c 3", "L6", groups("L6", 100, 49), 3.0, short),
        Setting("L6, b/c 1.5, episodes four times as long", "L6", groups("L6", 100), 1.5, long),
    ]
    rows = []
    for setting in settings:
        bench = Bench.of(setting)
        rows.append(line(bench, "reciprocity gradient, 20 rounds ahead", bench.gradient(4)))
        rows += [line(bench, f"PPO, γ {gamma:g}", bench.rival("ppo", gamma)) for gamma in (1.0, 0.99, 0.95)]
        rows.append(line(bench, "REINFORCE, γ 1", bench.rival("reinforce")))
    return markdown(HEADS, rows)


def cosine() -> str:
    """Cosine to the true derivative at random policies (logits normal), 24 principals, b/c 3, episodes of 20 rounds."""
    heads = ["world", "episodes", "acts: gradient", "acts: REINFORCE", "verdicts: gradient", "verdicts: REINFORCE",
             "length by acts over length by verdicts, median"]  # fmt: skip
    rows = []
    for name, members in (("L6", groups("L6", 24)), ("L6, half AllD", groups("L6", 24, 11))):
        world = world_of(members, ERRORS, np.full(POINTS, 3.0))
        for episodes in EPISODES:
            found = cosines(world, episodes, streams(POINTS, 2), streams(POINTS, 3 + episodes))
            cells = (found.planned_acts, found.sampled_acts, found.planned_verdicts, found.sampled_verdicts)
            told = [mean_interval(each, within=CORRELATION).text(2) for each in cells]
            rows.append([name, f"{episodes}", *told, f"{np.median(found.ratio):.0f}"])
    return markdown(heads, rows)


def joint() -> str:
    """Acts and verdicts learned together, 8 principals, b/c 3, 4 episodes of 20 rounds an update, 100 updates."""
    rows = []
    for name, defectors in (("L6", 0), ("L6, half AllD", 4)):
        bench = Bench.of(Setting(name, "L6", groups("L6", 8, defectors), 3.0, budget(4, 20)), signals=True)
        tried: Mapping[str, Callable[[], Scores]] = {
            "reciprocity gradient": bench.gradient,
            **{f"{label}{', eight times the episodes' if times > 1 else ''}":
               lambda k=kind, n=times, b=bench: b.rival(k, times=n)
               for kind, label in (("ppo", "PPO"), ("reinforce", "REINFORCE")) for times in (1, 8)},
        }  # fmt: skip
        for learner, learn in tried.items():
            found = learn()
            signals = mean_interval(found.signals, within=SHARE).text(2)
            rows.append([*line(bench, learner, found)[:-1], signals, f"{found.signals.min():.2f}"])
    return markdown([*HEADS[:-1], "adherence of verdicts", "worst seed's"], rows)


def slander() -> str:
    """What one learner among followers of L6 gains by its verdicts alone, b/c 3, a round; seeds draw schedules."""
    norm = norm_of("L6")
    heads = ["principals", "judges of each", "payoff by the norm", "always bad", "gain", "always good"]
    rows = []
    for count, judges in ((8, 1), (24, 1), (8, 3), (24, 3)):
        world = world_of(groups("L6", count), ERRORS, np.array([3.0]), judges=judges)
        payoffs = np.array([_by_verdicts(world, norm, seed) for seed in range(SEEDS)])
        gain = mean_interval(100 * (payoffs[:, 1] / payoffs[:, 0] - 1)).text(2, "+")
        values = [mean_interval(payoffs[:, place]).text(4) for place in range(3)]
        rows.append([f"{count}", f"{judges}", *values[:2], f"{gain} %", values[2]])
    return markdown(heads, rows)


def _by_verdicts(world: World, norm: Norm, seed: int) -> Floats:
    """(3,) payoff of who judges by the norm, always bad, always good."""
    judge = Judge.of(world, 8 * SCHEDULES, seed)
    tables = (None, np.zeros((1, 2, 2, 2)), np.ones((1, 2, 2, 2)))
    return np.array([judge.values(with_learner(world, norm.act[None], table))[0] for table in tables])


def collapse() -> str:
    """PPO and REINFORCE among 100 followers of L6 in event time, 60 updates: payoffs around the boundary of b/c."""
    acts = 16 if QUICK else 64
    rich = Grid(seeds=GRID.seeds, turnovers=GRID.turnovers, updates=GRID.updates, count=GRID.count, acts=acts)
    maps = {
        "PPO, 2 episodes": collapse_map("ppo", GRID),
        f"PPO, {acts} acts": collapse_map("ppo", rich),
        f"REINFORCE, {acts} acts": collapse_map("reinforce", rich),
    }
    if "--write" in sys.argv:
        note = f"{GRID.count} principals, L6, {MAPS} seeds. Data of an update: 2 episodes, or {acts} acts of each."
        save(draw_collapse(maps, note), FIGURE)
    heads = ["learner and data of an update", "T/N", "b/c against the boundary", "cells", "payoff, share of the best",
             "seeds that end constant"]  # fmt: skip
    rows = [row for name, table in maps.items() for row in _around(name, table)]
    return markdown(heads, rows)


def _around(name: str, table: pd.DataFrame) -> list[list[str]]:
    """Lines for cells well below, near and well above the boundary."""
    far = (table["ratio"] / table["boundary"]).to_numpy()
    zones = {"below by a fifth or more": far <= 0.8, "nearer": (far > 0.8) & (far < 1.25),
             "above by a quarter or more": far >= 1.25}  # fmt: skip
    rows = []
    for turnover in sorted(set(table["turnover"])):
        for zone, inside in zones.items():
            cells = table[inside & (table["turnover"] == turnover)]
            shares = f"{cells['share'].mean():.2f} ({cells['share'].min():.2f} to {cells['share'].max():.2f})"
            if len(cells):
                rows.append([name, f"{turnover}", zone, f"{len(cells)}", shares, f"{cells['constant'].mean():.0%}"])
    return rows


if __name__ == "__main__":
    if QUICK:
        sys.argv.remove("--quick")
    tables = {"actions": actions, "events": events, "cosines": cosine, "joint": joint, "slander": slander,
              "collapse": collapse}  # fmt: skip
    main(__doc__, tables, "learners-", PAGE)
