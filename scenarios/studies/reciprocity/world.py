"""A donation world in numpy, for learners and their rivals: who gives to whom, who judges it, what names come of it.

Two clocks. In a round everybody gives or refuses once, to a recipient by a permutation without fixed points. In event
time one principal acts at a time, so that a name waits about N events until it is used, and as many until it changes.
The worlds of a batch and their episodes are played at once; each world draws from a generator of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints
from commonweal.agents.reciprocity.chain import Rules, drawn_schedule
from commonweal.agents.reciprocity.norms import Errors, Norm, executed, judged
from commonweal.agents.streams import Stream

Clock = Literal["rounds", "events"]


@dataclass(frozen=True)
class World:
    """B worlds of N principals who follow rules."""

    rules: Rules  # of everybody, after errors
    errors: Errors  # () each
    benefit: Floats  # (B,) of a gift to its recipient
    cost: Floats  # (B,) of a gift to its donor
    first: float = 0.5  # probability of a good name at the start of an episode
    judges: int = 1  # J of each donor, odd; the majority counts

    @property
    def principals(self) -> int:
        """N."""
        return int(self.rules.act.shape[1])

    def __len__(self) -> int:
        return len(self.rules.act)

    def taken(self, places: Ints) -> "World":
        """The worlds at ``places`` (C,), which may come more than once."""
        rules = Rules(self.rules.act[places], self.rules.assess[places])
        return replace(self, rules=rules, benefit=self.benefit[places], cost=self.cost[places])

    def repeated(self, count: int) -> "World":
        """Each world ``count`` times, one after the other."""
        return self.taken(np.repeat(np.arange(len(self)), count))


@dataclass(frozen=True)
class Budget:
    """How much is played: all that a learner may see."""

    episodes: int  # E of an update
    length: int  # T rounds or events of an episode
    clock: Clock = "rounds"
    updates: int = 1


@dataclass
class Notes:
    """What the public sees of M acts in each step; lists with one entry (B, E, M) for each, judges' (B, E, M, J)."""

    donor: list[Ints] = field(default_factory=list)
    judge: list[Ints] = field(default_factory=list)
    context: list[Ints] = field(default_factory=list)
    gave: list[Ints] = field(default_factory=list)
    verdict: list[Ints] = field(default_factory=list)

    def add(self, donor: Ints, judge: Ints, context: Ints, gave: Ints, verdict: Ints) -> None:
        """One step."""
        for name, value in zip(_PUBLIC, (donor, judge, context, gave, verdict), strict=True):
            getattr(self, name).append(value.astype(np.int16))

    def whole(self) -> tuple[Ints, ...]:
        """(T, B, E, M) donors, contexts and acts, (T, B, E, M, J) judges and verdicts, in the order of the fields."""
        return tuple(np.stack(getattr(self, name)).astype(np.int64) for name in _PUBLIC)


_PUBLIC = ("donor", "judge", "context", "gave", "verdict")


@dataclass(frozen=True)
class Episodes:
    """What happened in E episodes of T rounds or events in B worlds, as seen by one learner and by the public."""

    context: Ints  # (B, E, T) cell of the learner's act, in the order BB, BG, GB, GG; -1 where it did not act
    gave: Bools  # (B, E, T) whether it meant to give
    reward: Floats  # (B, E, T) of the learner
    image: Ints  # (B, E, T) of the learner, before the act
    good: Floats  # (B, E, T) share of good names before the act
    last: Ints  # (B, E, N) images at the end
    notes: Notes
    learner: int = 0

    @cached_property
    def judged(self) -> Ints:
        """(B, E, T, 8, 2) how often the learner called a donor bad, good, by cell and act: BBD, BBC, BGD, …, GGC."""
        _, judge, context, gave, verdict = self.notes.whole()
        own = np.nonzero(judge == self.learner)
        counts = np.zeros((*self.reward.shape, 8, 2), dtype=np.int64)
        np.add.at(counts, (own[1], own[2], own[0], 2 * context[own[:-1]] + gave[own[:-1]], verdict[own]), 1)
        return counts

    @cached_property
    def acts(self) -> Floats:
        """(B, N, 2, 2, 2) how often each donor refused, gave, by context."""
        donor, _, context, gave, _ = self.notes.whole()
        return self._counted(donor, (4, context), (2, gave)).reshape(*self.last.shape[::2], 2, 2, 2)

    @cached_property
    def verdicts(self) -> Floats:
        """(B, N, 2, 2, 2, 2) how often each judge said bad, good, by context and act."""
        _, judge, context, gave, verdict = self.notes.whole()
        parts = ((4, context[..., None]), (2, gave[..., None]), (2, verdict))
        return self._counted(judge, *parts).reshape(*self.last.shape[::2], 2, 2, 2, 2)

    def _counted(self, who: Ints, *parts: tuple[int, Ints]) -> Floats:
        worlds, _, count = self.last.shape
        world = np.arange(worlds).reshape(-1, *[1] * (who.ndim - 2))
        place, size = world * count + who, worlds * count
        for number, part in parts:
            place, size = place * number + part, size * number
        return np.bincount(place.ravel(), minlength=size).astype(np.float64)


