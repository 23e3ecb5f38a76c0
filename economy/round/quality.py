"""What customers pay for: how well the shared model does on the test set, by the metric of the task."""

import numpy as np
from torch import Tensor

from commonweal.agents.arrays import Floats
from commonweal.economy.learning.network import Parameters
from commonweal.economy.world.world import World


def quality_of(parameters: Parameters, world: World) -> Floats:
    """(R,) quality on the test set by ``task.metric``, 0 at least: nobody pays for what is worse than nothing."""
    return measured(test_scores(parameters, world), world)


def test_scores(parameters: Parameters, world: World) -> Tensor:
    """(R, E, C) what the network says of the test samples."""
    return world.network.logits(parameters, world.test[0])


def measured(scores: Tensor, world: World, among: Tensor | None = None) -> Floats:
    """(R,) quality by scores (R, E, C) of all test samples, or of those ``among`` (R, E); 0 where there are none."""
    weights = world.test_weights
    if weights is not None:
        among = weights if among is None else weights * among
    return np.maximum(world.metric(scores, world.test[1], among), 0.0)
