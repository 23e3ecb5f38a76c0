"""Credit for each sample that a principal holds, relative to what is typical."""

import numpy as np

from commonweal.agents.arrays import Floats, Ints, ratio


def relative_credit(credit: Floats, held: Ints) -> Floats:
    """Credit above zero for each sample held, divided by its median over all samples of principals with credit.

    The median is over samples, not names: whoever divides its samples among several names does not move it.

    Args:
        credit: (R, N) cumulated credit of any sign.
        held: (R, N) samples that each holds; 0 for who takes no part.

    Returns:
        (R, N) from 0 on, 1 is typical; infinite where the typical is next to nothing beside the largest.
    """
    scale = np.abs(credit).max(axis=1, keepdims=True, initial=0.0)
    each = ratio(ratio(np.maximum(credit, 0.0), scale), held.astype(np.float64))
    with np.errstate(over="ignore"):  # what is infinitely above the typical is so above every cap
        return ratio(each, weighted_median(each, np.where(each > 0, held, 0)))


def weighted_median(values: Floats, weights: Ints) -> Floats:
    """(R, 1) lower median of values (R, N), each as often as its weight (R, N) says; the least where there are none."""
    order = np.argsort(values, axis=1, kind="stable")
    below = np.take_along_axis(weights, order, axis=1).cumsum(axis=1)
    half = below[:, -1:] / 2
    middle = np.argmax((below >= half) & (below > 0), axis=1)[:, None]
    found: Floats = np.take_along_axis(np.take_along_axis(values, order, axis=1), middle, axis=1)
    return found
