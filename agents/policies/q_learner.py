"""A small network that learns what each action is worth, given what was seen: R networks at once, one for each run.

One hidden layer of tanh units, four outputs. It learns from decisions that it remembers (Lin 1992; Mnih et al. 2015),
by Expected Sarsa (van Seijen et al. 2009): the worth of an action is the utility it brought and, discounted, what the
law of the next action makes of the next sight, by a slowly following average of the network.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from commonweal.agents.actions import CODES
from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.agents.terms import PerRun

DECAYS = (0.9, 0.999)  # of Adam's moments (Kingma and Ba 2015)
TINY = 1e-8  # where Adam divides
FOLLOWS = 0.05  # of the way to the network, that its average goes in a step
FARTHEST = 5.0  # standard deviations from the mean at which what is seen is cut off

Law = Callable[[Floats, Ints], Floats]  # from values (R, B, 4) and last actions (R, B): probabilities (R, B, 4)


@dataclass(frozen=True)
class QNetworkTerms:
    """``scenario.policy.q_network``."""

    hidden: int  # H units of the network
    rate: PerRun  # (R, 1) step size of Adam
    discount: PerRun  # (R, 1) weight of what follows, a round later
    exploration: PerRun  # (R, 1) probability of a random action in the end
    anneal: PerRun  # (R, 1) rounds in which exploration falls from 1
    temperature: PerRun  # (R, 1) of the softmax, in standard deviations of utility; 0: the best action
    memory: int  # M rounds that are remembered
    batch: int  # B decisions that are remembered of a round, and gone over in a step
    steps: int  # of Adam in a round
    until: PerRun  # (R, 1) rounds after which nothing more is learned; 0: never


@dataclass(frozen=True)
class Weights:
    """A network with F inputs and H hidden units for each run."""

    hidden: Floats  # (R, F, H)
    offset: Floats  # (R, 1, H)
    out: Floats  # (R, H, 4)
    level: Floats  # (R, 1, 4)

    def values(self, inputs: Floats) -> Floats:
        """(R, B, 4) worth of each action at inputs (R, B, F)."""
        found: Floats = self.units(inputs) @ self.out + self.level
        return found

    def units(self, inputs: Floats) -> Floats:
        """(R, B, H) what the hidden units make of inputs (R, B, F)."""
        found: Floats = np.tanh(inputs @ self.hidden + self.offset)
        return found


@dataclass(frozen=True)
class Scale:
    """Mean and variance of C columns, of all that was counted so far."""

    count: Floats  # (R, 1)
    mean: Floats  # (R, C)
    variance: Floats  # (R, C)

    @property
    def deviation(self) -> Floats:
        """(R, C) standard deviations; 1 where nothing varies."""
        return np.where(self.variance > 0, np.sqrt(self.variance), 1.0)

    def with_more(self, rows: Floats, counts: Bools) -> "Scale":
        """The scale after more rows (R, N, C), of which those count that ``counts`` (R, N) says (Chan et al. 1979)."""
        more = counts.sum(axis=1, keepdims=True).astype(np.float64)
        mean = ratio((rows * counts[..., None]).sum(axis=1), more)
        variance = ratio(((rows - mean[:, None]) ** 2 * counts[..., None]).sum(axis=1), more)
        count = self.count + more
        share, apart = ratio(more, count), mean - self.mean
        joined = (1 - share) * self.variance + share * variance + share * (1 - share) * apart**2
        return Scale(count, self.mean + share * apart, joined)


@dataclass(frozen=True)
class Memory:
    """Decisions that are remembered, L = M B of them, those of a round side by side."""

    sights: Floats  # (R, L, F) what was seen
    actions: Ints  # (R, L) what was done
    utility: Floats  # (R, L) what it brought, money
    following: Floats  # (R, L, F) what was seen a round later

    def with_round(self, place: int, newest: "Memory") -> "Memory":
        """The memory with the decisions of a round from a place on, over what was there."""
        kept = {part.name: getattr(self, part.name).copy() for part in fields(self)}
        for name, rows in kept.items():
            new = getattr(newest, name)
            rows[:, place : place + new.shape[1]] = new
        return Memory(**kept)

    def picked(self, rows: Ints) -> "Memory":
        """Some decisions (R, B) of each run."""
        runs = np.arange(len(rows))[:, None]
        return Memory(**{part.name: getattr(self, part.name)[runs, rows] for part in fields(self)})


@dataclass(frozen=True)
class QLearner:
    """What the learners of R runs have come to."""

    weights: Weights
    average: Weights  # follows the weights slowly
    slope: Weights  # decaying mean of slopes
    square: Weights  # and of their squares
    updates: Ints  # (R,) steps taken
    seen: Scale  # of what was seen
    gained: Scale  # of utility
    memory: Memory

    def inputs(self, sights: Floats) -> Floats:
        """(R, B, F) what the network is shown of sights (R, B, F): in standard deviations from the mean."""
        apart = (sights - self.seen.mean[:, None]) / self.seen.deviation[:, None]
        return np.clip(apart, -FARTHEST, FARTHEST)

    def values(self, sights: Floats) -> Floats:
        """(R, B, 4) worth of each action at sights (R, B, F), in standard deviations of utility from its mean."""
        return self.weights.values(self.inputs(sights))


def first_learner(normal: Floats, terms: QNetworkTerms) -> QLearner:
    """A network that has learned nothing: all actions are worth the same.

    Args:
        normal: (R, F, H) standard normal numbers.
        terms: how much is remembered.
    """
    runs, features, hidden = normal.shape
    shapes = {"offset": (runs, 1, hidden), "out": (runs, hidden, len(CODES)), "level": (runs, 1, len(CODES))}
    rest = {name: np.zeros(shape) for name, shape in shapes.items()}
    weights, nothing = Weights(normal / np.sqrt(features), **rest), Weights(np.zeros(normal.shape), **rest)
    seen, gained = (Scale(np.zeros((runs, 1)), *(np.zeros((runs, c)) for _ in range(2))) for c in (features, 1))
    rows = (runs, terms.memory * terms.batch)
    sights = np.zeros((*rows, features))
    memory = Memory(sights, np.zeros(rows, dtype=np.int64), np.zeros(rows), sights)
    return QLearner(weights, weights, nothing, nothing, np.zeros(runs, dtype=np.int64), seen, gained, memory)


@dataclass(frozen=True)
class Newest:
    """The last round's decisions of N principals."""

    sights: Floats  # (R, N, F)
    actions: Ints  # (R, N)
    utility: Floats  # (R, N) money
    following: Floats  # (R, N, F)
    learns: Bools  # (R, N) whose decisions count


