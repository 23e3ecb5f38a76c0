"""Tariff: what the cooperative offers for a term, and the experience it is computed from."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats


@dataclass(frozen=True)
class Tariff:
    """What the cooperative offers for a term, and what it was computed from."""

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
