"""The default negotiator: asks for Shapley values and settles for less the longer talks last; nothing is random."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.economy.money.ledger import MICRO
from commonweal.economy.negotiation.pricing import best_course, fair_payoffs, fair_proposal
from commonweal.economy.negotiation.talks import (
    MOST_ROUNDS,
    Kind,
    Move,
    Proposal,
    Situation,
    negotiator,
    on_the_table,
    rounds_begun,
)


@dataclass(frozen=True)
class ShapleyNegotiator:
    """Proposes Shapley values; accepts an offer of at least max(outside option, φ_i − concession_t)."""

    def move(self, situation: Situation, party: int, said: Sequence[Move]) -> Move:
        """Halts where together nothing is to be gained."""
        total = situation.courses[best_course(situation)].payoffs.sum()
        if total * MICRO - situation.outside.sum() * MICRO < len(situation.parties):
            return Move(party, Kind.HALT, words="no plan is worth more than going alone")
        table, fair = on_the_table(said), fair_proposal(situation)
        if table is None:
            if not _gains(situation, fair, party):
                return Move(party, Kind.HALT, words="nobody can pay me enough")
            return Move(party, Kind.PROPOSE, fair)
        if situation.payoffs(table)[party] >= least(situation, party, rounds_begun(said) - 1) - _rounding(situation):
            return Move(party, Kind.ACCEPT)
        may_counter = table != fair and rounds_begun(said) < MOST_ROUNDS and _gains(situation, fair, party)
        return Move(party, Kind.COUNTER, fair) if may_counter else Move(party, Kind.REJECT)


def least(situation: Situation, party: int, rounds: int) -> float:
    """The least payoff a party accepts after so many rounds without a deal, micro-units."""
    fair, outside = fair_payoffs(situation)[party], situation.outside[party]
    conceded = situation.concession * rounds * max(fair - outside, 0.0)
    return float(np.floor(max(outside, fair - conceded) * MICRO))


def _gains(situation: Situation, proposal: Proposal, party: int) -> bool:
    """Whether a party has at least what it has without a deal."""
    return bool(situation.payoffs(proposal)[party] >= situation.outside[party] * MICRO - _rounding(situation))


def _rounding(situation: Situation) -> int:
    """Micro-units that dividing a deal into whole ones may cost a party: in its sum, and then in its division."""
    return min(len(situation.parties) - 1, 2)


@negotiator("shapley")
def make_shapley_negotiator() -> ShapleyNegotiator:
    """The default."""
    return ShapleyNegotiator()
