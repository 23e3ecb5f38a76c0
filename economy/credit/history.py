"""Credit over rounds: what a principal earned lately counts more than what it earned long ago.

Rounds are kept as they are rather than as one running sum: subtracting what leaves the horizon would leave a rounding
error behind, and the sign of cumulated credit decides who is paid and who is slashed.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from agents.population import Floats

Clip = Literal["net", "gross"]


@dataclass(frozen=True)
class CreditHistory:
    """The credit of the last rounds. Arrays are shared between histories, never written to."""

    shape: tuple[int, int]  # (R, N)
    horizon: int  # H rounds that are remembered
    rounds: tuple[Floats, ...] = ()  # up to H arrays (R, N), oldest first


def book(history: CreditHistory, credit: Floats) -> CreditHistory:
    """Remember one more round and forget the one that leaves the horizon.

    Args:
        history: credit so far.
        credit: (R, N) credit of the newest round; must not be written to afterwards.

    Returns:
        The history with the newest round last.
    """
    kept = history.rounds[max(0, len(history.rounds) + 1 - history.horizon) :]
    return replace(history, rounds=(*kept, credit))


def cumulated(history: CreditHistory, discount: Floats, clip: Clip = "net") -> Floats:
    """Discounted sum of credit over the horizon: sum over rounds s of discount^(t - s) c_s, t the newest round.

    Args:
        history: credit so far.
        discount: (R, 1) weight of a round's credit one round later.
        clip: ``net``: sum credit as it is, so that noise cancels; ``gross``: clip each round at zero first.

    Returns:
        (R, N) cumulated credit; may be negative under ``net``.
    """
    total = np.zeros(history.shape)
    for credit in history.rounds:  # Horner's scheme, in place: one pass, the same bits alone or in an ensemble
        total *= discount
        total += credit if clip == "net" else np.maximum(credit, 0.0)
    return total
