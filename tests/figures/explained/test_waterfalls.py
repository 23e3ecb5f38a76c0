"""The waterfall of an explanation: bars are the parts, from the base to the value."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from commonweal.agents.errors import InputError
from commonweal.figures.explained import waterfall
from commonweal.figures.explained.marks import ADDS, TAKES
from commonweal.figures.explained.waterfalls import folded, seen_in
from tests.helpers.explained import entries, estimated, explained, words

PARTS = [0.02, -0.3, 0.5, 0.1]


def bars(figure: Figure) -> list[Rectangle]:
    return [bar for bar in figure.axes[0].patches if isinstance(bar, Rectangle)]


def ends(figure: Figure) -> list[tuple[float, float]]:
    """Where each bar begins and how far it goes, with its sign, from the top."""
    return [(bar.get_x(), bar.get_width()) for bar in bars(figure)]


def labels(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_yticklabels()]


def numbers(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_bars_are_the_parts_the_largest_first_and_lead_from_the_base_to_the_value() -> None:
    figure = waterfall(explained(PARTS))
    np.testing.assert_allclose(ends(figure), [(0.5, 0.5), (1.0, -0.3), (0.7, 0.1), (0.8, 0.02)])
    diamonds = [line for line in figure.axes[0].get_lines() if line.get_marker() == "D"]
    np.testing.assert_allclose([np.asarray(mark.get_xdata())[0] for mark in diamonds], [0.5, 0.82])
    assert labels(figure.axes[0]) == ["nobody", "reason 2", "reason 1", "reason 3", "reason 0", "this profile"]
    assert numbers(figure.axes[0]) == ["0.500", "+0.500", "−0.300", "+0.100", "+0.020", "0.820"]


def test_colours_are_signs_and_the_two_largest_reasons_are_bold_and_in_the_caption() -> None:
    figure = waterfall(explained(PARTS))
    assert [to_hex(bar.get_facecolor()).upper() for bar in bars(figure)] == [ADDS, TAKES, ADDS, ADDS]
    bold = [text.get_text() for text in figure.axes[0].get_yticklabels() if text.get_fontweight() == "bold"]
    assert bold == ["reason 2", "reason 1"]
    assert "mostly because of reason 2 (+0.5), then reason 1 (−0.3). Exact." in words(figure)
    assert entries(figure) == ["adds", "takes away"]
    assert entries(waterfall(explained([0.5]))) == ["adds"]


def test_what_was_seen_stands_beside_the_name_as_given_or_as_noted() -> None:
    why = explained([0.2, 0.1], ("own payoff", "payoff"))
    assert labels(waterfall(why, seen={"payoff": "3"}).axes[0])[1:3] == ["own payoff", "payoff = 3"]
    noted = replace(why, provenance={"seen": "own payoff -0.1; payoff free_ride; weather fine", "taken": "delegate"})
    assert seen_in(noted) == {"own payoff": "-0.1", "payoff": "free_ride"}
    assert labels(waterfall(noted).axes[0])[1:] == ["own payoff = −0.1", "payoff = free-ride", "this decision"]


def test_small_reasons_are_one_bar_of_their_exact_sum() -> None:
    parts = [1.0, *([0.001, -0.0005] * 10), 0.3]
    figure = waterfall(explained(parts))
    assert labels(figure.axes[0])[1:4] == ["reason 0", "reason 21", "20 others"]
    assert ends(figure)[2][1] == pytest.approx(0.005, abs=1e-15)
    many = waterfall(explained(np.linspace(1, 2, 40)))
    assert labels(many.axes[0])[13] == "28 others"
    assert ends(many)[12][1] == pytest.approx(np.linspace(1, 2, 40)[:28].sum())


def test_a_reason_that_would_be_folded_alone_keeps_its_name() -> None:
    assert folded(np.array([1.0, 0.001])) == ([0, 1], [])
    assert folded(np.array([0.0])) == ([0], [])
    assert folded(np.zeros(3)) == ([], [0, 1, 2])


def test_what_is_left_open_is_the_last_bar_and_hatched() -> None:
    why = explained([0.2, 0.1])
    figure = waterfall(replace(why, value=why.value - 0.05, residual=np.full((1, 1), -0.05)))
    assert ends(figure)[-1] == pytest.approx((0.8, -0.05))
    assert [bool(bar.get_hatch()) for bar in bars(figure)] == [False, False, True]
    assert entries(figure)[-1] == "left open"
    assert not any(bar.get_hatch() for bar in bars(waterfall(replace(why, residual=np.zeros((1, 1))))))


def test_whiskers_are_intervals_of_95_percent_and_the_error_is_said() -> None:
    figure = waterfall(estimated(explained([0.4, -0.2]), [0.1, np.nan]))
    (whisker,) = [line for line in figure.axes[0].collections if len(line.get_paths())]
    np.testing.assert_allclose(whisker.get_paths()[0].vertices[:, 0], [0.9 - 0.195996, 0.9 + 0.195996], atol=1e-6)
    assert "Estimated from 100 evaluations; standard errors up to 0.100. Whiskers: 95 % intervals" in words(figure)
    unknown = replace(explained([0.4]), exact=False)
    assert "Estimated; the error is not known." in words(waterfall(unknown))
    assert not waterfall(unknown).axes[0].collections


def test_another_run_and_answer_are_drawn_when_asked_for_and_refused_where_there_are_none() -> None:
    why = explained([[0.1, 0.2], [0.3, -0.4]])
    assert ends(waterfall(why, run=1))[0] == (0.5, -0.4)
    for wrong in ({"run": 2}, {"run": -1}):
        with pytest.raises(InputError, match="run -?[12]: the explanation has 0 to 1"):
            waterfall(why, **wrong)
    with pytest.raises(InputError, match="answer 1: the explanation has 0 to 0"):
        waterfall(why, answer=1)


@settings(max_examples=20, deadline=None)
@given(
    parts=st.lists(st.floats(-1, 1).map(lambda part: round(part, 6)), max_size=40),
    scale=st.sampled_from([1e-9, 1.0, 1e9]),
    base=st.floats(-1, 1),
)
def test_whatever_the_parts_the_last_bar_ends_at_the_value(parts: list[float], scale: float, base: float) -> None:
    why = explained(scale * np.array(parts), base=scale * base)
    figure = waterfall(why)
    drawn = ends(figure)
    assert sum(width for _, width in drawn) == pytest.approx(scale * sum(parts), abs=1e-9 * scale)
    if drawn:
        assert sum(drawn[-1]) == pytest.approx(why.value[0, 0], abs=1e-9 * scale)
    low, high = figure.axes[0].get_xlim()
    assert all(low < start + width < high for start, width in drawn)
