"""What was learned, carried out: the mechanism behind the policies ``learned:FILE`` (``agents.policies.learned``).

It keeps what their minds know and remember, and gives the round the conduct of those who follow them: what they put in
under their action, how much of it, and what they claim. Whoever ends up doing something else, by a mutation or because
it is held to it, does that as the scenario says; who deviates in how it acts does so as the deviation says. In futures
with second names these are conducted as ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Bools, Floats, per_principal
from commonweal.agents.conduct import Conduct
from commonweal.agents.policies import POLICIES
from commonweal.agents.policies.learned import NAME, Chosen, Known, Recalled, Shown
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.round.mechanism import Mechanism, mechanism, of_persons
from commonweal.economy.round.observe import observe
from commonweal.economy.round.record import Effects, Moment, Payday, Produce
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Lore:
    """What minds know and remember between two rounds."""

    recalled: Mapping[str, Recalled]  # by policy
    paid: Floats = per_principal()  # (R, N) what the last round was worth to each, money
    balance: Floats = per_principal()  # (R, N) money that each holds


@mechanism(NAME)
class Learned(Mechanism):
    """Scenario field: ``policy.mix``, where it names policies ``learned:FILE``."""

    def __init__(self, terms: Terms) -> None:
        """Look up who goes by which file."""
        self.minds = {name: mind for name in terms.policy.names if (mind := POLICIES.facts(name).mind) is not None}
        self.places = {name: terms.policy.names.index(name) for name in self.minds}

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where somebody follows such a policy."""
        return any(POLICIES.facts(name).mind is not None for name in terms.policy.names)

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Lore:
        """Nothing is remembered.

        Raises:
            InputError: if a tactic needs to see or to do what there is not.
        """
        for mind in self.minds.values():
            mind().demand(world)
        recalled = {name: mind().begin(*world.shape) for name, mind in self.minds.items()}
        return Lore(recalled, people.payoff, state.ledger.principals / MICRO)

    def show(self, own: Lore, world: World) -> Shown:
        """What minds know and remember; the rounds played are in the observation."""
        persons = Known(world.terms.rounds, of_persons(own.paid, world), of_persons(own.balance, world))
        recalled = {
            name: Recalled(of_persons(each.last, world), of_persons(each.means, world))
            for name, each in own.recalled.items()
        }
        return Shown(persons, recalled)

    def before(self, own: Lore, moment: Moment, world: World, streams: Streams) -> tuple[Lore, Effects]:
        """Carry out what the minds of principals have chosen."""
        observation = observe(moment.state, moment.people, world)
        known = Known(world.terms.rounds, own.paid, own.balance)
        conduct = world.conduct or Conduct.plain(len(moment.actions), moment.actions.shape[1], len(world.senses))
        recalled, last, free = dict(own.recalled), observation.population.action, _is_plain(conduct)
        free[:, world.shape[1] :] = False
        for name, mind in self.minds.items():
            chosen, recalled[name] = mind().choose(observation, known, own.recalled[name])
            follows = free & (moment.people.policy == self.places[name]) & (moment.actions == chosen.taken(last))
            conduct = _conducted(conduct, chosen, follows, world.senses * moment.people.limits)
        return replace(own, recalled=recalled), Effects(conduct=conduct)

    def remember(
        self, own: Lore, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Lore:
        """What the round was worth, and what everybody holds."""
        balance = moment.state.ledger.principals / MICRO
        return replace(own, paid=payday.payoffs, balance=balance)


def _conducted(conduct: Conduct, chosen: Chosen, follows: Bools, reach: Floats) -> Conduct:
    """The conduct in which some principals (R, N) carry out their moves."""
    looser = (chosen.looser * follows)[..., None] * reach
    return replace(
        conduct,
        form=np.where(follows & (chosen.form >= 0), chosen.form, conduct.form).astype(np.int8),
        share=np.where(follows, chosen.share, conduct.share),
        claimed=conduct.claimed - np.where(looser != 0, looser, 0.0),
        dearer=conduct.dearer + chosen.dearer * follows,
        exaggerates=conduct.exaggerates + chosen.exaggerates * follows,
    )


def _is_plain(conduct: Conduct) -> Bools:
    """(R, N) who acts as the scenario says, as far as moves can say otherwise."""
    claims = (conduct.claimed != 0).any(axis=2) | (conduct.dearer != 0) | (conduct.exaggerates != 0)
    plain: Bools = (conduct.form < 0) & (conduct.share == 1) & ~claims
    return plain
