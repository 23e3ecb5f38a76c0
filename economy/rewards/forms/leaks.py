"""Leaks: what the data of some tell of others, whether they take part or not.

Acemoglu, Makhdoumi, Malekian and Ozdaglar, "Too Much Data: Prices and Inefficiencies in Data Markets" (NBER 26296;
AEJ Microeconomics 2022). Principals have X ~ N(0, Σ), unit variances and ``correlation`` r between any two; n samples
of one tell X_i + N(0, 1/n). What is known of X_i then is the part of its variance that they explain.
"""

from math import inf

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.rewards.forms.form import Accuracies, Pool, closed_form

ROUNDING = 1e-9  # of a correlation


@closed_form("leak", pooled=False, lowest=-inf, options={"correlation": 0.5, "privacy": 1.0})
def leak(pool: Pool) -> Accuracies:
    """What is left to each, 1 − v × leak about it, to who stays away too; v is ``privacy``, a number or one for each.

    The model's accuracy is the mean leak over all principals: what a buyer learns.
    """
    known, alone = leaked(pool.samples, pool.options["correlation"]), pool.held / (1 + pool.held)
    privacy = pool.options["privacy"]
    return Accuracies(known.mean(axis=1), 1 - privacy * known, 1 - privacy * alone)


def leaked(samples: Floats, correlation: float | Floats) -> Floats:
    """(R, N) part of the variance of each X_i that all samples explain.

    With D = diag(√n): diag of Σ D (1 + D Σ D)⁻¹ D Σ, where who puts nothing in needs no care.

    Args:
        samples: (R, N) n.
        correlation: () or (R, 1) r.

    Raises:
        InputError: if no N numbers have such a correlation.
    """
    principals = samples.shape[1]
    r = np.reshape(correlation, (-1, 1, 1))
    if not ((r <= 1) & (r * (principals - 1) >= -1 - ROUNDING)).all():
        least = -1 / max(principals - 1, 1)
        raise InputError(f"rewards.accuracy.options.correlation: must be from {least:.4g}, of {principals}, to 1")
    sigma = np.broadcast_to(r + (1 - r) * np.eye(principals), (len(samples), principals, principals))
    root = np.sqrt(samples)
    seen = root[:, :, None] * sigma  # (R, N, N) rows: what is told; columns: about whom
    within = np.eye(principals) + seen * root[:, None]
    known: Floats = (seen * np.linalg.solve(within, seen)).sum(axis=1)
    return known
