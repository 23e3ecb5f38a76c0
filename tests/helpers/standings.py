"""Standings of principals as tests need them: what is not said does not matter there."""

from typing import Any

import numpy as np

from commonweal.economy.money.settlement import Lines, Standing


def standing_with(credit: Any, member: Any = True, **said: Any) -> Standing:
    """A standing of principals with some credit (R, N) who take part (R, N), and everything else as said."""
    earned = np.asarray(credit, dtype=float)
    shape = earned.shape
    nothing = np.zeros((len(earned), 0))
    usual: dict[str, Any] = {
        "claims": np.full(shape, 8),
        "reputation": np.ones(shape),
        "put": np.full(shape, 8),
        "cost": np.full(shape, 0.001),
        "joined": np.zeros(shape, dtype=np.int64),
        "contributed": np.full(shape, 8.0),
        "round": 0,
        "menu": Lines(nothing, nothing),
    }
    taking_part = np.broadcast_to(member, shape)
    values = usual | said
    values["claims"] = np.where(taking_part, values["claims"], 0)
    return Standing(credit=earned, member=taking_part, **values)
