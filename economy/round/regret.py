"""Regret: what each action, or another number of samples, would have paid, everybody else's action given.

Myopic best responses compare the actions; with ``menu.offer = amounts`` principals choose by the numbers of samples.
Where a network learns, both are first order: what a principal would have put in earns first-order credit, and revenue
stays at its realised value, which one of N principals changes by O(1/N).
"""

from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.policies import POLICIES
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.agents.terms import pick
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.market import revenue
from commonweal.economy.rewards.accuracy import Accuracy
from commonweal.economy.round.record import Moment, Payday, Produce
from commonweal.economy.round.standing import Supposed, owed_to, shares_of, suppose, usual_amounts
from commonweal.economy.world.world import State, World

MOST_CELLS = 200_000_000  # of the largest array


def foregone_payoffs(
    moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
) -> Floats | None:
    """Counterfactual payoff of every action.

    Args:
        moment: with the actions of the round.
        produce: what they came to.
        payday: who got what.
        world: what does not change.
        streams: junk that was not put in is drawn from the batch stream.

    Returns:
        (R, N, 4) money, nan for actions that are not available; None where no policy in the mix asks for it.
    """
    if not any(POLICIES.facts(name).compares for name in world.terms.policy.names):
        return None
    foregone = world.market.foregone(moment, produce, payday, world, streams)
    payoffs: Floats = foregone.payoffs
    for each in reversed(world.mechanisms):
        expected = each.expect(moment.state.mechanisms[each.name], moment, foregone, world)
        payoffs = payoffs if expected is None else payoffs + expected
    return payoffs


def prospects(put: Floats, real: Floats, state: State, people: Population, world: World, accuracy: Accuracy) -> Floats:
    """Payoff of each principal's alternatives, if everybody else does what it did last.

    Exact in a market without a task. Where a network learns, accuracy is what the learning curve promises for the term,
    and credit grows with the samples put in.

    Args:
        put: (R, N, G) samples that it would put in, in each of G alternatives.
        real: (R, N, G) how many of them would be its own data: only these cost anything, and only these teach.
        state: before the round.
        people: with their last actions, or those of the round.
        world: what does not change.
        accuracy: of R runs, by samples (R, M) put in per round.

    Returns:
        (R, N, G) money.

    Raises:
        InputError: if there are too many to settle each.
    """
    runs, principals, grid = put.shape
    if put.size * principals > MOST_CELLS:
        raise InputError(
            f"population.count = {principals}: too many principals to settle every alternative of each (menu.offer)"
        )
    terms, actions = world.terms, people.action
    usual = usual_amounts(state.membership.amount, actions, world)
    others = usual.delegated.sum(axis=1, keepdims=True) - usual.delegated
    quality = accuracy((others[:, :, None] + real).reshape(runs, -1)).ravel()  # (R·N·G,)
    row = np.repeat(np.arange(runs), principals * grid)
    alone = np.eye(principals, dtype=bool)[None, :, None]  # (1, N, 1, N)

    def instead(values: AnyArray, own: Floats) -> Floats:
        return np.where(alone, own[..., None], values[:, None, None]).reshape(-1, principals)

    amounts = instead(usual.total, put)
    real_amounts = instead(usual.delegated, real)
    credit = world.market.usual_credit(real_amounts, amounts, quality, row, state, people, world)
    member = (actions != Action.ABSTAIN)[:, None, None] | np.broadcast_to(alone, (1, principals, grid, principals))
    member = np.broadcast_to(member, (runs, principals, grid, principals)).reshape(-1, principals)
    standing = suppose(Supposed(amounts, member, credit, row), state, people, world)
    own = np.broadcast_to(np.arange(principals)[:, None], (runs, principals, grid)).ravel()
    picked: Any = np.arange(len(row)), own
    given = owed_to(standing, quality, world, row)[picked]
    worth = given.reshape(put.shape) * terms.market.model_value[:, :, None]
    if terms.market.price.any():
        reserve = terms.settlement.reserve[row, 0]
        shares = shares_of(standing, world, row)[picked]
        earned = revenue(quality, state.rival[row], world.customers, pick(terms.market, row)) / MICRO
        worth = worth + ((1 - reserve) * earned * shares).reshape(put.shape)
    result: Floats = worth - people.cost[:, :, None] * real
    return result


def deviator_dues(
    credit: Floats, put: Ints, moment: Moment, produce: Produce, payday: Payday, world: World
) -> tuple[Floats, Floats]:
    """(R, N) share of payments, and accuracy of the model owed, for each principal if it alone had acted otherwise.

    N settlements per run, computed as runs.

    Args:
        credit: (R, N) cumulated credit that each would have.
        put: (R, N) samples that each would have put in.
        moment: with the actions of the round.
        produce: what everybody put in.
        payday: who got what.
        world: what does not change.
    """
    runs, principals = credit.shape
    alone = np.eye(principals, dtype=bool)[None]
    row, as_runs = np.repeat(np.arange(runs), principals), (runs * principals, principals)
    member = (alone | (moment.actions != Action.ABSTAIN)[:, None]).reshape(as_runs)
    supposed = np.where(alone, credit[:, None], payday.cumulated[:, None]).reshape(as_runs)
    amounts = np.where(alone, put[:, None], produce.put.total[:, None]).reshape(as_runs)
    standing = suppose(Supposed(amounts, member, supposed, row), moment.state, moment.people, world)
    due, given = shares_of(standing, world, row), owed_to(standing, payday.quality[row], world, row)
    share, model = (np.diagonal(each.reshape(-1, principals, principals), axis1=1, axis2=2) for each in (due, given))
    return share, model
