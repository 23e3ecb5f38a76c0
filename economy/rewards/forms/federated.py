"""Federated mean estimation: whom is it good to pool with, if everybody wants the mean of its own data?

Donahue and Kleinberg, "Model-sharing Games: Analyzing Federated Learning Under Voluntary Participation" (AAAI 2021,
arXiv 2010.00753). Principal j has n_j readings of its own mean, of variance μ (``noise``); means are drawn with
variance σ² (``spread``). Accuracy is 1 − the expected squared error, so that it may be far below 0.
"""

from math import inf

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.rewards.forms.form import Accuracies, Pool, closed_form

LEAST = 1e-6  # samples: with fewer the error is as with so many, so that it stays finite
OPTIONS = {"noise": 10.0, "spread": 1.0}


@closed_form("federated_mean", pooled=False, monotone=False, lowest=-inf, options=OPTIONS)
def federated_mean(pool: Pool) -> Accuracies:
    """Uniform federation: all have the mean of all readings, err_j = μ/N + σ² [Σ_{i≠j} n_i² + (N − n_j)²] / N²."""
    return _accuracies(pool, _of_all(pool))


@closed_form("coarse_federated_mean", pooled=False, monotone=False, lowest=-inf, options=OPTIONS)
def coarse_federated_mean(pool: Pool) -> Accuracies:
    """Coarse-grained federation: each mixes the mean of all with its own, w of its own, at the best w.

    err_j = μ (w²/n_j + (1 − w²)/N) + (1 − w)² b, b = σ² [Σ_{i≠j} n_i² + (N − n_j)²] / N², which is least where
    w = b / (b + μ/n_j − μ/N).
    """
    noise, total, own = pool.options["noise"], _total(pool), np.maximum(pool.samples, LEAST)
    bias = _bias(pool)
    more = np.maximum(noise / own - noise / total, 0.0)
    weight = bias / np.maximum(bias + more, np.finfo(float).tiny)
    error = noise * (weight**2 / own + (1 - weight**2) / total) + (1 - weight) ** 2 * bias
    return _accuracies(pool, error)


@closed_form("fine_federated_mean", pooled=False, monotone=False, lowest=-inf, options=OPTIONS)
def fine_federated_mean(pool: Pool) -> Accuracies:
    """Fine-grained federation: each weighs the mean of every other by itself, at the best weights.

    err_j = min_v v'Av, Σv = 1, A = diag(μ/n_i + σ² [i ≠ j]) + σ² u u', u = [i ≠ j]. With V_i = μ/n_i + σ² a reading of
    mean j has the noise μ/n_j at home and V_i elsewhere, all others sharing the distance of j from the grand mean.
    """
    noise, spread = pool.options["noise"], pool.options["spread"]
    there = pool.samples > 0
    precision = np.where(there, 1 / (noise / np.maximum(pool.samples, LEAST) + spread), 0.0)  # (R, N) of others
    others = precision.sum(axis=1, keepdims=True) - precision
    own = noise / np.maximum(pool.samples, LEAST)
    elsewhere = np.where(others > 0, 1 / np.where(others > 0, others, 1.0) + spread, inf)
    error = 1 / (1 / own + 1 / elsewhere)
    return _accuracies(pool, error)


def _total(pool: Pool) -> Floats:
    """(R, 1) N."""
    return np.maximum(pool.total, LEAST)[:, None]


def _bias(pool: Pool) -> Floats:
    """(R, N) σ² [Σ_{i≠j} n_i² + (N − n_j)²] / N²; Q/N² + 1 − 2 n_j/N is the same, and loses digits."""
    own, squares = pool.samples, pool.samples**2
    others, of_others = (values.sum(axis=1, keepdims=True) - values for values in (own, squares))
    bias: Floats = pool.options["spread"] * (of_others + others**2) / _total(pool) ** 2
    return bias


def _of_all(pool: Pool) -> Floats:
    """(R, N) error of the mean of all readings."""
    error: Floats = pool.options["noise"] / _total(pool) + _bias(pool)
    return error


def _accuracies(pool: Pool, error: Floats) -> Accuracies:
    """What errors (R, N) of those who take part come to; the model's is their mean, by samples, and 0 of nobody's."""
    by_itself = 1 - pool.options["noise"] / np.maximum(pool.held, LEAST)
    members = 1 - error
    quality = (pool.samples / _total(pool) * members).sum(axis=1)
    return Accuracies(quality, np.where(pool.member, members, by_itself), by_itself)