def experienced(learner: QLearner, newest: Newest, rounds: int, uniform: Floats, terms: QNetworkTerms) -> QLearner:
    """The learner that remembers some decisions of a round, drawn among those that count.

    Args:
        learner: before.
        newest: the round's decisions.
        rounds: remembered so far, also those that are forgotten again.
        uniform: (R, B) uniform numbers.
        terms: how much is remembered.
    """
    runs = np.arange(len(uniform))[:, None]
    count = newest.learns.sum(axis=1, keepdims=True)
    order = np.argsort(~newest.learns, axis=1, kind="stable")
    drawn = order[runs, (uniform * count).astype(np.int64)]
    columns = (newest.sights, newest.actions, newest.utility, newest.following)
    some = Memory(*(column[runs, drawn] for column in columns))
    return replace(
        learner,
        seen=learner.seen.with_more(newest.following, newest.learns),
        gained=learner.gained.with_more(newest.utility[..., None], newest.learns),
        memory=learner.memory.with_round(rounds % terms.memory * terms.batch, some),
    )


def rehearsed(learner: QLearner, law: Law, known: int, uniform: Floats, terms: QNetworkTerms) -> QLearner:
    """The learner after some steps of Adam, each on decisions drawn from those remembered.

    Args:
        learner: before.
        law: of the next action, which decides what a sight is worth.
        known: decisions that are remembered.
        uniform: (R, steps, B) uniform numbers.
        terms: step size and discount.
    """
    for step in range(uniform.shape[1]):
        rows = learner.memory.picked((uniform[:, step] * known).astype(np.int64))
        following = learner.inputs(rows.following)
        chances = law(learner.weights.values(following), rows.actions)
        ahead = (chances * learner.average.values(following)).sum(axis=2)
        brought = (rows.utility - learner.gained.mean) / learner.gained.deviation
        learner = _stepped(learner, rows, brought + terms.discount * ahead, terms.rate[..., None])
    return learner


def _stepped(learner: QLearner, rows: Memory, worth: Floats, rate: Floats) -> QLearner:
    """The learner after a step of Adam towards the worth (R, B) of the actions in rows."""
    slopes = slopes_of(learner.weights, learner.inputs(rows.sights), rows.actions, worth)
    updates = learner.updates + 1
    first, second = DECAYS
    slope = _each(lambda old, new: first * old + (1 - first) * new, learner.slope, slopes)
    square = _each(lambda old, new: second * old + (1 - second) * new**2, learner.square, slopes)
    unbiased = [(1 - decay**updates)[:, None, None] for decay in DECAYS]

    def moved(old: Floats, mean: Floats, spread: Floats) -> Floats:
        stepped: Floats = old - rate * (mean / unbiased[0]) / (np.sqrt(spread / unbiased[1]) + TINY)
        return stepped

    weights = _each(moved, learner.weights, slope, square)
    average = _each(lambda old, new: old + FOLLOWS * (new - old), learner.average, weights)
    return replace(learner, weights=weights, average=average, slope=slope, square=square, updates=updates)


def slopes_of(weights: Weights, inputs: Floats, actions: Ints, worth: Floats) -> Weights:
    """Gradient of half the mean squared error of the values of actions.

    Args:
        weights: of the networks.
        inputs: (R, B, F).
        actions: (R, B) whose values are meant.
        worth: (R, B) what they should be.
    """
    units = weights.units(inputs)
    values = units @ weights.out + weights.level
    taken = actions[..., None] == CODES
    missed = np.where(taken, values - worth[..., None], 0.0) / inputs.shape[1]
    back = (missed @ weights.out.swapaxes(1, 2)) * (1 - units**2)
    return Weights(
        inputs.swapaxes(1, 2) @ back,
        back.sum(axis=1, keepdims=True),
        units.swapaxes(1, 2) @ missed,
        missed.sum(axis=1, keepdims=True),
    )


def _each(change: Callable[..., Floats], *weights: Weights) -> Weights:
    """Weights made of weights, array by array."""
    return Weights(**{part.name: change(*(getattr(each, part.name) for each in weights)) for part in fields(Weights)})


def chosen(mask: Bools, one: Any, other: Any) -> Any:
    """One where a run's place in the mask (R,) is true, else the other: arrays, or dataclasses of arrays."""
    if isinstance(one, np.ndarray):
        return np.where(mask.reshape(-1, *[1] * (one.ndim - 1)), one, other)
    return type(one)(
        **{part.name: chosen(mask, getattr(one, part.name), getattr(other, part.name)) for part in fields(one)}
    )
