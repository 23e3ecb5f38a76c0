"""Data that overlap: one's samples teach others as far as they are about the same; each has a need of its own.

Blum, Haghtalab, Phillips and Shao, "One for One, or All for All: Equilibria and Optimality of Collaboration in
Federated Learning" (ICML 2021, arXiv 2103.03228). Accuracy is the part of its need that each has met: more is no gain.
"""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.rewards.forms.form import Accuracies, Pool, closed_form

LEAST = 1e-9  # of a need, so that what meets it stays finite


@closed_form("overlap", pooled=False, options={"overlap": 0.5, "need": 1.0})
def overlap(pool: Pool) -> Accuracies:
    """Linear: W n samples are of use to each, W the ``overlap``, and it needs so many: min(1, (W n)_j / need_j).

    ``overlap`` is a list of N lists, W with 1 on the diagonal; or a number, that of the data of any two.
    """
    given, need = np.asarray(pool.options["overlap"], dtype=float), np.maximum(pool.options["need"], LEAST)
    own = np.eye(pool.samples.shape[1])
    weights = given if given.ndim == 3 else np.where(own > 0, 1.0, given.reshape(-1, 1, 1))
    if weights.shape[1:] != own.shape:
        raise InputError(f"rewards.accuracy.options.overlap: must be a number, or {len(own)} lists of as many")
    met = np.minimum((weights @ pool.samples[:, :, None])[..., 0] / need, 1.0)
    by_itself = np.minimum(np.diagonal(weights, axis1=1, axis2=2) * pool.held / need, 1.0)
    return _accuracies(pool, met, by_itself)


@closed_form("coverage", pooled=False, options={"points": 8.0, "missed": 6.0})
def coverage(pool: Pool) -> Accuracies:
    """Coverage: of the points that are its own, each may expect to miss so many, B'(1 − 1/b)^(B n) ≤ ``missed``.

    ``points`` is B, a list of N zeros and ones for each point: whose it is; or a number, of points that all have in
    common. A sample is one of b points, b the most that anybody has. Accuracy is the part of those that need not be
    missed that is found.
    """
    points, count = _points(pool)
    most = np.maximum(count, LEAST)
    rarely = np.log1p(-1 / np.maximum(most.max(axis=1, keepdims=True), 1 + LEAST))  # (R, 1)
    need = np.maximum(count - pool.options["missed"], LEAST)

    def found(seen: Floats) -> Floats:
        """(R, N) part of its need that each has met, its points (R, M) or (R, M, N) seen so often."""
        often = seen if seen.ndim == 3 else seen[..., None]
        missed = (points * np.exp(rarely[..., None] * often)).sum(axis=1)
        part: Floats = np.minimum((count - missed) / need, 1.0)
        return part

    own = np.sign(points)
    met = found((own @ pool.samples[:, :, None])[..., 0])
    return _accuracies(pool, met, found(own * pool.held[:, None]))


def _points(pool: Pool) -> tuple[Floats, Floats]:
    """(R or 1, M, N) points that are whose, and how many each has (R or 1, N)."""
    given = np.asarray(pool.options["points"], dtype=float)
    points = given if given.ndim == 3 else given.reshape(-1, 1, 1) * np.ones(pool.samples.shape[1])
    return points, points.sum(axis=1)


def _accuracies(pool: Pool, met: Floats, by_itself: Floats) -> Accuracies:
    """Who stays away has what its own samples teach it; the model's accuracy is the mean of those who take part."""
    members = pool.member.sum(axis=1)
    quality = np.where(pool.member, met, 0.0).sum(axis=1) / np.maximum(members, 1)
    return Accuracies(quality, np.where(pool.member, met, by_itself), by_itself)
