"""Selection at the source: agents leave out the classes whose samples were screened out the last time they put them in.

What would be dropped anyway teaches nothing and earns nothing, but costs its owner as much as any sample.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints, per_principal
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.record import Effects, Lesson, Moment, Payday, Produce
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World

MOST = 0.5  # of a class's samples may have been screened out, beyond which it is left out
PATIENCE = 10  # rounds after which a class that is left out is put in again, to see


@dataclass(frozen=True)
class Tried:
    """What became of every principal's samples by class."""

    screened: Floats = per_principal()  # (R, N, C) share that was screened out the last time any were put in
    since: Ints = per_principal()  # (R, N, C) rounds since then


@mechanism("selection")
class Selection(Mechanism):
    """Scenario field: ``actions.selection``."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where agents select, and screening tells samples apart."""
        finer = terms.screening.mode != "off" and terms.screening.grain != "principal"
        return terms.actions.selection == "classes" and finer and bool(terms.values.dimensions)

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Tried:
        """Nothing has been tried."""
        shape = (*world.shape, world.holdings.classes)
        return Tried(np.zeros(shape), np.zeros(shape, dtype=np.int64))

    def before(self, own: Tried, moment: Moment, world: World, streams: Streams) -> tuple[Tried, Effects]:
        """Who delegates leaves out what was screened out lately."""
        return own, Effects(left_out=(own.screened > MOST) & (own.since < PATIENCE))

    def remember(
        self, own: Tried, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Tried:
        """Look at the classes that were put in and screened."""
        put, dropped = _by_class(produce.taught, world)
        seen = put > 0
        screened = np.where(seen, dropped / np.maximum(put, 1), own.screened)
        return Tried(screened, np.where(seen, 0, own.since + 1))


def _by_class(lesson: Lesson, world: World) -> tuple[Ints, Ints]:
    """(R, N, C) samples of each claimed class in updates that were screened, and how many of them were left out."""
    batch, classes = lesson.batch, world.holdings.classes
    run = np.arange(len(batch.owner))[:, None]
    screened = (batch.owner >= 0) & (lesson.active & ~lesson.gated)[run, batch.owner]
    place = (run * world.shape[1] + batch.owner) * classes + batch.label
    kept = np.ones_like(screened) if lesson.sifted is None else lesson.sifted.kept
    size, shape = int(np.prod((*world.shape, classes))), (*world.shape, classes)
    put, dropped = (np.bincount(place[some], minlength=size).reshape(shape) for some in (screened, screened & ~kept))
    return put, dropped
