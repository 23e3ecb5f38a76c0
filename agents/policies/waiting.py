"""Wait and see: stay away while taking part would not have paid, then join for good (McDonald and Siegel 1986)."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies.base import Observation, PolicyTerms, certainly, policy
from commonweal.agents.streams import Stream


def wait_and_see_law(observation: Observation, terms: PolicyTerms) -> Floats:
    """(R, N, 4) what it does, for sure."""
    return certainly(_joined(observation))


@policy("wait_and_see", compares=True, law=wait_and_see_law)
def wait_and_see(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Principals that stay away delegate as soon as that would have paid more last round; the others go on as before.

    Joining is a real option: there is no way back, and what it is worth shows in what others earn. Nobody looks further
    ahead, even where joining early would pay in later rounds.

    Args:
        observation: ``foregone`` payoffs of the last round; while they are unknown (nan) nobody joins.
        terms: not looked at.
        stream: takes nothing.

    Returns:
        (R, N) actions.
    """
    return _joined(observation)


def _joined(observation: Observation) -> Ints:
    population = observation.population
    if Action.DELEGATE not in observation.available:
        return population.action
    pays = population.foregone[..., Action.DELEGATE] > population.foregone[..., Action.ABSTAIN]
    return np.where((population.action == Action.ABSTAIN) & pays, np.int64(Action.DELEGATE), population.action)
