"""Scores of explainers, on cases by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.economy.explaining.post_hoc.scores import decisive, score

TRUTH = np.array([[0.4, -0.1, 0.05, 0.02], [0.02, 0.1, -0.5, 0.05], [0.01, 0.03, 0.05, 0.02]])


def test_an_episode_decides_by_its_size_and_its_part_of_the_largest() -> None:
    truth = np.array([[0.3, -0.16, 0.14, 0.0], [0.5, 0.2, -0.26, 0.0], [0.1, 0.05, 0.0, 0.0]])
    expected = [[True, True, False, False], [True, False, True, False], [False] * 4]
    np.testing.assert_array_equal(decisive(truth), expected)


def test_the_truth_itself_is_perfect_in_any_unit() -> None:
    found = score(TRUTH, 7 * TRUTH)
    assert (found.top1.mean, found.auprc.mean, found.rank.mean, found.runs) == (1, 1, pytest.approx(1), 2)
    assert found.error.mean == pytest.approx(0, abs=1e-12)
    assert (found.top1.low, found.top1.high) == (1, 1)


def test_reversed_signs_are_as_good_by_size_and_as_bad_as_can_be_by_sign() -> None:
    found = score(TRUTH, -TRUTH)
    assert (found.top1.mean, found.auprc.mean) == (1, 1)
    assert found.rank.mean == pytest.approx(-1)
    assert found.error.mean == 1  # no scale above 0 is better than no answer


def test_reversed_sizes_name_the_deciding_episode_last() -> None:
    found = score(TRUTH, 1 / TRUTH)
    assert found.top1.mean == 0
    assert found.auprc.mean == pytest.approx(1 / 4)  # one of four decided, ranked last


def test_ties_count_in_part() -> None:
    found = score(TRUTH, np.ones(TRUTH.shape))
    assert found.top1.mean == pytest.approx(1 / 4)  # one of four that are named together
    assert found.rank.mean == 0
    two = np.array([[1.0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    assert score(TRUTH, two).top1.mean == pytest.approx((1 / 2 + 1) / 2)


def test_the_error_is_that_of_the_best_scale() -> None:
    truth, values = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 1.0], [0.0, 0.0]])
    assert score(truth, values).error.mean == pytest.approx(1 - 1 / (2 * 2))  # (Σ s φ)² / (Σ s² Σ φ²) = 1 / 4


def test_intervals_are_over_runs_and_the_same_each_time() -> None:
    stream = np.random.default_rng(0)
    truth, values = stream.normal(size=(60, 5)), stream.normal(size=(60, 5))
    found = score(truth, values)
    assert found == score(truth, values)
    assert found.top1.low < found.top1.mean < found.top1.high
    wide = found.auprc.high - found.auprc.low
    more = score(np.tile(truth, (9, 1)), np.tile(values, (9, 1)))
    assert more.auprc.high - more.auprc.low == pytest.approx(wide / 3, rel=0.25)


@pytest.mark.slow
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_no_unit_and_no_order_of_runs_matters(seed: int, unit: float) -> None:
    stream = np.random.default_rng(seed)
    truth, values = stream.normal(size=(6, 4)), stream.normal(size=(6, 4))
    order = stream.permutation(6)
    one, other = score(truth, values), score(truth[order], unit * values[order])
    for name in ("top1", "auprc", "rank", "error"):
        assert getattr(other, name).mean == pytest.approx(getattr(one, name).mean, abs=1e-9)


@pytest.mark.parametrize(
    ("truth", "values", "said"),
    [
        (TRUTH, TRUTH[:, :3], "shape"),
        (TRUTH, np.full(TRUTH.shape, np.nan), "finite"),
        (0.1 * TRUTH, TRUTH, "no episode"),
    ],
)
def test_what_cannot_be_scored_is_refused(truth: np.ndarray, values: np.ndarray, said: str) -> None:
    with pytest.raises(InputError, match=said):
        score(truth, values)
