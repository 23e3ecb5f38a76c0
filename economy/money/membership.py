"""Membership: since when principals take part, what they have put in so far, and how much they put in at a time."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints

NEVER = -1  # of a round or a line that is not there


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
        """Of some of the runs, in any order and as often as named: (R',)."""
        return Membership(*(values[runs] for values in vars(self).values()))

    def after(self, put: Ints | Floats, number: int) -> "Membership":
        """After a round.

        Args:
            put: (R, N) samples put in.
            number: of the round.
        """
        joined = np.where((self.joined == NEVER) & (put > 0), number, self.joined)
        return Membership(joined, self.contributed + put, self.amount, self.line)


@dataclass(frozen=True)
class Tariff:
    """What the cooperative offers for a term, and what it was reckoned from."""

    costs: Floats  # (R, L) money a sample costs the type that each line of the menu is meant for; L = 0 without a menu
    amounts: Floats  # (R, L) samples per round that it asks for
    values: Floats  # (R, L) money per round that the model given for it is expected to be worth
    ratios: Floats  # (R, L) part of the model's accuracy that is given
    alone: Floats  # (R, N) money per round that each would have of a model of its own; 0 where nobody trains alone
    seen: Floats  # (R, H, 2) samples trained on and accuracy in rounds ever further apart; nan where none yet

    @classmethod
    def none(cls, runs: int, principals: int, lines: int = 0, seen: int = 0) -> "Tariff":
        """Before the first term."""
        nothing = np.zeros((runs, lines))
        return cls(nothing, nothing, nothing, nothing, np.zeros((runs, principals)), np.full((runs, seen, 2), np.nan))
