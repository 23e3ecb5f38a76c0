"""Best response: do what would have paid most last round, all else equal (Gilboa and Matsui 1991)."""

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies.base import Observation, PolicyTerms, best_action, certainly, policy
from commonweal.agents.streams import Stream


def best_response_law(observation: Observation, terms: PolicyTerms) -> Floats:
    """(R, N, 4) the last action with probability ``inertia``, else the best."""
    population, stays = observation.population, terms.best_response.inertia[..., None]
    best = best_action(population.foregone, population.action, observation.available)
    return stays * certainly(population.action) + (1 - stays) * certainly(best)


@policy("best_response", compares=True, law=best_response_law)
def best_response(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Take the action of the highest counterfactual payoff; keep the last at a tie, and with probability ``inertia``.

    Args:
        observation: ``foregone`` payoffs of the last round; unknown (nan) ones are never chosen.
        terms: ``best_response.inertia``.
        stream: takes N numbers of each run.

    Returns:
        (R, N) actions.
    """
    population = observation.population
    best = best_action(population.foregone, population.action, observation.available)
    stays = stream.uniform(population.shape[1]) < terms.best_response.inertia
    return np.where(stays, population.action, best)
