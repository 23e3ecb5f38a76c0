"""Choosing a common limit for a round by what each option is worth to everybody: bought without posted prices.

The cooperative hands on what the room is worth to it, up to its budget, to all members in equal parts. Each member's
value of an option is that part, less the price it claims times the share of its limit that it would give up; what is
left of the cooperative's own value is nothing but rounding. The first option is that nothing is loosened; no option and
no worth depends on what anybody claims, so that a tax says truly what a claim costs the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints, apportioned, ratio
from commonweal.economy.money.ledger import MICRO, to_micro
from commonweal.economy.screening.clarke import best_option, clarke_taxes, dagva_taxes, expected_externalities, whole
from commonweal.economy.screening.tolerance import ForSale, ToleranceSale

NODES = 64  # draws of everybody's price that an expectation is taken over
REFUSAL = -2.0  # value, in budgets, of an option that asks for more than is for sale: no sum of worths makes up for it


@dataclass(frozen=True)
class Demand:
    """What the cooperative wants of R runs' room."""

    worth: Floats  # (R, K) shadow price of each probe's room
    useful: Floats  # (R, K) room beyond which the step would use no more
    purse: Ints  # (R,) micro-units that may be spent


@dataclass(frozen=True)
class Options:
    """The common rooms of K probes to choose among, and what they are worth to the cooperative."""

    room: Floats  # (R, K, X) common room, in units of the probe loss; the first is the room that is there
    worth: Floats  # (R, K, X) money


@dataclass(frozen=True)
class PricePrior:
    """What is known of prices before anybody claims one: they lie anywhere between two bounds."""

    low: Floats  # (R, 1) money for the whole of a limit
    high: Floats  # (R, 1) money


def options_of(for_sale: ForSale, first: ForSale, demand: Demand, steps: int) -> Options:
    """Common limits from the strictest first limit of all members to the loosest that all would sell.

    All the room that is both useful and for sale is worth the purse to the cooperative, that of each probe in
    proportion to its shadow price. The price of a unit of room falls linearly to 0 where all is had, as that of one
    constraint on one update does: a share z of it is worth 1 − (1 − z)². What lies beyond useful room is not asked for.

    Args:
        for_sale: limits as claimed.
        first: the limits with which everybody started.
        demand: what the cooperative wants.
        steps: X − 1.
    """
    anybody = np.asarray(for_sale.member.any(axis=1))[:, None]
    start, end = (np.where(anybody, bound, 0.0) for bound in (first.lowest, first.highest))
    part = np.linspace(1 / steps, 1, steps)
    grid = start[..., None] + part * np.maximum(end - start, 0.0)[..., None]
    asked = np.concatenate([start[..., None], np.minimum(grid, demand.useful[..., None])], axis=2)
    room = np.maximum(asked, for_sale.lowest[..., None])
    room[..., 0] = for_sale.lowest
    gap = np.maximum(np.minimum(demand.useful, end) - start, 0.0)
    had = ratio(np.clip(asked - start[..., None], 0.0, gap[..., None]), gap[..., None])
    of_probe = ratio(demand.worth * gap, (demand.worth * gap).sum(axis=1, keepdims=True)) * anybody
    return Options(room, of_probe[..., None] * (1 - (1 - had) ** 2) * (demand.purse / MICRO)[:, None, None])


def given_up(for_sale: ForSale, options: Options) -> Floats:
    """(R, K, N, X) share of its limit that each member would give up; ∞ where that is not for sale."""
    rooms, limits = for_sale.room.swapaxes(1, 2)[..., None], for_sale.limits.swapaxes(1, 2)[..., None]
    with np.errstate(invalid="ignore"):  # nobody takes part: all room there is
        lacking = np.maximum(options.room[:, :, None] - rooms, 0.0) * for_sale.member[:, None, :, None]
    lacking = np.nan_to_num(lacking, posinf=0.0)
    share = np.divide(lacking, limits, out=np.full_like(lacking, np.inf), where=limits > 0)
    sold = share <= for_sale.most[:, :, None, None] * (1 + 1e-9)
    return np.where(lacking > 0, np.where(sold, share, np.inf), 0.0)


