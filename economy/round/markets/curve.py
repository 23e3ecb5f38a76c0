"""A market without a task: the model's accuracy in a round is a known function of all samples put in.

It plays the one-shot games of the papers on contracts and data sharing in every round. Each is credited with its
Aumann–Shapley price (Aumann and Shapley 1974): for v(m) = a(Σ m) that is a(Σ m) times its part of the samples.
"""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints, ratio
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.agents.terms import pick
from commonweal.economy.credit import Credit
from commonweal.economy.money.market import revenue
from commonweal.economy.rewards.forms import accuracies, curve_of
from commonweal.economy.round.alternatives import credit_over_horizon
from commonweal.economy.round.market import market
from commonweal.economy.round.markets.model import ModelMarket
from commonweal.economy.round.pools import pool_of
from commonweal.economy.round.record import Foregone, Moment, Payday, Produce
from commonweal.economy.round.regret import (
    demand_room,
    dues,
    each_alone,
    private_gains,
    runs_of_each,
    supposed_accuracies,
    taking_part,
    worth_of,
)
from commonweal.economy.round.standing import Supposed, usual_amounts
from commonweal.economy.round.words import NOT_LEARNED, Verb
from commonweal.economy.world.world import State, World


@market(
    "curve", labelled="accuracy by the curve", lacks=NOT_LEARNED, cost="cost of a sample put in, money",
    delegate=Verb("put samples in", "puts samples in", "putting samples in", "put samples in"),
    free_ride=Verb("put nothing in", "puts nothing in", "putting nothing in", "put nothing in"),
)
class CurveMarket(ModelMarket):
    """The market for a model whose accuracy follows a curve. It sells and settles as the market for a learned model."""

    learns = False

    def produce(self, moment: Moment, world: World, streams: Streams) -> tuple[Moment, Produce]:
        """The accuracy of the round's samples."""
        put = usual_amounts(moment.state.membership.amount, moment.actions, world)
        found = accuracies(pool_of(put.delegated, moment.member, moment.state, world))
        quality = found.quality
        worth = Credit(priced(put.delegated, quality), "aumann_shapley")
        return moment, Produce(put, worth, quality, 1 - quality, each=found.each)

    def foregone(self, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams) -> Foregone:
        """Exact: everybody else puts in what it did, and accuracy follows the curve."""
        terms, state, shape = world.terms, moment.state, moment.actions.shape
        puts = [usual_amounts(state.membership.amount, np.full(shape, int(action)), world) for action in Action]
        put, real = (np.stack([getattr(each, name) for each in puts], axis=2) for name in ("total", "delegated"))
        demand_room(put, "policy.mix: best_response and wait_and_see")
        row = runs_of_each(put)
        member = each_alone(moment.member, taking_part(moment))
        curve = curve_of(terms.rewards.accuracy)
        found = supposed_accuracies(produce.put.delegated, real, member, state, world, curve)
        quality = found.quality
        worth = priced(each_alone(produce.put.delegated, real), quality)
        _, credit = credit_over_horizon(worth, np.zeros(worth.shape), state.history, terms.settlement, row)
        supposed = Supposed(each_alone(produce.put.total, put), member, credit, row, found.each)
        earned = revenue(quality, state.rival[row], moment.customers[row], pick(terms.market, row))
        paid, owed = dues(supposed, earned, quality, state, moment.people, world)
        cost = moment.people.cost[..., None] * real
        payoffs = paid + worth_of(owed, world) + private_gains(moment, world) - cost
        payoffs[..., [a for a in Action if a not in terms.available]] = np.nan
        return Foregone(payoffs, paid, np.zeros(payoffs.shape, dtype=np.bool_), owed)

    def usual_credit(
        self, real: Floats, put: Floats, quality: Floats, row: Ints, state: State, people: Population, world: World
    ) -> Floats:
        """Aumann–Shapley prices at the accuracy of these samples."""
        return priced(real, quality)


def priced(samples: Ints | Floats, quality: Floats) -> Floats:
    """(R, N) Aumann–Shapley prices of samples (R, N) that together give accuracy (R,)."""
    return samples * ratio(quality, samples.sum(axis=1))[:, None]
