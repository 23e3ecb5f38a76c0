"""Settlement: revenue and cumulated credit become payments, in whole micro-units.

A settlement rule answers which share of the payments each principal is due. Register your own with
``@settlement_rule("name")`` or as an entry point of the group ``commonweal.settlement``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints, apportioned, ratio
from commonweal.agents.errors import InputError, apart
from commonweal.agents.registry import Registry
from commonweal.agents.terms import PerRun
from commonweal.economy.credit.history import Clip
from commonweal.economy.money.ledger import Accounts, Reason, Transfer
from commonweal.economy.money.per_sample import relative_credit
from commonweal.economy.money.quota import credit_quotas
from commonweal.economy.money.time_aware import TimeTerms, cumulated_value, valued_by_time

ROUNDING = 1e-9  # shares that sum to 1 within this are meant to sum to 1
SLACK = 1e-6  # micro-units below a whole one that are rounding errors: 0.29 * 100 is 28.999999999999996


@dataclass(frozen=True)
class SettlementTerms:
    """How revenue becomes payments."""

    kind: str  # name of the settlement rule
    horizon: int  # rounds over which credit is cumulated
    discount: PerRun  # (R, 1) weight of a round's credit one round later
    alpha: PerRun  # (R, 1) exponent of cumulated credit in the shares
    reserve: PerRun  # (R, 1) share of revenue kept in the treasury
    floor: PerRun  # (R, 1) share of payments split equally among participants
    clip: Clip  # when negative credit is clipped
    hold_back: PerRun  # (R, 1) standard errors held back from cumulated credit
    altruism: PerRun  # (R, 1) β of quotas
    time: TimeTerms
    cap: PerRun  # (R, 1) times the typical credit of a sample held that is paid at most (synthesised)


@dataclass(frozen=True)
class Lines:
    """The menu of R runs; L = 0 where there is none."""

    amounts: Floats  # (R, L) samples per round that each line asks for
    ratios: Floats  # (R, L) part of the model's accuracy that it gives


@dataclass(frozen=True)
class Standing:
    """What settlement and model rewards look at."""

    credit: Floats  # (R, N) cumulated credit; may be negative
    claims: Ints  # (R, N) samples claimed this round; 0 for those who abstain
    member: Bools  # (R, N) who takes part this round
    reputation: Floats  # (R, N) moving average of being credited, in [0, 1]
    put: Ints | Floats  # (R, N) samples put in this round that count: all, or only those with credit
    cost: Floats  # (R, N) claimed cost of a sample, in units of accuracy
    joined: Ints  # (R, N) round in which each first put samples in, as seen or claimed; −1 before
    contributed: Floats  # (R, N) samples that count, of all rounds so far; of this round alone without a task
    round: int  # rounds played before
    menu: Lines
    each: Floats | None = None  # (R, N) accuracy that each has in the end by a closed form; None: all have the model's
    worth: Floats | None = None  # (R,) of the round's model by a closed form, in the unit of credit; None: not known


SettlementRule = Callable[[Standing, SettlementTerms], Floats]  # (R, N) shares >= 0; rows sum to at most 1


@dataclass(frozen=True)
class SettlementFacts:
    """What others must know of a settlement rule."""

    by_worth: bool = False  # goes by what all data are worth, which only closed forms say; else it is one by credit
    by_credit: bool = True  # pays by cumulated credit, so that settlement.alpha, discount and horizon matter
    called: str = ""  # in a sentence; by its name if empty
    paid: str = ""  # how principals are paid, in a sentence: "paid by credit"; by its name if empty


SETTLEMENTS: Registry[SettlementRule, SettlementFacts] = Registry(
    "settlement rule", "commonweal.settlement", "settlement.kind", SettlementFacts()
)
settlement_rule = SETTLEMENTS.register


@settlement_rule("equal", by_credit=False, called="equal pay", paid="paid equally")
def equal(standing: Standing, terms: SettlementTerms) -> Floats:
    """Every participant the same: a public good, where delegating pays only above N times its cost."""
    return _normalised(standing.member.astype(np.float64))


@settlement_rule("data", by_credit=False, called="pay by samples", paid="paid by samples")
def by_data(standing: Standing, terms: SettlementTerms) -> Floats:
    """By samples claimed, whatever they contain (Dawande, Mehta and Mu 2023: proportional pay)."""
    return _normalised(np.where(standing.member, standing.claims, 0).astype(np.float64))


@settlement_rule("credit", called="pay by credit", paid="paid by credit")
def by_credit(standing: Standing, terms: SettlementTerms) -> Floats:
    """By cumulated credit C: max(0, C_i)^alpha / sum_j max(0, C_j)^alpha over participants."""
    positive = np.where(standing.member, np.maximum(standing.credit, 0.0), 0.0)
    largest = positive.max(axis=1, keepdims=True, initial=0.0)
    relative = ratio(positive, largest)  # a power of small credit would underflow
    return _normalised(np.where(positive > 0.0, relative**terms.alpha, 0.0))


@settlement_rule("worth", by_worth=True, called="pay as credited", paid="paid as credited")
def as_credited(standing: Standing, terms: SettlementTerms) -> Floats:
    """What credit says: of revenue the part that credit has in what the round's model is worth, C_i / v(N).

    Credits that sum to less than v(N) leave the rest in the treasury; those that sum to more are all cut alike. In all
    rounds of the horizon v(N) counts as what it is now. Where it is not known, as ``credit`` with ``alpha`` 1.
    """
    positive = np.where(standing.member, np.maximum(standing.credit, 0.0), 0.0)
    if standing.worth is None:
        return _normalised(positive)
    rounds = min(standing.round + 1, terms.horizon)
    whole = standing.worth[:, None] * (terms.discount ** np.arange(rounds)).sum(axis=1, keepdims=True)
    return ratio(positive, np.maximum(positive.sum(axis=1, keepdims=True), whole))


@settlement_rule("robust", called="robust pay by credit", paid="paid by credit, robustly")
def robust(standing: Standing, terms: SettlementTerms) -> Floats:
    """As ``credit``; under this name ``replication_robust`` (``credit/terms.py``) sets credit to charge for copies."""
    return by_credit(standing, terms)


@settlement_rule("quota", called="pay by quotas", paid="paid by quotas")
def by_quota(standing: Standing, terms: SettlementTerms) -> Floats:
    """In proportion to CGSV quotas tanh(beta r), r the share of cumulated credit, at least 1e-3 (Xu et al. 2021)."""
    return _normalised(credit_quotas(standing.credit, standing.member, terms.altruism))


@settlement_rule("time_cumulation", called="pay by time-aware cumulation", paid="paid by credit and time")
def by_time_cumulation(standing: Standing, terms: SettlementTerms) -> Floats:
    """As ``credit``, and more for joining earlier: time-aware reward cumulation (Chen et al. 2025)."""
    credit = by_credit(standing, terms)
    return _normalised(cumulated_value(credit, standing.joined, standing.round, terms.time.beta))


@settlement_rule("time_valuation", called="pay by time-aware valuation", paid="paid by credit, valued by time")
def by_time_valuation(standing: Standing, terms: SettlementTerms) -> Floats:
    """As ``credit``, and more for joining earlier: time-aware data valuation (Chen et al. 2025)."""
    credit = by_credit(standing, terms)
    return _normalised(valued_by_time(credit, standing.joined, standing.round, terms.time.decay))


@settlement_rule("synthesised", called="pay by samples and capped credit", paid="paid by samples and capped credit")
def synthesised(standing: Standing, terms: SettlementTerms) -> Floats:
    """By samples put in, at the credit of a sample held relative to a typical one, up to a cap (study ``synthesis``).

    Near a cap of zero it pays for every sample put in by whoever has any credit; the cap takes the luck out of credit,
    while who puts in half as much is paid half as much. Splitting one's samples among several names changes nothing.
    """
    relative = relative_credit(standing.credit, standing.claims)
    return _normalised(np.where(standing.member, standing.put * np.minimum(relative, terms.cap), 0.0))


def _normalised(weights: Floats) -> Floats:
    total = weights.sum(axis=1, keepdims=True)
    return ratio(weights, total)


def due_shares(shares: Floats, member: Bools, terms: SettlementTerms) -> Floats:
    """(R, N) parts of all payments, (1 - floor) share_i + floor / participants, of the shares (R, N) of a rule."""
    due: Floats = (1.0 - terms.floor) * shares + terms.floor * _normalised(member.astype(np.float64))
    return due


def pay(revenue: Ints, shares: Floats, member: Bools, terms: SettlementTerms) -> Ints:
    """Payments (1 - reserve) revenue ((1 - floor) share_i + floor / participants); the rest stays in the treasury.

    Args:
        revenue: (R,) micro-units, up to 1e15.
        shares: (R, N) answer of a settlement rule.
        member: (R, N) who takes part, and so gets the floor.
        terms: reserve and floor.

    Returns:
        (R, N) micro-units.

    Raises:
        InputError: if a settlement rule gave shares below zero or of more than everything.
    """
    kept = np.rint(terms.reserve[:, 0] * revenue).astype(np.int64)
    return apportion(revenue - kept, due_shares(shares, member, terms))


def apportion(total: Ints, shares: Floats) -> Ints:
    """Divide whole amounts by shares, by largest remainder.

    Args:
        total: (R,) amounts to divide, 0 to 1e15.
        shares: (R, N) at least 0; rows sum to at most 1.

    Returns:
        (R, N) parts. A row sums to its total if its shares sum to 1, otherwise to the whole part of total x sum.
        Equal remainders are rounded up from the lowest index on.

    Raises:
        InputError: if a share is negative or not a number, or a row sums to more than 1.
    """
    sums = shares.sum(axis=1)
    if not (shares.min(initial=0.0) >= 0.0 and (sums <= 1.0 + ROUNDING).all()):
        found = f"shares from {shares.min():g} on with sums up to {apart(sums.max(), 1)[0]}"
        raise InputError(f"{found}; a settlement rule gives shares >= 0 that sum to at most 1")
    whole = np.abs(sums - 1.0) <= ROUNDING
    owed = np.where(whole, total, np.floor(total * sums + SLACK).astype(np.int64))
    # Up to 1e15 the rounding errors of a row of quotas add up to less than one unit.
    return apportioned(shares * ratio(owed, sums)[:, None], owed)


def settlement_transfers(revenue: Ints, payments: Ints) -> tuple[Transfer, Transfer]:
    """Customers pay the treasury, the treasury pays principals.

    Args:
        revenue: (R,) micro-units.
        payments: (R, N) micro-units, in all at most the revenue and what the treasury holds.
    """
    accounts = Accounts(payments.shape[1])
    return (
        Transfer(Reason.REVENUE, accounts.market, accounts.treasury, revenue),
        Transfer(Reason.PAYMENT, accounts.treasury, accounts.principals, payments),
    )
