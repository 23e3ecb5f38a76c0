"""What a round pays: revenue, settlement, stakes and slashing, and the payoffs they amount to."""

from dataclasses import dataclass

import numpy as np

from agents.actions import Action
from agents.population import Floats, Ints
from agents.streams import Streams
from economy.contracts.stakes import caught, slash_transfer, stake_transfers
from economy.credit.history import CreditHistory, book, cumulated
from economy.ledger import MICRO, Ledger, Transfer, post
from economy.lesson import Lesson
from economy.market import Income, revenue
from economy.public_goods import share_out
from economy.settlement import SETTLEMENTS, Standing, pay, settlement_transfers
from economy.world import State, World


@dataclass(frozen=True)
class Payday:
    """Who got what in a round."""

    quality: Floats  # (R,) test accuracy after the step, what customers paid for
    revenue: Ints  # (R,) micro-units
    payments: Ints  # (R, N) micro-units
    slashed: Ints  # (R, N) micro-units
    cumulated: Floats  # (R, N) credit over the horizon
    transfers: tuple[Transfer, ...]
    payoffs: Floats  # (R, N) money


def settle(
    state: State, lesson: Lesson, quality: Floats, world: World, streams: Streams
) -> tuple[Payday, CreditHistory, Ledger]:
    """Revenue, payments, stakes and slashing; every transfer goes through the ledger."""
    terms, actions = world.terms, state.population.action
    member = actions != Action.ABSTAIN
    public = terms.public_goods.played
    income = share_out(state, world, streams) if public else sell(state, lesson, quality, world)
    ledger, staked, slashed = _hold_to_contract(state.ledger, actions, income.netted, world, streams)
    paid = settlement_transfers(income.revenue, income.payments)
    gain = (actions == Action.DEFECT) * terms.outside.defect_gain + ~member * terms.outside.outside_option
    private = gain + member * terms.market.model_value * quality[:, None]
    if world.conduct is not None:
        private = private * world.conduct.person
    payoffs = (income.payments - slashed) / MICRO + private - income.cost
    payday = Payday(quality, income.revenue, income.payments, slashed, income.credit, (*staked, *paid), payoffs)
    return payday, income.history, post(ledger, paid)


def sell(state: State, lesson: Lesson, quality: Floats, world: World) -> Income:
    """What customers pay for the model, divided by cumulated credit."""
    terms, member = world.terms, state.population.action != Action.ABSTAIN
    history = book(state.history, lesson.credit, lesson.appraisal.standard_error)
    discount, clip = terms.settlement.discount, terms.settlement.clip
    netted = cumulated(history, discount, "net")
    standing = Standing(
        credit=netted if clip == "net" else cumulated(history, discount, clip),
        claims=np.where(member, world.holdings.count, 0),
        member=member,
        reputation=state.population.reputation,
    )
    earned = revenue(quality, state.rival, world.customers, terms.market)
    payments = pay(earned, SETTLEMENTS[terms.settlement.kind](standing, terms.settlement), member, terms.settlement)
    cost = state.population.cost * lesson.put.delegated
    return Income(earned, payments, cost, netted, standing.credit, history)


def _hold_to_contract(
    ledger: Ledger, actions: Ints, netted: Floats, world: World, streams: Streams
) -> tuple[Ledger, tuple[Transfer, ...], Ints]:
    """Post stakes, audit, slash who is caught: by netted credit (R, N) below zero, or by what an audit reveals."""
    contract = world.terms.contract
    if not contract.stake.any():
        return ledger, (), np.zeros_like(actions)
    staked = stake_transfers(ledger, actions != Action.ABSTAIN, contract)
    ledger = post(ledger, staked)
    guilty = caught(actions, netted, streams.shock.uniform(2, actions.shape[1]), contract)
    slash = slash_transfer(ledger, guilty, contract)
    return post(ledger, (slash,)), (*staked, slash), slash.amount
