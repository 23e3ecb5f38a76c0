"""Pools: what real samples principals put in, in a round or in what might have been, as closed forms ask for it."""

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.terms import pick
from commonweal.economy.rewards.forms import CLOSED_FORMS, Contributions
from commonweal.economy.world.world import State, World


def contributions_of(
    real: Ints | Floats,
    member: Bools,
    state: State,
    world: World,
    row: Ints | None = None,
    copied: Floats | None = None,
) -> Contributions:
    """What is put in in a round, or in R' that might have been.

    Args:
        real: (R', M) samples of their own that go in under all names.
        member: (R', M) who takes part.
        state: before the round, of R runs.
        world: what does not change.
        row: (R',) the runs of the state that these are; None: all of them, once each.
        copied: (R', M) samples that go in as copies of another's; None: none.
    """
    rows = slice(None) if row is None else row
    amount, terms = state.membership.amount[rows], world.terms.rewards.accuracy
    terms = terms if row is None else pick(terms, row)
    bearer = source = None
    if world.bearer is not None and not CLOSED_FORMS.facts(terms.kind).total:  # a total is the same under any names
        bearer = world.bearer[rows]
    if copied is not None and copied.any():
        assert world.conduct is not None
        source = np.where(copied > 0, world.conduct.source[rows], 0)
        copied = np.minimum(copied, np.take_along_axis(amount, source, axis=1))
    nothing = np.zeros((1, 1)) if copied is None or source is None else copied
    return Contributions(
        real.astype(np.float64),
        np.broadcast_to(nothing, real.shape),
        member,
        amount if bearer is None else amount[:, : world.terms.population.count],
        terms,
        bearer,
        source,
    )
