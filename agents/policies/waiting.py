"""Wait and see: stay away while taking part would not have paid, then join for good (McDonald and Siegel 1986)."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Ints
from commonweal.agents.policies.base import Observation, PolicyTerms, policy
from commonweal.agents.streams import Stream


@policy("wait_and_see", compares=True)
def wait_and_see(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Who stays away delegates as soon as that would have paid more last round; who takes part goes on as it does.

    Joining is as in a real option: there is no way back, and what it pays is seen in what others make of it. Those
    among them whom it would pay to be early for the sake of later rounds do not look so far ahead.

    Args:
        observation: ``foregone`` payoffs of the last round; while they are unknown (nan) nobody joins.
        terms: not looked at.
        stream: takes nothing.

    Returns:
        (R, N) actions.
    """
    population = observation.population
    if Action.DELEGATE not in observation.available:
        return population.action
    pays = population.foregone[..., Action.DELEGATE] > population.foregone[..., Action.ABSTAIN]
    return np.where((population.action == Action.ABSTAIN) & pays, np.int64(Action.DELEGATE), population.action)
