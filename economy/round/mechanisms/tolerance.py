"""The market for tolerance: the cooperative buys looser limits from principals that sell them."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.population import Population
from commonweal.economy.money.ledger import MICRO, to_micro
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.record import Admitted, Effects, Foregone, Moment
from commonweal.economy.screening.admissible import slack
from commonweal.economy.screening.tolerance import ForSale, ToleranceSale, buy_tolerance
from commonweal.economy.world.claims import claimed_limits, claimed_price, felt
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import World


@mechanism("tolerance")
class ToleranceMarket(Mechanism):
    """Scenario fields: ``tolerance.budget``, ``values.for_sale``. Note: ``ToleranceSale``."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where the cooperative has a budget for looser limits."""
        return bool(terms.tolerance.budget.any())

    def admit(self, own: None, moment: Moment, lesson: Admitted, world: World) -> tuple[None, Effects]:
        """Let principals sell looser limits for this round, up to the budget and what the treasury holds."""
        terms, people, senses = world.terms, moment.people, world.senses
        limits, budget = claimed_limits(people, world, moment.declared), to_micro(terms.tolerance.budget[:, 0])
        for_sale = ForSale(
            room=slack(lesson.exam.levels, limits, senses),
            limits=limits,
            price=claimed_price(people, world),
            most=terms.values.for_sale,
            member=moment.actions != Action.ABSTAIN,
        )
        # A cooperative without a budget takes no looser limits, even free ones.
        wanted = lesson.screened.shadow_prices * (budget > 0)[:, None]
        useful = _useful(lesson.exam.alignments * senses, lesson.active & ~lesson.gated, world)
        sale = buy_tolerance(for_sale, wanted, useful, np.minimum(budget, moment.state.ledger.treasury))
        return own, Effects(
            limits=sale.limits(limits, senses),
            transfers=(sale.transfer,),
            private=-_given_up(sale, limits, people, world),
            note=sale,
        )

    def expect(self, own: None, moment: Moment, foregone: Foregone, world: World) -> Floats:
        """Who took part would have sold the same whatever else it did; who stays away sells nothing."""
        sale = moment.notes[self.name]
        limits = claimed_limits(moment.people, world, moment.declared)
        earned = sale.payments / MICRO - _given_up(sale, limits, moment.people, world)
        expected = np.repeat(earned[..., None], len(Action), axis=2)
        expected[..., Action.ABSTAIN] = 0.0
        return expected


def _given_up(sale: ToleranceSale, claimed: Floats, people: Population, world: World) -> Floats:
    """(R, N) money that what each gives up is worth to it; who sells under several names gives up its limits once."""
    return sale.given_up(people.limits, claimed, felt(people.price, world), world.senses)


def _useful(harms: Floats, active: Bools, world: World) -> Floats:
    """(R, K) room in which no update need be screened."""
    harmful = harms * active[..., None]
    if world.terms.screening.scope == "aggregate":
        whole: Floats = harmful.sum(axis=1)
    else:  # every update has an equal share of the room
        whole = harmful.max(axis=1) * active.sum(axis=1)[:, None]
    return world.terms.learning.rate * np.maximum(whole, 0.0)
