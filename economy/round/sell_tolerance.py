"""The market for tolerance in a round: what the cooperative spends on looser limits, and what sellers have of it."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.money.ledger import to_micro
from commonweal.economy.screening.admissible import slack
from commonweal.economy.screening.tolerance import ForSale, ToleranceSale, buy_tolerance
from commonweal.economy.world.world import State, World


def claimed_limits(state: State, world: World) -> Floats:
    """(R, N, K) limits as principals report them."""
    limits = state.population.limits
    return limits if world.conduct is None else limits + world.conduct.claimed


def sell_tolerance(
    state: State, levels: Floats, harms: Floats, active: Bools, worth: Floats, world: World
) -> ToleranceSale | None:
    """Let principals sell looser limits for this round, up to the budget and what the treasury holds.

    Args:
        state: before the step.
        levels: (R, K) probe losses now.
        harms: (R, N, K) harm of every update per unit of learning rate.
        active: (R, N) who has an update.
        worth: (R, K) shadow price of each probe's room as long as nothing is sold.
        world: what does not move.

    Returns:
        The sale; None where the cooperative buys nothing, so that nobody need be asked.
    """
    terms = world.terms
    if not terms.tolerance.admissibility_budget.any():
        return None
    limits, budget = claimed_limits(state, world), to_micro(terms.tolerance.admissibility_budget[:, 0])
    price = state.population.price
    offered = ForSale(
        room=slack(levels, limits, world.senses),
        limits=limits,
        price=price if world.conduct is None else price * (1 + world.conduct.dearer),
        most=terms.values.for_sale,
        member=state.population.action != Action.ABSTAIN,
    )
    wanted = worth * (budget > 0)[:, None]  # without a budget not even what is free
    return buy_tolerance(offered, wanted, _useful(harms, active, world), np.minimum(budget, state.ledger.treasury))


def gains_of_sellers(sale: ToleranceSale, state: State, world: World) -> Floats:
    """(R, N) money that each has of the sale; who sells under several names gives up its limits but once."""
    price = state.population.price if world.conduct is None else state.population.price * world.conduct.person
    return sale.net(state.population.limits, claimed_limits(state, world), price, world.senses)


def _useful(harms: Floats, active: Bools, world: World) -> Floats:
    """(R, K) room in which no update need be screened."""
    harmful = harms * active[..., None]
    if world.terms.screening.scope == "aggregate":
        whole: Floats = harmful.sum(axis=1)
    else:  # every update has an equal share of the room
        whole = harmful.max(axis=1) * active.sum(axis=1)[:, None]
    return world.terms.learning.rate * np.maximum(whole, 0.0)
