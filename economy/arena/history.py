"""History: what a tactic remembers of a run, as numbers: its last move, and moving means of what it saw."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError


@dataclass(frozen=True)
class Past:
    """What B principals remember."""

    last: Ints  # (B, D) codes of the last move; −1 before the first
    means: Floats  # (B, H, F) moving means of standardised sights; 0 before the first


@dataclass(frozen=True)
class History:
    """How F sights and D factors become the inputs of a network, and what of them is remembered.

    Args:
        mean: (F,) what sights are moved by.
        scale: (F,) what they are divided by, above 0.
        sizes: (D,) choices of each factor.
        rates: (H,) weights of the newest sight in each moving mean, above 0 and up to 1.
        recalls: whether the last move is an input.

    Raises:
        InputError: if a number is not allowed.
    """

    mean: Floats
    scale: Floats
    sizes: Ints
    rates: tuple[float, ...] = ()
    recalls: bool = True

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.mean.shape != self.scale.shape or not (self.scale > 0).all():
            raise InputError("tactic: mean and scale must be one number for each sight, scale above 0")
        if not all(0 < rate <= 1 for rate in self.rates):
            raise InputError("tactic: rates must be above 0 and up to 1")

    @classmethod
    def fitted(cls, sights: Floats, sizes: Ints, rates: tuple[float, ...] = (), *, recalls: bool = True) -> "History":
        """One that makes sights as seen so far standard: mean 0 and, unless they are constant, standard deviation 1.

        Args:
            sights: (…, F) some that were seen.
            sizes: (D,) choices of each factor.
            rates: (H,) weights of the newest sight in each moving mean.
            recalls: whether the last move is an input.
        """
        seen = sights.reshape(-1, sights.shape[-1])
        mean, spread = seen.mean(axis=0), seen.std(axis=0)
        constant = spread <= 1e-9 * np.maximum(np.abs(mean), 1.0)
        return cls(mean, np.where(constant, 1.0, spread), sizes, rates, recalls)

    @property
    def width(self) -> int:
        """Numbers that a network takes in: sights, their moving means, and 1 or 0 for each choice of the last move."""
        return len(self.mean) * (1 + len(self.rates)) + int(self.sizes.sum()) * self.recalls

    def begin(self, count: int) -> Past:
        """Nothing yet, for so many principals."""
        last = np.full((count, len(self.sizes)), -1, dtype=np.int64)
        return Past(last, np.zeros((count, len(self.rates), len(self.mean))))

    def inputs(self, sights: Floats, past: Past) -> tuple[Floats, Floats]:
        """What a network takes in, and the moving means from now on.

        Args:
            sights: (B, F).
            past: before.

        Returns:
            (B, width): standardised sights, moving means rate by rate, last move; and (B, H, F) means.
        """
        seen = (sights - self.mean) / self.scale
        means: Floats = past.means + np.array(self.rates)[:, None] * (seen[:, None] - past.means)
        parts = [seen, means.reshape(len(seen), -1)]
        if self.recalls:
            parts += [past.last[:, [place]] == np.arange(size) for place, size in enumerate(self.sizes)]
        return np.concatenate(parts, axis=1, dtype=np.float64), means

    def document(self) -> dict[str, Any]:
        """As a JSON document, without the sizes, which the moves say."""
        return {"mean": self.mean.tolist(), "scale": self.scale.tolist(), "rates": list(self.rates),
                "recalls": self.recalls}  # fmt: skip
