"""Models as rewards where a reward is met exactly: Bayesian linear regression, whose data are worth what they tell.

Data are valued by information gain, v(C) = I(w; y_C) = ½ log det(I + Σ_{i∈C} X_iᵀX_i / σ²) under the prior w ~ N(0, I)
(Sim, Zhang, Chan and Low 2020). A reward between what a party's own data tell and what all data tell is realised by
tempering the likelihood of the others' data, p(y | w)^κ, or by giving some of their points (Chen et al., NeurIPS 2025).
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints

STEPS = 100  # of Newton's method; ten are usual


@dataclass(frozen=True)
class Evidence:
    """What R runs of N parties know of D weights; unit prior, known noise."""

    precision: Floats  # (R, N, D, D) X_iᵀX_i / σ²
    shift: Floats  # (R, N, D) X_iᵀy_i / σ²

    @classmethod
    def of(cls, features: Floats, targets: Floats, noise: float) -> "Evidence":
        """Of features (R, N, M, D) and targets (R, N, M) with noise σ; rows of 0 are no points."""
        scaled = features / noise**2
        return cls(np.swapaxes(features, 2, 3) @ scaled, (scaled * targets[..., None]).sum(axis=2))

    def others(self) -> "Evidence":
        """What all others together know, for each party."""
        precision, shift = (each.sum(axis=1, keepdims=True) - each for each in (self.precision, self.shift))
        return Evidence(precision, shift)


def information(precision: Floats) -> Floats:
    """(...) information gain ½ log det(I + A), nat, of precisions A (..., D, D)."""
    gain: Floats = 0.5 * np.linalg.slogdet(np.eye(precision.shape[-1]) + precision)[1]
    return gain


def tempering(evidence: Evidence, owed: Floats) -> Floats:
    """Power κ of the others' likelihood under which each party's model is worth what it is owed, exactly.

    With λ the eigenvalues of the others' precision relative to one's own posterior precision, the information gain is
    v_i + ½ Σ log(1 + κ λ), increasing and concave in κ: Newton's method from 0 never overshoots.

    Args:
        evidence: what the parties know.
        owed: (R, N) information gain owed, nat; between a party's own and that of all.

    Returns:
        (R, N) κ from 0 (its own data) to 1 (all data).
    """
    own = np.eye(evidence.precision.shape[-1]) + evidence.precision
    root = np.linalg.inv(np.linalg.cholesky(own))
    relative = root @ evidence.others().precision @ np.swapaxes(root, 2, 3)
    eigenvalues = np.maximum(np.linalg.eigvalsh(relative), 0.0)
    missing = owed - information(evidence.precision)
    power = np.zeros_like(owed)
    for _ in range(STEPS):
        gained = 0.5 * np.log1p(power[..., None] * eigenvalues).sum(axis=2)
        slope = 0.5 * (eigenvalues / (1 + power[..., None] * eigenvalues)).sum(axis=2)
        power = np.clip(power + (missing - gained) / np.where(slope > 0, slope, np.inf), 0.0, 1.0)
    return power


def tempered(evidence: Evidence, power: Floats) -> tuple[Floats, Floats]:
    """The models given to parties: posteriors in which the others' likelihood counts with a power.

    Args:
        evidence: what the parties know.
        power: (R, N) κ.

    Returns:
        Means (R, N, D) and precisions (R, N, D, D), the prior included.
    """
    others = evidence.others()
    known = evidence.precision + power[..., None, None] * others.precision
    precision = np.eye(known.shape[-1]) + known
    shift = evidence.shift + power[..., None] * others.shift
    mean = np.linalg.solve(precision, shift[..., None])[..., 0].astype(np.float64, copy=False)
    return mean, precision


def points_given(evidence: Evidence, pool: Floats, theirs: Bools, noise: float, owed: Floats) -> Ints:
    """How many of the others' points each party is given, in the order of the pool, so that it has what it is owed.

    Args:
        evidence: what the parties know.
        pool: (R, M, D) features of all points, in the random order in which they are given.
        theirs: (R, N, M) which points are others' and not its own.
        noise: σ.
        owed: (R, N) information gain owed, nat.

    Returns:
        (R, N) points of the pool looked at, its own ones skipped: the number that comes nearest to what is owed.
    """
    low, high = np.zeros(owed.shape, dtype=np.int64), np.full(owed.shape, pool.shape[1], dtype=np.int64)
    while (high - low > 1).any():
        middle = (low + high) // 2
        less = subset_information(evidence, pool, theirs, noise, middle) <= owed
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    below, above = (abs(subset_information(evidence, pool, theirs, noise, n) - owed) for n in (low, high))
    return np.where(above < below, high, low)


def subset_information(evidence: Evidence, pool: Floats, theirs: Bools, noise: float, looked_at: Ints) -> Floats:
    """(R, N) information gain from one's own data and the others' among the first points (R, N) of the pool."""
    given = theirs & (np.arange(pool.shape[1]) < looked_at[..., None])
    added = np.einsum("rnm,rmd,rme->rnde", given / noise**2, pool, pool, optimize=True)
    return information(evidence.precision + added)
