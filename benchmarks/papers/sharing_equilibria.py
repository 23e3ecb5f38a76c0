"""What each party puts in at the equilibria of naive sharing and of accuracy shaping.

Karimireddy, Guo and Jordan, "Mechanisms that Incentivize Data Sharing in Federated Learning" (2022, arXiv 2207.04557).
"""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.rewards.accuracy import Accuracy, best_alone

HALVINGS = 100  # of an interval of samples: to the last bit


def most_samples(accuracy: Accuracy, price: Floats, margin: float | Floats = 0.0) -> Floats:
    """What each puts in at the equilibrium of accuracy shaping, m*: there its line meets the accuracy of all.

    m*_i = m°_i + (a(M) − a(m°_i)) / ((1 + ε) c_i) with M = Σ m*, so that one number M per run is sought. The sum over
    the right-hand sides, less M, is concave: it falls to 0 once, beyond its peak. Where nobody would train alone,
    nobody putting in anything is another equilibrium.

    Args:
        accuracy: a, accuracy by samples.
        price: (R, N) c, what a sample costs each in units of accuracy, above 0.
        margin: () or (R, 1) ε as a share of c.

    Returns:
        (R, N) samples.
    """
    alone = best_alone(accuracy, price)
    rate = (1 + margin) * price

    def answers(total: Floats) -> Floats:
        return alone + np.maximum(accuracy(total) - accuracy(alone), 0.0) / rate

    low = best_alone(accuracy, 1 / (1 / rate).sum(axis=1, keepdims=True))  # the peak
    high = (alone + 1 / rate).sum(axis=1, keepdims=True)  # accuracy is at most 1
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        more = answers(middle).sum(axis=1, keepdims=True) > middle
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return answers(low)


def naive_samples(accuracy: Accuracy, price: Floats) -> Floats:
    """What each puts in where everybody is given everything: only the cheapest do, as much together as one alone.

    Theorem 2 of the paper. Among equally cheap ones any division is an equilibrium; here they put in the same.

    Args:
        accuracy: a, accuracy by samples.
        price: (R, N) what a sample costs each in units of accuracy, above 0.

    Returns:
        (R, N) samples.
    """
    cheapest = price == price.min(axis=1, keepdims=True)
    samples: Floats = best_alone(accuracy, price) * cheapest / cheapest.sum(axis=1, keepdims=True)
    return samples
