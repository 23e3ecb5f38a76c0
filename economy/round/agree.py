"""First step of a round, agree: mechanisms say what is asked for and who is held to what; then features drift.

In: cooperative, people and what everybody means to do. Out: the moment in which everybody acts. Changes: actions,
amounts, the ledger (fees and escrows), what mechanisms know, and with drift the network. Scenario sections: ``menu``,
``identity``, ``negotiation``, ``mechanisms``; fields: ``rewards.alone``, ``rewards.accuracy``, ``policy.revision``,
``population.outside_option``, ``task.drift``, ``learning.privacy.smallest``.
"""

from dataclasses import replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Ints
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.round.mechanism import run_hooks
from commonweal.economy.round.record import Moment
from commonweal.economy.world.world import State, World


def agree(state: State, people: Population, intended: Ints, world: World, streams: Streams) -> Moment:
    """Agree on what everybody does, before anybody acts.

    Args:
        state: of the cooperative before the round.
        people: before the round, with their last actions.
        intended: (R, N) what everybody means to do.
        world: what does not change.
        streams: the runs' random streams.

    Returns:
        The moment in which everybody acts: with the round's actions, after fees and escrows.
    """
    customers = np.full(len(state.quality), world.customers)
    outside = world.terms.population.outside_option
    intended = without_small_holdings(intended, world)
    moment = Moment(state, people, intended, opening=state.ledger, customers=customers, outside=outside)
    moment = run_hooks(moment, world, lambda each, own, now: each.before(own, now, now.in_world(world), streams))
    return drift(replace(moment, people=replace(people, action=moment.actions)), world)


def without_small_holdings(intended: Ints, world: World) -> Ints:
    """(R, N) actions in which who holds too few samples to be hidden among them stays away."""
    smallest = world.terms.learning.privacy.smallest
    return np.where(world.holdings.count < smallest, np.int64(Action.ABSTAIN), intended) if smallest else intended


def drift(moment: Moment, world: World) -> Moment:
    """The moment after features have turned a little.

    In the frame of the features, the network's first layer turns back; so does the last step that FedAvg keeps.
    """
    if world.drift is None:
        return moment
    state, turn = moment.state, world.network.turn
    last_delta = turn(state.last_delta, world.drift) if state.last_delta else ()
    turned = replace(state, parameters=turn(state.parameters, world.drift), last_delta=last_delta)
    return replace(moment, state=turned)
