"""The four things a principal can do in a round."""

from enum import IntEnum

import numpy as np

from commonweal.agents.arrays import Floats, Ints


class Action(IntEnum):
    """What a principal does in a round; the value is its column wherever actions are an axis."""

    ABSTAIN = 0
    DELEGATE = 1
    FREE_RIDE = 2
    DEFECT = 3


CODES = np.array([int(action) for action in Action])  # (4,)
ABSTAIN = int(Action.ABSTAIN)  # numpy compares with it six times as fast


def of_action(values: Floats, actions: Ints) -> Floats:
    """(R, N) what stands in (R, N, 4) values for each one's action (R, N)."""
    found: Floats = np.take_along_axis(values, actions[..., None], axis=2)[..., 0]
    return found


def action_shares(actions: Ints) -> Floats:
    """Share of principals taking each action.

    Args:
        actions: (R, N) action codes.

    Returns:
        (R, 4) shares, columns in the order of ``Action``.
    """
    shares: Floats = (actions[:, :, None] == CODES).sum(axis=1) / actions.shape[1]
    return shares
