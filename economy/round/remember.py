"""Last step of a round, remember: people take in what they got, their values move, the cooperative takes over results.

In: all that happened. Out: cooperative and people before the next round. Changes: payoffs, reputations and limits that
people remember; network, credit history, membership, the rival's model, what mechanisms know. Scenario fields:
``policy.memory``, ``policy.learning``, ``values.influence``, ``values.stubbornness``, ``values.self_weight``,
``values.confidence``, ``values.experience``, ``values.loss_aversion``, ``market.leak``, ``market.rival_decay``,
``actions.defect``.
"""

from dataclasses import replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.policies import Outcome
from commonweal.agents.policies import remember as take_in
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.agents.values import move_limits
from commonweal.economy.learning.network import Parameters, to_tensor
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.market import rival_after
from commonweal.economy.round.record import Lesson, Moment, Payday, Produce
from commonweal.economy.round.regret import foregone_payoffs
from commonweal.economy.world.world import State, World


def remember(
    moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
) -> tuple[State, Population]:
    """Cooperative and people after the round.

    Args:
        moment: with all money moved.
        produce: what the round's contributions came to.
        payday: who got what.
        world: what does not change.
        streams: junk that other actions would have put in is drawn from the batch stream.

    Returns:
        The cooperative and the people before the next round.
    """
    foregone = foregone_payoffs(moment, produce, payday, world, streams)
    people = people_after(moment, produce, payday, foregone, world)
    return state_after(moment, produce, payday, world, streams), people


def people_after(moment: Moment, produce: Produce, payday: Payday, foregone: Floats | None, world: World) -> Population:
    """People remember what they got, and their values move."""
    people = moment.people
    first = moment.state.round == 0
    gain = np.zeros_like(payday.payoffs) if first else payday.payoffs - people.payoff
    harm = harm_of(produce.lesson, world)
    limits = move_limits(people.limits, people.anchor, world.graph, harm, gain, world.terms.values)
    outcome = Outcome(payday.payoffs, produce.credit, foregone, limits, first, moment.value_costs)
    return take_in(people, outcome, world.terms.policy)


def harm_of(lesson: Lesson | None, world: World) -> Floats:
    """(R, K) by how much the step moved each probe loss in the forbidden direction."""
    if lesson is None:
        return np.zeros((world.shape[0], 0))
    harm: Floats = np.maximum(-(lesson.levels - lesson.exam.levels) * world.senses, 0.0)
    return harm


def state_after(moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams) -> State:
    """The cooperative after the round. Mechanisms draw from the encounter stream."""
    before, lesson, terms = moment.state, produce.lesson, world.terms
    defecting = (moment.actions == Action.DEFECT).sum(axis=1) / moment.actions.shape[1]
    leaking = defecting * (terms.actions.defect == "leak")
    mechanisms = {
        each.name: each.remember(before.mechanisms[each.name], moment, produce, payday, world, streams)
        for each in world.mechanisms
    }
    after = replace(
        before,
        round=before.round + 1,
        history=payday.history,
        membership=payday.membership,
        rival=rival_after(before.rival, produce.quality, leaking, terms.market),
        quality=produce.quality,
        revenue=payday.revenue / MICRO,
        mechanisms=mechanisms,
    )
    if lesson is None:
        return after
    last_delta = delta_of(before.parameters, lesson.parameters, world)
    return replace(
        after, parameters=lesson.parameters, supply=lesson.supply, recent=lesson.recent, last_delta=last_delta
    )


def delta_of(before: Parameters, after: Parameters, world: World) -> Parameters:
    """The round's step per unit of rate, which a principal may replay under FedAvg; empty under traversal learning."""
    learning = world.terms.learning
    if learning.method != "federated":
        return ()
    rate = to_tensor(learning.rate[:, 0], before[0])
    return tuple((old - new) / rate.view(-1, *[1] * (old.dim() - 1)) for old, new in zip(before, after, strict=True))
