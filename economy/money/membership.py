"""Membership: when principals joined, what they have put in so far, and how much they put in per round."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints, per_principal

NEVER = -1  # in place of a round or a line, where there is none


@dataclass(frozen=True)
class Membership:
    """R runs of N principals. Samples are counted whatever is in them: junk counts as much as data."""

    joined: Ints = per_principal(spare=NEVER)  # (R, N) round in which it first put samples in; NEVER before
    contributed: Floats = per_principal()  # (R, N) samples put in so far
    amount: Floats = per_principal(spare="first")  # (R, N) samples it puts in in a round in which it delegates

    @classmethod
    def none(cls, runs: int, principals: int, amount: int | tuple[float, ...]) -> "Membership":
        """Before the first round, when everybody would put in the same, or each its own number (N,)."""
        shape = (runs, principals)
        return cls(np.full(shape, NEVER, dtype=np.int64), np.zeros(shape), np.full(shape, amount, dtype=np.float64))

    def pick(self, runs: Ints) -> "Membership":
        """The membership of some of the runs (R',), in any order; a run may occur several times."""
        return Membership(*(values[runs] for values in vars(self).values()))

    def after(self, put: Ints | Floats, number: int) -> "Membership":
        """After a round.

        Args:
            put: (R, N) samples put in.
            number: of the round.
        """
        joined = np.where((self.joined == NEVER) & (put > 0), number, self.joined)
        return Membership(joined, self.contributed + put, self.amount)
