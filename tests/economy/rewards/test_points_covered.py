"""Random coverage (Blum et al. 2021, arXiv 2103.03228): numbers worked out by hand."""

from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.rewards.forms import AccuracyTerms, Pool, accuracies

NUMBER = np.ones((1, 1))
POINTS = [[1, 0], [1, 0], [1, 1], [0, 1], [0, 1]]  # two owners of three points, one of them common
MISSED = np.array([2 * (2 / 3) + (2 / 3) ** 3, 2 * (2 / 3) ** 2 + (2 / 3) ** 3])  # where one puts 1 in, the other 2


def each(samples: list[float], **options: Any) -> Floats:
    """(N,) accuracies where all put their samples in."""
    given = {name: np.array([np.atleast_1d(value)], dtype=float) for name, value in options.items()}
    put, terms = np.array([samples]), AccuracyTerms("random_coverage", *[NUMBER] * 4, given)
    found = accuracies(Pool(put, np.ones(put.shape, dtype=bool), put, terms))
    assert found.each is not None and found.alone is not None
    np.testing.assert_allclose(found.quality, found.each.mean())
    return found.each[0]


def test_a_point_is_missed_by_as_many_samples_as_its_owners_put_in() -> None:
    np.testing.assert_allclose(each([1.0, 2.0], points=POINTS, missed=0.5), (3 - MISSED) / 2.5)


def test_points_that_all_have_in_common_are_found_by_anybody() -> None:
    np.testing.assert_allclose(each([1.0, 2.0], points=3.0, missed=0.0), 1 - (2 / 3) ** 3)


def test_who_misses_no_more_than_it_may_has_all_it_needs() -> None:
    assert (each([9.0, 9.0], points=POINTS, missed=2.0) == 1).all()
