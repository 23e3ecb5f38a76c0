"""Carrying out: moves as the conduct and the actions of a round."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.conduct import Conduct
from commonweal.economy.arena.moves import FREE, Laid
from commonweal.economy.tasks import Form


@dataclass(frozen=True)
class Doer:
    """Principals who move together in some runs, each under all its names."""

    rows: Ints  # (B,) runs
    members: tuple[int, ...]  # (M,) principals
    names: Ints  # (n,) all their names
    bearer: Ints  # (n,) place in ``members`` of the one behind each name
    divided: int  # names among which the samples of each are divided

    @property
    def place(self) -> Any:
        """Where their names stand in (R, N + spares, …)."""
        return np.ix_(self.rows, self.names)


@dataclass(frozen=True)
class Round:
    """What a round is played with, while moves are written into it."""

    conduct: Conduct | None  # None: moves are nothing but actions
    forced: Ints  # (R, N + spares) codes of forced actions; FREE: what the policy says

    @classmethod
    def fresh(cls, conduct: Conduct | None, forced: Ints) -> "Round":
        """A round whose arrays may be written to."""
        if conduct is None:
            return cls(None, forced.copy())
        names = ("form", "share", "claimed", "dearer", "exaggerates")
        return cls(replace(conduct, **{name: getattr(conduct, name).copy() for name in names}), forced.copy())

    def write(self, laid: Laid, doer: Doer, reach: Floats) -> None:
        """Let principals move.

        Args:
            laid: moves (B, M).
            doer: who moves, in which runs.
            reach: (R, N + spares, K) what being looser by the whole of a limit adds to a claim, with its sign.
        """
        moved, place, conduct = laid.at((slice(None), doer.bearer)), doer.place, self.conduct
        self.forced[place] = np.where(self.forced[place] == FREE, moved.action, self.forced[place])
        if conduct is None:
            return
        formed = (moved.form != FREE) & (conduct.form[place] != Form.COPY)
        conduct.form[place] = np.where(formed, moved.form, conduct.form[place])
        conduct.share[place] = moved.share / doer.divided
        conduct.claimed[place] -= moved.looser[..., None] * reach[place]
        conduct.dearer[place] += moved.dearer
        conduct.exaggerates[place] += moved.exaggerates
