"""The least concave function above an accuracy curve: its tangent through the origin, and the curve from there on.

Accuracy is zero up to some number of samples, so that it is not concave. The problem with the envelope in its place is
convex and its optimum a bound; where every outcome lies on the curve, it is the optimum itself.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.rewards.accuracy import Accuracy


@dataclass(frozen=True)
class Envelope:
    """An accuracy curve with a straight beginning."""

    accuracy: Accuracy
    touches: float | Floats  # () or (K,) samples from which the curve itself is followed
    steepness: float | Floats  # () or (K,) accuracy per sample before
    start: float | Floats = 0.0  # () or (K,) samples where the straight part is zero

    def __call__(self, samples: Floats) -> Floats:
        """Accuracy, of the shape of ``samples``."""
        return np.where(samples < self.touches, self.steepness * (samples - self.start), self.accuracy(samples))

    def slope(self, samples: Floats) -> Floats:
        """Accuracy gained by one more sample, of the shape of ``samples``."""
        return np.where(samples < self.touches, self.steepness, self.accuracy.slope(samples))


def envelope(accuracy: Accuracy, most: float) -> Envelope:
    """The envelope of a curve that is concave from where it leaves zero.

    Args:
        accuracy: the curve.
        most: samples beyond which nobody asks.
    """
    if accuracy(np.zeros(1))[0] > 0:
        return Envelope(accuracy, 0.0, 0.0)
    grid = np.geomspace(most * 1e-9, most, 1025)
    best = int(np.argmax(accuracy(grid) / grid))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, 1024)]
    for _ in range(60):  # the tangent through the origin is where a(x) = x a'(x)
        x = np.array([np.sqrt(low * high)])
        rises = accuracy(x)[0] < x[0] * accuracy.slope(x)[0] or accuracy(x)[0] <= 0
        low, high = (x[0], high) if rises else (low, x[0])
    return Envelope(accuracy, float(high), float(accuracy(np.array([high]))[0] / high))


def between(curve: Envelope, low: Floats, high: Floats) -> Envelope:
    """The least concave functions above the curve between two numbers of samples: no higher than its envelope there.

    Args:
        curve: accuracy and its envelope from 0 on.
        low: (K,) fewest samples, not below 0.
        high: (K,) most samples, not below ``low``.
    """
    accuracy, top = curve.accuracy, curve.accuracy(high)
    from_zero = accuracy(low) <= 0
    straight = from_zero & ((top <= 0) | (top < (high - low) * accuracy.slope(high)))  # the tangent touches beyond
    bent = np.flatnonzero(from_zero & ~straight)
    start = low[bent]
    below, above = start, np.minimum(high[bent], curve.touches)
    for _ in range(50):  # the tangent through (low, 0) is where a(x) = (x - low) a'(x)
        x = (below + above) / 2
        rises = (accuracy(x) <= 0) | (accuracy(x) < (x - start) * accuracy.slope(x))
        below, above = np.where(rises, x, below), np.where(rises, above, x)
    touches, reached = np.where(straight, np.inf, 0.0), np.where(straight, high, low + 1.0)
    touches[bent] = reached[bent] = above
    rise = np.where(from_zero, accuracy(reached), 0.0)
    return Envelope(accuracy, touches, np.divide(rise, reached - low, out=np.zeros_like(low), where=rise > 0), low)
