"""Accuracy shaping: each sample beyond what a principal would use alone earns just enough accuracy to be worth it.

Karimireddy, Guo and Jordan, "Mechanisms that Incentivize Data Sharing in Federated Learning" (2022, arXiv 2207.04557).
"""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.rewards.accuracy import Accuracy, Bound, best_alone


def shaped(
    accuracy: Accuracy, samples: Floats, price: Floats, alone: Floats, most: Floats, margin: float | Floats = 0.0
) -> Floats:
    """Accuracy given for samples: a(m) up to the m° best alone, a(m°) + (c + ε)(m − m°) beyond, at most what there is.

    The paper has the line end at m*, where it meets the accuracy of all; the smaller of the two is the same, needs no
    m*, and can be given whatever the others do. Where others put in nothing one's own a(m) is all there is.

    Args:
        accuracy: a, accuracy by samples.
        samples: (R, N) m, put in by each.
        price: (R, N) c, what a sample costs each in units of accuracy, above 0.
        alone: (R, N) m°, the samples that would be best for each alone.
        most: (R, 1) or (R, N) accuracy of the shared model.
        margin: () or (R, 1) ε as a share of c: what makes putting in more strictly better.

    Returns:
        (R, N) from 0 to ``most``.
    """
    beyond = accuracy(alone) + (1 + margin) * price * (samples - alone)
    given: Floats = np.minimum(np.where(samples > alone, beyond, accuracy(samples)), most)
    return given


def solo_samples(bound: Bound, price: Floats) -> Floats:
    """What would be best for each alone, where many are in the same case; each case is computed once.

    Args:
        bound: with numbers (R, 1).
        price: (R, N) what a sample costs each in units of accuracy, above 0.

    Returns:
        (R, N) samples.
    """
    numbers = np.hstack(np.broadcast_arrays(bound.optimum, bound.scale))
    kinds, kind = np.unique(numbers, axis=0, return_inverse=True)
    cases, case = np.unique(price + 1j * kind.reshape(-1, 1), return_inverse=True)
    optimum, scale = kinds[cases.imag.astype(np.int64)].T
    samples: Floats = best_alone(Bound(optimum, scale), cases.real)[case].reshape(price.shape)
    return samples
