"""Handing over: the copy of the shared model that each principal is given for the accuracy it is owed."""

from functools import cache

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.streams import Streams
from commonweal.economy.rewards.copies import (
    Realised,
    Snapshots,
    draw_noise,
    given_copies,
    given_snapshots,
    noised,
    pruned,
    remembered_model,
)
from commonweal.economy.round.learn import Lesson
from commonweal.economy.world.world import State, World

SNAPSHOTS = 32  # models of earlier rounds that are kept


def handed_over(
    owed: Floats, quality: Floats, lesson: Lesson, state: State, world: World, streams: Streams
) -> Realised:
    """Make the copies and test them, or take the promise as kept.

    Args:
        owed: (R, N) accuracy.
        quality: (R,) of the shared model.
        lesson: of the round, with the shared model.
        state: before the round.
        world: what does not move.
        streams: noise is drawn from the shock stream.
    """
    terms = world.terms.rewards
    if terms.realise == "promise":
        return Realised(owed, *_taken_as_kept(owed.shape))
    if terms.realise == "snapshot":
        return given_snapshots(owed, quality, state.snapshots, terms.tolerance)
    trained = world.network.trained
    if terms.realise == "noise":
        family = noised(lesson.parameters, draw_noise(lesson.parameters[:trained], streams.shock), trained)
    else:
        family = pruned(lesson.parameters, trained)
    return given_copies(owed, quality, family, world.network, world.test, terms.tolerance)


@cache
def _taken_as_kept(shape: tuple[int, ...]) -> tuple[Bools, Floats]:
    """That every promise is kept, and that no copy was made for it."""
    return np.ones(shape, dtype=np.bool_), np.full(shape, np.nan)


def snapshots_after(state: State, lesson: Lesson, quality: Floats, world: World) -> Snapshots:
    """The models kept for later rounds, this round's among them, where they are what is given."""
    if world.terms.rewards.realise != "snapshot":
        return state.snapshots
    return remembered_model(state.snapshots, lesson.parameters, quality, SNAPSHOTS)
