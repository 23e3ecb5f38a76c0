"""Value profiles: drawing principals' limits, moving them by acquaintances' opinions and by experience.

Friedkin and Johnsen (1990); Hegselmann and Krause (2002); value function of Tversky and Kahneman (1992).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.graphs import Graph
from commonweal.agents.streams import Stream
from commonweal.agents.terms import PerRun

PROSPECT_EXPONENT = 0.88  # Tversky and Kahneman (1992), median of their subjects, gains and losses alike


@dataclass(frozen=True)
class DimensionTerms:
    """One of ``scenario.values.dimensions``: a thing principals care about."""

    sense: str  # protect: the probe must not rise above the limit; withhold: it must not fall below
    label: int | None  # class the probe is made of, if of a class
    feature: int | None  # feature the probe is made of, if of a feature
    probe: str | None  # the rule that chooses or makes its samples, if one does
    samples: int  # of the probe
    limit: PerRun  # (R, 1) middle of the principals' limits on the probe loss
    spread: PerRun  # (R, 1) half width of the principals' limits around the middle
    weight: PerRun  # (R, 1) factor on concerns about this dimension


def subject_of(label: int | None, feature: int | None, probe: str | None) -> str:
    """What a value dimension is about: "class 3", "feature 5" for the samples in its top quarter, or its probe."""
    if probe is not None:
        return probe.replace("_", " ")
    return f"class {label}" if label is not None else f"feature {feature}"


@dataclass(frozen=True)
class CampTerms:
    """One of ``scenario.values.camps``: principals who think alike."""

    share: PerRun  # (R, 1) of the principals
    limits: tuple[float, ...]  # (K,) middle of its limits; empty: those of the dimensions
    weights: tuple[float, ...]  # (K,) factors on its concerns; empty: 1


@dataclass(frozen=True)
class ValueTerms:
    """``scenario.values``: what principals value, and how their values move."""

    dimensions: tuple[DimensionTerms, ...]  # K value dimensions
    concern: str  # what a violated limit costs its owner: none, member or share
    outcome_low: PerRun  # (R, 1) money per unit of violation and round: lowest outcome concern
    outcome_high: PerRun  # (R, 1) highest
    complicity_low: PerRun  # (R, 1) money per unit of violation and round: lowest complicity concern
    complicity_high: PerRun  # (R, 1) highest
    camps: tuple[CampTerms, ...]  # empty: everybody is of one kind
    homophily: PerRun  # (R, 1) how far camps hold neighbouring places: 0 not at all, 1 wholly
    voice: PerRun  # (R, 1) share of a violation by which who is violated claims stricter limits, a round
    influence: str  # none, friedkin_johnsen or hegselmann_krause
    stubbornness: PerRun  # (R, 1) weight of the first opinion
    self_weight: PerRun  # (R, 1) weight of the own current opinion among the acquaintances'
    confidence: PerRun  # (R, 1) largest difference of limits that still influences
    experience: PerRun  # (R, 1) rate per round at which harm tightens and payoff loosens limits
    loss_aversion: PerRun  # (R, 1) weight of a loss against an equal gain
    for_sale: PerRun  # (R, 1) share of its limits that a principal would give up for money
    price_low: PerRun  # (R, 1) money per round: lowest price of the whole of a limit
    price_high: PerRun  # (R, 1) money per round: highest price of the whole of a limit

    @cached_property
    def strictness(self) -> Floats:
        """(K,) direction in which a limit tightens: +1 withhold, -1 protect."""
        return np.array([1.0 if dimension.sense == "withhold" else -1.0 for dimension in self.dimensions])

    @cached_property
    def held_by_all(self) -> bool:
        """Whether nobody gives any dimension a weight of 0."""
        weights = [*(each.weight for each in self.dimensions), *(np.array(camp.weights) for camp in self.camps)]
        return all((weight > 0).all() for weight in weights)

    @cached_property
    def ceiling(self) -> Floats:
        """(K,) largest valid limit; a withheld purpose's loss is bounded by 1."""
        return _ceiling(self.dimensions)


def camp_limits(values: ValueTerms, camp: Ints) -> Floats | None:
    """(R, N, K) middle of each principal's limits by its camp (R, N); None where no camp has limits of its own."""
    if not any(each.limits for each in values.camps):
        return None
    usual = np.stack([dimension.limit[:, 0] for dimension in values.dimensions], axis=-1)  # (R, K)
    each = [np.broadcast_to(np.array(own.limits), usual.shape) if own.limits else usual for own in values.camps]
    return _by_camp(each, camp)


def concern_weights(values: ValueTerms, camp: Ints) -> Floats:
    """(R, N, K) factors on concerns: of the dimension, times those of the camp (R, N)."""
    weight = np.stack([dimension.weight[:, 0] for dimension in values.dimensions], axis=-1)  # (R, K)
    if not values.camps:
        return np.broadcast_to(weight[:, None], (*camp.shape, weight.shape[1]))
    return _by_camp([weight * np.array(own.weights) if own.weights else weight for own in values.camps], camp)


def held_by(values: ValueTerms, camp: Ints) -> Bools:
    """(R, N, K) which values each principal holds: those to which its camp (R, N) gives a weight."""
    if values.held_by_all:
        return np.ones((*camp.shape, len(values.dimensions)), dtype=np.bool_)
    held: Bools = concern_weights(values, camp) > 0
    return held


