"""Copies: the copy of the shared model that each principal is given for the accuracy it is owed, made and measured."""

from commonweal.agents.arrays import Floats
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.rewards.copies import (
    Realised,
    Snapshots,
    Trial,
    draw_noise,
    given_copies,
    given_snapshots,
    nearest,
    noised,
    pruned,
    remembered_model,
    retested,
)
from commonweal.economy.round.mechanism import NOTHING, Mechanism, mechanism
from commonweal.economy.round.record import Effects, Foregone, Income, Lesson, Moment, Payday, Produce
from commonweal.economy.round.regret import worth_of
from commonweal.economy.tasks.metrics import accuracy
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World

SNAPSHOTS = 32  # models of earlier rounds that are kept


@mechanism("copies")
class Copies(Mechanism):
    """Scenario fields: ``rewards.realise``, ``rewards.tolerance``. Note: what was given, ``Realised``."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where copies are made and measured, instead of taken at their promise."""
        return terms.rewards.realise != "promise"

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Snapshots | None:
        """No earlier model yet, where earlier models are given; else no state."""
        return Snapshots.none(state.parameters) if world.terms.rewards.realise == "snapshot" else None

    def before(
        self, own: Snapshots | None, moment: Moment, world: World, streams: Streams
    ) -> tuple[Snapshots | None, Effects]:
        """Features drift for earlier models too, so they are tested again."""
        return own if own is None else retested(own, _trial(world), world.drift), NOTHING

    def pay(
        self,
        own: Snapshots | None,
        moment: Moment,
        produce: Produce,
        income: Income,
        world: World,
        streams: Streams,
    ) -> tuple[Snapshots | None, Effects]:
        """Make copies worth what is owed, and test them; noise is drawn from the shock stream."""
        made = self._made(own, produce.taught, income.rewards, produce.quality, world, streams)
        return own, Effects(rewards=made.accuracy, note=made)

    def remember(
        self, own: Snapshots | None, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Snapshots | None:
        """Keep this round's model for later rounds, where earlier models are given."""
        return own if own is None else remembered_model(own, produce.taught.parameters, produce.quality, SNAPSHOTS)

    def expect(self, own: Snapshots | None, moment: Moment, foregone: Foregone, world: World) -> Floats:
        """The copy nearest to what an action is owed, of those that were made, is worth more or less than that."""
        runs = len(foregone.owed)
        offered = moment.notes[self.name].offered
        owed = foregone.owed.reshape(runs, -1)
        given = nearest(owed, offered, world.terms.rewards.tolerance).accuracy
        return worth_of((given - owed).reshape(foregone.owed.shape), world)

    def _made(
        self, own: Snapshots | None, lesson: Lesson, owed: Floats, quality: Floats, world: World, streams: Streams
    ) -> Realised:
        """The copies of the shared model nearest to what is owed (R, N)."""
        terms = world.terms.rewards
        if own is not None:
            return given_snapshots(owed, quality, own, terms.tolerance)
        trained = world.network.trained
        if terms.realise == "noise":
            family = noised(lesson.parameters, draw_noise(lesson.parameters[:trained], streams.shock), trained)
        else:
            family = pruned(lesson.parameters, trained)
        return given_copies(owed, quality, family, _trial(world), terms.tolerance)


def _trial(world: World) -> Trial:
    plain = world.metric is accuracy and world.test_weights is None
    return Trial(world.network, *world.test, None if plain else world.metric, world.test_weights)
