"""How fair payments are: agreement with true values, equality, envy, and whether more and better data is paid more.

All functions take runs of N principals, (R, N), and answer one number per run, (R,); nan where it is undefined.
"""

import numpy as np
from scipy.stats import rankdata

from commonweal.agents.arrays import Floats

TIE = 1e-9  # of the largest value: what differs by less is rounding


def pearson(left: Floats, right: Floats) -> Floats:
    """Pearson's correlation over principals; undefined where either side is constant."""
    centred = [values - values.mean(axis=1, keepdims=True) for values in (left, right)]
    sizes = [np.sqrt((values**2).sum(axis=1)) for values in centred]
    varied = [size > TIE * np.abs(values).max(axis=1) for size, values in zip(sizes, (left, right), strict=True)]
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation: Floats = (centred[0] * centred[1]).sum(axis=1) / (sizes[0] * sizes[1])
    return np.where(varied[0] & varied[1], correlation, np.nan)


def spearman(left: Floats, right: Floats) -> Floats:
    """Spearman's rank correlation over principals; equal values share their rank."""
    return pearson(_ranks(left), _ranks(right))


def distance(left: Floats, right: Floats) -> Floats:
    """½ Σ_i |x_i / ‖x‖₁ − y_i / ‖y‖₁|: of shares, the part of the money that would have to change hands; 0 to 1."""
    sizes = [np.abs(values).sum(axis=1, keepdims=True) for values in (left, right)]
    with np.errstate(invalid="ignore", divide="ignore"):
        apart: Floats = np.abs(left / sizes[0] - right / sizes[1]).sum(axis=1) / 2
    return apart


def jain(payments: Floats) -> Floats:
    """(Σ x)² / (N Σ x²): 1 if all get the same, 1/N if one gets everything (Jain, Chiu and Hawe 1984)."""
    with np.errstate(invalid="ignore"):
        index: Floats = payments.sum(axis=1) ** 2 / (payments.shape[1] * (payments**2).sum(axis=1))
    return index


def envy(payments: Floats, contributions: Floats) -> Floats:
    """Mean over principals of the largest excess of what somebody is paid who contributed no more, in mean payments.

    i envies j if it prefers j's bundle of payment and contribution to its own (Foley 1967; with contributions in output
    Varian 1974). A larger payment for a contribution no larger is preferred whatever contributing costs.

    Args:
        payments: (R, N) money.
        contributions: (R, N) true values.
    """
    excess = payments[:, None, :] - payments[:, :, None]  # (R, i, j)
    no_more = contributions[:, None, :] <= contributions[:, :, None]
    worst = np.where(no_more, np.maximum(excess, 0.0), 0.0).max(axis=2)
    with np.errstate(invalid="ignore"):
        relative: Floats = worst.mean(axis=1) / payments.mean(axis=1)
    return relative


def _ranks(values: Floats) -> Floats:
    """Ranks from 1 on; what differs by rounding only is equal."""
    scale = np.abs(values).max(axis=1, keepdims=True)
    steps = np.where(scale > 0, scale, 1.0) * TIE
    ranks: Floats = rankdata(np.rint(values / steps), axis=1)
    return ranks
