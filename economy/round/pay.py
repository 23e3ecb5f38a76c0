"""What a round pays: revenue, settlement, stakes and slashing, and the payoffs they amount to."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import ABSTAIN, DEFECT
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.streams import Streams
from commonweal.economy.credit.history import CreditHistory, book, cumulated, cumulated_by_chance
from commonweal.economy.money.clawback import claw_back
from commonweal.economy.money.ledger import MICRO, Ledger, Transfer, post
from commonweal.economy.money.market import Income, revenue
from commonweal.economy.money.membership import Membership
from commonweal.economy.money.settlement import SETTLEMENTS, SettlementTerms, pay, settlement_transfers
from commonweal.economy.money.stakes import caught, slash_transfer, stake_transfers
from commonweal.economy.rewards.rules import rewards
from commonweal.economy.round.agree import Agreements
from commonweal.economy.round.hand_over import handed_over
from commonweal.economy.round.learn import Lesson
from commonweal.economy.round.public_goods import share_out
from commonweal.economy.round.standing import standing_of, taking_part
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Payday:
    """Who got what in a round."""

    quality: Floats  # (R,) test accuracy after the step, what customers paid for
    revenue: Ints  # (R,) micro-units
    payments: Ints  # (R, N) micro-units
    slashed: Ints  # (R, N) micro-units
    clawback: Ints  # (R, N) micro-units had of what was clawed back from others, less what was from itself
    fees: Ints  # (R, N) micro-units paid for names
    cumulated: Floats  # (R, N) credit over the horizon that is paid for
    held: Floats  # (R, N) credit over the horizon that is held back until it is sure
    transfers: tuple[Transfer, ...]  # of the whole round
    membership: Membership  # after the round
    payoffs: Floats  # (R, N) money
    owed: Floats  # (R, N) accuracy of the model each is owed
    rewards: Floats  # (R, N) accuracy of the model each is given
    kept_promise: Bools  # (R, N) whether that is what it was owed, within the tolerance


def settle(
    state: State, lesson: Lesson, quality: Floats, agreements: Agreements, world: World, streams: Streams
) -> tuple[Payday, CreditHistory, Ledger]:
    """Revenue, payments, stakes and slashing; every transfer goes through the ledger."""
    terms, actions = world.terms, state.population.action
    member = taking_part(state, world)
    public = terms.market.public
    income = share_out(state, world, streams) if public else sell(state, lesson, quality, member, world)
    ledger, staked, slashed = _hold_to_contract(state.ledger, actions, income.netted, world, streams)
    paid = settlement_transfers(income.revenue, income.payments)
    ledger = post(ledger, paid)
    clawed, clawback, history = _claw_back(ledger, income, world)
    outside = np.maximum(terms.population.outside_option, state.tariff.alone)
    gain = (actions == DEFECT) * terms.actions.defect_gain + ~member * outside
    copies = handed_over(income.rewards, quality, lesson, state, world, streams)
    private = gain + terms.market.model_value * copies.accuracy
    if world.conduct is not None:
        private = private * world.conduct.person
    payoffs = (income.payments - slashed + clawback) / MICRO + private - income.cost
    if (beside := agreements.net) is not None:
        payoffs = payoffs + beside
    payday = Payday(
        quality=quality,
        revenue=income.revenue,
        payments=income.payments,
        slashed=slashed,
        clawback=clawback,
        fees=np.zeros_like(slashed) if agreements.fees is None else agreements.fees.amount,
        cumulated=income.credit,
        held=income.held,
        transfers=(*agreements.transfers, *staked, *paid, *clawed),
        payoffs=payoffs,
        owed=income.rewards,
        rewards=copies.accuracy,
        kept_promise=copies.met,
        membership=income.membership,
    )
    return payday, history, post(ledger, clawed)


def sell(state: State, lesson: Lesson, quality: Floats, member: Bools, world: World) -> Income:
    """What customers pay for the model, divided by cumulated credit among who takes part, ``member`` (R, N)."""
    terms = world.terms
    history = book(state.history, lesson.credit, lesson.appraisal.standard_error)
    discount, clip = terms.settlement.discount, terms.settlement.clip
    netted = cumulated(history, discount, "net")
    held = _held_back(history, terms.settlement)
    credit = (netted if clip == "net" else cumulated(history, discount, clip)) - held
    membership = state.membership.after(lesson.put.total, state.round)
    standing = standing_of(state, world, credit, member, lesson.put.total, membership)
    earned = revenue(quality, state.rival, world.customers, terms.market)
    payments = pay(earned, SETTLEMENTS[terms.settlement.kind](standing, terms.settlement), member, terms.settlement)
    cost = state.population.cost * lesson.put.delegated
    given = rewards(standing, quality, terms.rewards)
    return Income(earned, payments, cost, netted, standing.credit, held, history, given, membership)


def _held_back(history: CreditHistory, terms: SettlementTerms) -> Floats:
    """(R, N) cumulated credit that is not sure enough to be paid for."""
    if not terms.hold_back.any():
        return np.zeros(history.rounds.shape[1:])
    return terms.hold_back * cumulated_by_chance(history, terms.discount)


def _claw_back(ledger: Ledger, income: Income, world: World) -> tuple[tuple[Transfer, ...], Ints, CreditHistory]:
    """What is taken back and redistributed once the round is paid, and what everybody (R, N) has of it."""
    if not world.terms.clawback.share.any():
        return (), np.zeros_like(income.payments), income.history
    taken, history = claw_back(ledger, income.history, income.netted, income.payments, world.terms.clawback)
    return taken.transfers, taken.net, history


def _hold_to_contract(
    ledger: Ledger, actions: Ints, netted: Floats, world: World, streams: Streams
) -> tuple[Ledger, tuple[Transfer, ...], Ints]:
    """Post stakes, audit, slash who is caught: by netted credit (R, N) below zero, or by what an audit reveals."""
    stakes = world.terms.stakes
    if not stakes.stake.any():
        return ledger, (), np.zeros_like(actions)
    staked = stake_transfers(ledger, actions != ABSTAIN, stakes)
    ledger = post(ledger, staked)
    guilty = caught(actions, netted, streams.shock.uniform(2, actions.shape[1]), stakes)
    slash = slash_transfer(ledger, guilty, stakes)
    return post(ledger, (slash,)), (*staked, slash), slash.amount
