"""Learners beside rivals that only sample, in a donation world with the followers, errors and ratio of a scenario."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.policies.norms import PREFIX
from commonweal.agents.reciprocity.norms import Errors, Norm, norm_of
from commonweal.agents.streams import Stream
from commonweal.scenarios.runs.intervals import SHARE
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.pieces import Piece, Tick
from commonweal.scenarios.studies.reciprocity import gradient, rivals
from commonweal.scenarios.studies.reciprocity.collapse import share_interval
from commonweal.scenarios.studies.reciprocity.gradient import Planner
from commonweal.scenarios.studies.reciprocity.playing import Played
from commonweal.scenarios.studies.reciprocity.rivals import Rival
from commonweal.scenarios.studies.reciprocity.rules import LEARNS
from commonweal.scenarios.studies.reciprocity.scores import Judge, reference, scores
from commonweal.scenarios.studies.reciprocity.tables import of_one
from commonweal.scenarios.studies.reciprocity.tables import ratio as ratio_of
from commonweal.scenarios.studies.reciprocity.world import Budget, World, world_of

GRADIENT, PPO, REINFORCE = LEARNERS = ("reciprocity gradient", "PPO", "REINFORCE")
EPISODES, LENGTH = 4, 20  # of an update, and rounds of each
_SCHEDULES = 16  # that a learner plans through in an update


@dataclass(frozen=True)
class Contest:
    """What is played for one learner."""

    scenario: Scenario
    followers: dict[str, int]  # principals by policy, the learner among those who judge by the usual norm
    ratio: float  # benefit of a gift per cost
    seeds: tuple[int, ...]  # S
    updates: int
    learner: str  # of LEARNERS

    @property
    def piece(self) -> Piece:
        """To play; an update is about as dear as a round of the economy in each seed."""
        return Piece(_play, self, self.updates * len(self.seeds), (Outcome,))

    @property
    def world(self) -> World:
        """One world; the learner is its first principal."""
        part = self.scenario.reciprocity
        errors = Errors(*(np.array(rate) for rate in (part.execution, part.perception, part.assignment)))
        return world_of(self._groups(), errors, np.array([self.ratio]), judges=part.judges)

    def _groups(self) -> list[tuple[Norm, int]]:
        """Norms and their followers; who follows none and does not learn never gives, and judges by the usual one."""
        usual = norm_of(self.scenario.reciprocity.norm)
        groups = [(usual, self.followers.get(LEARNS, 0))] if self.followers.get(LEARNS) else []
        for name, count in self.followers.items():
            prefix, _, norm = name.partition(":")
            if prefix == PREFIX and norm:
                groups.append((norm_of(norm), count))
            elif name != LEARNS:
                groups.append((Norm(np.zeros((2, 2)), usual.assess), count))
        return groups


@dataclass(frozen=True)
class Outcome:
    """What a learner came to in S seeds."""

    share: Floats  # (S,) payoff, of the best rule's
    adherence: Floats  # (S,) to the best rule, over cells that decide something
    constant: Bools  # (S,) whether it gives to all about alike


def contests(scenario: Scenario, played: Played, seeds: tuple[int, ...], updates: int) -> list[Contest]:
    """One for each learner, at the mean ratio, followers as in the first seed; none where gifts are worth nothing."""
    known = ratio_of(played)
    if not updates or not np.isfinite(known).any() or (ratio := float(np.nanmean(known))) <= 0:
        return []
    counts = {name: int((played.policy[0] == place).sum()) for place, name in enumerate(played.policies)}
    followers = {name: count for name, count in counts.items() if count}
    return [Contest(scenario, followers, ratio, seeds, updates, learner) for learner in LEARNERS]


def _play(asked: Contest, tick: Tick) -> Outcome:
    one, seeds = asked.world, len(asked.seeds)
    judge = Judge.of(one)
    best = reference(one, judge).taken(np.zeros(seeds, dtype=np.int64))
    world, budget = one.repeated(seeds), Budget(EPISODES, LENGTH, "rounds", asked.updates)
    stream = Stream(tuple(np.random.default_rng([seed, LEARNERS.index(asked.learner)]) for seed in asked.seeds))
    if asked.learner == GRADIENT:
        norm = norm_of(asked.scenario.reciprocity.norm)
        learned = gradient.learn(world, norm, Planner(_SCHEDULES), budget, stream)
    else:
        rival = Rival("ppo" if asked.learner == PPO else "reinforce", np.ones(seeds))
        learned = rivals.learn(world, rival, budget, stream)
    found = scores(world, judge, best, learned.act)
    return Outcome(found.share, found.adherence, found.constant)


def rivalry(asked: Sequence[Contest], found: Sequence[Outcome]) -> pd.DataFrame:
    """A row per learner: payoff over the best rule's, adherence, and in how many seeds it gives to all alike."""
    rows = []
    for contest, outcome in zip(asked, found, strict=True):
        columns: dict[str, Any] = {"learner": contest.learner, "benefit_per_cost": contest.ratio}
        columns |= of_one(outcome.share, "payoff_of_best") | of_one(outcome.adherence, "adherence", SHARE)
        columns["worst_seed"] = float(outcome.share.min())
        constant = share_interval(np.array(outcome.constant.sum()), len(contest.seeds))
        columns |= {column: float(end) for column, end in constant.columns("constant").items()}
        rows.append(columns)
    return pd.DataFrame(rows)
