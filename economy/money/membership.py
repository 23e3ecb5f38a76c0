"""Membership: since when principals take part, what they have put in so far, and how much they put in at a time."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.terms import PerRun

NEVER = -1  # of a round or a line that is not there


@dataclass(frozen=True)
class MembershipTerms:
    """The part of ``scenario.contract`` about what members have done, where money or models go by it."""

    content: PerRun  # (R, 1) credit per sample, in units of the average, below which samples do not count
    joining: str  # seen or claimed: whose word counts on when a principal joined


@dataclass(frozen=True)
class Membership:
    """R runs of N principals. The cooperative counts samples, whatever they are: junk counts as much as data."""

    joined: Ints  # (R, N) round in which it first put samples in; NEVER before
    contributed: Floats  # (R, N) samples put in so far
    amount: Floats  # (R, N) samples it puts in in a round in which it delegates
    line: Ints  # (R, N) line of the menu it has chosen; NEVER without a menu

    @classmethod
    def none(cls, runs: int, principals: int, amount: int) -> "Membership":
        """Before the first round, when everybody would put in the same."""
        shape = (runs, principals)
        never = np.full(shape, NEVER, dtype=np.int64)
        return cls(never, np.zeros(shape), np.full(shape, float(amount)), never)

    def pick(self, runs: Ints) -> "Membership":
        """That of some runs (R',), in any order; a run may occur several times."""
        return Membership(*(values[runs] for values in vars(self).values()))

    def after(self, put: Ints | Floats, number: int) -> "Membership":
        """After a round.

        Args:
            put: (R, N) samples put in.
            number: of the round.
        """
        joined = np.where((self.joined == NEVER) & (put > 0), number, self.joined)
        return Membership(joined, self.contributed + put, self.amount, self.line)
