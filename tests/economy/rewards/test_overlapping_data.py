"""Data that overlap (Blum et al. 2021, arXiv 2103.03228): numbers worked out by hand."""

from typing import Any

import numpy as np
import pytest

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.rewards.forms import Accuracies, AccuracyTerms, Pool, accuracies

NUMBER = np.ones((1, 1))
STAR = [[1.0, 0.5, 0.5], [0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]  # the hub first
POINTS = [[1, 0], [1, 0], [1, 1], [0, 1], [0, 1]]  # two owners of three points, one of them common


def pool(kind: str, samples: list[float], **options: Any) -> Pool:
    """One row in which all put their samples in."""
    given = {name: np.array([np.atleast_1d(value)], dtype=float) for name, value in options.items()}
    put = np.array([samples])
    return Pool(put, np.ones(put.shape, dtype=bool), put, AccuracyTerms(kind, *[NUMBER] * 4, given))


def each(found: Accuracies) -> Floats:
    assert found.each is not None
    return found.each[0]


def test_samples_are_of_use_to_others_as_far_as_their_data_overlap() -> None:
    found = accuracies(pool("overlap", [0.0, 0.5, 1.0], overlap=STAR))
    np.testing.assert_allclose(each(found), [0.75, 0.5, 1.0])
    np.testing.assert_allclose(found.quality, [0.75])
    assert found.alone is not None
    np.testing.assert_allclose(found.alone[0], [0.0, 0.5, 1.0])
    np.testing.assert_allclose(each(accuracies(pool("overlap", [0.2, 0.4], overlap=0.5, need=2.0))), [0.2, 0.25])


def test_more_than_one_needs_is_of_no_use_to_it() -> None:
    assert (each(accuracies(pool("overlap", [9.0, 9.0, 9.0], overlap=STAR, need=[1, 2, 3]))) == 1).all()


def test_a_point_is_missed_as_often_as_no_sample_of_its_owners_is_it() -> None:
    missed = np.array([2 * (2 / 3) + (2 / 3) ** 3, 2 * (2 / 3) ** 2 + (2 / 3) ** 3])  # 1 sample of the first, 2 others
    found = accuracies(pool("coverage", [1.0, 2.0], points=POINTS, missed=0.5))
    np.testing.assert_allclose(each(found), (3 - missed) / 2.5)
    np.testing.assert_allclose(each(accuracies(pool("coverage", [1.0, 2.0], points=3.0, missed=0.0))), 1 - (2 / 3) ** 3)


def test_overlaps_are_of_every_pair() -> None:
    with pytest.raises(InputError, match="overlap: must be a number, or 3 lists of as many"):
        accuracies(pool("overlap", [1.0, 1.0, 1.0], overlap=STAR[:2]))
