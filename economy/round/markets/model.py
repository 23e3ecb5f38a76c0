"""The market for a learned model: customers pay for what it does better than a rival's or than no model."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.credit.history import CreditHistory, book, cumulated, cumulated_by_chance
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.market import revenue
from commonweal.economy.money.settlement import SETTLEMENTS, SettlementTerms
from commonweal.economy.money.settlement import pay as divide
from commonweal.economy.round.gains import Gains, gains_from
from commonweal.economy.round.learn import accuracy, asked_amounts, learn, sent_back, visit
from commonweal.economy.round.market import market
from commonweal.economy.round.record import Foregone, Income, Moment, Payday, Produce
from commonweal.economy.round.regret import dues, each_alone, private_gains, runs_of_each, taking_part, worth_of
from commonweal.economy.round.standing import Supposed, owed_to, shares_of, standing_of, suppose, usual_amounts
from commonweal.economy.tasks import PutIn, put_in
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
        """Exact for the action taken; for the others, first order in one principal's weight in the step."""
        if world.terms.population.count > MOST_PRINCIPALS:
            raise InputError(
                f"policy.mix: best_response and wait_and_see settle every deviation of every principal: "
                f"population.count = {world.terms.population.count} must be at most {MOST_PRINCIPALS}"
            )
        foregone = Foregone.none(moment.actions.shape)
        private = private_gains(moment, world)
        for action in Action:
            if action not in world.terms.available and action != Action.ABSTAIN:
                continue
            # abstaining puts nothing in, and draws the same numbers whether or not it is available
            credit, put = supposed_credit(action, moment, produce, world, streams)
            if action in world.terms.available:
                paid, owed, harmful = settle_alone(action, credit, put, moment, produce, payday, world)
                foregone.paid[..., action], foregone.owed[..., action] = paid, owed
                foregone.harmful[..., action] = harmful
                worth = worth_of(owed[..., None], world)[..., 0] - moment.people.cost * put.delegated
                foregone.payoffs[..., action] = paid + worth + private[..., action]
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


def credit_over_horizon(
    newest: Floats, error: Floats, history: CreditHistory, terms: SettlementTerms, row: Ints | slice = slice(None)
) -> tuple[Floats, Floats]:
    """Credit over the horizon with a supposed newest round: netted, and what is paid for.

    Args:
        newest: (R', N) credit of that round.
        error: (R', N) its standard errors; 0 where it was not estimated.
        history: before the round, of R runs.
        terms: of settlement.
        row: (R',) which of the R runs each is.

    Returns:
        (R', N) and (R', N).
    """
    before = book(history, np.zeros(history.rounds.shape[1:]))
    netted = cumulated(before, terms.discount)[row] + newest
    credit = netted
    if terms.clip == "gross":
        credit = cumulated(before, terms.discount, "gross")[row] + np.maximum(newest, 0.0)
    if not terms.hold_back.any():
        return netted, credit
    by_chance = cumulated_by_chance(before, terms.discount)[row] ** 2 + np.maximum(newest**2, error**2)
    return netted, credit - terms.hold_back[row] * np.sqrt(by_chance)


def settle_alone(
    action: Action, credit: Floats, put: PutIn, moment: Moment, produce: Produce, payday: Payday, world: World
) -> tuple[Floats, Floats, Bools]:
    """What each principal is due if it alone had taken ``action``; revenue and quality stay what they were.

    Args:
        action: that one.
        credit: (R, N) credit of the round that each would have.
        put: samples that each would have put in.
        moment: with the actions of the round.
        produce: what everybody put in.
        payday: who got what.
        world: what does not change.

    Returns:
        (R, N) payment, money; (R, N) accuracy of the model owed; (R, N) whether netted credit would be below zero.
    """
    error = produce.appraisal.standard_error
    known = np.zeros(credit.shape) if error is None else np.where(moment.actions == action, error, 0.0)
    netted, over_horizon = credit_over_horizon(credit, known, moment.state.history, world.terms.settlement)
    row = runs_of_each(credit[..., None])
    supposed = Supposed(
        each_alone(produce.put.total, put.total[..., None]),
        each_alone(moment.member, taking_part(moment)[..., [action]]),
        each_alone(payday.cumulated, over_horizon[..., None]),
        row,
    )
    paid, owed = dues(supposed, payday.revenue[row], payday.quality[row], moment.state, moment.people, world)
    return paid[..., 0], owed[..., 0], netted < 0


def supposed_credit(
    action: Action, moment: Moment, produce: Produce, world: World, streams: Streams
) -> tuple[Floats, PutIn]:
    """Credit (R, N) of what each would have put in under ``action``, and how many samples.

    Who took the action has the round's credit; for the others it is first order in what they would have put in.
    """
    credit, put = marginal_credit(action, moment, produce, world, streams)
    taken = moment.actions == action
    total, delegated = (
        np.where(taken, real, supposed)
        for real, supposed in ((produce.put.total, put.total), (produce.put.delegated, put.delegated))
    )
    return np.where(taken, produce.credit, credit), PutIn(total, delegated)


def marginal_credit(
    action: Action, moment: Moment, produce: Produce, world: World, streams: Streams
) -> tuple[Floats, PutIn]:
    """Credit (R, N) of what each would put in beside the round's under ``action``, and how many samples."""
    state, marginal = moment.state, produce.appraisal.marginal
    assert marginal is not None
    everyone = np.full(moment.actions.shape, int(action))
    batch, _, put = put_in(
        everyone, world.holdings, state.supply, world.terms, streams.batch, world.conduct, asked_amounts(state, world)
    )
    if not put.total.any():
        return np.zeros(everyone.shape), put
    passage = sent_back(visit(batch, state.parameters, world), put, state, streams.batch)
    # The mean over everybody's samples becomes a mean over the round's actual ones.
    actual = np.maximum(produce.put.total.sum(axis=1, keepdims=True), put.total)
    scale = put.total.sum(axis=1, keepdims=True) / np.maximum(actual, 1)
    return marginal(passage, scale), put


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
