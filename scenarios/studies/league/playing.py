"""Playing a league: attackers by themselves, attackers among each other, and learners, each as pieces of the study."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.arena.arena import Arena
from commonweal.economy.arena.moves import Moves
from commonweal.economy.arena.tactics import Tactic, tactic_of
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.learners.population import Steps
from commonweal.economy.learners.ppo import PPO
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.best_deviation.study import members_of
from commonweal.scenarios.studies.incentives.base_runs import play_base
from commonweal.scenarios.studies.incentives.catalogue import tried_by
from commonweal.scenarios.studies.incentives.playing import Span, play_deviations
from commonweal.scenarios.studies.league.options import LeagueOptions
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick
from commonweal.scenarios.studies.training.training import Method, Training, train_in

Background = tuple[tuple[int, Tactic], ...]  # who of the others plays what
_RATE = 0.005  # of PPO


@dataclass(frozen=True)
class Learned:
    """What one learner came to."""

    tactic: Tactic
    course: Floats  # (U,) mean reward in a round, by update
    rounds: int  # of single runs that it took


@dataclass(frozen=True)
class Setting:
    """Runs in which one principal moves among others."""

    scenario: Scenario
    focal: int  # the principal that moves
    moves: Moves
    names: int  # under which it takes part
    background: Background
    training: Training  # rounds of an episode and before it, and what is judged; how it learns, if it does

    def arena(self, seeds: Sequence[int]) -> Arena:
        """The runs of some seeds."""
        told = self.training
        return Arena(
            self.scenario, seeds, focal=(self.focal,), moves=self.moves, names=self.names, horizon=told.horizon,
            warm_up=told.start, judge=told.judge, background=dict(self.background),
        )  # fmt: skip


@dataclass(frozen=True)
class Meeting:
    """E tactics, each played in runs of its own in some seeds."""

    setting: Setting
    tactics: tuple[Tactic, ...]
    seeds: tuple[int, ...]

    @property
    def piece(self) -> Piece:
        """To play, as one ensemble; gives rewards (E, S) in a round, and moves (T, E, S, D)."""
        span = self.setting.training
        return Piece(_meet, self, (span.start + span.horizon) * len(self.seeds) * len(self.tactics))


def _meet(meeting: Meeting, tick: Tick) -> tuple[Floats, Ints]:
    tactics, size = meeting.tactics, len(meeting.seeds)
    seeds = [*meeting.seeds] * len(tactics)
    arena = meeting.setting.arena(seeds)
    sights, total, noted = arena.reset(seeds), np.zeros(len(seeds)), []
    tick(len(seeds) * arena.warm_up)
    memories = [tactic.begin(size) for tactic in tactics]
    for played in range(arena.horizon):
        codes = np.empty((len(seeds), 1, len(arena.sizes)), dtype=np.int64)
        for k, tactic in enumerate(tactics):
            own = slice(k * size, (k + 1) * size)
            seen = sights[own, 0][:, [arena.sight_names.index(name) for name in tactic.sees]]
            codes[own, 0], memories[k] = tactic.choose(seen, played, memories[k])
        sights, rewards, _, _ = arena.step(codes)
        total += rewards[:, 0] / arena.horizon
        noted.append(codes[:, 0].reshape(len(tactics), size, -1))
        tick(len(seeds))
    return total.reshape(len(tactics), size), np.stack(noted)


@dataclass(frozen=True)
class Lesson:
    """A learner among others."""

    setting: Setting
    starts: tuple[Steps, ...]  # programmes with which a search over programmes begins
    seed: int

    @property
    def piece(self) -> Piece:
        """To play; gives the tactic as JSON, the course of learning, and the rounds that it took."""
        told = self.setting.training
        batches = told.updates + (3 if told.method == "ppo" else 12)
        return Piece(_learn, self, batches * told.runs * (told.start + told.horizon))


def _learn(lesson: Lesson, tick: Tick) -> tuple[str, Floats, int]:
    setting = lesson.setting
    arena = setting.arena(range(setting.training.runs))
    learned = train_in(arena, setting.scenario, setting.training, lesson.seed, tick, lesson.starts)
    return json.dumps(learned.tactic.document()), learned.course, learned.rounds


@dataclass(frozen=True)
class Bench:
    """Plays a league."""

    scenario: Scenario
    options: LeagueOptions
    pieces: Pieces

    @property
    def members(self) -> tuple[int, ...]:
        """Principals that learn and meet others, spread evenly over all."""
        count = self.scenario.population.count
        size = min(self.options.principals, count)
        return tuple((2 * k + 1) * count // (2 * size) for k in range(size))

    def training(self, method: Method = "programmes") -> Training:
        """How long episodes are, and how a learner learns in them."""
        told = self.options
        return Training(method, start=told.start, horizon=told.horizon, runs=told.runs, updates=told.updates,
                        judge=told.judge, ppo=PPO(rate=_RATE))  # fmt: skip

    def gains(self, deviations: Sequence[Deviation], seeds: Sequence[int], what: str) -> Floats:
        """(S, P, D) gains of D deviations by each of P principals, alone among those of the scenario.

        Args:
            deviations: of principal 0; who tries them takes its place.
            seeds: S of them; each draws new principals, of whom those at P places in their order try.
            what: they are, for progress.
        """
        told = self.options
        base = play_base(self.scenario, seeds, told.start, told.horizon, self.pieces, told.judge)
        members = members_of(base, None, told.principals)
        tried = [[tried_by(each, int(member)) for each in deviations for member in row] for row in members]
        span = Span(told.start, told.horizon, "adapt", told.judge)
        found = play_deviations(
            self.scenario, seeds, tried, span, workers=told.workers, pieces=self.pieces, what=what
        ).gains
        gains: Floats = found.reshape(len(seeds), len(deviations), -1).transpose(0, 2, 1)
        return gains

    @property
    def focal(self) -> int:
        """The principal that meets attackers; each seed draws another in its place."""
        return self.members[len(self.members) // 2]

    def rewards(
        self,
        tried: Sequence[tuple[Tactic, int]],
        backgrounds: Sequence[Mapping[int, Tactic]],
        seeds: Sequence[int],
        focal: int,
    ) -> Floats:
        """(B, E, S) rewards in a round of E tactics under so many names, among each of B backgrounds.

        Args:
            tried: tactics of one menu, and under how many names each takes part.
            backgrounds: who of the others plays what, by principal.
            seeds: S of them.
            focal: the principal that tries.
        """
        rewards = np.empty((len(backgrounds), len(tried), len(seeds)))
        if not rewards.size:
            return rewards
        groups = [[k for k, (_, own) in enumerate(tried) if own == names] for names in sorted({n for _, n in tried})]
        places = [(b, group) for b in range(len(backgrounds)) for group in groups]
        meetings = [self.meeting([tried[k] for k in group], backgrounds[b], seeds, focal) for b, group in places]
        given = self.pieces.play("attackers among each other", [each.piece for each in meetings], self.options.workers)
        for (b, group), (found, _) in zip(places, given, strict=True):
            rewards[b, group] = found
        return rewards

    def meeting(
        self, tried: Sequence[tuple[Tactic, int]], background: Mapping[int, Tactic], seeds: Sequence[int], focal: int
    ) -> Meeting:
        """Tactics of one menu, under one number of names, among others."""
        tactics = tuple(tactic for tactic, _ in tried)
        return Meeting(self.setting(tactics[0].moves, tried[0][1], background, focal), tactics, tuple(seeds))

    def setting(
        self, moves: Moves, names: int, background: Mapping[int, Tactic], focal: int, method: Method = "programmes"
    ) -> Setting:
        """Runs in which one principal moves, or learns by a method."""
        others = tuple((member, tactic) for member, tactic in background.items() if member != focal)
        training = replace(self.training(method), member=focal)
        return Setting(self.scenario, focal, moves, names, others, training)

    def learned(self, lessons: Sequence[Lesson]) -> list[Learned]:
        """What learners come to."""
        given = self.pieces.play("learners", [each.piece for each in lessons], self.options.workers)
        return [Learned(tactic_of(json.loads(text)), course, int(rounds)) for text, course, rounds in given]

    def watched(self, tried: Sequence[tuple[Tactic, int]], seeds: Sequence[int]) -> list[Ints]:
        """(T, S, D) moves of each tactic, under so many names, among the scenario's own principals."""
        meetings = [self.meeting([each], {}, seeds, self.focal) for each in tried]
        given = self.pieces.play("networks as they move", [each.piece for each in meetings], self.options.workers)
        return [moved[:, 0] for _, moved in given]
