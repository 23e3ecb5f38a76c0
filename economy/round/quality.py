"""What customers pay for: how much of the test set the shared model classifies right."""

import numpy as np
from torch import Tensor

from commonweal.agents.arrays import Floats
from commonweal.economy.learning.network import Parameters, to_numpy
from commonweal.economy.world.world import World


def accuracy(parameters: Parameters, world: World) -> Floats:
    """(R,) share of the test set classified right."""
    return share_right(classified_right(parameters, world))


def classified_right(parameters: Parameters, world: World) -> Tensor:
    """(R, E) which test samples are classified right."""
    features, labels = world.test
    scores = world.network.logits(parameters, features)
    right: Tensor = scores.gather(2, labels.unsqueeze(2)).squeeze(2) == scores.amax(2)
    return right


def share_right(right: Tensor, among: Tensor | None = None) -> Floats:
    """(R,) share of the test samples that are right, (R, E), of all or ``among`` some; 0 where there are none."""
    if among is None:
        return to_numpy(right.sum(1)) / right.shape[1]
    return to_numpy((right & among).sum(1)) / np.maximum(to_numpy(among.sum(1)), 1)
