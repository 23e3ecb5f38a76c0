"""The market for tolerance: the cooperative buys looser limits, at posted prices or by declared values."""

from dataclasses import replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.population import Population
from commonweal.economy.money.ledger import MICRO, to_micro
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.record import Admitted, Effects, Foregone, Moment
from commonweal.economy.screening.admissible import slack
from commonweal.economy.screening.common_limit import Demand, PricePrior, choose_tolerance, options_of
from commonweal.economy.screening.tolerance import ForSale, ToleranceSale, buy_tolerance
from commonweal.economy.world.claims import claimed_limits, claimed_price, felt
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import World


@mechanism("tolerance")
class ToleranceMarket(Mechanism):
    """Scenario fields: ``tolerance``, ``values.for_sale``, ``price_low``, ``price_high``. Note: ``ToleranceSale``."""

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
        demand = Demand(wanted, useful, np.minimum(budget, moment.state.ledger.treasury))
        if terms.tolerance.kind == "posted":
            sale = buy_tolerance(for_sale, demand.worth, demand.useful, demand.purse)
        else:
            sale = _chosen(for_sale, demand, moment, lesson, world)
        if terms.values.concern == "none":  # else a limit that is really broken counts as value cost
            sale = replace(sale, lost=_given_up(sale, for_sale, lesson.exam.levels, people, world))
        return own, Effects(
            limits=sale.limits(limits, senses),
            transfers=sale.transfers,
            private=None if sale.lost is None else -sale.lost,
            note=sale,
        )

    def expect(self, own: None, moment: Moment, foregone: Foregone, world: World) -> Floats:
        """Who took part would have sold the same whatever else it did; who stays away sells nothing."""
        sale = moment.notes[self.name]
        earned = sale.received / MICRO
        if sale.lost is not None:
            earned = earned - sale.lost
        expected = np.repeat(earned[..., None], len(Action), axis=2)
        expected[..., Action.ABSTAIN] = 0.0
        return expected


def _chosen(for_sale: ForSale, demand: Demand, moment: Moment, lesson: Admitted, world: World) -> ToleranceSale:
    """The common limit chosen by declared values, with taxes."""
    terms, anchor = world.terms, moment.people.anchor
    first = replace(for_sale, room=slack(lesson.exam.levels, anchor, world.senses), limits=anchor)
    options = options_of(for_sale, first, demand, terms.tolerance.options)
    prior = PricePrior(terms.values.price_low, terms.values.price_high)
    return choose_tolerance(
        for_sale, options, moment.state.ledger.principals, prior if terms.tolerance.kind == "dagva" else None
    )


def _given_up(sale: ToleranceSale, for_sale: ForSale, levels: Floats, people: Population, world: World) -> Floats:
    """(R, N) money that what each gives up is worth to it; who sells under several names gives up its limits once."""
    if sale.raised is not None:
        room = slack(levels, people.limits, world.senses)
        return sale.given_up_in_common(room, people.limits, felt(people.price * for_sale.member, world))
    return sale.given_up(people.limits, for_sale.limits, felt(people.price, world), world.senses)


def _useful(harms: Floats, active: Bools, world: World) -> Floats:
    """(R, K) room in which no update need be screened."""
    harmful = harms * active[..., None]
    if world.terms.screening.scope == "aggregate":
        whole: Floats = harmful.sum(axis=1)
    else:  # every update has an equal share of the room
        whole = harmful.max(axis=1) * active.sum(axis=1)[:, None]
    return world.terms.learning.rate * np.maximum(whole, 0.0)
