"""Beliefs: agents do not know their principals' limits; they ask, and file what they believe (``agents.beliefs``)."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints, per_principal
from commonweal.agents.beliefs import (
    QUERIES,
    Belief,
    Inquiry,
    answers,
    declared_limits,
    faded,
    first_belief,
    heard,
    prior_of,
)
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.record import Effects, Foregone, Moment, Payday, Produce
from commonweal.economy.world.claims import felt
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Beliefs:
    """What agents know between two rounds."""

    belief: Belief
    levels: Floats  # (R, K) probe losses of the model; nan before the first round
    asked: Ints = per_principal(spare="first")  # (R, N) queries so far about each dimension


@dataclass(frozen=True)
class Believed:
    """What agents believe and file in a round, and what they asked before it."""

    mean: Floats  # (R, N, K) believed limits
    sd: Floats  # (R, N, K) standard deviations of the beliefs
    low: Floats  # (R, N, K) lower end of the interval that is thought to hold the limit with a chance of 95 %
    high: Floats  # (R, N, K) its upper end
    declared: Floats  # (R, N, K) limits that agents file
    question: Floats  # (R, N, K) levels that they asked about; nan where nothing was asked
    objects: Bools  # (R, N, K) whether the person objects to that level
    asked: Ints  # (R, N) queries so far about each dimension


@mechanism("beliefs")
class LearnedValues(Mechanism):
    """Scenario section: ``beliefs``. Note: ``Believed``."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where anything is valued, and agents must learn it."""
        return terms.beliefs.kind == "learned" and bool(terms.values.dimensions)

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Beliefs:
        """Every agent starts from the prior."""
        terms, values, (runs, principals) = world.terms.beliefs, world.terms.values, world.shape
        mean, sd = prior_of(terms, values.dimensions)
        belief = first_belief(mean, sd, values.ceiling, principals, terms.points)
        return Beliefs(belief, np.full(mean.shape, np.nan), np.zeros((runs, principals), dtype=np.int64))

    def before(self, own: Beliefs, moment: Moment, world: World, streams: Streams) -> tuple[Beliefs, Effects]:
        """Forget a little, hear what persons say of the model and to queries, and file limits."""
        terms, limits, senses = world.terms.beliefs, moment.people.limits, world.senses
        luck = streams.values.uniform(3, *limits.shape[1:])  # (R, 3, N, K), the same numbers whatever happens
        belief = own.belief
        if moment.state.round:
            belief = faded(belief, terms.forgetting * prior_of(terms, world.terms.values.dimensions)[1])
        if terms.passive:
            seen = own.levels[:, None]
            objects = answers(limits, seen, senses, terms.sharpness, luck[:, 0])
            belief = heard(belief, seen, objects, senses, terms.sharpness)
        asks = asks_now(own.asked, moment.state.round, world)
        question, objects = np.full(limits.shape, np.nan), np.zeros(limits.shape, dtype=np.bool_)
        if asks.any():
            level = asked_about(terms.query, Inquiry(belief, senses, terms.sharpness, own.asked, luck[:, 1]))
            question = np.where(asks[..., None], np.clip(level, belief.lowest, belief.highest), np.nan)
            objects = asks[..., None] & answers(limits, question, senses, terms.sharpness, luck[:, 2])
            belief = heard(belief, question, objects, senses, terms.sharpness)
        declared = declared_limits(belief, terms.margin, senses, world.terms.values.ceiling)
        asked = own.asked + asks
        note = Believed(belief.mean, belief.sd, *belief.interval, declared, question, objects, asked)
        own = Beliefs(belief, own.levels, asked)
        return own, Effects(declared=declared, private=_paid(asks, world), note=note)

    def remember(
        self, own: Beliefs, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Beliefs:
        """The levels that persons see the model have."""
        return Beliefs(own.belief, produce.taught.levels, own.asked)

    def expect(self, own: Beliefs, moment: Moment, foregone: Foregone, world: World) -> Floats:
        """Queries cost the same whatever a principal does."""
        asks = np.isfinite(moment.notes[self.name].question).all(axis=2)
        return np.repeat(_paid(asks, world)[..., None], len(Action), axis=2)


def asked_about(name: str, inquiry: Inquiry) -> Floats:
    """(R, N, K) the levels that a query rule asks about.

    Raises:
        InputError: if they are not a finite number for each principal and dimension.
    """
    levels = np.asarray(QUERIES[name](inquiry))
    if levels.shape != inquiry.luck.shape or not np.isfinite(levels).all():
        wrong = "levels that are not finite" if levels.shape == inquiry.luck.shape else f"shape {levels.shape}"
        raise InputError(f"query rule {name!r} gave {wrong}: must ask about a finite level each, {inquiry.luck.shape}")
    return levels


def asks_now(asked: Ints, played: int, world: World) -> Bools:
    """(R, N) whose agent asks in this round: every so many rounds, until it has asked as often as it may."""
    terms = world.terms.beliefs
    if played % terms.every:
        return np.zeros(asked.shape, dtype=np.bool_)
    return asked < terms.most


def _paid(asks: Bools, world: World) -> Floats:
    """(R, N) money, at most 0, that queries about all dimensions cost those asked."""
    return felt(-world.terms.beliefs.cost * len(world.senses) * asks, world)
