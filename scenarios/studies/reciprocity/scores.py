"""How a learner is scored: against the best of the 16 rules of action, in the true chain of judgements."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.reciprocity.chain import Schedule, Stakes, drawn_schedule, value
from commonweal.agents.reciprocity.public import ACTS
from commonweal.agents.streams import Stream
from commonweal.scenarios.studies.reciprocity.world import World, with_learner

ROUNDS = 30  # that a rule is valued over, from the start of an episode
WORTH = 1e-3  # share of the best payoff that a cell must decide to be scored
CONSTANT = 0.3  # a rule whose cells differ by less gives to all alike
_ROUNDING = 1e-12
_PLACES = 16_000  # principals in all schedules that are followed at once


@dataclass(frozen=True)
class Judge:
    """The same schedules for every rule that is valued."""

    schedule: Schedule  # (T, 1, E, N) of one world

    @classmethod
    def of(cls, world: World, schedules: int = 16, seed: int = 0, rounds: int = ROUNDS) -> "Judge":
        """Draw schedules for worlds of this size."""
        uniform = Stream((np.random.default_rng(seed),)).uniform(rounds, schedules, world.principals)
        return cls(drawn_schedule(np.moveaxis(uniform, 1, 0), world.judges))

    def values(self, world: World, learner: int = 0) -> Floats:
        """(B,) payoff a round of the learner in each world, in mean field; a few worlds at a time, to fit in memory."""
        size = self.schedule.recipient[0].size
        parts = np.array_split(np.arange(len(world)), -(-len(world) * size // _PLACES))
        return np.concatenate([self._values(world.taken(part), learner) for part in parts if len(part)])

    def _values(self, world: World, learner: int) -> Floats:
        worlds, (rounds, _, *size) = len(world), self.schedule.recipient.shape
        wide = (rounds, worlds, *size)
        schedule = Schedule(np.broadcast_to(self.schedule.recipient, wide),
                            np.broadcast_to(self.schedule.judges, (*wide, world.judges)))  # fmt: skip
        first = np.full((worlds, world.principals), world.first)
        stakes = Stakes(np.full(worlds, learner), world.benefit, world.cost)
        payoff: Floats = value(first, world.rules, schedule, stakes) / rounds
        return payoff


@dataclass(frozen=True)
class Reference:
    """The best rule in each of B worlds, and what each of its cells decides."""

    act: Floats  # (B, 2, 2) 1: to give
    assess: Floats | None  # (B, 2, 2, 2) 1: to call good; None where verdicts are given
    value: Floats  # (B,) payoff a round
    stake: Floats  # (B, 2, 2) what is lost where a cell is turned round
    signal_stake: Floats | None  # (B, 2, 2, 2)

    def taken(self, places: Ints) -> "Reference":
        """Those of the worlds at ``places`` (C,), which may come more than once."""
        parts = (self.act, self.assess, self.value, self.stake, self.signal_stake)
        return Reference(*(None if part is None else part[places] for part in parts))  # type: ignore[arg-type]

    @classmethod
    def joined(cls, parts: Sequence["Reference"]) -> "Reference":
        """Those of several batches, one after the other."""
        columns = ([getattr(part, each.name) for part in parts] for each in fields(cls))
        return cls(*(None if column[0] is None else np.concatenate(column) for column in columns))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Scores:
    """How near B rules come to their references."""

    value: Floats  # (B,) payoff a round
    share: Floats  # (B,) of the reference's
    adherence: Floats  # (B,) 1 - |difference|, mean over cells that are scored; nan where there are none
    hit: Floats  # (B,) share of scored cells on the right side of one half
    constant: Bools  # (B,) whether all cells are about alike
    signals: Floats  # (B,) adherence of verdicts; nan where they are given


def reference(world: World, judge: Judge, signals: bool = False, learner: int = 0) -> Reference:
    """The best rule of a learner against everybody else's.

    All 16 rules of action are tried. Where verdicts are learned too, both are improved by turns, from the verdicts of
    the world's own norm: verdicts cell by cell, then all 16 rules again, until nothing changes.

    Args:
        world: B of them.
        judge: what values rules.
        signals: whether the learner chooses its verdicts.
        learner: its place.
    """
    return Reference.joined([_best(_Trials(world.taken(np.array([b])), judge, learner), signals)
                             for b in range(len(world))])  # fmt: skip


@dataclass(frozen=True)
class _Trials:
    """What rules of the learner are worth in one world."""

    world: World
    judge: Judge
    learner: int

    def values(self, acts: Floats, verdicts: Floats) -> Floats:
        """(C,) of C rules (C, 2, 2) and (C, 2, 2, 2), or one of either."""
        count = max(len(acts), len(verdicts))
        many = with_learner(self.world.repeated(count), acts, verdicts, self.learner)
        return self.judge.values(many, self.learner)

    def best_act(self, verdicts: Floats) -> Floats:
        """(1, 2, 2) the best of the 16 rules of action."""
        return ACTS[[self.values(ACTS, verdicts).argmax()]]

    def climbed(self, act: Floats, verdicts: Floats) -> Floats:
        """(1, 2, 2, 2) verdicts after turning round, one after the other, the cell that pays most, while one does."""
        for _ in range(16):
            many = np.concatenate([verdicts, _turned(verdicts[0])])
            values = self.values(act, many)
            if values.max() - values[0] < _ROUNDING:
                return verdicts
            verdicts = many[[values.argmax()]]
        return verdicts


def _best(trials: _Trials, signals: bool) -> Reference:
    """The best rule in one world."""
    verdicts = trials.world.rules.assess[:, trials.learner]
    verdicts = np.round(verdicts) if signals else verdicts
    act = trials.best_act(verdicts)
    for _ in range(4 * signals):
        before, verdicts = (act, verdicts), trials.climbed(act, verdicts)
        act = trials.best_act(verdicts)
        if (before[0] == act).all() and (before[1] == verdicts).all():
            break
    best = trials.values(act, verdicts)
    stake = (best - trials.values(_turned(act[0]), verdicts)).reshape(1, 2, 2)
    if not signals:
        return Reference(act, None, best, stake, None)
    return Reference(act, verdicts, best, stake, (best - trials.values(act, _turned(verdicts[0]))).reshape(1, 2, 2, 2))


def _turned(cells: Floats) -> Floats:
    """(C, ...) the cells (...) with each of C turned round."""
    turned: Floats = np.abs(cells - np.eye(cells.size).reshape(-1, *cells.shape))
    return turned


def scores(world: World, judge: Judge, best: Reference, act: Floats, assess: Floats | None = None,
           learner: int = 0) -> Scores:  # fmt: skip
    """How near learned rules come to their references.

    Args:
        world: B of them.
        judge: what values rules.
        best: references in these worlds.
        act: (B, 2, 2) learned probability of meaning to give.
        assess: (B, 2, 2, 2) learned verdicts; None where they are given.
        learner: its place.
    """
    payoff = judge.values(with_learner(world, act, assess, learner), learner)
    far = np.where(best.stake >= WORTH * np.abs(best.value)[:, None, None], np.abs(act - best.act), np.nan)
    off = np.full((len(world), 1), np.nan)
    if assess is not None and best.assess is not None and best.signal_stake is not None:
        scored = best.signal_stake >= WORTH * np.abs(best.value)[:, None, None, None]
        off = np.where(scored, np.abs(assess - best.assess), np.nan)
    spread = act.max(axis=(1, 2)) - act.min(axis=(1, 2))
    hit = np.where(np.isnan(far), np.nan, far < 0.5)
    return Scores(payoff, payoff / best.value, 1 - _mean(far), _mean(hit), spread < CONSTANT, 1 - _mean(off))


def _mean(cells: Floats) -> Floats:
    """(B,) mean over what is known of (B, ...); nan where nothing is."""
    flat = cells.reshape(len(cells), -1)
    known = np.isfinite(flat)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(known, flat, 0.0).sum(axis=1) / known.sum(axis=1)
    return mean
