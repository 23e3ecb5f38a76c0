"""A market without a task: the accuracy of a round is what a closed form says of the samples put in.

It plays the one-shot games of the papers on contracts and data sharing in every round. A credit rule that goes by the
values of coalitions plays the form's game; under all others each is credited with its Aumann–Shapley price.
"""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.population import Population
from commonweal.agents.streams import Stream, Streams
from commonweal.agents.terms import pick
from commonweal.economy.money.market import revenue
from commonweal.economy.money.settlement import SETTLEMENTS
from commonweal.economy.rewards.forms import Accuracies, Contributions, credit_of, curve_of, is_priced, priced
from commonweal.economy.rewards.rules import REWARDS
from commonweal.economy.round.alternatives import credit_over_horizon
from commonweal.economy.round.market import market
from commonweal.economy.round.markets.model import ModelMarket
from commonweal.economy.round.pools import contributions_of
from commonweal.economy.round.record import Foregone, Moment, Payday, Produce
from commonweal.economy.round.regret import (
    demand_room,
    dues,
    each_alone,
    private_gains,
    quality_of_each,
    runs_of_each,
    taking_part,
    worth_of,
)
from commonweal.economy.round.standing import Supposed, usual_amounts
from commonweal.economy.round.words import NOT_LEARNED, Verb
from commonweal.economy.tasks import PutIn
from commonweal.economy.world.world import State, World


@market(
    "curve", labelled="accuracy by the curve", lacks=NOT_LEARNED, cost="cost of a sample put in, money",
    delegate=Verb("put samples in", "puts samples in", "putting samples in", "put samples in"),
    free_ride=Verb("put nothing in", "puts nothing in", "putting nothing in", "put nothing in"),
)
class CurveMarket(ModelMarket):
    """The market for a model whose accuracy is a closed form. It sells and settles as that for a learned one."""

    learns = False

    def produce(self, moment: Moment, world: World, streams: Streams) -> tuple[Moment, Produce]:
        """The accuracy of the round's samples; coalitions are drawn from the credit stream, where a rule draws any."""
        put = usual_amounts(moment.state.membership.amount, moment.actions, world)
        whole = contributions_of(put.delegated, moment.member, moment.state, world, copied=put.copied)
        found = whole.accuracies()
        worth = credit_of(whole, found.quality, world.terms.credit, streams.credit)
        return moment, Produce(put, worth, found.quality, 1 - found.quality, each=found.each, worth=found.worth)

    def foregone(self, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams) -> Foregone:
        """Exact: everybody else puts in what it did, and accuracy follows the form."""
        terms, state, shape = world.terms, moment.state, moment.actions.shape
        puts = [usual_amounts(state.membership.amount, np.full(shape, int(action)), world) for action in Action]
        put, real, copied = (
            np.stack([getattr(each, name) for each in puts], axis=2) for name in ("total", "delegated", "copied")
        )
        demand_room(put, "policy.mix: best_response and wait_and_see")
        row, member = runs_of_each(put), each_alone(moment.member, taking_part(moment))
        found, worth = supposed(produce.put, real, copied, member, state, world)
        if produce.appraisal.estimated:  # what was done is credited as it was
            done = (moment.actions[..., None] == np.arange(len(Action))).reshape(-1, 1)
            worth = np.where(done, produce.credit[row], worth)
        _, credit = credit_over_horizon(worth, np.zeros(worth.shape), state.history, terms.settlement, row)
        standing = Supposed(each_alone(produce.put.total, put), member, credit, row, found.each, found.worth)
        earned = revenue(found.quality, state.rival[row], moment.customers[row], pick(terms.market, row))
        paid, owed = dues(standing, earned, found.quality, state, moment.people, world)
        cost = moment.people.cost[..., None] * real
        payoffs = paid + worth_of(owed, world) + private_gains(moment, world) - cost
        payoffs[..., [a for a in Action if a not in terms.available]] = np.nan
        return Foregone(payoffs, paid, np.zeros(payoffs.shape, dtype=np.bool_), owed)

    def usual_credit(
        self, real: Floats, put: Floats, quality: Floats, row: Ints, state: State, people: Population, world: World
    ) -> Floats:
        """Credit of a round in which these samples go in."""
        if _is_priced(world):
            return priced(real, quality)
        member = (people.action != Action.ABSTAIN)[row] | (put > 0)
        return supposed_credit(contributions_of(real, member, state, world, row), quality, row, state, world)


def supposed(
    everybody: PutIn, real: Floats, copied: Floats, member: Bools, state: State, world: World
) -> tuple[Accuracies, Floats]:
    """Accuracies, and credit (R·N·G, N), of what everybody puts in with one's alternatives in place.

    Args:
        everybody: what is put in.
        real: (R, N, G) samples of its own that each would put in.
        copied: (R, N, G) copies that it would put in.
        member: (R·N·G, N) who takes part.
        state: before the round.
        world: what does not change.
    """
    row, copies = runs_of_each(real), None
    if copied.any() or everybody.copied.any():
        copies = each_alone(everybody.copied, copied)
    own, curve = each_alone(everybody.delegated, real), curve_of(world.terms.rewards.accuracy)
    if copies is None and curve is not None and _is_priced(world):
        quality = quality_of_each(everybody.delegated, real, curve)
        return Accuracies(quality), priced(own, quality)
    put = contributions_of(own, member, state, world, row, copies)
    curve = curve if copies is None else None
    found = put.accuracies() if curve is None else Accuracies(quality_of_each(everybody.delegated, real, curve))
    return found, supposed_credit(put, found.quality, row, state, world)


def supposed_credit(put: Contributions, quality: Floats, row: Ints, state: State, world: World) -> Floats:
    """(R', M) credit of what might be put in; what a rule draws it draws alike for all, and moves no stream.

    Where nothing goes by credit that takes coalitions or paths to find, it is 0.
    """
    terms, rows = world.terms.credit, len(row)
    if _is_priced(world):
        return priced(put.real, quality)
    if not _goes_by_credit(world):
        return np.zeros(put.real.shape)
    drawn = [np.random.default_rng(state.round)] * rows
    if put.contributes.sum(axis=1).max(initial=0) > np.log2(terms.budget):
        drawn = [np.random.default_rng(state.round) for _ in range(rows)]
    return credit_of(put, quality, pick(terms, row), Stream(tuple(drawn))).values


def _is_priced(world: World) -> bool:
    """Whether credit is a price of samples."""
    return is_priced(world.terms.rewards.accuracy.kind, world.terms.credit.kind)


def _goes_by_credit(world: World) -> bool:
    """Whether credit decides on what anybody is paid or given."""
    settlement, market, rewards = world.terms.settlement, world.terms.market, world.terms.rewards
    pays = SETTLEMENTS.facts(settlement.kind).by_credit and bool(market.price.any())
    return pays or REWARDS.facts(rewards.kind).by_credit or bool(rewards.content.any())
