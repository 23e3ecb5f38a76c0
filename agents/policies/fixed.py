"""Fixed: a principal does what it did. Only mutation moves it, and what it moves to it keeps."""

from commonweal.agents.arrays import Ints
from commonweal.agents.policies.base import Observation, PolicyTerms, policy
from commonweal.agents.streams import Stream


@policy("fixed", remembers=False)
def fixed(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Keep the last action. Draws nothing."""
    return observation.population.action
