"""What data of some tell of others: selling them is a choice of each, and a loss to all who are like them.

Acemoglu, Makhdoumi, Malekian and Ozdaglar, "Too Much Data: Prices and Inefficiencies in Data Markets" (AEJ: Micro
2022, NBER 26296). Principal i is a number X_i of variance 1, any two with ``correlation``; a sample is a reading of
it, of variance ``noise``. The leak about i is what all readings that are sold take off the variance of X_i. Who stays
away sells nothing, and is told of all the same.
"""

from math import inf

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.rewards.forms.form import Accuracies, Pool, closed_form

FIELD = "rewards.accuracy.options.correlation"
ROUNDING = 1e-9  # of eigenvalues
OPTIONS = {"correlation": 0.5, "noise": 1.0, "worth": 1.0}


@closed_form("leak", pooled=False, lowest=-inf, options=OPTIONS)
def leak(pool: Pool) -> Accuracies:
    """Each keeps 1 − worth · its leak; customers pay for the mean leak about anybody.

    With covariances Σ and D = diag(samples / noise) the leak about i is [Σ √D (1 + √D Σ √D)⁻¹ √D Σ]_ii.

    Raises:
        InputError: if no numbers have such correlations.
    """
    leaked = leaks(covariances(pool), np.maximum(pool.samples, 0.0) / pool.options["noise"])
    kept = 1 - pool.options["worth"] * leaked
    return Accuracies(leaked.mean(axis=1), kept, np.ones(kept.shape))


def leaks(covariance: Floats, precision: Floats) -> Floats:
    """(R, N) variance that readings of precision (R, N) take off each of N numbers of covariance (R, N, N)."""
    root = np.sqrt(precision)
    seen = root[:, :, None] * covariance  # (R, read, of)
    noisy = np.eye(precision.shape[1]) + seen * root[:, None]
    leaked: Floats = (seen * np.linalg.solve(noisy, seen)).sum(axis=1)
    return leaked


def covariances(pool: Pool) -> Floats:
    """(R, N, N) of numbers of variance 1, with one correlation of all, or one of each pair.

    Raises:
        InputError: if no numbers have such correlations.
    """
    given, (rows, principals) = np.asarray(pool.options["correlation"], dtype=np.float64), pool.samples.shape
    if given.ndim < 3:
        if given.size not in (1, rows):
            raise InputError(f"{FIELD}: must be a number, or {principals} lists of {principals}: one for each pair")
        given = np.broadcast_to(given.reshape(-1, 1, 1), (rows, 1, 1))
        least = np.minimum(1 - given, 1 + (principals - 1) * given).min()
    else:
        least = -inf if (given != np.swapaxes(given, 1, 2)).any() else np.inf
    covariance: Floats = np.where(np.eye(principals, dtype=bool), 1.0, given)
    if least == inf:
        least = np.linalg.eigvalsh(covariance).min()
    if least < -ROUNDING:
        raise InputError(f"{FIELD}: no numbers have such correlations with each other")
    return covariance
