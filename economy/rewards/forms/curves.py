"""Forms of the total: however many principals put samples in, the model's accuracy goes by how many there are."""

from math import inf

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.rewards.accuracy import Accuracy, Bound, PowerLaw
from commonweal.economy.rewards.forms.form import AccuracyTerms, Pool, closed_form


def bound_of(terms: AccuracyTerms) -> Accuracy:
    """The bound of the terms."""
    return Bound(terms.optimum, terms.scale)


def power_law_of(terms: AccuracyTerms) -> Accuracy:
    """The power law of the terms."""
    return PowerLaw(terms.optimum, terms.drop, terms.exponent)


@closed_form("bound", total=True, curve=bound_of)
def bound(pool: Pool) -> Floats:
    """The generalisation bound that papers on contracts use (Karimireddy, Guo and Jordan 2022)."""
    return bound_of(pool.terms)(pool.total[:, None])[:, 0]


@closed_form("fitted", total=True, curve=bound_of)
def fitted(pool: Pool) -> Floats:
    """The bound, until a network has been seen to learn: then a power law is fitted (``learning_curve.py``)."""
    return bound_of(pool.terms)(pool.total[:, None])[:, 0]


@closed_form("power_law", total=True, curve=power_law_of)
def power_law(pool: Pool) -> Floats:
    """Accuracy optimum − drop N^−exponent, at least 0; with exponent 1 the mean of N readings of variance drop."""
    return power_law_of(pool.terms)(pool.total[:, None])[:, 0]


@closed_form("logarithm", total=True, highest=inf)
def logarithm(pool: Pool) -> Floats:
    """Worth v = ln(1 + N): returns fall."""
    return np.log1p(pool.total)


@closed_form("square", total=True, highest=inf)
def square(pool: Pool) -> Floats:
    """Worth v = N²: returns rise."""
    return pool.total**2


@closed_form("linear_gaussian", total=True, highest=inf)
def linear_gaussian(pool: Pool) -> Floats:
    """Worth v = ½ ln(1 + N), nat: what N readings of unit noise tell of a weight of unit prior (Sim et al. 2020)."""
    return np.log1p(pool.total) / 2
