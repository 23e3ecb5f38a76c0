"""Data deals: before a round, those who gain from a principal's data pay it to delegate.

Each seller talks with the cooperative, which speaks for all who gain; between two, the Shapley value is half of what
both gain together (Shapley-Coop, Hua et al. 2025, arXiv 2506.07388). A deal binds for its round.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.agents.streams import Streams
from commonweal.economy.money.ledger import MICRO, Accounts, Reason, Transfer
from commonweal.economy.money.settlement import SLACK, apportion
from commonweal.economy.negotiation import NEGOTIATORS
from commonweal.economy.negotiation.talks import MOST_ROUNDS, Course, Negotiator, Situation, negotiate
from commonweal.economy.round.gains import Gains
from commonweal.economy.round.mechanism import NOTHING, Mechanism, mechanism
from commonweal.economy.round.record import Effects, Foregone, Income, Moment
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import World


@dataclass(frozen=True)
class DataDeals:
    """The deals of a round. What is paid and what is received is the same in every run."""

    bound: Bools  # (R, N) who must delegate
    paid: Ints  # (R, N) micro-units each puts into escrow
    received: Ints  # (R, N) micro-units each gets for delegating

    @property
    def escrowing(self) -> Transfer:
        """Before the round: who pays puts it into escrow."""
        count = self.paid.shape[1]
        return Transfer(Reason.ESCROW, Accounts(count).principals, Accounts(count).escrows, self.paid)

    @property
    def payments(self) -> tuple[Transfer, Transfer]:
        """Once data are delivered: escrows are cleared through the treasury, which keeps nothing."""
        count = self.paid.shape[1]
        return (
            Transfer(Reason.DEAL, Accounts(count).escrows, Accounts(count).treasury, self.paid),
            Transfer(Reason.DEAL, Accounts(count).treasury, Accounts(count).principals, self.received),
        )

    @property
    def net(self) -> Floats:
        """(R, N) what each has of the deals, money."""
        return (self.received - self.paid) / MICRO


@mechanism("deals")
class Deals(Mechanism):
    """Scenario section: ``negotiation``. Note: ``DataDeals``."""

    def __init__(self, terms: Terms) -> None:
        talks = terms.negotiation
        by_default = talks.negotiator == "shapley"
        self.negotiator: Negotiator | None = None if by_default else NEGOTIATORS[talks.negotiator]()

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where there are talks."""
        return terms.negotiation.kind != "none"

    def before(self, own: None, moment: Moment, world: World, streams: Streams) -> tuple[None, Effects]:
        """Let sellers and the cooperative talk, and put what they agree on into escrow."""
        terms = world.terms.negotiation
        if moment.state.round % terms.every:
            return own, NOTHING
        gains = world.market.gains(moment.state, moment.people, moment.actions, world)
        funds = moment.state.ledger.principals
        if self.negotiator is None:
            deals = bargain(gains, funds, terms.concession)
        else:
            deals = converse(gains, funds, terms.concession, self.negotiator)
        held = np.where(deals.bound, int(Action.DELEGATE), moment.actions)
        return own, Effects(actions=held, transfers=(deals.escrowing,), note=deals)

    def deliver(
        self, own: None, moment: Moment, income: Income, world: World, streams: Streams
    ) -> tuple[None, Effects]:
        """Pay the deals, since data are delivered."""
        deals = moment.notes.get(self.name)
        return own, NOTHING if deals is None else Effects(transfers=deals.payments)

    def expect(self, own: None, moment: Moment, foregone: Foregone, world: World) -> Floats | None:
        """Who takes part pays for the data of others, and is paid for delegating where a deal binds it."""
        deals = moment.notes.get(self.name)
        if deals is None:
            return None
        expected = np.repeat(-deals.paid[..., None] / MICRO, len(Action), axis=2)
        expected[..., Action.ABSTAIN] = 0.0
        expected[..., Action.DELEGATE] += deals.received / MICRO
        return expected


