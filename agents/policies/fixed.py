"""Fixed: a principal does what it did. Only mutation moves it, and what it moves to it keeps."""

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies.base import Observation, PolicyTerms, certainly, policy
from commonweal.agents.streams import Stream


def fixed_law(observation: Observation, terms: PolicyTerms) -> Floats:
    """(R, N, 4) the last action for sure."""
    return certainly(observation.population.action)


@policy("fixed", remembers=False, law=fixed_law)
def fixed(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Keep the last action. Draws nothing."""
    return observation.population.action
