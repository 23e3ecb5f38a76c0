"""The market for a learned model: customers pay for what it does better than a rival's or than no model."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.credit.history import CreditHistory, book, cumulated, cumulated_by_chance
from commonweal.economy.learning.network import to_numpy
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.market import revenue
from commonweal.economy.money.settlement import SETTLEMENTS, SettlementTerms
from commonweal.economy.money.settlement import pay as divide
from commonweal.economy.round.gains import Gains, gains_from
from commonweal.economy.round.learn import accuracy, asked_amounts, learn, sent_back, visit
from commonweal.economy.round.market import market
from commonweal.economy.round.record import Foregone, Income, Lesson, Moment, Payday, Produce
from commonweal.economy.round.regret import deviator_dues
from commonweal.economy.round.standing import Supposed, owed_to, shares_of, standing_of, suppose, usual_amounts
from commonweal.economy.tasks import put_in
from commonweal.economy.world.world import State, World

MOST_PRINCIPALS = 2000  # each alternative of each principal settles all N: N² shares


@market("model", unit="share of test samples", column="test accuracy", credit_unit="loss")
class ModelMarket:
    """Revenue by the accuracy of a network that learns from what principals put in."""

    learns = True

    def produce(self, moment: Moment, world: World, streams: Streams) -> tuple[Moment, Produce]:
        """What the network learns in the round."""
        moment, lesson = learn(moment, world, streams)
        quality = accuracy(lesson.parameters, world)
        return moment, Produce(lesson.put, lesson.appraisal, quality, lesson.exam.loss, lesson)

    def income(self, moment: Moment, produce: Produce, world: World, streams: Streams) -> Income:
        """What customers pay for the model, divided among participants by the settlement rule."""
        terms, state, people = world.terms, moment.state, moment.people
        history = book(state.history, produce.credit, produce.appraisal.standard_error)
        discount, clip = terms.settlement.discount, terms.settlement.clip
        netted = cumulated(history, discount, "net")
        held = held_back(history, terms.settlement)
        credit = (netted if clip == "net" else cumulated(history, discount, clip)) - held
        membership = state.membership.after(produce.put.total, state.round)
        supposed = Supposed(produce.put.total, moment.member, credit)
        standing = standing_of(supposed, membership, state, people, world)
        earned = revenue(produce.quality, state.rival, moment.customers, terms.market)
        shares = SETTLEMENTS[terms.settlement.kind](standing, terms.settlement)
        return Income(
            revenue=earned,
            payments=divide(earned, shares, moment.member, terms.settlement),
            cost=people.cost * produce.put.delegated,
            netted=netted,
            credit=credit,
            held=held,
            history=history,
            rewards=owed_to(standing, produce.quality, world),
            membership=membership,
        )

    def foregone(self, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams) -> Foregone:
        """First order in one principal's weight in the step."""
        if world.terms.population.count > MOST_PRINCIPALS:
            raise InputError(
                f"policy.mix: best_response and wait_and_see settle every deviation of every principal: "
                f"population.count = {world.terms.population.count} must be at most {MOST_PRINCIPALS}"
            )
        shape = (*moment.actions.shape, len(Action))
        foregone = Foregone(np.full(shape, np.nan), np.zeros(shape), np.zeros(shape, dtype=np.bool_))
        for code in world.terms.available:
            action = Action(code)
            if action == Action.ABSTAIN:
                credit_of(action, moment, produce, world, streams)  # draws the same numbers whatever is available
                foregone.payoffs[..., action] = moment.outside
                continue
            payoff, paid, harmful = payoff_of(action, moment, produce, payday, world, streams)
            foregone.payoffs[..., action] = payoff
            foregone.paid[..., action], foregone.harmful[..., action] = paid, harmful
        return foregone

    def gains(self, state: State, people: Population, intended: Ints, world: World) -> Gains:
        """One more contribution is taken to earn a share of what contributions earned lately on average.

        The share is ``negotiation.returns``, and the settlement rule says whose that would be.

        Raises:
            InputError: if there are too many principals to settle every deal that could be made.
        """
        if world.graph.principals > MOST_PRINCIPALS:
            raise InputError(
                f"negotiation.kind settles every deal that could be made: population.count = "
                f"{world.graph.principals} must be at most {MOST_PRINCIPALS}"
            )
        seller = (intended != Action.DELEGATE) & (intended != Action.ABSTAIN)
        cost = people.cost * samples_of(seller, intended, world)
        cost = cost + (intended == Action.DEFECT) * world.terms.actions.defect_gain
        return gains_from(gained_by_settlement(state, people, intended, world), cost, seller)

    def usual_credit(
        self, real: Floats, put: Floats, quality: Floats, row: Ints, state: State, people: Population, world: World
    ) -> Floats:
        """Each sample earns what its owner's samples earned lately; where it put none in, the average of all."""
        settlement = world.terms.settlement
        earned = cumulated(state.history, settlement.discount, settlement.clip)
        usual = usual_amounts(state.membership.amount, people.action, world).total
        mean = earned.sum(axis=1, keepdims=True) / np.maximum(usual.sum(axis=1, keepdims=True), 1)
        each = np.where(usual > 0, ratio(earned, usual), mean)  # of a sample
        credit: Floats = each[row] * put
        return credit


