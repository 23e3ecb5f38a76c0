"""Judging: what a round is worth to a principal, in utility or in money alone.

Utility is payoff less value cost. Where nobody minds what becomes of its values both are the same numbers.
"""

from typing import Literal

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.round.record import Record

Judge = Literal["utility", "money"]


def worth(record: Record, judge: Judge) -> Floats:
    """(R, N) what a round was worth to each, money per round or utility in its unit."""
    return record.payday.utility if judge == "utility" else record.payday.payoffs


def cost_of_staying_away(record: Record, judge: Judge) -> Floats | float:
    """(R, N) what a round would have cost who stays away in its own values; 0 in money, and where nobody minds.

    Who leaves sheds complicity, not the outcome (``agents.concerns``).
    """
    minded = record.notes.get("concern")
    if judge == "money" or minded is None:
        return 0.0
    away: Floats = minded.costs[..., Action.ABSTAIN]
    return away
