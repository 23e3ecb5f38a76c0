"""What everybody would gain or lose if a principal delegated: what data deals are priced by.

With a model, one more contribution is taken to earn a share (``negotiation.returns``) of what contributions earned
lately on average, and the settlement rule says whose that would be. A public good is linear: there it is exact.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Stream
from commonweal.agents.terms import pick
from commonweal.economy.credit.history import book, cumulated
from commonweal.economy.money.groups import form_groups
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.market import revenue
from commonweal.economy.money.settlement import SETTLEMENTS, due_shares
from commonweal.economy.round.standing import standing_of
from commonweal.economy.world.world import State, World

MOST_PRINCIPALS = 2000  # a settlement of every deal that could be made: N² shares


@dataclass(frozen=True)
class Gains:
    """Of each principal's delegating instead of what it intends, all others' actions given."""

    seller: Bools  # (R, N) who takes part and would not delegate
    loss: Floats  # (R, N) money it loses by delegating, its own share of the gain taken off; negative: it gains
    others: Floats  # (R, N) money that all others together gain
    spread: Callable[[Floats], Floats]  # prices (R, N) of sellers → (R, N) due from each, in proportion to its gain


def gains_of(state: State, intended: Ints, world: World) -> Gains:
    """The gains of the coming round.

    Args:
        state: before the round.
        intended: (R, N) what everybody would do without a deal.
        world: what does not move.

    Raises:
        InputError: if there are too many principals to settle every deal that could be made.
    """
    seller = (intended != Action.DELEGATE) & (intended != Action.ABSTAIN)
    member = intended != Action.ABSTAIN
    if world.terms.market.public:
        return _of_public_good(seller, member, world)
    if world.graph.principals > MOST_PRINCIPALS:
        raise InputError(
            f"negotiation.kind settles every deal that could be made: population.count = {world.graph.principals} "
            f"must be at most {MOST_PRINCIPALS}"
        )
    cost = state.population.cost * _samples(seller, intended, world)
    cost = cost + (intended == Action.DEFECT) * world.terms.actions.defect_gain
    return gains_from(_by_settlement(state, intended, world), cost, seller)


def gains_from(gain: Floats, cost: Floats, seller: Bools) -> Gains:
    """Gains as deals need them.

    Args:
        gain: (R, N, N) money that delegating of the first would bring the second.
        cost: (R, N) money that delegating would cost.
        seller: (R, N) who takes part and would not delegate.
    """
    own = np.diagonal(gain, axis1=1, axis2=2)
    given = np.where(np.eye(gain.shape[1], dtype=bool) | ~seller[:, :, None], 0.0, gain)
    helped = np.maximum(given, 0.0)
    total = helped.sum(axis=2)

    def spread(price: Floats) -> Floats:
        weight = ratio(price, total)
        due: Floats = (weight[:, None] @ helped)[:, 0]
        return due

    return Gains(seller, cost - own, given.sum(axis=2), spread)


def _samples(seller: Bools, intended: Ints, world: World) -> Floats:
    """(R, N) samples that each would put in."""
    learning, held = world.terms.learning, world.holdings.count
    if learning.sampling == "each":
        return np.full(held.shape, float(learning.samples))
    contributed = np.where(intended == Action.DELEGATE, held, 0).sum(axis=1, keepdims=True)
    drawn: Floats = learning.batch * held / np.maximum(contributed + np.where(seller, held, 0), 1)
    return drawn


def _by_settlement(state: State, intended: Ints, world: World) -> Floats:
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
    after = _due((credit[:, None] + alone).reshape(-1, member.shape[1]), state, member, world)
    before = _due(credit, state, member, world)
    gained = after.reshape(alone.shape) * (earned + more)[:, None, None]
    more_paid: Floats = gained - (before * earned[:, None])[:, None]
    return more_paid


def _due(credit: Floats, state: State, member: Bools, world: World) -> Floats:
    """(R', N) part of revenue that each would be paid at credits (R', N), R' a multiple of the R runs, run by run."""
    terms, runs = world.terms.settlement, np.repeat(np.arange(len(member)), len(credit) // len(member))
    there, repeated = member[runs], pick(terms, runs)
    put = np.where(there, state.membership.amount[runs], 0.0)
    standing = standing_of(state, world, credit, there, put, state.membership.pick(runs).after(put, state.round), runs)
    due: Floats = (1 - repeated.reserve) * due_shares(SETTLEMENTS[terms.kind](standing, repeated), there, repeated)
    return due


def _of_public_good(seller: Bools, member: Bools, world: World) -> Gains:
    """Of paying a contribution into each of one's groups; punishment is left out."""
    terms = world.terms.market
    groups = form_groups(terms, world.graph, Stream(()))  # which are never dealt at random here
    part = 1 / np.maximum(groups.total(member.astype(np.int64)), 1)  # (R, G) of each who takes part
    each = (1 - world.terms.settlement.reserve) * terms.multiplication * terms.contribution
    own = each * groups.received(part)
    others = np.maximum(each * groups.memberships - own, 0.0)

    def spread(price: Floats) -> Floats:
        weight = ratio(price, others)
        from_all = each * groups.received(part * groups.total(weight))
        return np.where(member, np.maximum(from_all - weight * own, 0.0), 0.0)

    return Gains(seller, terms.contribution * groups.memberships - own, others, spread)
