"""How principals choose: one short file per family of policies, and ``decide``, which lets each follow its own."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Ints
from commonweal.agents.errors import InputError
from commonweal.agents.policies import (
    best_response,
    conditional,
    fixed,
    imitation,
    learned,
    learning,
    norms,
    q_network,
    waiting,
)
from commonweal.agents.policies.base import (
    POLICIES,
    BestResponseTerms,
    ConditionalTerms,
    ImitationTerms,
    Law,
    Observation,
    Policy,
    PolicyFacts,
    PolicyTerms,
    QLearningTerms,
    available_actions,
    best_action,
    drawn_action,
    policy,
)
from commonweal.agents.policies.laws import action_law, policy_law
from commonweal.agents.policies.memory import Outcome, remember
from commonweal.agents.policies.q_learner import QNetworkTerms
from commonweal.agents.streams import Stream

__all__ = [
    "POLICIES",
    "BestResponseTerms",
    "ConditionalTerms",
    "ImitationTerms",
    "Law",
    "Observation",
    "Outcome",
    "Policy",
    "PolicyFacts",
    "PolicyTerms",
    "QLearningTerms",
    "QNetworkTerms",
    "action_law",
    "available_actions",
    "best_action",
    "best_response",
    "conditional",
    "decide",
    "drawn_action",
    "fixed",
    "imitation",
    "learned",
    "learning",
    "norms",
    "policy",
    "policy_law",
    "q_network",
    "remember",
    "waiting",
]


def decide(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Let every principal choose its action for the round, all at the same time.

    A principal reconsiders with probability ``revision`` and then follows its policy; otherwise it keeps its last
    action. Either way it takes a random available action instead with probability ``mutation``.

    Args:
        observation: what principals see.
        terms: the mix of policies and their parameters.
        stream: the runs' choice streams; takes 3 N numbers of each run, then what each policy in the mix takes.

    Returns:
        (R, N) actions.

    Raises:
        InputError: if a policy in the mix is unknown, or proposes something that is not available.
    """
    population = observation.population
    revises, mutates, which = stream.uniform(3, population.shape[1]).swapaxes(0, 1)
    proposed = _proposals(observation, terms, stream)
    chosen = np.where(revises < terms.revision, proposed, population.action)
    return np.where(mutates < terms.mutation, drawn_action(observation.available, which), chosen)


def _proposals(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """(R, N) what each principal's own policy proposes. Every policy in the mix proposes for all."""
    first, *others = terms.names
    proposed = _proposal(first, observation, terms, stream)
    for position, name in enumerate(others, start=1):
        follows = observation.population.policy == position
        proposed = np.where(follows, _proposal(name, observation, terms, stream), proposed)
    return proposed


def _proposal(name: str, observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """(R, N) what one policy proposes.

    Raises:
        InputError: if that is not one available action for every principal.
    """
    proposed = np.asarray(POLICIES[name](observation, terms, stream))
    shape = observation.population.shape
    if proposed.shape != shape or proposed.dtype.kind not in "iu":
        raise InputError(
            f"policy {name!r} proposed {proposed.dtype} of shape {proposed.shape}: must be integers of shape {shape}"
        )
    allowed = observation.available
    known = np.zeros(len(Action), bool)
    known[allowed] = True
    if proposed.min() < 0 or proposed.max() >= len(Action) or not known[proposed].all():
        wrong = proposed[~np.isin(proposed, allowed)].flat[0]
        names = ", ".join(f"{code} ({Action(code).name.lower()})" for code in allowed)
        raise InputError(f"policy {name!r} proposed action {wrong}: available are {names}")
    return proposed
