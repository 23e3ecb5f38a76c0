"""Before a round: what principals see when they choose."""

from dataclasses import replace

import numpy as np

from commonweal.agents.policies import Observation
from commonweal.agents.population import Population
from commonweal.economy.world.world import State, World


def observe(state: State, people: Population, world: World) -> Observation:
    """What principals see before they choose."""
    shown = {each.name: each.show(state.mechanisms[each.name], world) for each in world.mechanisms}
    people = _as_meant(people, state, world)
    return Observation(
        people, world.graph, world.terms.available, state.quality, state.revenue, state.round, shown
    )


def _as_meant(people: Population, state: State, world: World) -> Population:
    """People whose last action is what they meant to do, where a mechanism kept them from it."""
    for each in world.mechanisms:
        meant = each.meant(state.mechanisms[each.name], world)
        if meant is not None:
            people = replace(people, action=np.where(meant >= 0, meant, people.action))
    return people