def world_of(groups: Sequence[tuple[Norm, int]], errors: Errors, benefit: Floats, cost: float = 1.0, *,
             judges: int = 1) -> World:  # fmt: skip
    """Worlds that differ only in what a gift is worth.

    Args:
        groups: norms and how many principals follow each, in this order; the learner is the first of the first.
        errors: () each.
        benefit: (B,) of a gift to its recipient.
        cost: of a gift to its donor.
        judges: J of each donor, odd.
    """
    act = np.concatenate([np.repeat(norm.act[None], count, axis=0) for norm, count in groups])
    assess = np.concatenate([np.repeat(norm.assess[None], count, axis=0) for norm, count in groups])
    worlds = len(benefit)
    made = np.repeat(executed(act, errors.execution)[None], worlds, axis=0)
    named = np.repeat(judged(assess, errors.perception, errors.assignment)[None], worlds, axis=0)
    worth = np.asarray(benefit, dtype=np.float64)
    return World(Rules(made, named), errors, worth, np.full(worlds, cost), judges=judges)


def with_learner(world: World, act: Floats, assess: Floats | None = None, learner: int = 0) -> World:
    """The worlds with a learner's tables in its place.

    Args:
        world: to be changed.
        act: (B, 2, 2) probability that the learner means to give; gifts fail as everybody's do.
        assess: (B, 2, 2, 2) probability that it calls a donor good, without errors on top; None: as it was.
        learner: its place.
    """
    acts, verdicts = world.rules.act.copy(), world.rules.assess.copy()
    acts[:, learner] = executed(act, world.errors.execution)
    if assess is not None:
        verdicts[:, learner] = assess
    return replace(world, rules=Rules(acts, verdicts))


def play(world: World, budget: Budget, stream: Stream, learner: int = 0) -> Episodes:
    """Play E episodes in each world.

    Args:
        world: B of them, with the learner's tables in its place.
        budget: how long, by which clock.
        stream: B generators; each world draws the same numbers alone or in any batch.
        learner: whose acts, verdicts and rewards are told.
    """
    return (_play_rounds if budget.clock == "rounds" else _play_events)(world, budget, stream, learner)


def third_parties(uniform: Floats, donor: Ints, recipient: Ints, count: int) -> Ints:
    """(..., J) judges among N = ``count``, different ones, neither donor nor recipient (...), by uniform (..., J)."""
    chosen: list[Ints] = []
    for place in range(uniform.shape[-1]):
        judge = (uniform[..., place] * (count - 2 - place)).astype(np.int64)
        for taken in np.sort(np.stack([donor, recipient, *chosen]), axis=0):
            judge += judge >= taken
        chosen.append(judge)
    return np.stack(chosen, axis=-1)


