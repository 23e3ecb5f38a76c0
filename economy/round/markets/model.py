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
from commonweal.economy.round.alternatives import settle_alone, supposed_credit
from commonweal.economy.round.gains import Gains, gains_from
from commonweal.economy.round.learn import learn
from commonweal.economy.round.market import market
from commonweal.economy.round.quality import measured, test_scores
from commonweal.economy.round.record import Foregone, Income, Moment, Payday, Produce
from commonweal.economy.round.regret import private_gains, worth_of
from commonweal.economy.round.standing import Supposed, owed_to, shares_of, standing_of, suppose, usual_amounts
from commonweal.economy.world.world import State, World

MOST_PRINCIPALS = 2000  # each alternative of each principal settles all N: N² shares


@market(
    "model", labelled="right on test samples", reached="the model gets {} of test samples right",
    column="test accuracy", credit_unit="loss", attacks=True, tested=True,
)
class ModelMarket:
    """Revenue by the quality of a network that learns from what principals put in."""

    learns = True

    def produce(self, moment: Moment, world: World, streams: Streams) -> tuple[Moment, Produce]:
        """What the network learns in the round."""
        moment, lesson = learn(moment, world, streams)
        scores = test_scores(lesson.parameters, world)
        quality = measured(scores, world)
        permitted = quality if world.permitted is None else measured(scores, world, world.permitted)
        return moment, Produce(lesson.put, lesson.appraisal, quality, lesson.exam.loss, lesson, permitted=permitted)

    def income(self, moment: Moment, produce: Produce, world: World, streams: Streams) -> Income:
        """What customers pay for the model, divided among participants by the settlement rule."""
        terms, state, people = world.terms, moment.state, moment.people
        history = book(state.history, produce.credit, produce.appraisal.standard_error)
        discount, clip = terms.settlement.discount, terms.settlement.clip
        netted = cumulated(history, discount, "net")
        held = held_back(history, terms.settlement)
        credit = (netted if clip == "net" else cumulated(history, discount, clip)) - held
        membership = state.membership.after(produce.put.total, state.round)
        supposed = Supposed(produce.put.total, moment.member, credit, each=produce.each, worth=produce.worth)
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
