"""Outside: what the model would be to somebody who stays away, where the reward rule gives outsiders anything.

Payday pays it, and best responders see it among what each action would have brought (``Foregone``). This is for code
that asks of a round that is over who would have been better off outside.
"""

from dataclasses import replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.population import Population
from commonweal.economy.money.membership import NEVER
from commonweal.economy.rewards.rules import REWARDS
from commonweal.economy.round.alternatives import settle_alone
from commonweal.economy.round.record import Moment, Record
from commonweal.economy.round.regret import worth_of
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.tasks import PutIn
from commonweal.economy.world.replicas import pick_streams
from commonweal.economy.world.world import State


def model_outside(ensemble: Ensemble, before: State, people: Population, record: Record) -> Floats | float:
    """What the model would have been worth in a round to each of R runs' N principals if it alone had stayed away.

    Args:
        ensemble: after the round.
        before: the cooperative before it.
        people: before it.
        record: of the round.

    Returns:
        (R, N) money; 0 where the rule rewards members only.
    """
    terms = ensemble.world.terms
    if REWARDS.facts(terms.rewards.kind).members_only or not terms.market.model_value.any():
        return 0.0
    return worth_of(_owed_outside(ensemble, before, people, record)[..., None], ensemble.world)[..., 0]


def _owed_outside(ensemble: Ensemble, before: State, people: Population, record: Record) -> Floats:
    """(R, N) accuracy of the model that each would have been owed if it alone had stayed away in a round.

    Exact where nothing is learned; else the model is taken to be the same without one of N principals.
    """
    moment, shape = _moment(ensemble, before, people, record), record.actions.shape
    world = moment.in_world(ensemble.world)
    if world.market.learns:
        nothing = np.zeros(shape)
        put = PutIn(nothing, nothing)
        return settle_alone(Action.ABSTAIN, nothing, put, moment, record.produce, record.payday, world)[1]
    streams = pick_streams(ensemble.streams, np.arange(shape[0]))  # what is only supposed draws no numbers of the runs
    owed: Floats = world.market.foregone(moment, record.produce, record.payday, world, streams).owed[
        ..., Action.ABSTAIN
    ]
    return owed


def _moment(ensemble: Ensemble, before: State, people: Population, record: Record) -> Moment:
    """The round as it stood when it was paid for: with what mechanisms had agreed on in it."""
    after, world = ensemble.state, ensemble.world
    asked = replace(before.membership, amount=after.membership.amount)
    state = replace(before, mechanisms=after.mechanisms, membership=asked)
    refused = after.mechanisms["menu"].line == NEVER if world.terms.menu.offer == "menu" else None
    return Moment(
        state,
        replace(people, action=record.actions),
        record.actions,
        opening=before.ledger,
        customers=np.full(len(before.quality), world.customers),
        outside=world.terms.population.outside_option,
        excluded=refused,
        notes=record.notes,
    )
