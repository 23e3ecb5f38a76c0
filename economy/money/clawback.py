"""Clawback: a principal whose credit over the horizon turns out to be harm gives back what it was paid for it.

What is taken back goes to the others who are paid in this round, in proportion to their payments.
"""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.credit.history import CreditHistory
from commonweal.economy.money.ledger import MICRO, Accounts, Ledger, Reason, Transfer
from commonweal.economy.money.market import LARGEST_REVENUE
from commonweal.economy.money.settlement import apportion
from commonweal.economy.money.stakes import ContractTerms


@dataclass(frozen=True)
class Clawback:
    """What is taken back in a round, and who gets it."""

    purses: Ints  # (R, N) micro-units taken from balances
    stakes: Ints  # (R, N) micro-units taken from escrows, where balances do not suffice
    redistributed: Ints  # (R, N) micro-units received by the others; what nobody is due stays in the treasury

    @property
    def transfers(self) -> tuple[Transfer, Transfer, Transfer]:
        """All that is posted."""
        accounts = Accounts(self.purses.shape[1])
        return (
            Transfer(Reason.CLAWBACK, accounts.principals, accounts.treasury, self.purses),
            Transfer(Reason.CLAWBACK, accounts.escrows, accounts.treasury, self.stakes),
            Transfer(Reason.REDISTRIBUTION, accounts.treasury, accounts.principals, self.redistributed),
        )

    @property
    def net(self) -> Ints:
        """(R, N) micro-units that each gains by it."""
        return self.redistributed - self.purses - self.stakes


def claw_back(
    ledger: Ledger, history: CreditHistory, netted: Floats, payments: Ints, terms: ContractTerms
) -> tuple[Clawback, CreditHistory]:
    """Take back what was paid within the horizon for credit that nets to less than nothing.

    Args:
        ledger: balances once the round's payments are made.
        history: credit with this round's, and what may still be taken back of payments of the rounds before.
        netted: (R, N) credit over the horizon, harm set off.
        payments: (R, N) of this round, micro-units.
        terms: the share to take back.

    Returns:
        What moves, never more than anybody has; and the history with what may be taken back from now on.
    """
    harmful = netted < 0.0
    past = np.zeros(history.rounds.shape, dtype=np.int64) if history.refundable is None else history.refundable
    refundable = past.copy()
    refundable[-1] += refundable_of(payments, terms)
    claim = np.where(harmful, refundable.sum(axis=0), 0)
    purses = np.minimum(claim, ledger.principals)
    stakes = np.minimum(claim - purses, ledger.escrows)
    due = np.where(harmful, 0, payments).astype(np.float64)
    shares = due / np.maximum(due.sum(axis=1, keepdims=True), 1.0)
    taken = purses + stakes
    redistributed = apportion(np.minimum(taken.sum(axis=1), LARGEST_REVENUE), shares)
    left = np.maximum(np.cumsum(refundable, axis=0) - taken, 0)  # the oldest payments are taken back first
    refundable = np.diff(left, axis=0, prepend=0)
    refundable[-1] += refundable_of(redistributed, terms)
    return Clawback(purses, stakes, redistributed), replace(history, refundable=refundable)


def refundable_of(payments: Ints, terms: ContractTerms) -> Ints:
    """(R, N) what may be taken back of payments (R, N), micro-units."""
    return np.minimum(np.rint(terms.clawback * payments).astype(np.int64), payments)


def at_risk(history: CreditHistory, payments: Floats, terms: ContractTerms) -> Floats:
    """What a principal would lose if its credit netted to less than nothing, whatever it still has.

    Args:
        history: credit and what may be taken back of payments of the rounds before.
        payments: (R, N) of this round, money.
        terms: the share to take back.

    Returns:
        (R, N) money.
    """
    past = 0.0 if history.refundable is None else history.refundable.sum(axis=0) / MICRO
    risk: Floats = terms.clawback * payments + past
    return risk
