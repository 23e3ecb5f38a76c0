"""The market: customers pay for what our model does better than a rival's or than no model (Bertrand competition)."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError, apart
from commonweal.agents.terms import PerRun
from commonweal.economy.money.ledger import MICRO

LARGEST_REVENUE = 10**15  # micro-units a round: shares of more would not be exact in float64


@dataclass(frozen=True)
class PunishmentTerms:
    """Costly punishment of members who contribute nothing (Fehr and Gächter 2000)."""

    probability: PerRun  # (R, 1) that a contributor punishes in a round
    cost: PerRun  # (R, 1) money, to who punishes, for each member punished
    fine: PerRun  # (R, 1) money, to who is punished, by each who punishes


@dataclass(frozen=True)
class MarketTerms:
    """``scenario.market``: how model quality, or what is contributed to a public good, becomes revenue."""

    kind: str  # model, curve (quality is what the accuracy function says), public_goods or donation
    price: PerRun  # (R, 1) money per round and principal for each unit of quality
    baseline: PerRun  # (R, 1) quality that is worth nothing
    rivalry: PerRun  # (R, 1) how far the rival's quality displaces ours
    leak: PerRun  # (R, 1) share of the rival's gap closed per round when everybody leaks
    rival_decay: PerRun  # (R, 1) share of its quality that a rival without leaks loses per round
    model_value: PerRun  # (R, 1) money per round and unit of quality, for a user of the model
    multiplication: PerRun  # (R, 1) revenue of a group for each money contributed
    contribution: PerRun  # (R, 1) money that who delegates pays into each of its groups
    groups: str  # all, blocks, random or neighbourhoods
    group_size: int  # members of a group (blocks, random)
    lonely: str  # play or outside: what becomes of the only one of a group who takes part
    punishment: PunishmentTerms
    benefit: PerRun  # (R, 1) money that a gift is worth to who receives it (donation)
    cost: PerRun  # (R, 1) money that it costs who makes it (donation)

    @property
    def public(self) -> bool:
        """Whether principals play for a public good rather than sell a model."""
        return self.kind == "public_goods"


def revenue(quality: Floats, rival: Floats, members: Ints | int, terms: MarketTerms) -> Ints:
    """What customers pay in a round: price N max(q - max(baseline, rivalry rho), 0).

    Args:
        quality: (R,) quality q of the shared model, accuracy.
        rival: (R,) quality rho of the rival's model.
        members: (R,) or one number N that the price scales with.
        terms: prices.

    Returns:
        (R,) micro-units.

    Raises:
        InputError: if a round's revenue is too large to be divided exactly.
    """
    worthless = np.maximum(terms.baseline[:, 0], terms.rivalry[:, 0] * rival)
    amount = np.rint(MICRO * terms.price[:, 0] * members * np.maximum(quality - worthless, 0.0))
    if not (amount <= LARGEST_REVENUE).all():
        most, allowed = amount.max() / MICRO, LARGEST_REVENUE / MICRO
        found, limit = apart(most, allowed)
        raise InputError(f"market.price: revenue of {found} money in a round; at most {limit} is allowed")
    return amount.astype(np.int64)


def rival_after(rival: Floats, quality: Floats, leaking: Floats, terms: MarketTerms) -> Floats:
    """The rival's quality after a round: it ages, then closes leak x share of its gap max(q - rho, 0).

    Args:
        rival: (R,) its quality before.
        quality: (R,) quality q of the shared model.
        leaking: (R,) share of principals that leak the model.
        terms: rates.

    Returns:
        (R,) its quality after.
    """
    aged = (1.0 - terms.rival_decay[:, 0]) * rival
    return aged + terms.leak[:, 0] * leaking * np.maximum(quality - aged, 0.0)
