"""The donation game as a market: who delegates makes a gift that is worth ``benefit`` and costs it ``cost``.

Nothing is learned and nothing is sold. The market pays a gift's worth to who makes it, and the mechanism
``reciprocity`` hands it on to whom it is for; so a round is the game of Nowak and Sigmund (1998), for exact checks.
"""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.credit import Credit
from commonweal.economy.money.ledger import MICRO, to_micro
from commonweal.economy.round.gains import Gains, gains_from
from commonweal.economy.round.market import market
from commonweal.economy.round.record import Foregone, Income, Moment, Payday, Produce
from commonweal.economy.round.regret import private_gains
from commonweal.economy.round.words import NOT_SOLD, Verb
from commonweal.economy.tasks import PutIn
from commonweal.economy.world.world import State, World


@market(
    "donation", quality="giving", unit="share of what could be", column="giving", panel="Giving", title="Giving",
    credit_unit="money", labelled="given", told="giving", reached="{} of what could be is given", welfare="surplus",
    each=True, cost="", lacks=NOT_SOLD,
    delegate=Verb("give", "gives", "giving", "gave"),
    free_ride=Verb("refuse", "refuses", "refusing", "refused"),
)
class Donation:
    """Every gift is worth the same and costs the same."""

    learns = False

    def produce(self, moment: Moment, world: World, streams: Streams) -> tuple[Moment, Produce]:
        """Who gives; credit (R, N) is what a gift is worth, money."""
        gives = moment.actions == Action.DELEGATE
        put, unknown = np.zeros(gives.shape, dtype=np.int64), np.full(len(gives), np.nan)
        worth = Credit(gives * world.terms.market.benefit, "gift")
        return moment, Produce(PutIn(put, put), worth, gives.sum(axis=1) / moment.customers, unknown)

    def income(self, moment: Moment, produce: Produce, world: World, streams: Streams) -> Income:
        """What gifts are worth and what they cost."""
        terms, gives = world.terms.market, moment.actions == Action.DELEGATE
        payments = gives * to_micro(terms.benefit)
        revenue, cost = payments.sum(axis=1), gives * terms.cost
        return Income.of_contributions(moment, produce, payments, payments, revenue, cost)

    def foregone(self, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams) -> Foregone:
        """What a gift is worth to who makes it, before it is handed on; refusing brings nothing."""
        foregone, terms = Foregone.none(moment.actions.shape), world.terms.market
        private = private_gains(moment, world)
        for action in (each for each in Action if each in world.terms.available):
            gives = action == Action.DELEGATE
            foregone.paid[..., action] = gives * to_micro(terms.benefit) / MICRO
            foregone.payoffs[..., action] = foregone.paid[..., action] - gives * terms.cost + private[..., action]
        return foregone

    def gains(self, state: State, people: Population, intended: Ints, world: World) -> Gains:
        """A gift is worth its benefit to who makes it, before it is handed on, and nothing to others."""
        terms, seller = world.terms.market, shirking(intended)
        gain = np.eye(seller.shape[1]) * terms.benefit[..., None]
        return gains_from(gain, np.broadcast_to(terms.cost, seller.shape), seller)

    def usual_credit(
        self, real: Floats, put: Floats, quality: Floats, row: Ints, state: State, people: Population, world: World
    ) -> Floats:
        """What is given; nobody chooses amounts here."""
        return real


def shirking(intended: Ints) -> Bools:
    """(R, N) who takes part and means to refuse."""
    shirks: Bools = (intended != Action.DELEGATE) & (intended != Action.ABSTAIN)
    return shirks
