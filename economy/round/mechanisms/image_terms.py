"""Image terms: names as a currency. A bad name costs pay, time outside, or a larger stake (``economy.money.requests``).

Who pays, and who is kept out, follows the name with which a principal comes into a round. A vote that lets bad names in
is the kind ``admission`` of the mechanism ``reciprocity``.
"""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints, per_principal
from commonweal.agents.population import Population
from commonweal.agents.reciprocity.norms import BAD
from commonweal.agents.streams import Streams
from commonweal.economy.money.ledger import MICRO, Reason, net_of
from commonweal.economy.money.requests import forfeited
from commonweal.economy.round.mechanism import NOTHING, Mechanism, mechanism, of_persons
from commonweal.economy.round.mechanisms.reciprocity import Judged, shut_out
from commonweal.economy.round.record import Effects, Foregone, Income, Moment, Payday, Produce
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Absences:
    """Who must stay away."""

    rounds: Ints = per_principal()  # (R, N) for how many rounds from now
    meant: Ints = per_principal(spare=-1)  # (R, N) what who had to stay away meant to do in the last round; −1: others


@dataclass(frozen=True)
class Forfeits:
    """What names cost in a round."""

    away: Bools  # (R, N) who had to stay away
    net: Ints  # (R, N) micro-units received less forfeited
    gained: Ints  # (R, N) micro-units received of what others forfeited


@mechanism("image_terms")
class ImageTerms(Mechanism):
    """Scenario section: ``reciprocity.terms``; its ``stake`` is up to the mechanism ``stakes``. Note: ``Forfeits``."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where a bad name costs pay or time."""
        own = terms.reciprocity.terms
        return terms.reciprocity.kind != "none" and bool(own.pay.any() or own.out.any())

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Absences:
        """Nobody must stay away."""
        nothing = np.zeros(world.shape, dtype=np.int64)
        return Absences(nothing, nothing - 1)

    def meant(self, own: Absences, world: World) -> Ints | None:
        """Who had to stay away would have done something else."""
        meant: Ints = of_persons(own.meant, world)
        return meant if (meant >= 0).any() else None

    def before(self, own: Absences, moment: Moment, world: World, streams: Streams) -> tuple[Absences, Effects]:
        """Bad names stay away for their time."""
        away = (own.rounds > 0) & (moment.actions != Action.ABSTAIN)
        own = replace(own, meant=np.where(away, moment.actions, -1))
        if not away.any():
            return own, NOTHING
        return own, Effects(actions=np.where(away, np.int64(Action.ABSTAIN), moment.actions))

    def pay(
        self, own: Absences, moment: Moment, produce: Produce, income: Income, world: World, streams: Streams
    ) -> tuple[Absences, Effects]:
        """Bad names forfeit a share of what they were paid."""
        terms, told = world.terms.reciprocity.terms, moment.notes["reciprocity"]
        shape = moment.actions.shape
        paid = told.received + np.where(told.passes, 0, income.payments)
        paid = np.minimum(paid, moment.state.ledger.principals)  # deals may have taken some of it
        bad = told.image == BAD
        receives = moment.member & ~bad if terms.to == "good" else np.zeros(shape, dtype=np.bool_)
        transfers = forfeited(paid, terms.pay, bad, receives)
        net = net_of(transfers, (Reason.FORFEIT,), shape)
        gained = net_of(transfers[1:], (Reason.FORFEIT,), shape)
        return own, Effects(transfers=transfers, note=Forfeits(own.rounds > 0, net, gained))

    def expect(self, own: Absences, moment: Moment, foregone: Foregone, world: World) -> Floats:
        """A bad name forfeits a share of what any action would bring; a good one gets its part of what others do."""
        told, noted = moment.notes["reciprocity"], moment.notes[self.name]
        received, kept = told.received[..., None] / MICRO, np.where(told.passes[..., None], 0.0, foregone.paid)
        share = world.terms.reciprocity.terms.pay * (told.image == BAD)
        expected: Floats = noted.gained[..., None] / MICRO - share[..., None] * (kept + received)
        expected[..., Action.ABSTAIN] = 0.0
        return expected

    def remember(
        self, own: Absences, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Absences:
        """Time passes for those away, and begins for those whose name has become bad."""
        told: Judged = moment.notes["reciprocity"]
        terms = world.terms.reciprocity.terms
        begun = np.broadcast_to(terms.out, own.rounds.shape).astype(np.int64)
        return replace(own, rounds=np.where(shut_out(told, terms), begun, np.maximum(own.rounds - 1, 0)))