def bargain(gains: Gains, funds: Ints, concession: Floats) -> DataDeals:
    """What the default negotiator agrees on, for all at once.

    Every seller asks for its cost and half of what both gain. Where those who gain cannot pay that, all prices are
    reduced in proportion. A seller accepts no less than what it would concede in the last round of talks (``least``).

    Args:
        gains: of every principal's delegating.
        funds: (R, N) micro-units each has.
        concession: (R, 1) share of its gain that a seller gives up in each further round.
    """
    surplus = gains.others - gains.loss
    selling = gains.seller & (surplus > 0) & (gains.others > 0)
    fair = np.where(selling, np.maximum(gains.loss + surplus / 2, 0.0), 0.0)
    conceded = np.minimum((MOST_ROUNDS - 1) * concession, 1.0) * surplus / 2
    least = np.maximum(np.maximum(gains.loss, 0.0), fair - conceded)
    for _ in range(MOST_ROUNDS - 1):
        selling = selling & _content(gains, fair, least, selling, funds)
    # With some sellers gone, another may still be offered less than it accepts: then the run has no agreement.
    agreed = (_content(gains, fair, least, selling, funds) | ~selling).all(axis=1, keepdims=True)
    selling = selling & agreed
    return deals_at(gains, np.where(selling, fair, 0.0), selling, funds)


def _content(gains: Gains, fair: Floats, least: Floats, selling: Bools, funds: Ints) -> Bools:
    """(R, N) whether what can be paid of each fair price, to all who are selling, is at least what it accepts."""
    part, _ = affordable(gains, np.where(selling, fair, 0.0), funds)
    content: Bools = fair * part + 1 / MICRO >= least
    return content


def affordable(gains: Gains, price: Floats, funds: Ints) -> tuple[Floats, Floats]:
    """What those who gain can pay of prices (R, N), money: each in proportion to its gain, up to its funds.

    Returns:
        Part of every price (R, 1), and who pays how much (R, N), money.
    """
    paying = np.minimum(gains.spread(price), _purse(funds))
    asked = price.sum(axis=1, keepdims=True)
    return np.minimum(ratio(paying.sum(axis=1, keepdims=True), asked), 1.0), paying


def deals_at(gains: Gains, price: Floats, bound: Bools, funds: Ints) -> DataDeals:
    """Deals at prices (R, N), money, or at the part of them that can be paid, in whole micro-units."""
    part, paying = affordable(gains, price, funds)
    received = np.floor(price * part * MICRO + SLACK).astype(np.int64)
    total = paying.sum(axis=1, keepdims=True)
    return DataDeals(bound, apportion(received.sum(axis=1), ratio(paying, total)), received)


def _purse(funds: Ints) -> Floats:
    return np.maximum(funds - 1, 0) / MICRO  # rounding may take one micro-unit more


def converse(gains: Gains, funds: Ints, concession: Floats, negotiator: Negotiator) -> DataDeals:
    """Deals by talks, one after another, of each seller with the cooperative, which can spend what it has left."""
    price, bound = np.zeros_like(gains.loss), np.zeros_like(gains.seller)
    for run, seller in np.argwhere(gains.seller & (gains.others > 0)):
        row = int(run)
        talk = two_party(gains, row, int(seller), _left(gains, price, funds, row), float(concession[row, 0]))
        deal = negotiate(talk, [negotiator, negotiator]).deal
        if deal is not None and deal.course == 0 and deal.transfers[0] >= 0:
            price[run, seller], bound[run, seller] = deal.transfers[0] / MICRO, True
    return deals_at(gains, price, bound, funds)


def _left(gains: Gains, price: Floats, funds: Ints, run: int) -> Floats:
    """(N,) money that each of a run's principals can still pay for data, after the deals made so far."""
    left: Floats = np.maximum(_purse(funds) - gains.spread(price), 0.0)[run]
    return left


def two_party(gains: Gains, run: int, seller: int, left: Floats, concession: float) -> Situation:
    """What one seller and the cooperative negotiate about."""
    loss, others = float(gains.loss[run, seller]), float(gains.others[run, seller])
    whose = np.zeros_like(gains.loss)
    whose[run, seller] = 1.0
    weights = gains.spread(whose)[run]
    purse = float((left[weights > 0] / weights[weights > 0]).min(initial=np.inf)) if weights.any() else 0.0
    purse = min(purse, others)
    return Situation(
        task="delegating data to a cooperative for one round",
        parties=("principal", "cooperative"),
        courses=(Course("the principal delegates its data", np.array([-loss, others])),),
        outside=np.zeros(2),
        funds=np.array([0, int(purse * MICRO)]),
        value=lambda coalitions: np.where(coalitions.all(axis=1), others - loss, 0.0),
        concession=concession,
    )