def _play_rounds(world: World, budget: Budget, stream: Stream, learner: int) -> Episodes:
    shape = (len(world), budget.episodes, world.principals)
    image = (stream.uniform(*shape[1:]) < world.first).astype(np.int64)
    schedule = drawn_schedule(np.moveaxis(stream.uniform(budget.length, *shape[1:]), 1, 0), world.judges)
    luck = np.moveaxis(stream.uniform(budget.length, *shape[1:], 1 + world.judges), 1, 0)
    notes, own = Notes(), _Own()
    donor, at = np.broadcast_to(np.arange(shape[2]), shape), np.arange(shape[0])[:, None, None]
    acts, verdicts = _flat(world)
    for recipient, judge, uniform in zip(schedule.recipient, schedule.judges, luck, strict=True):
        context = 2 * image + np.take_along_axis(image, recipient, axis=2)
        chance = acts[at, donor, context]
        gave = (uniform[..., 0] < chance).astype(np.int64)
        verdict = (uniform[..., 1:] < verdicts[at[..., None], judge, (2 * context + gave)[..., None]]).astype(np.int64)
        received = np.empty_like(gave)
        np.put_along_axis(received, recipient, gave, axis=2)
        reward = world.benefit[:, None] * received[..., learner] - world.cost[:, None] * gave[..., learner]
        meant = uniform[..., 0] * (1 - world.errors.execution) < chance
        own.add(context[..., learner], meant[..., learner], reward, image[..., learner], image.mean(axis=2))
        notes.add(donor, judge, context, gave, verdict)
        image = _majority(verdict)
    return own.told(image, notes, learner)


def _flat(world: World) -> tuple[Floats, Floats]:
    """(B, N, 4) tables of acts and (B, N, 8) of verdicts."""
    rules, shape = world.rules, world.rules.act.shape[:2]
    return rules.act.reshape(*shape, 4), rules.assess.reshape(*shape, 8)


def _majority(verdict: Ints) -> Ints:
    """(...) the image that most of the judges (..., J) give."""
    image: Ints = (2 * verdict.sum(axis=-1) > verdict.shape[-1]).astype(np.int64)
    return image


def _play_events(world: World, budget: Budget, stream: Stream, learner: int) -> Episodes:
    count, worlds, episodes = world.principals, len(world), budget.episodes
    image = (stream.uniform(episodes, count) < world.first).astype(np.int64)
    drawn = stream.uniform(episodes, budget.length, 3 + 2 * world.judges)
    whom, lots = np.array_split(np.ascontiguousarray(drawn.transpose(3, 2, 0, 1)), [2])  # (…, T, B, E): fast by event
    judging, saying = (np.ascontiguousarray(np.moveaxis(part, 0, -1)) for part in np.split(lots[1:], 2))
    donor = (whom[0] * count).astype(np.int64)
    recipient = (whom[1] * (count - 1)).astype(np.int64)
    recipient += recipient >= donor
    judge = third_parties(judging, donor, recipient, count)
    notes, own, names = Notes(), _Own(), image.sum(axis=2)
    acts, verdicts = (each.ravel() for each in _flat(world))
    start = count * np.arange(worlds)[:, None]
    episode = count * np.arange(worlds * episodes).reshape(worlds, episodes)
    at, met = donor + episode, recipient + episode  # places in flat images
    row, heard = 4 * (start + donor), 8 * (start[..., None] + judge)  # places in flat tables
    flat, mine = image.reshape(-1), donor == learner
    paid = world.benefit[:, None] * (recipient == learner) - world.cost[:, None] * mine
    for t in range(budget.length):
        before = flat[at[t]]
        context = 2 * before + flat[met[t]]
        chance, luck = acts[row[t] + context], lots[0, t]
        gave = (luck < chance).astype(np.int64)
        good = verdicts[heard[t] + (2 * context + gave)[..., None]]
        verdict = (saying[t] < good).astype(np.int64)
        meant = mine[t] & (luck * (1 - world.errors.execution) < chance)
        own.add(np.where(mine[t], context, -1), meant, gave * paid[t], image[..., learner], names / count)
        notes.add(donor[t][..., None], judge[t][..., None, :], context[..., None], gave[..., None],
                  verdict[..., None, :])  # fmt: skip
        after = _majority(verdict)
        flat[at[t]] = after
        names = names + after - before
    return own.told(image, notes, learner)


@dataclass
class _Own:
    """What the learner sees of its own; one entry (B, E) for each step."""

    steps: list[tuple[AnyArray, ...]] = field(default_factory=list)

    def add(self, context: Ints, gave: Bools, reward: Floats, image: Ints, good: Floats) -> None:
        """One step."""
        self.steps.append((context, gave, reward, image.copy(), good))

    def told(self, last: Ints, notes: Notes, learner: int) -> Episodes:
        """All steps, and what was left at the end."""
        context, gave, reward, image, good = (np.stack(each, axis=2) for each in zip(*self.steps, strict=True))
        return Episodes(context, gave, reward, image, good, last, notes, learner)
