"""Credit over rounds: what a principal earned lately counts more than what it earned long ago.

Rounds are kept as they are rather than as one running sum: subtracting what leaves the horizon would leave a rounding
error behind, and the sign of cumulated credit decides who is paid and who is slashed. Of many principals few are
credited in a round, and only theirs is added up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from commonweal.agents.arrays import Floats, Ints, per_principal

Clip = Literal["net", "gross"]
MANY = 1 << 14  # principals of all runs from which on rounds are added up one by one


@dataclass(frozen=True)
class Earned:
    """The credit of one round. Arrays are replaced, never written to."""

    credit: Floats = per_principal()  # (R, N)
    variance: Floats | None = per_principal()  # (R, N) squared standard error; None where nothing was estimated

    @cached_property
    def places(self) -> Ints:
        """(C,) who was credited, or could have been, in some run."""
        some = self.credit.any(axis=0)
        return np.flatnonzero(some if self.variance is None else some | self.variance.any(axis=0))

    @cached_property
    def there(self) -> "Earned":
        """The same of ``places`` alone, (R, C)."""
        return Earned(self.credit[:, self.places], None if self.variance is None else self.variance[:, self.places])


@dataclass(frozen=True)
class CreditHistory:
    """The credit of the last rounds."""

    horizon: int  # H rounds that are remembered
    nothing: Floats = per_principal()  # (R, N) zeros: what everybody has before the first round
    earned: tuple[Earned, ...] = ()  # up to H rounds, oldest first

    @classmethod
    def empty(cls, horizon: int, runs: int, principals: int) -> "CreditHistory":
        """Before the first round."""
        return cls(horizon, np.zeros((runs, principals)))

    @property
    def rounds(self) -> Floats:
        """(up to H, R, N) credit, oldest first."""
        return np.array([each.credit for each in self.earned]).reshape(-1, *self.nothing.shape)

    def sum(self, discount: Floats, of: Callable[[Earned], Floats], power: int = 1) -> Floats:
        """(R, N) sum over rounds s of discount^(power (t - s)) times what is asked of each round.

        Args:
            discount: (R, 1) weight of a round one round later.
            of: (R, C) of C of the principals; 0 for who was not credited.
            power: of the discount.
        """
        weights = discount ** (power * np.arange(len(self.earned) - 1, -1, -1)[:, None, None])
        if self.nothing.size < MANY and self.earned:
            # A plain sum over the first axis adds round by round: the same bits alone or in an ensemble.
            summed: Floats = (weights * np.array([of(each) for each in self.earned])).sum(axis=0)
            return summed
        total = self.nothing.copy()
        for weight, each in zip(weights, self.earned, strict=True):
            total[:, each.places] += weight * of(each.there)
        return total


def book(history: CreditHistory, credit: Floats, standard_error: Floats | None = None) -> CreditHistory:
    """Remember one more round and forget the one that leaves the horizon.

    Args:
        history: credit so far.
        credit: (R, N) credit of the newest round.
        standard_error: (R, N) of the newest round's credit; None where it was not estimated.

    Returns:
        The history with the newest round last.
    """
    newest = Earned(credit, None if standard_error is None else standard_error**2)
    kept = history.earned[max(0, len(history.earned) + 1 - history.horizon) :]
    return CreditHistory(history.horizon, history.nothing, (*kept, newest))


def cumulated(history: CreditHistory, discount: Floats, clip: Clip = "net") -> Floats:
    """Discounted sum of credit over the horizon: sum over rounds s of discount^(t - s) c_s, t the newest round.

    Args:
        history: credit so far.
        discount: (R, 1) weight of a round's credit one round later.
        clip: ``net``: sum credit as it is, so that noise cancels; ``gross``: clip each round at zero first.

    Returns:
        (R, N) cumulated credit; may be negative under ``net``.
    """
    return history.sum(discount, lambda each: each.credit if clip == "net" else np.maximum(each.credit, 0.0))


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

    def square(each: Earned) -> Floats:
        return each.credit**2 if each.variance is None else np.maximum(each.credit**2, each.variance)

    error: Floats = np.sqrt(history.sum(discount, square, power=2))
    return error
