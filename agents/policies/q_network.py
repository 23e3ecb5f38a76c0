"""Learning from what is seen: a network says what each action is worth (Watkins and Dayan 1992; Mnih et al. 2015).

All followers in a run share one network and what they remember (parameter sharing: Gupta, Egorov and Kochenderfer
2017); that they differ in cost, payoff and neighbours is in what each sees. ``q_learner`` has the network, the
mechanism ``q_network`` keeps it from round to round.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import CODES
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies.base import (
    Observation,
    PolicyTerms,
    anything,
    best_action,
    certainly,
    policy,
)
from commonweal.agents.policies.q_learner import QLearner
from commonweal.agents.policies.seeing import seen_by_all
from commonweal.agents.streams import Stream

NAME = "q_network"


@dataclass(frozen=True)
class Shown:
    """What the mechanism shows."""

    learner: QLearner


def sights_of(observation: Observation) -> Floats:
    """(R, N, F) what principals see as the network takes it: the last action as 1 or 0 for each that is available."""
    seen = seen_by_all(observation)
    last = seen.pop("last action")
    columns = [(last == code).astype(np.float64) for code in observation.available]
    return np.stack([*columns, *seen.values()], axis=2)


def number_of_sights(actions: int, names: bool, minds: bool) -> int:
    """F, by the number of available actions, whether names count and whether somebody minds."""
    return actions + 7 + 3 * names + minds


def exploration_in(round: int, terms: PolicyTerms) -> Floats:
    """(R, 1) probability of a random action: it falls from 1 on a line, as long as something is learned."""
    own = terms.q_network
    number = np.where(own.until > 0, np.minimum(own.until, round), round)
    left = 1 - number / np.where(own.anneal > 0, own.anneal, 1.0)
    falling = own.exploration + (1 - own.exploration) * np.maximum(left, 0.0)
    return np.where(own.anneal > 0, falling, own.exploration)


def law_of_values(values: Floats, last: Ints, available: Ints, round: int, terms: PolicyTerms) -> Floats:
    """What is proposed at learned values.

    Args:
        values: (R, B, 4) of each action, in standard deviations of utility.
        last: (R, B) last actions, which are kept at a tie.
        available: (A,) action codes.
        round: rounds played so far.
        terms: exploration ε and temperature τ.

    Returns:
        (R, B, 4) ε / |A| + (1 − ε) softmax(values / τ) over the actions available, or the best of them where τ is 0.
    """
    explores, temperature = exploration_in(round, terms)[..., None], terms.q_network.temperature[..., None]
    chosen = certainly(best_action(values, last, available))
    if temperature.any():
        allowed = np.where(np.isin(CODES, available), values, -np.inf)
        lead = (allowed - allowed.max(axis=2, keepdims=True)) / np.where(temperature > 0, temperature, 1.0)
        odds = np.exp(lead)
        chosen = np.where(temperature > 0, odds / odds.sum(axis=2, keepdims=True), chosen)
    law: Floats = explores * anything(available) + (1 - explores) * chosen
    return law


def q_network_law(observation: Observation, terms: PolicyTerms) -> Floats:
    """(R, N, 4) the law of the learned values of what each sees; without a network, the last action for sure."""
    shown: Shown | None = observation.shown.get(NAME)
    last = observation.population.action
    if shown is None:
        return certainly(last)
    values = shown.learner.values(sights_of(observation))
    return law_of_values(values, last, observation.available, observation.round, terms)


@policy(NAME, law=q_network_law)
def q_network(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Do what the network says is worth most to who sees this, or draw by the softmax; explore now and then.

    Args:
        observation: all that ``seeing.seen_by_all`` makes of it.
        terms: ``q_network.exploration``, ``anneal`` and ``temperature``.
        stream: takes N numbers of each run.

    Returns:
        (R, N) actions; the last action at a tie.
    """
    uniform = stream.uniform(observation.population.shape[1])
    passed = np.cumsum(q_network_law(observation, terms), axis=2) <= uniform[..., None]
    drawn: Ints = np.minimum(passed.sum(axis=2), observation.available[-1])
    return drawn
