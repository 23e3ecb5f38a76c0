"""Learning: independent Q-learners over actions, without states (Claus and Boutilier 1998)."""

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies.base import (
    Observation,
    PolicyTerms,
    anything,
    best_action,
    certainly,
    drawn_action,
    policy,
)
from commonweal.agents.streams import Stream


def learning_law(observation: Observation, terms: PolicyTerms) -> Floats:
    """(R, N, 4) any available action with probability ``exploration``, else the one of the highest learned value."""
    population, explores = observation.population, terms.learning.exploration[..., None]
    greedy = best_action(population.action_values, population.action, observation.available)
    return explores * anything(observation.available) + (1 - explores) * certainly(greedy)


@policy("learning", law=learning_law)
def learning(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Choose ε-greedily: a random action with probability ``exploration``, else the one of the highest learned value.

    Args:
        observation: ``action_values``, kept up to date by ``commonweal.agents.policies.remember``.
        terms: ``learning.exploration`` is ε.
        stream: takes 2 N numbers of each run.

    Returns:
        (R, N) actions; the last action at a tie.
    """
    population = observation.population
    whether, which = stream.uniform(2, population.shape[1]).swapaxes(0, 1)
    greedy = best_action(population.action_values, population.action, observation.available)
    return np.where(whether < terms.learning.exploration, drawn_action(observation.available, which), greedy)
