"""How accurate a model becomes by the samples put in: the bound that papers on contracts use, and a fitted power law.

The bound follows Karimireddy, Guo and Jordan, "Mechanisms that Incentivize Data Sharing in Federated Learning" (2022).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from commonweal.agents.arrays import Bools, Floats

LEAST = 1e-100  # samples that a power law is asked about


class Accuracy(Protocol):
    """Accuracy by samples: never falling, and concave from where it leaves zero."""

    def __call__(self, samples: Floats) -> Floats:
        """Accuracy, of the shape of ``samples``."""
        ...

    def slope(self, samples: Floats) -> Floats:
        """Accuracy gained by one more sample, of the shape of ``samples``."""
        ...


@dataclass(frozen=True)
class Bound:
    """a(x) = max(0, optimum − (√(2k (2 + ln(x/k))) + 4) / √x), k the scale; 0 where the bound says nothing.

    The formula falls at first: from x = k e⁻² to k exp((√(4 + 2k) − 2)² / 2k − 2) it would say that fewer samples are
    better. That is seen above zero only where k is beyond 100; a(x) is 0 there.
    """

    optimum: float | Floats  # () or (R, 1) accuracy by unlimited samples
    scale: float | Floats  # () or (R, 1) k: the larger, the more samples it takes

    def __call__(self, samples: Floats) -> Floats:
        """Accuracy, of the shape of ``samples``."""
        x, root, rises = self._parts(samples)
        accuracy: Floats = np.where(rises, np.maximum(self.optimum - (root + 4) / np.sqrt(x), 0.0), 0.0)
        return accuracy

    def slope(self, samples: Floats) -> Floats:
        """Accuracy gained by one more sample, of the shape of ``samples``."""
        x, root, rises = self._parts(samples)
        slope = ((root + 4) / 2 - self.scale / root) / x**1.5
        gained: Floats = np.where(rises & (self.optimum > (root + 4) / np.sqrt(x)), slope, 0.0)
        return gained

    def _parts(self, samples: Floats) -> tuple[Floats, Floats, Bools]:
        """Samples, the root of the bound, and where it rises; elsewhere samples at which the formula is defined."""
        k = np.asarray(self.scale, dtype=float)
        least = k * np.exp((np.sqrt(4 + 2 * k) - 2) ** 2 / (2 * k) - 2)
        rises = np.asarray(samples > least)
        x = np.where(rises, samples, least)
        return x, np.sqrt(2 * k * (2 + np.log(x / k))), rises


@dataclass(frozen=True)
class PowerLaw:
    """a(x) = max(0, top − drop · x^−exponent), the usual shape of a learning curve."""

    top: float | Floats  # () or (R, 1) accuracy by unlimited samples
    drop: float | Floats  # () or (R, 1) what is missing of it with one sample
    exponent: float | Floats  # () or (R, 1) how fast that vanishes, above 0

    def __call__(self, samples: Floats) -> Floats:
        """Accuracy, of the shape of ``samples``."""
        x = np.maximum(samples, LEAST)
        accuracy: Floats = np.maximum(self.top - self.drop * x**-self.exponent, 0.0)
        return accuracy

    def slope(self, samples: Floats) -> Floats:
        """Accuracy gained by one more sample, of the shape of ``samples``."""
        x = np.maximum(samples, LEAST)
        missing = self.drop * x**-self.exponent
        with np.errstate(over="ignore", invalid="ignore"):
            gained: Floats = np.where(missing < self.top, self.exponent * missing / x, 0.0)
        return gained


def best_alone(accuracy: Accuracy, price: Floats) -> Floats:
    """Samples that are best for a party that trains alone: those that maximise a(m) − price · m.

    Args:
        accuracy: accuracy by samples, at most 1; its numbers broadcast with the prices.
        price: (...) what a sample costs, in units of accuracy, above 0.

    Returns:
        (...) samples; 0 where no number of them is worth its cost.
    """
    price = np.asarray(price, dtype=float)
    trials = np.geomspace(1e-6, 1.0, 257).reshape(-1, *[1] * price.ndim)
    grid = trials / price  # (257, ...); a(m) ≤ 1 costs more than it is worth beyond 1 / price
    best = np.argmax(accuracy(grid) - price * grid, axis=0)[None]
    low = np.take_along_axis(grid, np.maximum(best - 1, 0), axis=0)[0]
    high = np.take_along_axis(grid, np.minimum(best + 1, 256), axis=0)[0]
    for _ in range(60):
        middle = np.sqrt(low * high)
        rises = (accuracy.slope(middle) >= price) | (accuracy(middle) <= 0)
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    worth = accuracy(high) - price * high > accuracy(np.zeros_like(high))
    samples: Floats = np.where(worth, high, 0.0)
    return samples
