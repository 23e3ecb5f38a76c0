"""What everybody would gain or lose if a principal delegated: what data deals are priced by."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, ratio


@dataclass(frozen=True)
class Gains:
    """What changes if a principal delegates instead of doing what it intends, everybody else's action given."""

    seller: Bools  # (R, N) who takes part and would not delegate
    loss: Floats  # (R, N) money it loses by delegating, after its own share of the gain; negative: it gains
    others: Floats  # (R, N) money that all others together gain
    spread: Callable[[Floats], Floats]  # prices (R, N) of sellers → (R, N) due from each, in proportion to its gain


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
