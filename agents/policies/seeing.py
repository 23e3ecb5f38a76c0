"""What principals see before they choose, as numbers with names."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.policies.base import Observation
from commonweal.agents.reciprocity.encounters import Seen


def seen_by_all(observation: Observation) -> dict[str, Floats]:
    """What every principal sees, whatever its policy, by name, each (R, N); the last action by its code.

    Names, good or bad, are there where names count, and value costs where somebody minds.
    """
    people, mean = observation.population, observation.graph.neighbour_mean
    delegates = (people.action == Action.DELEGATE).astype(np.float64)
    seen = {
        "last action": people.action.astype(np.float64),
        "own payoff": people.payoff,
        "reputation": people.reputation,
        "neighbours delegating": mean(delegates),
        "accuracy": np.broadcast_to(observation.quality[:, None], people.shape),
        "own cost": people.cost,
        "neighbours' payoff": mean(people.payoff),
        "revenue": np.broadcast_to(observation.revenue[:, None], people.shape),
    }
    names: Seen | None = observation.shown.get("reciprocity")
    if names is not None:
        named = {"own name": names.image, "name of who asks": names.other, "is asked": names.meets}
        seen |= {name: each.astype(np.float64) for name, each in named.items()}
    if people.minds:
        seen["own value cost"] = people.payoff - people.utility
    return seen
