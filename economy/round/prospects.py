"""Prospects: what a principal would have in a round if it alone put in another number of samples.

Exact in a market without a task. Where a network learns, accuracy is what the learning curve promises for the term, and
credit grows with the samples put in.
"""


import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Floats, Ints, ratio
from commonweal.agents.errors import InputError
from commonweal.agents.terms import pick
from commonweal.economy.credit.history import cumulated
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.market import revenue
from commonweal.economy.money.settlement import SETTLEMENTS, due_shares
from commonweal.economy.rewards.accuracy import Accuracy, Bound
from commonweal.economy.rewards.rules import rewards
from commonweal.economy.round.curve import priced, usual_amounts
from commonweal.economy.round.standing import standing_of
from commonweal.economy.world.world import State, World

MOST_CELLS = 200_000_000  # of the largest array


def prospects(put: Floats, real: Floats, state: State, world: World, accuracy: Accuracy) -> Floats:
    """Payoff of each principal's alternatives, everybody else doing what it did last.

    Args:
        put: (R, N, G) samples that it would put in, in each of G alternatives.
        real: (R, N, G) how many of them would be its own data, which cost and teach.
        state: before the round.
        world: what does not move.
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
    terms, actions = world.terms, state.population.action
    usual = usual_amounts(state, world, actions)
    others = usual.delegated.sum(axis=1, keepdims=True) - usual.delegated
    quality = accuracy((others[:, :, None] + real).reshape(runs, -1)).ravel()  # (R·N·G,)
    row = np.repeat(np.arange(runs), principals * grid)
    alone = np.eye(principals, dtype=bool)[None, :, None]  # (1, N, 1, N)

    def instead(values: AnyArray, own: Floats) -> Floats:
        return np.where(alone, own[..., None], values[:, None, None]).reshape(-1, principals)

    amounts = instead(usual.total, put)
    credit = _credit(instead(usual.delegated, real), amounts, quality, row, state, world)
    member = ((actions != Action.ABSTAIN)[:, None, None] | np.broadcast_to(alone, (1, principals, grid, principals)))
    member = np.broadcast_to(member, (runs, principals, grid, principals)).reshape(-1, principals)
    membership = state.membership.pick(row).after(amounts, state.round)
    standing = standing_of(state, world, credit, member, amounts, membership, row)
    own = np.broadcast_to(np.arange(principals)[:, None], (runs, principals, grid)).ravel()
    picked = np.arange(len(row)), own
    given = rewards(standing, quality, pick(terms.rewards, row))[picked]
    worth = given.reshape(put.shape) * terms.market.model_value[:, :, None]
    if terms.market.price.any():
        settlement = pick(terms.settlement, row)
        shares = due_shares(SETTLEMENTS[terms.settlement.kind](standing, settlement), member, settlement)[picked]
        earned = revenue(quality, state.rival[row], world.customers, pick(terms.market, row)) / MICRO
        worth = worth + ((1 - settlement.reserve[:, 0]) * earned * shares).reshape(put.shape)
    result: Floats = worth - state.population.cost[:, :, None] * real
    return result


def foregone_on_curve(state: State, world: World) -> Floats:
    """(R, N, 4) what each action would have paid its principal in a market without a task, all others' given.

    Audits count with their expected value.

    Args:
        state: before the round, with the actions of the round.
        world: what does not move.
    """
    terms, shape = world.terms, state.population.shape
    puts = [usual_amounts(state, world, np.full(shape, int(action))) for action in Action]
    put, real = (np.stack([getattr(each, name) for each in puts], axis=2) for name in ("total", "delegated"))
    payoffs = prospects(put, real, state, world, Bound(terms.rewards.accuracy.optimum, terms.rewards.accuracy.scale))
    payoffs[..., Action.DEFECT] += terms.actions.defect_gain
    risk = terms.stakes.audit * terms.stakes.reveal * terms.stakes.slash * terms.stakes.stake
    payoffs[..., [Action.FREE_RIDE, Action.DEFECT]] -= risk[:, :, None]
    payoffs[..., Action.ABSTAIN] = np.maximum(terms.population.outside_option, state.tariff.alone)
    payoffs[..., [a for a in Action if a not in terms.available]] = np.nan
    return payoffs


def _credit(real: Floats, put: Floats, quality: Floats, row: Ints, state: State, world: World) -> Floats:
    """(R', N) credit of samples (R', N) put in, as if they always had been."""
    if not world.terms.learns:
        return priced(real, quality)
    settlement = world.terms.settlement
    earned = cumulated(state.history, settlement.discount, settlement.clip)
    usual = usual_amounts(state, world, state.population.action).total
    mean = earned.sum(axis=1, keepdims=True) / np.maximum(usual.sum(axis=1, keepdims=True), 1)
    each = np.where(usual > 0, ratio(earned, usual), mean)  # of a sample
    credit: Floats = each[row] * put
    return credit
