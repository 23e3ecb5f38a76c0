"""Alternatives where a network learns: the credit and the dues of what a principal might have done instead."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.streams import Streams
from commonweal.economy.credit.history import CreditHistory, book, cumulated, cumulated_by_chance
from commonweal.economy.money.settlement import SettlementTerms
from commonweal.economy.round.absent import of_those_present
from commonweal.economy.round.learn import asked_amounts
from commonweal.economy.round.record import Moment, Payday, Produce
from commonweal.economy.round.regret import dues, each_alone, runs_of_each, taking_part
from commonweal.economy.round.standing import Supposed
from commonweal.economy.round.visits import sent_back, visit
from commonweal.economy.tasks import PutIn, put_in
from commonweal.economy.wire.nodes import LostNodesError
from commonweal.economy.world.world import World


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
        everyone, world.planned, state.supply, world.terms, streams.batch, world.conduct, asked_amounts(state, world)
    )
    if not put.total.any():
        return np.zeros(everyone.shape), put
    while True:
        try:
            passage = visit(batch, state.parameters, world, number=state.round, purpose=1 + int(action))
            passage = sent_back(passage, put, state, streams.batch)
            # The mean over everybody's samples becomes a mean over the round's actual ones.
            actual = np.maximum(produce.put.total.sum(axis=1, keepdims=True), put.total)
            scale = put.total.sum(axis=1, keepdims=True) / np.maximum(actual, 1)
            return marginal(passage, scale), put
        except LostNodesError:
            batch, put = of_those_present(batch, put, world)
