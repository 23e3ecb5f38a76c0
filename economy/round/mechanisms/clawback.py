"""Clawback: a principal whose credit turns out to be harm pays back (``economy.money.clawback``)."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints, per_principal, ratio
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.money.clawback import at_risk, claw_back, still_refundable
from commonweal.economy.money.ledger import MICRO, Reason, net_of
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.record import Effects, Foregone, Income, Moment, Payday, Produce
from commonweal.economy.round.trust import caught_lying
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Refundable:
    """What may still be taken back."""

    amounts: Ints = per_principal(axis=2)  # (R, up to H, N) micro-units paid in each round of the horizon, oldest first


@mechanism("clawback")
class Clawback(Mechanism):
    """Scenario fields: ``clawback.share``, ``settlement.horizon``. Note: ``economy.money.clawback.Clawback``."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where a share of payments may be taken back."""
        return bool(terms.clawback.share.any())

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Refundable:
        """Nothing has been paid."""
        runs, principals = world.shape
        return Refundable(np.zeros((runs, 0, principals), dtype=np.int64))

    def pay(
        self, own: Refundable, moment: Moment, produce: Produce, income: Income, world: World, streams: Streams
    ) -> tuple[Refundable, Effects]:
        """Take back from those who did harm over the horizon, or lied; it goes to the others who are paid."""
        terms, horizon = world.terms.clawback, world.terms.settlement.horizon
        netted = np.where(caught_lying(moment), -np.inf, income.netted)
        clawed = claw_back(moment.state.ledger, own.amounts, horizon, netted, income.payments, terms)
        return own, Effects(transfers=clawed.transfers, note=clawed)

    def remember(
        self, own: Refundable, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Refundable:
        """What may be taken back from now on."""
        return Refundable(moment.notes[self.name].refundable)

    def expect(self, own: Refundable, moment: Moment, foregone: Foregone, world: World) -> Floats:
        """Who does harm loses what it is paid and was paid within the horizon; the others share what is lost."""
        clawed, share = moment.notes[self.name], world.terms.clawback.share[:, :, None]
        past = still_refundable(own.amounts, world.terms.settlement.horizon).sum(axis=1)
        payments = net_of(moment.transfers, (Reason.PAYMENT,), world.shape)
        before = moment.state.ledger.owned - clawed.net - payments  # micro-units, without this round's payments
        risk = at_risk(past[..., None], foregone.paid, before[..., None] / MICRO + foregone.paid, share)
        taken = clawed.purses + clawed.stakes
        from_others, due_to_others = (
            (each.sum(axis=1, keepdims=True) - each)[..., None] / MICRO for each in (taken, clawed.due)
        )
        received = from_others * ratio(foregone.paid, foregone.paid + due_to_others)
        expected: Floats = np.where(foregone.harmful, -risk, received)
        return expected
