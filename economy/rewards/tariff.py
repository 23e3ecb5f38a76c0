"""Tariff: what a cooperative that pays with models offers for a term, and what each principal takes of it."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints, per_principal
from commonweal.economy.money.membership import NEVER


@dataclass(frozen=True)
class Tariff:
    """What the cooperative offers for a term, and the observations behind it."""

    costs: Floats  # (R, L) money a sample costs the type that each line of the menu is meant for; L = 0 without a menu
    amounts: Floats  # (R, L) samples per round that it asks for
    values: Floats  # (R, L) money per round that the model given for it is expected to be worth
    ratios: Floats  # (R, L) part of the model's accuracy that is given
    basis: Floats  # (R, B) the numbers that all this follows from: curve, samples before the term, value; nan before it
    seen: Floats  # (R, H, 2) samples trained on and accuracy in rounds ever further apart; nan where none yet
    alone: Floats = per_principal()  # (R, N) money per round of training alone; 0 where nobody does
    cost: Floats = per_principal()  # (R, N) money a sample with which training alone was reckoned; nan before
    line: Ints = per_principal(spare=NEVER)  # (R, N) line that each has chosen; NEVER without a menu

    @classmethod
    def none(cls, runs: int, principals: int, lines: int = 0, seen: int = 0) -> "Tariff":
        """Before the first term."""
        nothing, shape = np.zeros((runs, lines)), (runs, principals)
        never = np.full(shape, NEVER, dtype=np.int64)
        basis, rounds = np.full((runs, 1), np.nan), np.full((runs, seen, 2), np.nan)
        unknown = np.full(shape, np.nan)
        return cls(nothing, nothing, nothing, nothing, basis, rounds, np.zeros(shape), unknown, never)
