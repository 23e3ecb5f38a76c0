"""Beliefs: what an agent thinks its principal's limits are, and how it finds out by asking.

A principal answers with logistic noise whether a level of a probe is acceptable, as in a Rasch model. The agent keeps
the exact posterior on a grid of levels (Bayesian experimental design: Lindley 1956; Chaloner and Verdinelli 1995). It
files a declared limit that is stricter than its belief by a margin.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints, per_principal
from commonweal.agents.registry import Registry
from commonweal.agents.terms import PerRun
from commonweal.agents.values import DimensionTerms

REACH = 4.0  # standard deviations around the mean of the prior that an agent thinks of
WIDE, LEAST = 2.0, 0.1  # the usual standard deviation of the prior: in spreads of the dimension, and at least
LAPSE = 1e-12  # chance below which no answer is thought to be, so that none is impossible
CANDIDATES = 15  # levels that ``informative`` compares


@dataclass(frozen=True)
class BeliefTerms:
    """``scenario.beliefs``: whether agents know limits, and how they learn them."""

    kind: str  # known or learned
    passive: bool  # a person also says each round whether the level that the model has is acceptable
    query: str  # query rule
    every: int  # rounds from one query to the next
    most: PerRun  # (R, 1) queries per principal and dimension in all
    cost: PerRun  # (R, 1) money per query
    sharpness: PerRun  # (R, 1) β of the logistic noise in answers, per unit of probe loss
    prior_mean: tuple[float, ...]  # (K,) empty: the middle of the dimension's limits
    prior_sd: tuple[float, ...]  # (K,) empty: by the dimension's spread
    forgetting: PerRun  # (R, 1) step per round of the random walk that limits are thought to take, in sds of the prior
    margin: PerRun  # (R, 1) standard deviations by which a declared limit is stricter than the believed one
    points: int  # G levels that may be a limit


@dataclass(frozen=True)
class Belief:
    """How likely each of G levels is to be the limit, of R runs of N principals with K value dimensions."""

    levels: Floats  # (R, K, G) that may be the limit, ascending and evenly spaced
    prior: Floats  # (R, K, G) chance of each before any answer
    chances: Floats = per_principal(spare="first")  # (R, N, K, G) chance of each now

    @cached_property
    def mean(self) -> Floats:
        """(R, N, K) believed limit."""
        mean: Floats = (self.chances * self.levels[:, None]).sum(axis=3)
        return mean

    @cached_property
    def sd(self) -> Floats:
        """(R, N, K) standard deviation of the belief."""
        away = self.levels[:, None] - self.mean[..., None]
        sd: Floats = np.sqrt((self.chances * away**2).sum(axis=3))
        return sd

    @cached_property
    def middle(self) -> Floats:
        """(R, 1, K) mean of the prior."""
        mean: Floats = (self.prior * self.levels).sum(axis=2)[:, None]
        return mean

    @property
    def lowest(self) -> Floats:
        """(R, 1, K) least level that may be the limit."""
        lowest: Floats = self.levels[:, None, :, 0]
        return lowest

    @property
    def highest(self) -> Floats:
        """(R, 1, K) largest level that may be the limit."""
        highest: Floats = self.levels[:, None, :, -1]
        return highest

    @cached_property
    def spacing(self) -> Floats:
        """(R, 1, K) between two levels."""
        spacing: Floats = (self.highest - self.lowest) / (self.levels.shape[2] - 1)
        return spacing

    def quantile(self, share: float) -> Floats:
        """(R, N, K) level below which the limit is with a chance ``share``; a level stands for all nearer to it."""
        up_to = np.cumsum(self.chances, axis=3)
        place = np.minimum((up_to < share).sum(axis=3), self.levels.shape[2] - 1)[..., None]
        here = np.take_along_axis(self.chances, place, axis=3)[..., 0]
        above = np.take_along_axis(up_to, place, axis=3)[..., 0] - share
        part = 0.5 - np.divide(above, here, out=np.zeros_like(above), where=here > 0)
        found = self.lowest + self.spacing * (place[..., 0] + part)
        return np.asarray(np.clip(found, self.lowest, self.highest))

    @cached_property
    def interval(self) -> tuple[Floats, Floats]:
        """(R, N, K) ends of the central interval that holds the limit with a chance of 95 %."""
        return self.quantile(0.025), self.quantile(0.975)


@dataclass(frozen=True)
class Inquiry:
    """What a query rule goes by."""

    belief: Belief
    senses: Floats  # (K,) +1 withhold: a higher limit is stricter; −1 protect: a lower one is
    sharpness: Floats  # (R, 1) β of the logistic noise in answers
    asked: Ints  # (R, N) queries so far about each dimension
    luck: Floats  # (R, N, K) uniform numbers in [0, 1), for a rule that leaves something to chance


Query = Callable[[Inquiry], Floats]
"""The level (R, N, K) that each agent asks about next in each dimension, cut to the levels that may be a limit."""

QUERIES: Registry[Query, None] = Registry("query rule", "commonweal.queries", "beliefs.query", None)
query = QUERIES.register


@query("believed")
def believed(inquiry: Inquiry) -> Floats:
    """At the believed limit, where an answer carries most Fisher information: β²/4."""
    return inquiry.belief.mean


@query("random")
def random(inquiry: Inquiry) -> Floats:
    """Anywhere among the levels that the prior thinks of."""
    belief = inquiry.belief
    return belief.lowest + (belief.highest - belief.lowest) * inquiry.luck


@query("fixed")
def fixed(inquiry: Inquiry) -> Floats:
    """Always at the middle of the prior."""
    return np.broadcast_to(inquiry.belief.middle, inquiry.luck.shape)


@query("informative")
def informative(inquiry: Inquiry) -> Floats:
    """At the quantile of the belief whose answer tells most about the limit (mutual information, Lindley 1956)."""
    belief = inquiry.belief
    shares = (np.arange(CANDIDATES) + 0.5) / CANDIDATES
    candidates = np.stack([belief.quantile(share) for share in shares])
    told = np.stack([_told_by(level, inquiry) for level in candidates])
    best: Floats = np.take_along_axis(candidates, told.argmax(axis=0)[None], axis=0)[0]
    return best


def _told_by(level: Floats, inquiry: Inquiry) -> Floats:
    """(R, N, K) nats that the answer about a level (R, N, K) is expected to tell about the limit."""
    belief = inquiry.belief
    chance = objection_chance(belief.levels[:, None], level[..., None], 1.0, inquiry.sharpness[..., None, None])
    told: Floats = _entropy((belief.chances * chance).sum(axis=3)) - (belief.chances * _entropy(chance)).sum(axis=3)
    return told


def _entropy(chance: Floats) -> Floats:
    """Of an event with that chance, nats."""
    p = np.clip(chance, LAPSE, 1 - LAPSE)
    return -p * np.log(p) - (1 - p) * np.log(1 - p)


def objection_chance(limits: Floats, levels: Floats, senses: Floats | float, sharpness: Floats | float) -> Floats:
    """Chance that a person objects to a level: σ(β s (ℓ − x)).

    Args:
        limits: any shape, what is wanted.
        levels: as limits, what is asked about.
        senses: broadcast to limits, +1 withhold, −1 protect.
        sharpness: broadcast to limits, β per unit of probe loss; a half where level and limit are the same.

    Returns:
        As limits, from 0 to 1.
    """
    chance: Floats = 0.5 + 0.5 * np.tanh(0.5 * sharpness * senses * (limits - levels))
    return chance


def prior_of(terms: BeliefTerms, dimensions: tuple[DimensionTerms, ...]) -> tuple[Floats, Floats]:
    """(R, K) mean and standard deviation of the prior; where terms do not say, by the dimensions.

    Usual are the middle of a dimension's limits, and twice its spread but at least .1.
    """
    middle = np.stack([each.limit[:, 0] for each in dimensions], axis=1)
    spread = np.stack([each.spread[:, 0] for each in dimensions], axis=1)
    mean = np.broadcast_to(np.array(terms.prior_mean), middle.shape) if terms.prior_mean else middle
    wide = np.maximum(WIDE * spread, LEAST)
    sd = np.broadcast_to(np.array(terms.prior_sd), middle.shape) if terms.prior_sd else wide
    return mean, sd


def first_belief(mean: Floats, sd: Floats, ceiling: Floats, principals: int, points: int) -> Belief:
    """The belief before any answer: a normal prior on what is valid within four standard deviations.

    Args:
        mean: (R, K) of the prior.
        sd: (R, K) of the prior, above 0.
        ceiling: (K,) largest valid limit; the smallest is 0.
        principals: N.
        points: G levels; accurate while their spacing is below twice the standard deviation of the belief.
    """
    low, high = np.maximum(mean - REACH * sd, 0.0), np.minimum(mean + REACH * sd, ceiling)
    levels = low[..., None] + (high - low)[..., None] * np.linspace(0.0, 1.0, points)
    weights = np.exp(-0.5 * ((levels - mean[..., None]) / sd[..., None]) ** 2)
    prior = weights / weights.sum(axis=2, keepdims=True)
    return Belief(levels, prior, np.repeat(prior[:, None], principals, axis=1))


def answers(limits: Floats, levels: Floats, senses: Floats, sharpness: Floats, luck: Floats) -> Bools:
    """Whether each person objects to a level.

    Args:
        limits: (R, N, K) true limits.
        levels: (R, N or 1, K) asked about.
        senses: (K,) +1 withhold, −1 protect.
        sharpness: (R, 1) β.
        luck: (R, N, K) uniform numbers in [0, 1).
    """
    objects: Bools = luck < objection_chance(limits, levels, senses, sharpness[..., None])
    return objects


def heard(belief: Belief, levels: Floats, objects: Bools, senses: Floats, sharpness: Floats) -> Belief:
    """The belief after answers, by Bayes' rule.

    Args:
        belief: before them.
        levels: (R, N or 1, K) asked about; nan where nobody was asked, and nothing is learned.
        objects: (R, N, K) whether the person objects.
        senses: (K,) +1 withhold, −1 protect.
        sharpness: (R, 1) β.
    """
    asked = np.broadcast_to(np.isfinite(levels), objects.shape)[..., None]
    at = np.where(np.isfinite(levels), levels, 0.0)[..., None]
    signed = np.where(objects, senses, -senses)[..., None]  # not to object is to object to the contrary
    chance = objection_chance(belief.levels[:, None], at, signed, sharpness[..., None, None])
    joint = belief.chances * np.maximum(chance, LAPSE)
    after = joint / joint.sum(axis=3, keepdims=True)
    return replace(belief, chances=np.where(asked, after, belief.chances))


def faded(belief: Belief, step: Floats) -> Belief:
    """The belief a round later, if limits take a random walk: its variance grows by the square of the step.

    Limits do not leave the levels that may be one. Heat diffuses so on a line with closed ends; in the basis of cosines
    each part decays by itself.

    Args:
        belief: before.
        step: (R, K) standard deviation of the walk's step, in units of the probe loss; 0 changes nothing.
    """
    if not step.any():
        return belief
    from scipy.fft import dct, idct  # nothing else in a round needs scipy

    walks = step[:, None, :, None] > 0
    variance = (step[:, None] / belief.spacing)[..., None] ** 2  # in units of the squared spacing
    turns = np.pi * np.arange(belief.levels.shape[2]) / belief.levels.shape[2]
    decay = np.exp(-variance * (1.0 - np.cos(turns)))
    spread = np.maximum(idct(decay * dct(belief.chances, axis=3), axis=3), 0.0)
    after = spread / spread.sum(axis=3, keepdims=True)
    return replace(belief, chances=np.where(walks, after, belief.chances))


def declared_limits(belief: Belief, margin: Floats, senses: Floats, ceiling: Floats) -> Floats:
    """(R, N, K) limits that agents file: the believed ones, stricter by a margin of standard deviations.

    Args:
        belief: now.
        margin: (R, 1) z, standard deviations.
        senses: (K,) +1 withhold, −1 protect.
        ceiling: (K,) largest valid limit.
    """
    return np.clip(belief.mean + margin[..., None] * belief.sd * senses, 0.0, ceiling)
