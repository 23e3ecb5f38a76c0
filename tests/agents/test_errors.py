"""Messages to people: numbers that break a limit are never written as the limit itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import apart


@pytest.mark.parametrize(
    ("number", "limits", "texts"),
    [
        (0.9, (1,), ["0.9", "1"]),
        (0.9999999, (1,), ["0.9999999", "1"]),
        (1 + 2e-9, (1,), ["1.000000002", "1"]),
        (20.000001, (0, 20), ["20.000001", "0", "20"]),
        (0.12345671, (0.1234567,), ["0.12345671", "0.1234567"]),
        (1 + 2e-16, (1,), ["1.0000000000000002", "1.0"]),
        (5, (5,), ["5", "5"]),
        (float("nan"), (1,), ["nan", "1"]),
        (float("inf"), (1e9,), ["inf", "1e+09"]),
    ],
)
def test_a_number_is_written_with_digits_enough_to_tell_it_from_its_limits(
    number: float, limits: tuple[float, ...], texts: list[str]
) -> None:
    assert apart(number, *limits) == texts


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_different_numbers_are_written_apart_and_in_their_order(one: float, other: float) -> None:
    texts = apart(one, other)
    assert (float(texts[0]) > float(texts[1])) == (one > other)
    assert (texts[0] == texts[1]) == (one == other) or one == other == 0


def test_fewer_digits_are_kept_where_they_do() -> None:
    assert apart(0.123456, 0.1, digits=3) == ["0.123", "0.1"]
    assert apart(np.float64(0.10004), 0.1, digits=3) == ["0.10004", "0.1"]
