"""Pools: what real samples principals put in, in a round or in what might have been, as closed forms ask for it."""

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.terms import pick
from commonweal.economy.rewards.forms import Pool
from commonweal.economy.world.world import State, World


def pool_of(real: Ints | Floats, member: Bools, state: State, world: World, row: Ints | None = None) -> Pool:
    """A pool of a round, or of R' that might have been.

    Args:
        real: (R', N) samples of their own that principals put in.
        member: (R', N) who takes part.
        state: before the round, of R runs.
        world: what does not change.
        row: (R',) the runs of the state that these are; None: all of them, once each.
    """
    held, terms = state.membership.amount, world.terms.rewards.accuracy
    if row is not None:
        held, terms = held[row], pick(terms, row)
    return Pool(real.astype(np.float64), member, held, terms)
