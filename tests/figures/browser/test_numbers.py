"""Numbers of the page: three figures, never an exponent, a true minus, and a dash for what is not known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.figures.browser.notes.numbers import change, count, figure, percent


def plain(text: str) -> str:
    """With blanks and signs as a keyboard has them."""
    return text.replace("\u202f", " ").replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize(("value", "text"), [
    (0.00521, "0.00521"), (0.0052, "0.0052"), (0.79, "0.79"), (0.5, "0.5"), (2, "2"), (12.34, "12.3"), (-1.2, "-1.2"),
    (1932, "1930"), (9999, "10 000"), (41_912.7, "41 900"), (1.2345e7, "12 300 000"), (-41_912.7, "-41 900"),
    (0, "0"), (-0.0, "0"), (999.6, "1000"), (0.0009996, "0.001"), (1e-9, "0"), (-1e-9, "0"), (4.9e-7, "0"),
    (None, "–"), (math.nan, "–"), (math.inf, "∞"), (-math.inf, "-∞"),
])  # fmt: skip
def test_numbers_have_three_figures(value: float | None, text: str) -> None:
    assert plain(figure(value)) == text


@given(st.floats(1e-3, 1e9), st.sampled_from([1, -1]))
def test_what_is_written_is_the_number_to_half_a_percent_and_never_has_an_exponent(size: float, sign: int) -> None:
    text = figure(sign * size)
    assert "e" not in text and "-" not in text
    assert float(plain(text).replace(" ", "")) == pytest.approx(sign * size, rel=5.1e-3)


@pytest.mark.parametrize(("share", "text"), [
    (0.73, "73 %"), (0, "0 %"), (1, "100 %"), (0.004, "< 1 %"), (0.997, "> 99 %"), (-0.04, "-4 %"), (None, "–"),
    (math.nan, "–"), (0.995, "> 99 %"), (0.005, "< 1 %"),
])  # fmt: skip
def test_shares_are_told_in_percent_and_what_is_little_is_not_told_as_nothing(share: float | None, text: str) -> None:
    assert plain(percent(share)) == text


@given(st.floats(0, 1))
def test_only_nothing_is_0_percent_and_only_all_is_100(share: float) -> None:
    assert (plain(percent(share)) == "0 %") == (share == 0)
    assert (plain(percent(share)) == "100 %") == (share == 1)


def test_differences_have_their_sign_and_counts_are_told_in_full() -> None:
    assert [plain(change(value)) for value in (0.18, -0.21, 0.0, None)] == ["+0.18", "-0.21", "0", "–"]
    assert [plain(count(value)) for value in (8, 1932, 41_900, -12_345)] == ["8", "1932", "41 900", "-12 345"]
