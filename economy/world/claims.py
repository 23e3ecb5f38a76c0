"""Claims: what principals say of themselves, or their agents for them.

They are true unless a deviation makes some principals say otherwise, or agents must learn the limits that they file.
"""

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.population import Population
from commonweal.economy.money.membership import NEVER
from commonweal.economy.world.world import World

SMALLEST_VALUE = 1e-12  # money per unit of accuracy that a cost is divided by


def claimed_limits(people: Population, world: World, declared: Floats | None = None) -> Floats:
    """(R, N, K) limits as principals report them: what their agents file, or the true ones, and any lie on top."""
    filed = people.limits if declared is None else declared
    return filed if world.conduct is None else filed + world.conduct.claimed


def claimed_cost(people: Population, world: World) -> Floats:
    """(R, N) cost of a sample as principals report it, in units of accuracy."""
    return _dearer(people.cost / np.maximum(world.terms.market.model_value, SMALLEST_VALUE), world)


def claimed_price(people: Population, world: World) -> Floats:
    """(R, N) money that principals ask for giving up the whole of a limit."""
    return _dearer(people.price, world)


def claimed_joining(joined: Ints, world: World, runs: Ints | slice) -> Ints:
    """(R', N) rounds of joining that count, of those seen (R', N): earlier where claims count and a principal lies."""
    if world.conduct is None or world.terms.rewards.joining == "seen":
        return joined
    return np.where(joined == NEVER, NEVER, np.maximum(joined - world.conduct.earlier[runs], 0))


def felt(money: Floats, world: World) -> Floats:
    """(R, N) money that a person gains; 0 for spare names, whose principal gains under its own."""
    return money if world.conduct is None else money * world.conduct.person


def _dearer(money: Floats, world: World) -> Floats:
    return money if world.conduct is None else money * (1 + world.conduct.dearer)
