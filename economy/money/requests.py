"""Requests: what a donor's data are paid is for somebody else, or is paid only to who has a good name."""

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.money.ledger import Accounts, Reason, Transfer


def handed_on(payments: Ints, meets: Bools, counterpart: Ints) -> tuple[Transfer, ...]:
    """What each donor is paid goes to its counterpart: a permutation of payments.

    Args:
        payments: (R, N) micro-units that each has just been paid.
        meets: (R, N) who has a request; the others keep their pay.
        counterpart: (R, N) whose request it is, all different.
    """
    accounts = Accounts(payments.shape[1])
    return (Transfer(Reason.REQUEST, accounts.principals, counterpart, np.where(meets, payments, 0)),)


def pooled(payments: Ints, meets: Bools, member: Bools) -> tuple[Transfer, ...]:
    """What all donors are paid is divided equally among all who take part; the remainder stays in the treasury.

    Args:
        payments: (R, N) micro-units that each has just been paid.
        meets: (R, N) whose pay goes into the pool.
        member: (R, N) who takes part.
    """
    accounts = Accounts(payments.shape[1])
    paid_in = np.where(meets, payments, 0)
    each = paid_in.sum(axis=1, keepdims=True) // np.maximum(member.sum(axis=1, keepdims=True), 1)
    return (
        Transfer(Reason.REQUEST, accounts.principals, accounts.treasury, paid_in),
        Transfer(Reason.REQUEST, accounts.treasury, accounts.principals, each * member),
    )


def forfeited(paid: Ints, share: Floats, bad: Bools, receives: Bools) -> tuple[Transfer, ...]:
    """Bad names lose a share of what they were paid to others, in equal parts; the remainder goes to the treasury.

    Args:
        paid: (R, N) micro-units that each was paid in the round, from 0.
        share: (R, 1) of it that a bad name forfeits, from 0 to 1.
        bad: (R, N) who has a bad name.
        receives: (R, N) who gets a part; where nobody does the treasury keeps all.
    """
    accounts = Accounts(paid.shape[1])
    lost = np.where(bad, np.rint(share * paid).astype(np.int64), 0)
    each = lost.sum(axis=1, keepdims=True) // np.maximum(receives.sum(axis=1, keepdims=True), 1)
    return (
        Transfer(Reason.FORFEIT, accounts.principals, accounts.treasury, lost),
        Transfer(Reason.FORFEIT, accounts.treasury, accounts.principals, each * receives),
    )


def withheld(payments: Ints, refused: Bools) -> tuple[Transfer, ...]:
    """What those who are refused were paid goes back to the treasury.

    Args:
        payments: (R, N) micro-units that each has just been paid.
        refused: (R, N) who is not let in.
    """
    accounts = Accounts(payments.shape[1])
    return (Transfer(Reason.WITHHELD, accounts.principals, accounts.treasury, np.where(refused, payments, 0)),)
