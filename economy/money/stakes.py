"""Stakes: participants hold money in escrow and lose a share of it when caught cheating.

Evidence is netted credit below zero, or an audit that reveals the action; where audits look at the samples that are put
in, these instead of credit. All count only for those who are audited.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError, apart
from commonweal.agents.terms import PerRun
from commonweal.economy.money.ledger import MICRO, Accounts, Ledger, Reason, Transfer, to_micro

Sees = Literal["action", "content"]
MOST_MONEY = 10**12  # money endowed in all: int64 holds nine times as many micro-units, which leaves room for revenue


@dataclass(frozen=True)
class StakeTerms:
    """``scenario.stakes``."""

    stake: PerRun  # (R, 1) money a participant holds in escrow
    audit: PerRun  # (R, 1) probability that a participant is audited in a round
    reveal: PerRun  # (R, 1) probability that an audit reveals the action
    slash: PerRun  # (R, 1) share of its stake that a caught participant loses
    sees: Sees = "action"  # what an audit reveals: that somebody free-rides or defects, or that its samples are no data


def endowment_transfer(count: int, endowment: Floats) -> Transfer:
    """The money that N = ``count`` principals start with.

    Args:
        count: N.
        endowment: (R, 1) money for each.

    Raises:
        InputError: if all of it together is more than the ledger can count.
    """
    if (total := float(endowment.max()) * count) > MOST_MONEY:
        found, most = apart(total, MOST_MONEY)
        raise InputError(f"population.endowment: {found} money for all principals; at most {most} is allowed")
    amount = np.broadcast_to(to_micro(endowment), (len(endowment), count))
    return Transfer(Reason.ENDOWMENT, Accounts(count).market, Accounts(count).principals, amount)


def stake_transfers(
    ledger: Ledger, member: Bools, terms: StakeTerms, multiple: Floats | None = None
) -> tuple[Transfer, Transfer]:
    """Who abstains gets its escrow back; who takes part tops it up as far as its balance allows.

    Args:
        ledger: balances before the round.
        member: (R, N) who takes part.
        terms: the stake.
        multiple: (R, N) of the stake that each must hold; what is more is released. None: the stake.

    Returns:
        Release, then stake.
    """
    due = to_micro(terms.stake if multiple is None else terms.stake * multiple)
    missing = np.maximum(due - ledger.escrows, 0)
    release = np.where(member, 0 if multiple is None else np.maximum(ledger.escrows - due, 0), ledger.escrows)
    topping = np.where(member, np.minimum(missing, ledger.principals), 0)
    purses, stakes = ledger.accounts.principals, ledger.accounts.escrows
    return Transfer(Reason.RELEASE, stakes, purses, release), Transfer(Reason.STAKE, purses, stakes, topping)


def caught(
    actions: Ints, credit: Floats, uniforms: Floats, terms: StakeTerms, bogus: Bools | None = None
) -> Bools:
    """The principals that are audited and found to cheat.

    Args:
        actions: (R, N) actions of the round.
        credit: (R, N) cumulated credit, netted before clipping: below zero it is evidence of harm.
        uniforms: (R, 2, N) uniform numbers in [0, 1): who is audited, whose action is revealed. The same number of
            draws whatever happened, so that one principal's choice never moves another's luck.
        terms: probabilities.
        bogus: (R, N) who puts in what is no data of anybody, whatever action that is, where audits look at samples:
            credit below zero is no evidence then. None: they do not.

    Returns:
        (R, N).
    """
    audited = (uniforms[:, 0] < terms.audit) & (actions != Action.ABSTAIN)
    cheats = (actions == Action.FREE_RIDE) | (actions == Action.DEFECT)
    revealed = uniforms[:, 1] < terms.reveal
    guilty: Bools = audited & ((credit < 0.0) | (cheats & revealed) if bogus is None else (cheats | bogus) & revealed)
    return guilty


def slash_transfer(ledger: Ledger, guilty: Bools, terms: StakeTerms) -> Transfer:
    """The slashed share of the escrows of those caught goes to the treasury.

    Args:
        ledger: balances while stakes are in escrow.
        guilty: (R, N) answer of ``caught``.
        terms: the share to slash.
    """
    slashed = np.minimum(np.rint(terms.slash * ledger.escrows).astype(np.int64), ledger.escrows)
    return Transfer(Reason.SLASH, ledger.accounts.escrows, ledger.accounts.treasury, np.where(guilty, slashed, 0))


def expected_loss(
    cheats: bool, harmful: Bools, owned: Ints, terms: StakeTerms, multiple: Floats | None = None
) -> Floats:
    """Expected loss of a principal's stake.

    Args:
        cheats: whether its action is one that an audit may reveal.
        harmful: (R, N) whether its netted credit is below zero, which is evidence unless audits look at samples.
        owned: (R, N) micro-units from which it can post its stake.
        terms: stake and probabilities.
        multiple: (R, N) of the stake that each must hold; None: the stake.

    Returns:
        (R, N) money.
    """
    evident = harmful & (terms.sees == "action")
    risk = terms.audit * np.where(evident, 1.0, terms.reveal if cheats else 0.0)
    due = to_micro(terms.stake if multiple is None else terms.stake * multiple)
    loss: Floats = risk * terms.slash * np.minimum(due, owned) / MICRO
    return loss
