"""Credit over rounds: what a principal earned lately counts more than what it earned long ago.

Rounds are kept as they are rather than as one running sum: subtracting what leaves the horizon would leave a rounding
error behind, and the sign of cumulated credit decides who is paid and who is slashed.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from agents.population import Floats

Clip = Literal["net", "gross"]


@dataclass(frozen=True)
class CreditHistory:
    """The credit of the last rounds. Arrays are replaced, never written to."""

    horizon: int  # H rounds that are remembered
    rounds: Floats  # (up to H, R, N) credit, oldest first

    @classmethod
    def empty(cls, horizon: int, runs: int, principals: int) -> "CreditHistory":
        """Before the first round."""
        return cls(horizon, np.zeros((0, runs, principals)))


def book(history: CreditHistory, credit: Floats) -> CreditHistory:
    """Remember one more round and forget the one that leaves the horizon.

    Args:
        history: credit so far.
        credit: (R, N) credit of the newest round.

    Returns:
        The history with the newest round last.
    """
    kept = history.rounds[max(0, len(history.rounds) + 1 - history.horizon) :]
    return CreditHistory(history.horizon, np.concatenate([kept, credit[None]]))


def cumulated(history: CreditHistory, discount: Floats, clip: Clip = "net") -> Floats:
    """Discounted sum of credit over the horizon: sum over rounds s of discount^(t - s) c_s, t the newest round.

    Args:
        history: credit so far.
        discount: (R, 1) weight of a round's credit one round later.
        clip: ``net``: sum credit as it is, so that noise cancels; ``gross``: clip each round at zero first.

    Returns:
        (R, N) cumulated credit; may be negative under ``net``.
    """
    age = np.arange(len(history.rounds) - 1, -1, -1)[:, None, None]
    credit = history.rounds if clip == "net" else np.maximum(history.rounds, 0.0)
    # A plain sum over the first axis adds round by round: the same bits alone or in an ensemble.
    total: Floats = (discount**age * credit).sum(axis=0)
    return total
