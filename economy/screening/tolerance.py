"""Value-aware terms: principals sell looser limits for a round, and the cooperative buys the room its step lacks most.

"Towards Value-Constrained Credit Assignment in Fully Delegated AI Cooperatives" (Yoon, Kim and Park, arXiv 2606.28217)
takes limits as given; here they have prices. A unit of room is worth its shadow price in screening. To raise the room
that all limits leave together, everybody in the way must be paid, so each further unit costs more, and buying what
gives most per money first is the optimal fractional knapsack (Dantzig 1957).
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.terms import PerRun
from commonweal.economy.money.ledger import MICRO, Accounts, Reason, Transfer

ROUNDING = 1e-6  # micro-units by which a sum may miss a whole one


@dataclass(frozen=True)
class ToleranceTerms:
    """``scenario.tolerance``."""

    budget: PerRun  # (R, 1) money per round
    kind: str = "posted"  # posted: everybody is paid its price; clarke or dagva: a common limit is chosen by values
    options: int = 10  # steps of the common limits to choose among, under clarke and dagva


@dataclass(frozen=True)
class ForSale:
    """What N principals of R runs would loosen of their K limits, and for how much."""

    room: Floats  # (R, N, K) how far a limit, as claimed, lets its probe move, in units of the probe loss
    limits: Floats  # (R, N, K) limits, as claimed
    price: Floats  # (R, N) money that each asks for the whole of a limit
    most: Floats  # (R, 1) share of a limit that is for sale
    member: Bools  # (R, N) who takes part, so that its limits count

    @property
    def lowest(self) -> Floats:
        """(R, K) room that all members' limits leave together; ∞ where nobody takes part."""
        lowest: Floats = np.where(self.member[..., None], self.room, np.inf).min(axis=1)
        return lowest

    @property
    def highest(self) -> Floats:
        """(R, K) room beyond which somebody sells no more; ∞ where nobody takes part."""
        reach = self.room + self.most[..., None] * np.maximum(self.limits, 0.0)
        highest: Floats = np.where(self.member[..., None], reach, np.inf).min(axis=1)
        return highest


@dataclass(frozen=True)
class ToleranceSale:
    """What was sold for a round."""

    loosened: Floats  # (R, N, K) share of its limits that each gave up
    payments: Ints  # (R, N) micro-units that the treasury pays
    taxes: Ints | None = None  # (R, N) micro-units paid for changing the choice, negative: received; None: no taxes
    unpaid: Ints | None = None  # (R, N) micro-units of taxes that a principal lacked
    raised: Floats | None = None  # (R, K) common room that was chosen, −∞: none; None: each sold for itself
    lost: Floats | None = None  # (R, N) money that what each gave up is worth to it; None: counted elsewhere

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """The treasury pays the sellers; taxes go through it."""
        accounts = Accounts(self.payments.shape[1])
        paid = Transfer(Reason.TOLERANCE, accounts.treasury, accounts.principals, self.payments)
        if self.taxes is None:
            return (paid,)
        into = Transfer(Reason.TAX, accounts.principals, accounts.treasury, np.maximum(self.taxes, 0))
        out = Transfer(Reason.TAX, accounts.treasury, accounts.principals, np.maximum(-self.taxes, 0))
        return paid, into, out

    @property
    def received(self) -> Ints:
        """(R, N) micro-units that each receives, less its taxes."""
        return self.payments if self.taxes is None else self.payments - self.taxes

    def limits(self, claimed: Floats, senses: Floats) -> Floats:
        """(R, N, K) limits that hold this round, of those claimed (R, N, K), with senses (K,)."""
        return claimed * (1.0 - self.loosened * senses)

    def given_up(self, minded: Floats, claimed: Floats, price: Floats, senses: Floats) -> Floats:
        """(R, N) money that what each really gives up is worth to it.

        Args:
            minded: (R, N, K) limits that it really has; claimed ones beyond them are given up for nothing.
            claimed: (R, N, K) limits that it says it has.
            price: (R, N) money that the whole of a limit is worth to it.
            senses: (K,) +1 withhold, −1 protect.
        """
        beyond = np.maximum((minded - self.limits(claimed, senses)) * senses, 0.0) * (self.loosened > 0)
        given = np.divide(beyond, minded, out=np.zeros_like(beyond), where=minded > 0).sum(axis=2)
        worth: Floats = price * given
        return worth

    def given_up_in_common(self, room: Floats, minded: Floats, price: Floats) -> Floats:
        """(R, N) money that a common room beyond what each really accepts is worth to it, whatever it claims.

        Args:
            room: (R, N, K) room that each really leaves.
            minded: (R, N, K) limits that it really has.
            price: (R, N) money that the whole of a limit is worth to it; 0 for who does not take part.
        """
        assert self.raised is not None
        beyond = np.maximum(self.raised[:, None] - room, 0.0)
        given = np.divide(beyond, minded, out=np.zeros_like(beyond), where=minded > 0).sum(axis=2)
        worth: Floats = price * given
        return worth


