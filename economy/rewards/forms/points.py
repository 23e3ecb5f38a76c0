"""Data as points: a sample is one of its owner's points, and who has the same point learns from it too."""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.rewards.forms.form import Accuracies, Pool, closed_form

LEAST = 1e-9  # of a need, so that what meets it stays finite


@closed_form("random_coverage", pooled=False, options={"points": 8.0, "missed": 6.0})
def random_coverage(pool: Pool) -> Accuracies:
    """Random coverage: of the points that are its own, each may expect to miss so many, B'(1 − 1/b)^(B n) ≤ ``missed``.

    Blum, Haghtalab, Phillips and Shao, "One for One, or All for All" (ICML 2021, arXiv 2103.03228). ``points`` is B, a
    list of N zeros and ones for each point: whose it is; or a number, of points that all have in common. A sample is
    one of b points, b the most that anybody has. Accuracy is the part of those that must not be missed that is found;
    who stays away has what its own samples find. The model's is the mean over principals.
    """
    points, count = _points(pool)
    rarely = np.log1p(-1 / np.maximum(count.max(axis=1, keepdims=True), 1 + LEAST))[..., None]  # (R or 1, 1, 1)
    need = np.maximum(count - pool.options["missed"], LEAST)

    def found(seen: Floats) -> Floats:
        """(R, N) part of its need that each has met, where points are seen so often (R, M, 1 or N)."""
        missed = (points * np.exp(rarely * seen)).sum(axis=1)
        part: Floats = np.minimum((count - missed) / need, 1.0)
        return part

    whose = np.sign(points)
    together = found(whose @ pool.samples[:, :, None])
    by_itself = found(whose * pool.held[:, None])
    return Accuracies(together.mean(axis=1), np.where(pool.member, together, by_itself), by_itself)


def _points(pool: Pool) -> tuple[Floats, Floats]:
    """(R or 1, M, N) points that are whose, and how many each has (R or 1, N)."""
    given = np.asarray(pool.options["points"], dtype=float)
    points = given if given.ndim == 3 else given.reshape(-1, 1, 1) * np.ones(pool.samples.shape[1])
    return points, points.sum(axis=1)
