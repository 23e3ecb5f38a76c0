"""Identity cost: taking part under a name for the first time costs money, so every further name costs as much.

Without it no anonymous mechanism withstands false names (Douceur 2002; Yokoo, Sakurai and Matsubara 2004).
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Ints
from commonweal.agents.terms import PerRun
from commonweal.economy.money.ledger import Ledger, Reason, Transfer, post, to_micro


@dataclass(frozen=True)
class IdentityTerms:
    """``scenario.identity``."""

    cost: PerRun  # (R, 1) money paid on first taking part under a name


def charge_entry(ledger: Ledger, entered: Bools, actions: Ints, terms: IdentityTerms) -> tuple[Ints, Transfer]:
    """Before a round: new names pay; a name that cannot pay does not take part.

    Args:
        ledger: balances before the round.
        entered: (R, N) names that have been paid for.
        actions: (R, N) what everybody would do.
        terms: the identity cost.

    Returns:
        Actions (R, N), in which names that cannot pay abstain, and what the others pay to the treasury.
    """
    price = to_micro(terms.cost)
    new = (actions != Action.ABSTAIN) & ~entered
    barred = new & (ledger.principals < price)
    fees = Transfer(
        Reason.IDENTITY, ledger.accounts.principals, ledger.accounts.treasury, np.where(new & ~barred, price, 0)
    )
    return np.where(barred, np.int64(Action.ABSTAIN), actions), fees


def fund_names(ledger: Ledger, bearer: Ints, unborne: Bools, entered: Bools, terms: IdentityTerms) -> Ledger:
    """A principal with several names gives each its price of entry, as far as it can afford that.

    Args:
        ledger: balances, in which spare names own nothing.
        bearer: (R, N) the principal behind a name; itself for principals.
        unborne: (R, N) names that nobody uses.
        entered: (R, N) names that have been paid for.
        terms: the identity cost.
    """
    runs, count = bearer.shape
    price = to_micro(terms.cost)
    spare = (bearer != np.arange(count)) & ~unborne
    same = (bearer[:, :, None] == bearer[:, None, :]) & spare[:, :, None] & spare[:, None, :]
    earlier = np.tril(same, -1).sum(axis=2)  # (R, N) spare names of the same bearer before this one
    affordable = (ledger.principals - np.where(entered, 0, price)) // np.maximum(price, 1)
    funded = np.where(spare & (earlier < np.take_along_axis(affordable, bearer, axis=1)), price, 0)
    given = np.zeros((runs, count), dtype=np.int64)
    np.add.at(given, (np.arange(runs)[:, None], bearer), funded)
    accounts = ledger.accounts
    lent = Transfer(Reason.IDENTITY, accounts.principals, accounts.treasury, given)
    return post(ledger, [lent, Transfer(Reason.IDENTITY, accounts.treasury, accounts.principals, funded)])