def buy_tolerance(for_sale: ForSale, worth: Floats, useful: Floats, purse: Ints) -> ToleranceSale:
    """Buy the room that is worth most per money, each seller at its price, rounded up to whole micro-units.

    Args:
        for_sale: what can be had.
        worth: (R, K) shadow price of each probe's room; what is worth nothing is not bought.
        useful: (R, K) room beyond which the step would use no more.
        purse: (R,) micro-units that may be spent.
    """
    start, unit_price = _steps(for_sale)
    top = np.where(worth > 0, np.minimum(for_sale.highest, useful), -np.inf)[:, None]  # (R, 1, K)
    ends = np.concatenate([start[:, 1:], np.full_like(start[:, :1], np.inf)], axis=1)
    with np.errstate(invalid="ignore"):  # nobody takes part, or nothing is worth buying: ∞ − ∞
        lengths = np.nan_to_num(np.minimum(ends, top) - np.minimum(start, top))
    spendable = np.maximum(purse - for_sale.member.sum(axis=1), 0) / MICRO  # rounding up may take a micro-unit of each
    raised = start[:, 0] + _bought(lengths, unit_price, worth, spendable)  # (R, K)
    lacking = np.where(for_sale.member[..., None], np.maximum(raised[:, None] - for_sale.room, 0.0), 0.0)
    share = np.divide(lacking, for_sale.limits, out=np.zeros_like(lacking), where=(lacking > 0) & (for_sale.limits > 0))
    payments = np.ceil(for_sale.price * share.sum(axis=2) * MICRO - ROUNDING).astype(np.int64)
    return ToleranceSale(share, payments)


def _steps(for_sale: ForSale) -> tuple[Floats, Floats]:
    """The common room (R, N, K) at which one more limit is in the way, and what a unit costs from there on."""
    room = np.where(for_sale.member[..., None], for_sale.room, np.inf)
    order = np.argsort(room, axis=1, kind="stable")
    each = np.where(for_sale.limits > 0, for_sale.limits, np.inf)  # 0 cannot be loosened: see ForSale.highest
    per_unit = np.take_along_axis(for_sale.price[..., None] / each, order, axis=1)
    return np.take_along_axis(room, order, axis=1), per_unit.cumsum(axis=1)


def _bought(lengths: Floats, unit_price: Floats, worth: Floats, purse: Floats) -> Floats:
    """(R, K) room bought of steps (R, N, K) that cost ``unit_price`` a unit, with (R,) money."""
    runs, _, dimensions = lengths.shape
    cost = lengths * unit_price
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(lengths > 0, worth[:, None] / unit_price, 0.0)
    order = np.argsort(-gain.reshape(runs, -1), axis=1, kind="stable")
    sorted_cost = np.take_along_axis(cost.reshape(runs, -1), order, axis=1)
    left = purse[:, None] - (sorted_cost.cumsum(axis=1) - sorted_cost)
    part = np.divide(np.clip(left, 0.0, sorted_cost), sorted_cost, out=np.ones_like(left), where=sorted_cost > 0)
    parts = np.empty_like(part)
    np.put_along_axis(parts, order, part, axis=1)
    bought: Floats = (parts.reshape(runs, -1, dimensions) * lengths).sum(axis=1)
    return bought
