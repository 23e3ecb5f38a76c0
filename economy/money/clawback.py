"""Clawback: a principal whose credit over the horizon turns out to be harm gives back what it was paid.

That money goes to the others who are paid in this round, in proportion to their payments.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.terms import PerRun
from commonweal.economy.money.ledger import MICRO, Accounts, Ledger, Reason, Transfer
from commonweal.economy.money.market import LARGEST_REVENUE
from commonweal.economy.money.settlement import apportion


@dataclass(frozen=True)
class ClawbackTerms:
    """``scenario.clawback``."""

    share: PerRun  # (R, 1) share of payments that is taken back when netted credit falls below zero


@dataclass(frozen=True)
class Clawback:
    """What is taken back in a round, and who gets it."""

    purses: Ints  # (R, N) micro-units taken from balances
    stakes: Ints  # (R, N) micro-units taken from escrows, where balances are too small
    due: Ints  # (R, N) micro-units of this round's payments that what is taken is divided by: of all who did no harm
    redistributed: Ints  # (R, N) micro-units received by the others; without others they stay in the treasury
    refundable: Ints  # (R, up to H, N) micro-units that may be taken back from now on, by the round they were paid in

    @property
    def transfers(self) -> tuple[Transfer, Transfer, Transfer]:
        """The transfers to post."""
        accounts = Accounts(self.purses.shape[1])
        return (
            Transfer(Reason.CLAWBACK, accounts.principals, accounts.treasury, self.purses),
            Transfer(Reason.CLAWBACK, accounts.escrows, accounts.treasury, self.stakes),
            Transfer(Reason.REDISTRIBUTION, accounts.treasury, accounts.principals, self.redistributed),
        )

    @property
    def net(self) -> Ints:
        """(R, N) micro-units that each gains."""
        return self.redistributed - self.purses - self.stakes


def claw_back(
    ledger: Ledger, refundable: Ints, horizon: int, netted: Floats, payments: Ints, terms: ClawbackTerms
) -> Clawback:
    """Take back what was paid within the horizon, where netted credit is below zero.

    Args:
        ledger: balances once the round's payments are made.
        refundable: (R, up to H, N) micro-units of the rounds before that may still be taken back, oldest first.
        horizon: H rounds, this one included.
        netted: (R, N) credit over the horizon, with harm subtracted.
        payments: (R, N) of this round, micro-units.
        terms: the share to take back.

    Returns:
        What moves; nobody pays more than it has.
    """
    harmful = netted < 0.0
    claimable = np.concatenate([still_refundable(refundable, horizon), refundable_of(payments, terms)[:, None]], axis=1)
    claim = np.where(harmful, claimable.sum(axis=1), 0)
    purses = np.minimum(claim, ledger.principals)
    stakes = np.minimum(claim - purses, ledger.escrows)
    due = np.where(harmful, 0, payments)
    shares = due / np.maximum(due.sum(axis=1, keepdims=True), 1)
    taken = purses + stakes
    redistributed = apportion(np.minimum(taken.sum(axis=1), LARGEST_REVENUE), shares)
    left = np.maximum(np.cumsum(claimable, axis=1) - taken[:, None], 0)  # the oldest payments are taken back first
    remaining = np.diff(left, axis=1, prepend=0)
    remaining[:, -1] += refundable_of(redistributed, terms)
    return Clawback(purses, stakes, due, redistributed, remaining)


def refundable_of(payments: Ints, terms: ClawbackTerms) -> Ints:
    """(R, N) micro-units of payments (R, N) that may be taken back."""
    return np.minimum(np.rint(terms.share * payments).astype(np.int64), payments)


def still_refundable(refundable: Ints, horizon: int) -> Ints:
    """(R, up to H − 1, N) of the rounds before, (R, up to H, N), those that are within the horizon of this round."""
    return refundable[:, max(0, refundable.shape[1] + 1 - horizon) :]


def at_risk(refundable: Ints, payments: Floats, owned: Floats, share: Floats) -> Floats:
    """What a principal would lose if its netted credit were below zero.

    Args:
        refundable: (R, N, …) micro-units of the rounds before that may still be taken back.
        payments: (R, N, …) of this round, money.
        owned: (R, N, …) what it would have, this round's payments included, money.
        share: (R, 1, …) of payments that is taken back.

    Returns:
        (R, N, …) money.
    """
    risk: Floats = np.minimum(share * payments + refundable / MICRO, owned)
    return risk
