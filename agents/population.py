"""Population: every principal's state as arrays, run axis first. A Mesa agent is a view of one column."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints, apportioned
from commonweal.agents.streams import Stream
from commonweal.agents.terms import PerRun, PerRunByName


class ConditionalKind(IntEnum):
    """How a principal answers to others' cooperation (Fischbacher, Gächter and Fehr 2001)."""

    COOPERATOR = 0
    FREE_RIDER = 1
    HUMP_SHAPED = 2
    RANDOM = 3


@dataclass(frozen=True)
class Population:
    """R runs of N principals with K value dimensions and 4 actions. Arrays are replaced, never written to."""

    cost: Floats  # (R, N) cost of delegating one sample, money
    policy: Ints  # (R, N) position of the principal's policy in PolicyTerms.names
    conditional_kind: Ints  # (R, N) a ConditionalKind
    limits: Floats  # (R, N, K) limit on each probe's level
    anchor: Floats  # (R, N, K) the limits it started with
    action: Ints  # (R, N) last action
    payoff: Floats  # (R, N) remembered payoff, money per round
    action_values: Floats  # (R, N, 4) learned payoff of each action, money per round
    foregone: Floats  # (R, N, 4) last round's counterfactual payoff of each action; nan where not computed
    reputation: Floats  # (R, N) moving average of being credited, in [0, 1]
    price: Floats  # (R, N) what giving up the whole of a limit is worth to it, money per round

    @property
    def shape(self) -> tuple[int, int]:
        """(R, N)."""
        runs, principals = self.cost.shape
        return runs, principals


@dataclass(frozen=True)
class StartTerms:
    """The fields of ``scenario.population`` that say how principals start."""

    count: int  # principals
    start_abstain: PerRun  # (R, 1) share
    start_delegate: PerRun  # (R, 1) share
    start_free_ride: PerRun  # (R, 1) share
    start_defect: PerRun  # (R, 1) share
    cost_low: PerRun  # (R, 1) money per sample
    cost_high: PerRun  # (R, 1) money per sample
    cost_types: tuple[float, ...]  # money per sample of each type; empty: between lowest and highest
    type_shares: tuple[float, ...]  # probability of each type; empty: all alike


@dataclass(frozen=True)
class KindTerms:
    """The fields of ``scenario.policy.conditional`` that say who is of which kind."""

    cooperators: PerRun  # (R, 1) share
    free_riders: PerRun  # (R, 1) share
    hump_shaped: PerRun  # (R, 1) share; the rest choose at random


@dataclass(frozen=True)
class FollowingTerms:
    """The fields of ``scenario.policy`` that say who follows which policy."""

    mix: PerRunByName  # (R, 1) share of principals by policy name
    conditional: KindTerms


@dataclass(frozen=True)
class PriceTerms:
    """The fields of ``scenario.values`` that say what looser limits cost."""

    price_low: PerRun  # (R, 1) money per round
    price_high: PerRun  # (R, 1) money per round


@dataclass(frozen=True)
class PopulationTerms:
    """What drawing a population needs of a whole scenario: ``stack(PopulationTerms, scenarios)``."""

    population: StartTerms
    policy: FollowingTerms
    values: PriceTerms


def draw_population(terms: PopulationTerms, limits: Floats, stream: Stream) -> Population:
    """Draw the principals of every run.

    The numbers starting with each action, following each policy and of each kind are exact; who they are is random.

    Args:
        terms: composition and costs.
        limits: (R, N, K) limits drawn by ``commonweal.agents.values.draw_limits``.
        stream: the runs' population streams; takes 5 N numbers of each.

    Returns:
        The population before its first round: nothing paid, nothing learned, reputations even at one half.
    """
    start, prices = terms.population, terms.values
    shape = (len(stream), start.count)
    costs, actions, policies, kinds, asked = stream.uniform(5, start.count).transpose(1, 0, 2)
    return Population(
        cost=_costs(start, costs),
        policy=_dealt(_policy_shares(terms.policy), policies),
        conditional_kind=_dealt(_kind_shares(terms.policy.conditional), kinds),
        limits=limits,
        anchor=limits,
        action=_dealt(_action_shares(start), actions),
        payoff=np.zeros(shape),
        action_values=np.zeros((*shape, len(Action))),
        foregone=np.full((*shape, len(Action)), np.nan),
        reputation=np.full(shape, 0.5),
        price=prices.price_low + (prices.price_high - prices.price_low) * asked,
    )


def _costs(start: StartTerms, uniform: Floats) -> Floats:
    """(R, N) money per sample: of a type drawn for each principal on its own, or anywhere between two bounds."""
    if not start.cost_types:
        spread: Floats = start.cost_low + (start.cost_high - start.cost_low) * uniform
        return spread
    types = np.array(start.cost_types)
    shares = np.array(start.type_shares or [1 / len(types)] * len(types))
    drawn: Floats = types[np.minimum(np.searchsorted(np.cumsum(shares), uniform, side="right"), len(types) - 1)]
    return drawn


def _dealt(shares: Floats, uniform: Floats) -> Ints:
    """(R, N) category of each principal: exactly apportioned, then dealt out in the random order of ``uniform``."""
    card = np.argsort(uniform, axis=1)
    ends = np.cumsum(apportioned(shares * uniform.shape[1], uniform.shape[1]), axis=1)
    passed: Ints = (card[:, :, None] >= ends[:, None, :]).sum(axis=2)
    return passed


def _action_shares(start: StartTerms) -> Floats:
    """(R, 4) shares, columns in the order of ``Action``."""
    return np.hstack([start.start_abstain, start.start_delegate, start.start_free_ride, start.start_defect])


def _policy_shares(policy: FollowingTerms) -> Floats:
    """(R, number of policies) shares in the order of ``PolicyTerms.names``."""
    return np.hstack([policy.mix[name] for name in sorted(policy.mix)])


def _kind_shares(kinds: KindTerms) -> Floats:
    """(R, 4) shares, columns in the order of ``ConditionalKind``."""
    named = np.hstack([kinds.cooperators, kinds.free_riders, kinds.hump_shaped])
    return np.hstack([named, np.maximum(1 - named.sum(axis=1, keepdims=True), 0.0)])