def values_of(shares: Floats, price: Floats, options: Options, member: Bools) -> Floats:
    """What each option is worth to each member: its part of the worth, less its price of what it gives up.

    Args:
        shares: (R, K, N, X) of its limit that each gives up; ∞ where it is not for sale.
        price: (R, N) money for the whole of a limit.
        options: to choose among.
        member: (R, N) who takes part; the others have no value.

    Returns:
        (R, K, N, X) money.
    """
    parts = options.worth / np.maximum(member.sum(axis=1), 1)[:, None, None]
    most = options.worth.max(axis=(1, 2), initial=0.0)[:, None, None, None]
    sold = np.isfinite(shares)
    value = parts[:, :, None] - price[:, None, :, None] * np.where(sold, shares, 0.0)
    values: Floats = np.where(sold, value, REFUSAL * most - price[:, None, :, None]) * member[:, None, :, None]
    return values


def choose_tolerance(for_sale: ForSale, options: Options, held: Ints, prior: PricePrior | None = None) -> ToleranceSale:
    """Take the best option for each probe, hand on its worth, and tax by Clarke's rule or by expected externalities.

    Nobody pays more than it holds and is handed: what it lacks is noted as unpaid. Clarke's taxes stay in the treasury.
    Where others are paid from taxes, they get the less, in proportion.

    Args:
        for_sale: limits and prices as claimed.
        options: to choose among.
        held: (R, N) micro-units that everybody holds.
        prior: of prices, for taxes by expected externalities; None: Clarke's taxes.
    """
    shares, member = given_up(for_sale, options), for_sale.member
    values = values_of(shares, for_sale.price, options, member)
    option = best_option(values)  # (R, K)
    worth = np.take_along_axis(options.worth, option[..., None], axis=2)[..., 0].sum(axis=1)
    parts = np.rint(worth * MICRO).astype(np.int64) // np.maximum(member.sum(axis=1), 1)
    payments = parts[:, None] * member
    if prior is None:
        due = to_micro(clarke_taxes(values).sum(axis=1))
    else:
        expected = expected_externalities(values, drawn_values(shares, options, prior, member))
        due = whole(dagva_taxes(expected, member[:, None] & np.ones(option.shape, bool)[..., None]).sum(axis=1))
    loosened = np.take_along_axis(shares, option[..., None, None], axis=3)[..., 0].swapaxes(1, 2)
    taxes, unpaid = collected(due, held + payments)
    room = np.take_along_axis(options.room, option[..., None], axis=2)[..., 0]
    raised = np.where((option > 0) & member.any(axis=1, keepdims=True), room, -np.inf)
    return ToleranceSale(loosened, payments, taxes, unpaid, raised)


def drawn_values(shares: Floats, options: Options, prior: PricePrior, member: Bools) -> Iterator[Floats]:
    """Values (R, K, N, X) with prices as the prior has them: a fixed Latin hypercube of ``NODES`` draws."""
    places = np.tile((np.arange(NODES) + 0.5) / NODES, (member.shape[1], 1))
    for node in np.random.default_rng(0).permuted(places, axis=1).T:
        yield values_of(shares, prior.low + (prior.high - prior.low) * node, options, member)


def collected(due: Ints, held: Ints) -> tuple[Ints, Ints]:
    """Taxes as far as everybody can pay them.

    Args:
        due: (R, N) micro-units, negative where somebody is paid from what the others pay.
        held: (R, N) micro-units that everybody holds.

    Returns:
        (R, N) micro-units that are paid, negative where received; and those that are lacking.
    """
    owed, receipts = np.maximum(due, 0), np.maximum(-due, 0)
    paid = np.minimum(owed, held)
    asked = receipts.sum(axis=1)
    handed = np.minimum(paid.sum(axis=1), asked)
    received = apportioned(receipts * ratio(handed, asked)[:, None], handed)
    return paid - received, owed - paid
