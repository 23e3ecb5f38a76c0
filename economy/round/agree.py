"""Agreements beside settlement: names paid for, data deals and limits sold; what they move, and what each has of it."""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.money.identity import charge_entry
from commonweal.economy.money.ledger import MICRO, Transfer, post
from commonweal.economy.round.deals import DataDeals, strike_deals
from commonweal.economy.round.sell_tolerance import gains_of_sellers
from commonweal.economy.screening.tolerance import ToleranceSale
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Agreements:
    """What was agreed for a round; None for what nobody agreed on."""

    fees: Transfer | None = None  # paid by names that enter
    deals: DataDeals | None = None  # about delegating
    sale: ToleranceSale | None = None  # of looser limits
    sellers: Floats | None = None  # (R, N) money that sellers have of the sale

    @property
    def transfers(self) -> tuple[Transfer, ...]:
        """All that is posted for them."""
        fees = () if self.fees is None else (self.fees,)
        deals = () if self.deals is None else self.deals.transfers
        return (*fees, *deals, *(() if self.sale is None else (self.sale.transfer,)))

    @property
    def net(self) -> Floats | None:
        """(R, N) money that each has of them; None if nobody agreed on anything."""
        fees = None if self.fees is None else -self.fees.amount / MICRO
        deals = None if self.deals is None else self.deals.net
        parts = [part for part in (fees, deals, self.sellers) if part is not None]
        return np.sum(parts, axis=0) if parts else None


def agreed(state: State, intended: Ints, world: World) -> tuple[State, Ints, Agreements]:
    """Before a round: names are paid for, and data deals are struck and put into escrow.

    Args:
        state: before the round.
        intended: (R, N) what everybody would do without a deal.
        world: what does not move.

    Returns:
        The state with money moved, the actions to which everybody is held, and what was agreed.
    """
    state, actions, fees = _admitted(state, intended, world)
    state, actions, deals = strike_deals(state, actions, world)
    return state, actions, Agreements(fees, deals)


def delivered(
    state: State, agreements: Agreements, sale: ToleranceSale | None, world: World
) -> tuple[State, Agreements]:
    """Once data are put in and limits loosened: both are paid for.

    Args:
        state: with the money of data deals in escrow.
        agreements: made before the round.
        sale: of looser limits for the step.
        world: what does not move.
    """
    if agreements.deals is not None:
        state = replace(state, ledger=agreements.deals.settled(state.ledger))
    if sale is None:
        return state, agreements
    state = replace(state, ledger=post(state.ledger, [sale.transfer]))
    return state, replace(agreements, sale=sale, sellers=gains_of_sellers(sale, state, world))


def _admitted(state: State, actions: Ints, world: World) -> tuple[State, Ints, Transfer | None]:
    """Who takes part under a name for the first time pays for it, where that costs; who cannot pay stays away."""
    contract = world.terms.contract
    if not contract.identity_cost.any():
        return state, actions, None
    actions, fees = charge_entry(state.ledger, state.entered, actions, contract)
    entered = state.entered | (actions != Action.ABSTAIN)
    return replace(state, ledger=post(state.ledger, [fees]), entered=entered), actions, fees
