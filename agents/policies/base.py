"""What a policy is: a function from what principals see to the actions they propose, registered by name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from commonweal.agents.actions import CODES, Action, of_action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.graphs import Graph
from commonweal.agents.policies.q_learner import QNetworkTerms
from commonweal.agents.population import Population
from commonweal.agents.registry import Registry
from commonweal.agents.streams import Stream
from commonweal.agents.terms import PerRun, PerRunByName


@dataclass(frozen=True)
class Observation:
    """What principals see before they choose. A policy reads a principal's own columns and others' acts and payoffs."""

    population: Population  # last actions, remembered payoffs, reputations; private columns are their owner's alone
    graph: Graph  # who knows whom
    available: Ints  # (A,) codes of the actions a principal may take, ascending
    quality: Floats  # (R,) accuracy of the shared model last round
    revenue: Floats  # (R,) of the last round, money
    round: int  # rounds played so far
    shown: Mapping[str, Any] = field(default_factory=dict)  # what mechanisms show of themselves, by their names


@dataclass(frozen=True)
class ImitationTerms:
    """``scenario.policy.imitation``."""

    intensity: PerRun  # (R, 1) strength of selection β, per money
    reach: str  # population or neighbours


@dataclass(frozen=True)
class BestResponseTerms:
    """``scenario.policy.best_response``."""

    inertia: PerRun  # (R, 1) probability of keeping an action although another paid more


@dataclass(frozen=True)
class QLearningTerms:
    """``scenario.policy.learning``."""

    exploration: PerRun  # (R, 1) probability of a random action
    rate: PerRun  # (R, 1) weight of the newest payoff
    loss_aversion: PerRun  # (R, 1) weight of a loss against an equal gain


@dataclass(frozen=True)
class ConditionalTerms:
    """``scenario.policy.conditional``; the population holds each principal's kind."""

    cooperators: PerRun  # (R, 1) share
    free_riders: PerRun  # (R, 1) share
    hump_shaped: PerRun  # (R, 1) share; the rest choose at random
    slope: PerRun  # (R, 1) how strongly a conditional cooperator follows its neighbours' delegating share


@dataclass(frozen=True)
class PolicyTerms:
    """``scenario.policy``: how principals choose and remember."""

    mix: PerRunByName  # (R, 1) share of principals by policy name
    revision: PerRun  # (R, 1) probability that a principal reconsiders in a round
    mutation: PerRun  # (R, 1) probability that a principal takes a random action in a round
    memory: PerRun  # (R, 1) weight of the past in remembered payoff and reputation
    imitation: ImitationTerms
    best_response: BestResponseTerms
    learning: QLearningTerms
    conditional: ConditionalTerms
    q_network: QNetworkTerms
    options: dict[str, float]  # parameters of registered policies, by name

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the policies in the mix, sorted; ``Population.policy`` holds positions in it."""
        return tuple(sorted(self.mix))


Policy = Callable[[Observation, PolicyTerms, Stream], Ints]
"""Proposes (R, N) actions, one for every principal whether or not it follows the policy. Must take as many numbers from
the stream whatever it observes, so that a run plays the same alone and in an ensemble."""

Law = Callable[[Observation, PolicyTerms], Floats]
"""(R, N, 4) probability with which a policy proposes each action, in the order of ``Action``."""


@dataclass(frozen=True)
class PolicyFacts:
    """What the rest of an economy must know of a policy."""

    compares: bool = False  # looks at ``Population.foregone``, which is worked out only for such policies
    remembers: bool = True  # looks at remembered payoffs, so that ``policy.memory`` matters
    starts: bool = False  # chooses in the first round too, in which others do what they start with
    names: bool = False  # goes by images, which there are only with a section ``reciprocity``
    file: str = ""  # that it goes by, so that what the file says decides on runs; empty: none
    mind: "Callable[[], Any] | None" = None  # what chooses whole moves, for the mechanism ``learned``; None: nothing
    law: "Law | None" = None  # the probabilities of what it proposes; None: found by drawing


POLICIES: Registry[Policy, PolicyFacts] = Registry("policy", "commonweal.policies", "policy.mix", PolicyFacts())
policy = POLICIES.register


def available_actions(names: Iterable[str]) -> Ints:
    """(A,) codes of the actions named as in ``scenario.actions.available``, ascending and each once."""
    return np.unique(np.array([Action[name.upper()] for name in names], dtype=np.int64))


def drawn_action(available: Ints, uniform: Floats) -> Ints:
    """Uniformly random available actions, from uniform numbers in [0, 1), in their shape."""
    return available[(uniform * available.size).astype(np.int64)]


def certainly(actions: Ints) -> Floats:
    """(R, N, 4) the law of actions (R, N) that are taken for sure."""
    law: Floats = (actions[..., None] == CODES).astype(np.float64)
    return law


def anything(available: Ints) -> Floats:
    """(4,) the law of an action that is drawn uniformly from those available."""
    law: Floats = np.isin(CODES, available) / available.size
    return law


def best_action(values: Floats, action: Ints, available: Ints) -> Ints:
    """The available action of the highest value; the current one where none is better.

    Args:
        values: (R, N, 4) value of each action; nan means unknown and is never chosen.
        action: (R, N) current actions.
        available: (A,) action codes.

    Returns:
        (R, N) actions. Among several better ones of equal value the first in the order of ``Action``.
    """
    known = np.where(np.isnan(values), -np.inf, values)
    choices = known[:, :, available]
    current = of_action(known, action)
    return np.where(choices.max(axis=2) > current, available[choices.argmax(axis=2)], action)
