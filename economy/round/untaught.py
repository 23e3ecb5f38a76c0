"""The lesson of a round in which nothing is learned, in markets without a task."""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.credit import Credit
from commonweal.economy.round.learn import Exam, Lesson
from commonweal.economy.screening.admissible import Screened
from commonweal.economy.tasks import Batch, PutIn
from commonweal.economy.world.world import State


def without_learning(state: State, put: PutIn, values: Floats, loss: Floats, method: str) -> Lesson:
    """A lesson that leaves the network as it is, since there is neither a task nor anything to learn.

    Args:
        state: the economy, whose network stays as it is.
        put: how much everybody put in.
        values: (R, N) what that is worth.
        loss: (R,) of what there is instead of a network.
        method: how worth was found.
    """
    runs, principals = shape = state.population.shape
    none, nobody, nothing = np.zeros((runs, 0)), np.zeros((runs, principals, 0)), np.zeros(shape)
    exam = Exam(
        levels=none,
        loss=loss,
        directions=(),
        curvature=lambda direction: direction,
        slopes=nothing,
        alignments=nobody,
        gram=np.zeros((runs, 1, 1)),
    )
    no_samples = np.zeros((runs, 0), dtype=np.int64)
    return Lesson(
        batch=Batch(no_samples, no_samples, no_samples, None, None),
        put=put,
        exam=exam,
        active=values > 0,
        gated=np.zeros(shape, dtype=np.bool_),
        room=none,
        screened=Screened(nothing, nobody, none),
        norms=None,
        factor=np.ones(runs),
        parameters=state.parameters,
        levels=none,
        appraisal=Credit(values, method),
    )
