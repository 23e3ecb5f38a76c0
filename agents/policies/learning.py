"""Learning: independent Q-learners over actions, without states (Claus and Boutilier 1998)."""

import numpy as np

from commonweal.agents.arrays import Ints
from commonweal.agents.policies.base import Observation, PolicyTerms, best_action, drawn_action, policy
from commonweal.agents.streams import Stream


@policy("learning")
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
