"""Voice: who takes part and is violated claims a stricter limit, the stricter the longer it lasts (Hirschman 1970)."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, per_principal
from commonweal.agents.concerns import violations
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.agents.values import held_by
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.record import Effects, Moment, Payday, Produce
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Spoken:
    """What principals claim beyond what they want."""

    stricter: Floats = per_principal()  # (R, N, K) in units of the probe loss, at least 0


@mechanism("voice")
class Voice(Mechanism):
    """Scenario field: ``values.voice``. Note: ``Spoken`` as it counts in the round."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where anything is valued, and who is violated speaks up."""
        return bool(terms.values.voice.any()) and bool(terms.values.dimensions)

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Spoken:
        """Everybody claims what it wants."""
        return Spoken(np.zeros((*world.shape, len(world.senses))))

    def before(self, own: Spoken, moment: Moment, world: World, streams: Streams) -> tuple[Spoken, Effects]:
        """Claims are what agents file, and stricter by what violated principals add."""
        filed = moment.people.limits if moment.declared is None else moment.declared
        claimed = np.clip(filed + world.senses * own.stricter, 0.0, world.terms.values.ceiling)
        return own, Effects(declared=claimed, note=own)

    def remember(
        self, own: Spoken, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Spoken:
        """Claims move towards what would have kept the limit; who leaves has no voice."""
        people, values = moment.people, world.terms.values
        broken = violations(people.limits, produce.taught.levels, world.senses) * held_by(values, people.camp)
        rate = values.voice[..., None]
        held = np.where(broken > 0, own.stricter, (1 - rate) * own.stricter)
        return Spoken((held + rate * broken) * moment.member[..., None])
