"""Regression on interactions: Gaussian processes over coalitions whose exact values are read off in closed form.

The covariance of two coalitions depends on the number d of players in which they differ: Σ_k ρ^k e_k(±1), interactions
of order k weighted by ρ^k, up to order 1 (linear), 2 (pairwise) or all of them, ((1−ρ)/(1+ρ))^d. Values of a fitted
function need only the distribution of d over the coalitions of others. ρ and the noise minimise the leave-one-out error
(Rasmussen and Williams 2006, section 5.4.2). Our construction: ridge regression on every interaction at once.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.credit.estimators.fitted import Adjustment
from commonweal.economy.credit.estimators.sampling import Pairs
from commonweal.economy.credit.probabilistic import ProbabilisticValue

Order = Literal["linear", "pairwise", "interactions"]
WEIGHTS = (0.0001, 0.001, 0.01, 0.03, 0.1, 0.2, 0.35)  # ρ that are tried
NOISES = np.array([1e-9, 1e-7, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0])  # noise variances that are tried, per prior variance
SEARCHED, FITTED = 128, 1500  # pairs that ρ and the noise are chosen on, and that a process is fitted to, at most
ROUNDING = 1e-13  # eigenvalues below this share of the largest are rounding errors


@dataclass(frozen=True)
class Process:
    """A Gaussian process fitted to one part of a game."""

    coalitions: Bools  # (f, n) it was fitted to
    parity: int  # −1 odd, +1 even
    covariance: Floats  # (n+1,) of two coalitions by the number of players in which they differ
    solved: Floats  # (f,) α = (K + σ² I)⁻¹ y
    adjustment: Adjustment

    def predict(self, coalitions: Bools) -> Floats:
        """(C,) the part at coalitions (C, n)."""
        predicted: Floats = _gram(coalitions, self.coalitions, self.covariance, self.parity) @ self.solved
        return predicted


def fit_process(order: Order, pairs: Pairs, parity: int, value: ProbabilisticValue) -> Process:
    """The process with the smallest leave-one-out error, every pair weighted as it counts in the values."""
    part, count = pairs.part(parity), len(pairs.coalitions)
    searched, fitted = (_spread(count, most) for most in (SEARCHED, FITTED))
    some, importance = pairs.coalitions[searched], pairs.importance(value, parity)[searched]
    found = []
    for weight in WEIGHTS:
        covariance = _covariance(order, weight, value.players)
        errors = _errors_left_out(_gram(some, some, covariance, parity), part[searched]) ** 2 @ importance
        found.append((float(errors.min()), float(NOISES[errors.argmin()]), covariance))
    _, noise, covariance = min(found, key=lambda each: each[0])
    learned = pairs.coalitions[fitted]
    gram = _gram(learned, learned, covariance, parity)
    eigenvalues, vectors = _spectrum(gram)
    inverse = 1 / (eigenvalues + noise * gram.trace() / len(gram))
    turned = inverse * (vectors.T @ part[fitted])
    solved = vectors @ np.where(eigenvalues > 0, turned, 0.0)  # the rest of α is orthogonal to every function
    seen = _gram(pairs.coalitions, learned, covariance, parity) @ solved
    held_out = seen.copy()  # of pairs that it was not fitted to, too
    held_out[fitted] = part[fitted] - vectors @ turned / (vectors**2 @ inverse)
    values = solved @ _covariance_values(learned, parity, covariance, value)
    return Process(learned, parity, covariance, solved, Adjustment(values, seen, held_out))


def _spread(count: int, most: int) -> Ints:
    """Places of at most so many pairs, from all sizes, by which pairs stand."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def _covariance(order: Order, weight: float, players: int) -> Floats:
    """(n+1,) covariance of two coalitions by the number of players in which they differ."""
    differing = np.arange(players + 1, dtype=np.float64)
    if order == "interactions":
        return np.power((1 - weight) / (1 + weight), differing)
    agreement = players - 2 * differing
    linear = 1 + weight * agreement
    return linear + weight**2 * (agreement**2 - players) / 2 if order == "pairwise" else linear


def _gram(ours: Bools, theirs: Bools, covariance: Floats, parity: int) -> Floats:
    """(C, m) covariance of the odd or even part at coalitions (C, n) and (m, n)."""
    signs, others = np.where(ours, 1.0, -1.0), np.where(theirs, 1.0, -1.0)
    differing = np.rint((ours.shape[1] - signs @ others.T) / 2).astype(np.int64)
    part = (covariance + parity * covariance[::-1]) / 2  # the complement differs in all the other places
    gram: Floats = part[differing]
    return gram


def _errors_left_out(gram: Floats, part: Floats) -> Floats:
    """(noises, m) what every noise's process misses of each pair when fitted to the others: α_j / (K + σ² I)⁻¹_jj."""
    eigenvalues, vectors = _spectrum(gram)
    inverse = 1 / (eigenvalues + NOISES[:, None] * gram.trace() / len(gram))
    errors: Floats = (inverse * (vectors.T @ part)) @ vectors.T / (inverse @ (vectors**2).T)
    return errors


def _spectrum(gram: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues (m,), 0 where they are rounding errors, and eigenvectors (m, m)."""
    eigenvalues, vectors = np.linalg.eigh(gram)
    return np.where(eigenvalues > ROUNDING * eigenvalues[-1], eigenvalues, 0.0), vectors


def _covariance_values(coalitions: Bools, parity: int, covariance: Floats, value: ProbabilisticValue) -> Floats:
    """(m, n) exact values of the functions S ↦ covariance of the parts at S and at each coalition T."""
    # Where i joins S it agrees with T if i ∈ T, else it differs; so many others differ either way.
    gain = value.disagreements() @ (covariance[:-1] - covariance[1:])
    size, last = coalitions.sum(axis=1), len(gain) - 1

    def joining(members: Bools, size: Ints) -> Floats:
        inside, outside = gain[np.maximum(size - 1, 0)], gain[np.minimum(size, last)]
        return np.where(members, inside[:, None], -outside[:, None])

    return (joining(coalitions, size) + parity * joining(~coalitions, len(covariance) - 1 - size)) / 2
