"""The wire: who could not be reached counts as absent, and goes on from what it meant to do."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Ints, per_principal
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.round.mechanism import Mechanism, mechanism, of_persons
from commonweal.economy.round.record import Moment, Payday, Produce
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Unreached:
    """Who could not be reached in the last round."""

    meant: Ints = per_principal(spare=-1)  # (R, N) what it meant to do; −1: it was reached


@mechanism("wire")
class Wire(Mechanism):
    """Scenario field: ``learning.wire``. Note: ``Absent``, in rounds in which somebody could not be reached."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where nodes hold the samples."""
        return terms.learning.wire != "off"

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Unreached:
        """Everybody is there."""
        return Unreached(np.full(world.shape, -1))

    def meant(self, own: Unreached, world: World) -> Ints | None:
        """Who could not be reached would have done something."""
        meant: Ints = of_persons(own.meant, world)
        return meant if (meant >= 0).any() else None

    def remember(
        self, own: Unreached, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Unreached:
        """Note who was absent, and what each meant to do."""
        told = moment.notes.get(self.name)
        if told is None:
            return own if (own.meant < 0).all() else Unreached(np.full(own.meant.shape, -1))
        return Unreached(np.where(told.lost, told.meant, -1))
