"""Secret sums: masks cancel, nothing else does, and fixed point keeps what it promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.economy.wire.masks import BITS, Keys, from_fixed, stream, to_fixed
from commonweal.economy.wire.message import WireError


def agreed(count: int) -> list[Keys]:
    keys = [Keys() for _ in range(count)]
    for own, each in enumerate(keys):
        each.agree({other: keys[other].public for other in range(count) if other != own})
    return keys


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8), st.integers(2, 8))
def test_masks_cancel_in_the_sum(numbers: list[float], nodes: int) -> None:
    keys, values = agreed(nodes), np.array(numbers)
    hidden = [each.hide(to_fixed(values + own, nodes), own, range(nodes), 5) for own, each in enumerate(keys)]
    total = from_fixed(np.sum(hidden, axis=0, dtype=np.uint64))
    wanted = sum(values + own for own in range(nodes))
    assert np.abs(total - wanted).max() <= nodes / 2 * 2.0**-BITS + 1e-12


def test_one_hidden_vector_looks_like_random_bits() -> None:
    keys = agreed(2)
    hidden = keys[0].hide(np.zeros(4096, dtype=np.uint64), 0, (0, 1), 1)
    ones = np.unpackbits(hidden.view(np.uint8)).mean()
    assert abs(ones - 0.5) < 5 * 0.5 / np.sqrt(64 * 4096)


def test_a_question_is_answered_in_secret_once() -> None:
    (key, _) = agreed(2)
    key.hide(np.zeros(1, dtype=np.uint64), 0, (0, 1), 7)
    for again in (7, 3):
        with pytest.raises(WireError, match="was answered in secret already"):
            key.hide(np.zeros(1, dtype=np.uint64), 0, (0, 1), again)


def test_a_sum_over_one_is_refused_and_so_is_a_stranger() -> None:
    (key, _) = agreed(2)
    with pytest.raises(WireError, match="over one node"):
        key.hide(np.zeros(1, dtype=np.uint64), 0, (0,), 1)
    with pytest.raises(WireError, match="no key is agreed with node 4"):
        key.hide(np.zeros(1, dtype=np.uint64), 0, (0, 4), 1)
    with pytest.raises(WireError, match="none"):
        key.agree({1: b"short"})


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 2.0**30])
def test_what_would_leave_the_range_is_refused(wrong: float) -> None:
    with pytest.raises(WireError, match="cannot be summed in secret"):
        to_fixed(np.array([wrong]), summands=8)


def test_streams_differ_by_number_and_repeat_by_key() -> None:
    key = bytes(range(32))
    assert (stream(key, 1, 8) == stream(key, 1, 8)).all()
    assert not (stream(key, 1, 8) == stream(key, 2, 8)).any()
