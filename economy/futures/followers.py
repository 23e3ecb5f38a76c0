"""Followers: principals who go by another policy than their own, perhaps by one that nobody else follows."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from commonweal.agents.errors import InputError
from commonweal.agents.policies import POLICIES
from commonweal.agents.population import Population
from commonweal.economy.arena.names import Names
from commonweal.economy.futures.deviations import Deviation, spares_of
from commonweal.economy.world.world import World

LEARNS = ("q_network", "reciprocity")  # policies of those who must have learned from the first round on


def following(
    world: World, people: Population, deviations: Sequence[Deviation], names: Names
) -> tuple[World, Population]:
    """The world that knows all policies that deviations name, and the people of whom their members follow these.

    A policy that is new in the mix draws as all others do, from the first round of the futures on, in all their runs.

    Args:
        world: of B (1 + D) runs.
        people: of these.
        deviations: D of them, each in every run of its number.
        names: whose name is whose.

    Raises:
        InputError: if there is no such policy, or it makes no sense in this world.
    """
    wanted = {d.policy for d in deviations if d.policy is not None}
    if not wanted:
        return world, people
    for deviation in deviations:
        _demand(deviation, world)
    world, people = _knowing(world, people, wanted)
    policy, positions = people.policy.copy(), {name: k for k, name in enumerate(world.terms.policy.names)}
    for k, deviation in enumerate(deviations, start=1):
        if deviation.policy is not None:
            own = [*deviation.members, *spares_of(deviation, names.principals)]
            policy[k :: 1 + len(deviations), own] = positions[deviation.policy]
    return world, replace(people, policy=policy)


def _demand(deviation: Deviation, world: World) -> None:
    """Raise InputError where a deviation names a policy that does not exist or cannot be followed."""
    name = deviation.policy
    if name is None:
        return
    facts, where = POLICIES.facts(name), f"deviation {deviation.name}: policy {name!r}"
    if facts.names and not any(each.name == "reciprocity" for each in world.mechanisms):
        raise InputError(f"{where} goes by names: reciprocity.kind must be other than none")
    if (name in LEARNS or facts.mind is not None) and name not in world.terms.policy.names:
        raise InputError(f"{where} must be in policy.mix: who follows it has learned from the first round on")


def _knowing(world: World, people: Population, wanted: set[str]) -> tuple[World, Population]:
    """The world and people with more policies in the mix, which nobody follows so far."""
    terms = world.terms
    before = terms.policy.names
    if not (new := wanted - set(before)):
        return world, people
    nobody = np.zeros_like(next(iter(terms.policy.mix.values())))
    terms = replace(terms, policy=replace(terms.policy, mix=terms.policy.mix | dict.fromkeys(sorted(new), nobody)))
    mechanisms = tuple(type(each)(terms) for each in world.mechanisms)  # they look policies up when they are made
    moved = np.array([terms.policy.names.index(name) for name in before])
    return replace(world, terms=terms, mechanisms=mechanisms), replace(people, policy=moved[people.policy])
