"""Numbers of studies as people read them: to the digits that their intervals leave, the side of 0 never lost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.scenarios.studies.judging import of_the_mean
from commonweal.scenarios.studies.shown import shown

ENDS = st.floats(-1e9, 1e9, allow_nan=False)


def written(value: float, low: float, high: float) -> str:
    return str(shown(pd.DataFrame({"x": [value], "x_low": [low], "x_high": [high]}))["x"][0])


@pytest.mark.parametrize(("numbers", "text"), [
    ((9.25, 4.1381, 11.294), "9.2 [4.1, 11.3]"),
    ((0.75, 0.002983, 0.9952), "0.75 [0.003, 1.00]"),
    ((0.25, -0.00001, 0.5), "0.25 [-1e-05, 0.50]"),
    ((12034.0, 8000.0, 17000.0), "12034 [8000, 17000]"),
    ((1.0, 1.0, 1.0), "1 [1, 1]"),
    ((2e-9, 1e-9, 3e-9), "2e-09 [1e-09, 3e-09]"),
    ((np.nan, 1.0, 2.0), "–"),
    ((1.0, np.nan, np.nan), "1"),
])  # fmt: skip
def test_an_interval_says_how_many_digits_count(numbers: tuple[float, float, float], text: str) -> None:
    assert written(*numbers) == text


@given(numbers=st.tuples(ENDS, ENDS, ENDS).map(sorted))
def test_no_rounding_hides_an_end_or_moves_it_far(numbers: list[float]) -> None:
    low, value, high = numbers
    texts = written(value, low, high).replace("[", "").replace("]", "").replace(",", "").split()
    for number, text in zip((value, low, high), texts, strict=True):
        assert np.sign(float(text)) == np.sign(number)
        assert abs(float(text) - number) <= max(0.051 * (high - low), 6e-4 * abs(number))


def test_a_mean_of_next_to_nothing_is_no_yardstick() -> None:
    assert of_the_mean(0.3, 0.4, "the mean payoff") == "75% of the mean payoff"
    assert of_the_mean(0.3, 0.0025, "the mean payoff") == "more than 10 times the mean payoff"
    assert of_the_mean(0.3, -1.0, "the mean payoff") == ""