def _by_camp(each: Sequence[Floats], camp: Ints) -> Floats:
    """(R, N, K) the row (R, K) of each principal's camp (R, N)."""
    rows = np.stack(each, axis=1)  # (R, camps, K)
    return rows[np.arange(len(camp))[:, None], camp]


def draw_limits(
    dimensions: Sequence[DimensionTerms], principals: int, stream: Stream, middle: Floats | None = None
) -> Floats:
    """Draw every principal's limits, uniform in limit ± spread and cut to the valid range.

    Args:
        dimensions: K value dimensions.
        principals: N.
        stream: the runs' population streams.
        middle: (R, N, K) in place of the dimensions' middle.

    Returns:
        (R, N, K) limits on the probe losses: protect at least 0, withhold in [0, 1].
    """
    unit = 2 * stream.uniform(principals, len(dimensions)) - 1  # (R, N, K) around the middle
    if not dimensions:
        return unit
    if middle is None:
        middle = np.stack([dimension.limit for dimension in dimensions], axis=-1)  # (R, 1, K)
    spread = np.stack([dimension.spread for dimension in dimensions], axis=-1)  # (R, 1, K)
    drawn = middle + spread * unit
    return np.clip(drawn, 0.0, _ceiling(dimensions))


def move_limits(limits: Floats, anchor: Floats, graph: Graph, harm: Floats, gain: Floats, terms: ValueTerms) -> Floats:
    """Move limits by what the scenario switched on: first acquaintances' influence, then experience.

    Args:
        limits: (R, N, K) current limits.
        anchor: (R, N, K) first limits.
        graph: who knows whom.
        harm: (R, K) or (R, N, K) true change of each probe in the forbidden direction this round; relief counts as 0.
        gain: (R, N) payoff of the round less the remembered payoff, money.
        terms: how values move.

    Returns:
        (R, N, K) limits in their valid range; ``limits`` itself where nothing moves them.
    """
    if not terms.dimensions:
        return limits
    moved = _influenced(limits, anchor, graph, terms)
    if terms.experience.any():
        moved = experience(moved, terms.strictness, harm, gain, terms.experience, terms.loss_aversion)
    return limits if moved is limits else np.clip(moved, 0.0, terms.ceiling)


def friedkin_johnsen(social: Floats, anchor: Floats, susceptibility: Floats) -> Floats:
    """Opinions between what acquaintances think and what one thought first: ΛW y(t) + (I - Λ) y(0).

    Args:
        social: any shape, W y(t): each principal's weighted mean of current opinions.
        anchor: as social, y(0).
        susceptibility: broadcast to social, the diagonal of Λ; 1 is DeGroot, 0 never moves.

    Returns:
        y(t + 1), as social.
    """
    return susceptibility * social + (1 - susceptibility) * anchor


def hegselmann_krause(opinion: Floats, graph: Graph, confidence: Floats) -> Floats:
    """Bounded confidence: everybody moves at once to the mean of those acquaintances that think alike, itself included.

    Args:
        opinion: (R, N, K), each dimension an opinion of its own.
        graph: who knows whom.
        confidence: (R, 1) largest difference of opinion that still influences.

    Returns:
        (R, N, K) opinions one round later.
    """
    return graph.mean_within(opinion, confidence)


def prospect_value(outcome: Floats, loss_aversion: ArrayLike) -> Floats:
    """Felt value of a gain or loss: x^.88 for gains, -λ(-x)^.88 for losses (Tversky and Kahneman 1992)."""
    return np.where(outcome < 0, -np.asarray(loss_aversion), 1.0) * np.abs(outcome) ** PROSPECT_EXPONENT


def experience(
    limits: Floats, strictness: Floats, harm: Floats, gain: Floats, rate: Floats, loss_aversion: Floats
) -> Floats:
    """Limits tighten with harm suffered and loosen with the felt value of payoff; a loss of payoff tightens them too.

    Args:
        limits: (R, N, K).
        strictness: (K,) +1 where a higher limit is stricter (withhold), -1 where a lower one is (protect).
        harm: (R, K) or (R, N, K), in the limits' unit; only what exceeds 0 counts.
        gain: (R, N) payoff less remembered payoff, money.
        rate: (R, 1) per round.
        loss_aversion: (R, 1).

    Returns:
        (R, N, K) limits, not yet cut to their valid range.
    """
    suffered = np.maximum(harm if harm.ndim == 3 else harm[:, None, :], 0.0)
    felt = prospect_value(gain, loss_aversion)[:, :, None]
    return limits + rate[:, :, None] * strictness * (suffered - felt)


def _influenced(limits: Floats, anchor: Floats, graph: Graph, terms: ValueTerms) -> Floats:
    if terms.influence == "friedkin_johnsen":
        own = terms.self_weight[:, :, None]
        social = own * limits + (1 - own) * graph.neighbour_mean(limits)
        return friedkin_johnsen(social, anchor, 1 - terms.stubbornness[:, :, None])
    if terms.influence == "hegselmann_krause":
        return hegselmann_krause(limits, graph, terms.confidence)
    return limits


def _ceiling(dimensions: Sequence[DimensionTerms]) -> Floats:
    return np.array([1.0 if dimension.sense == "withhold" else np.inf for dimension in dimensions])
