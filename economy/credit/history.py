"""Credit over rounds: what a principal earned lately counts more than what it earned long ago.

Rounds are kept as they are rather than as one running sum: subtracting what leaves the horizon would leave a rounding
error behind, and the sign of cumulated credit decides who is paid and who is slashed.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from commonweal.agents.arrays import Floats, per_principal

Clip = Literal["net", "gross"]
BLOCK = 1 << 18  # numbers of a history that are weighted at a time, so that they stay in the cache


@dataclass(frozen=True)
class CreditHistory:
    """The credit of the last rounds. Arrays are replaced, never written to."""

    horizon: int  # H rounds that are remembered
    rounds: Floats = per_principal(axis=2, runs=1)  # (up to H, R, N) credit, oldest first
    variances: Floats | None = per_principal(axis=2, runs=1)  # (up to H, R, N) squared errors; None: none estimated

    @classmethod
    def empty(cls, horizon: int, runs: int, principals: int) -> "CreditHistory":
        """Before the first round."""
        return cls(horizon, np.zeros((0, runs, principals)), None)


def book(history: CreditHistory, credit: Floats, standard_error: Floats | None = None) -> CreditHistory:
    """Remember one more round and forget the one that leaves the horizon.

    Args:
        history: credit so far.
        credit: (R, N) credit of the newest round.
        standard_error: (R, N) of the newest round's credit; None where it was not estimated.

    Returns:
        The history with the newest round last.
    """
    first = max(0, len(history.rounds) + 1 - history.horizon)
    rounds = np.concatenate([history.rounds[first:], credit[None]])
    variance = None if standard_error is None else standard_error**2
    variances = _moved_on(history.variances, variance, first, rounds.shape)
    return CreditHistory(history.horizon, rounds, variances)


def _moved_on(past: Floats | None, newest: Floats | None, first: int, shape: tuple[int, ...]) -> Floats | None:
    """(up to H, R, N) variances one round later, 0 where unknown; None while there is none."""
    if past is None and newest is None:
        return None
    moved = np.zeros(shape)
    if past is not None:
        moved[:-1] = past[first:]
    if newest is not None:
        moved[-1] = newest
    return moved


def cumulated(history: CreditHistory, discount: Floats, clip: Clip = "net") -> Floats:
    """Discounted sum of credit over the horizon: sum over rounds s of discount^(t - s) c_s, t the newest round.

    Args:
        history: credit so far.
        discount: (R, 1) weight of a round's credit one round later.
        clip: ``net``: sum credit as it is, so that noise cancels; ``gross``: clip each round at zero first.

    Returns:
        (R, N) cumulated credit; may be negative under ``net``.
    """
    weights = discount ** np.arange(len(history.rounds) - 1, -1, -1)[:, None, None]
    # A plain sum over the first axis adds round by round: the same bits alone or in an ensemble.
    parts = [
        (weights * (part if clip == "net" else np.maximum(part, 0.0))).sum(axis=0)
        for part in np.array_split(history.rounds, 1 + history.rounds.size // BLOCK, axis=2)
    ]
    return np.concatenate(parts, axis=1)


def cumulated_by_chance(history: CreditHistory, discount: Floats) -> Floats:
    """Standard error of net cumulated credit if what was contributed were worth nothing, and credit only chance.

    Self-normalised: credit itself says how far it jumps. If it jumps up as often as down, cumulated credit exceeds z
    standard errors with probability exp(-z^2 / 2) at most (Efron 1969, section 3).

    Args:
        history: credit so far.
        discount: (R, 1) weight of a round's credit one round later.

    Returns:
        (R, N) square root of the sum over rounds s of discount^(2 (t - s)) times the square of the credit, or the
        variance of its estimate where that is larger.
    """
    age = np.arange(len(history.rounds) - 1, -1, -1)[:, None, None]
    squares = history.rounds**2
    if history.variances is not None:
        squares = np.maximum(squares, history.variances)
    error: Floats = np.sqrt((discount ** (2 * age) * squares).sum(axis=0))
    return error
