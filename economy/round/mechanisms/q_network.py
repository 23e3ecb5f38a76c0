"""The network of the policy ``q_network``: what followers have seen, done and learned (``agents.policies.q_learner``).

It learns before anybody acts, when what followed on the last round is seen, so that decisions use all rounds but the
last. In futures with second names it sees the world by names, not by persons.
"""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Floats, Ints, per_principal
from commonweal.agents.policies import Observation
from commonweal.agents.policies.laws import by_revision
from commonweal.agents.policies.q_learner import Newest, QLearner, chosen, experienced, first_learner, rehearsed
from commonweal.agents.policies.q_network import NAME, Shown, law_of_values, number_of_sights, sights_of
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.round.mechanism import NOTHING, Mechanism, mechanism
from commonweal.economy.round.observe import observe
from commonweal.economy.round.record import Effects, Moment, Payday, Produce
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Rehearsal:
    """What learners have come to, and the last round, which they have yet to learn from."""

    learner: QLearner
    sights: Floats = per_principal()  # (R, N, F) what each saw before it
    utility: Floats = per_principal()  # (R, N) what it brought each, money


@mechanism(NAME)
class QNetwork(Mechanism):
    """Scenario section: ``policy.q_network``."""

    def __init__(self, terms: Terms) -> None:
        """Look up who learns."""
        self.position = terms.policy.names.index(NAME) if NAME in terms.policy.names else -1

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where somebody follows the policy."""
        return NAME in terms.policy.names

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Rehearsal:
        """Nothing is learned."""
        runs, principals = world.shape
        names = world.terms.reciprocity.kind != "none"
        features = number_of_sights(len(world.terms.available), names, people.minds)
        terms = world.terms.policy.q_network
        learner = first_learner(streams.rehearsal.normal(features, terms.hidden), terms)
        return Rehearsal(learner, np.zeros((runs, principals, features)), np.zeros((runs, principals)))

    def show(self, own: Rehearsal, world: World) -> Shown:
        """The network."""
        return Shown(own.learner)

    def before(self, own: Rehearsal, moment: Moment, world: World, streams: Streams) -> tuple[Rehearsal, Effects]:
        """See what followed on the last round, and learn from it."""
        terms, round = world.terms.policy.q_network, moment.state.round
        luck = streams.rehearsal.uniform(1 + terms.steps, terms.batch)
        observation = observe(moment.state, moment.people, world)
        sights = sights_of(observation)
        learns = ~((terms.until[:, 0] > 0) & (round >= terms.until[:, 0]))
        learner = own.learner
        if round and learns.any():
            learned = self._learned(own, observation, sights, world, luck)
            learner = learned if learns.all() else chosen(learns, learned, learner)
        return Rehearsal(learner, sights, own.utility), NOTHING

    def _learned(
        self, own: Rehearsal, observation: Observation, sights: Floats, world: World, luck: Floats
    ) -> QLearner:
        """The learner after the last round."""
        terms, people = world.terms.policy, observation.population
        learns = people.policy == self.position
        learns[:, world.customers :] = False
        newest = Newest(own.sights, people.action, own.utility, sights, learns)
        rounds = observation.round - 1
        learner = experienced(own.learner, newest, rounds, luck[:, 0], terms.q_network)
        known = min(observation.round, terms.q_network.memory) * terms.q_network.batch

        def law(values: Floats, last: Ints) -> Floats:
            proposed = law_of_values(values, last, observation.available, observation.round, terms)
            return by_revision(proposed, last, observation.available, terms)

        return rehearsed(learner, law, known, luck[:, 1:], terms.q_network)

    def remember(
        self, own: Rehearsal, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Rehearsal:
        """What the round brought."""
        return replace(own, utility=payday.utility)