def held_back(history: CreditHistory, terms: SettlementTerms) -> Floats:
    """(R, N) part of cumulated credit that is too uncertain to be paid for."""
    if not terms.hold_back.any():
        return history.nothing
    return terms.hold_back * cumulated_by_chance(history, terms.discount)


def payoff_of(
    action: Action, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
) -> tuple[Floats, Floats, Bools]:
    """What each principal would have had if it alone had taken ``action``.

    Returns:
        (R, N) payoff, (R, N) the part of it that is payment, (R, N) whether netted credit would be below zero.
    """
    terms = world.terms
    credit, samples = credit_of(action, moment, produce, world, streams)
    instead = payday.cumulated - produce.credit + credit
    share, given = deviator_dues(instead, samples, moment, produce, payday, world)
    paid = (1 - terms.settlement.reserve) * payday.revenue[:, None] / MICRO * share
    gain = terms.actions.defect_gain if action == Action.DEFECT else 0.0
    cost = moment.people.cost * samples if action == Action.DELEGATE else 0.0
    return paid + gain + terms.market.model_value * given - cost, paid, instead + payday.held < 0


def credit_of(
    action: Action, moment: Moment, produce: Produce, world: World, streams: Streams
) -> tuple[Floats, Ints]:
    """First-order credit (R, N) of what each would have put in under ``action``, and how many samples."""
    state, lesson = moment.state, produce.lesson
    assert isinstance(lesson, Lesson)
    everyone = np.full(moment.actions.shape, int(action))
    amounts = asked_amounts(state, world)
    batch, _, put = put_in(
        everyone, world.holdings, state.supply, world.terms, streams.batch, amounts=amounts
    )
    if not put.total.any():
        return np.zeros(everyone.shape), put.total
    passage = sent_back(visit(batch, state.parameters, world), put, state, streams.batch)
    validation = tuple(v[:, :1] for v in lesson.exam.directions)
    slopes = to_numpy(passage.products(validation))[..., 0]
    # The mean over everybody's samples becomes a mean over the round's actual ones.
    actual = np.maximum(produce.put.total.sum(axis=1, keepdims=True), put.total)
    scale = put.total.sum(axis=1, keepdims=True) / np.maximum(actual, 1)
    return world.terms.learning.rate * slopes * scale, put.total


def samples_of(seller: Bools, intended: Ints, world: World) -> Floats:
    """(R, N) samples that each would put in."""
    learning, held = world.terms.learning, world.holdings.count
    if learning.sampling == "each":
        return np.full(held.shape, float(learning.samples))
    contributed = np.where(intended == Action.DELEGATE, held, 0).sum(axis=1, keepdims=True)
    drawn: Floats = learning.batch * held / np.maximum(contributed + np.where(seller, held, 0), 1)
    return drawn


def gained_by_settlement(state: State, people: Population, intended: Ints, world: World) -> Floats:
    """(R, N, N) what delegating of the first would add to the payments of the second, money."""
    terms, history, member = world.terms.settlement, state.history.rounds, intended != Action.ABSTAIN
    helpful = history > 0
    count = np.maximum(helpful.sum(axis=(0, 2)), 1)  # (R,) helpful contributions that are remembered
    usual = np.where(helpful, history, 0.0).sum(axis=(0, 2)) / count
    earned = revenue(state.quality, state.rival, world.customers, world.terms.market) / MICRO
    more = world.terms.negotiation.returns[:, 0] * earned * len(history) / count  # (R,) revenue of one more in a round
    expected = book(state.history, usual[:, None] * (intended == Action.DELEGATE))
    credit = cumulated(expected, terms.discount, terms.clip)
    alone = usual[:, None, None] * np.eye(member.shape[1])
    after = _due((credit[:, None] + alone).reshape(-1, member.shape[1]), member, state, people, world)
    before = _due(credit, member, state, people, world)
    gained = after.reshape(alone.shape) * (earned + more)[:, None, None]
    more_paid: Floats = gained - (before * earned[:, None])[:, None]
    return more_paid


def _due(credit: Floats, member: Bools, state: State, people: Population, world: World) -> Floats:
    """(R', N) part of revenue that each would be paid at credits (R', N), R' a multiple of the R runs, run by run."""
    runs = np.repeat(np.arange(len(member)), len(credit) // len(member))
    put = np.where(member[runs], state.membership.amount[runs], 0.0)
    standing = suppose(Supposed(put, member[runs], credit, runs), state, people, world)
    due: Floats = (1 - world.terms.settlement.reserve[runs]) * shares_of(standing, world, runs)
    return due
