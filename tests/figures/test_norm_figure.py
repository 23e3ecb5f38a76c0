"""The figure of norms: a bar from end to end of the interval in which each is stable, and its cooperation."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from commonweal.agents.errors import InputError
from commonweal.figures.norms import draw_norms
from commonweal.scenarios.runs.intervals import Interval

NORMS = pd.DataFrame({
    "norm": ["stern", "mild", "scoring", "mean"], "low": [1.1, 1.2, np.nan, 0.0], "high": [np.inf, 2.0, np.nan, np.inf],
    "cooperation": [0.94, 0.9, 0.5, 0.0],
})  # fmt: skip
MEASURED = Interval(np.array(2.2), np.array(2.1), np.array(2.4))


def bars(ax: Axes) -> list[tuple[float, float]]:
    """Left end and width of bars, in the order of rows."""
    found = [bar for bar in ax.patches if isinstance(bar, Rectangle) and np.isclose(bar.get_height(), 0.6)]
    return [(bar.get_x(), bar.get_width()) for bar in found]


def colours(ax: Axes) -> list[str]:
    return [to_hex(bar.get_facecolor()) for bar in ax.patches if np.isclose(bar.get_height(), 0.6)]  # type: ignore[attr-defined]


def entries(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_bars_go_from_end_to_end_and_to_the_edge_where_there_is_no_upper_end() -> None:
    left, _ = draw_norms(NORMS, "").axes
    edge = left.get_xlim()[1]
    assert edge == 3.0
    np.testing.assert_allclose(bars(left), [(1.1, edge - 1.1), (1.2, 0.8), (0.0, edge)])
    arrows = [float(np.asarray(line.get_ydata())[0]) for line in left.get_lines() if line.get_marker() == ">"]
    assert arrows == [0.0, 3.0]
    assert [text.get_text() for text in left.texts] == ["from 1.100", "1.200–2.000", "never", "always"]
    assert [text.get_text() for text in left.get_yticklabels()] == list(NORMS["norm"])


def test_cooperation_is_drawn_and_written_beside_each_norm() -> None:
    _, right = draw_norms(NORMS, "").axes
    np.testing.assert_allclose([width for _, width in bars(right)], NORMS["cooperation"])
    assert [text.get_text() for text in right.texts] == ["0.940", "0.900", "0.500", "0.000"]


def test_norms_that_are_not_stable_at_the_measured_ratio_are_pale_and_the_ratio_is_a_line() -> None:
    figure = draw_norms(NORMS, "", MEASURED)
    left, right = figure.axes
    dark, pale, none, also_dark = colours(right)
    assert dark == also_dark != pale == none
    assert colours(left) == [dark, pale, dark]
    (line,) = [line for line in left.get_lines() if line.get_marker() in ("", "None")]
    assert list(np.asarray(line.get_xdata())) == [2.2, 2.2]
    assert entries(figure) == ["measured benefit per cost 2.20 [2.10, 2.40]", "not stable there"]
    alone = draw_norms(NORMS, "")
    assert colours(alone.axes[1]) == [dark, dark, pale, dark]
    assert entries(alone) == ["not stable at any ratio"]


def test_a_measured_ratio_beyond_every_end_has_a_place_on_the_axis() -> None:
    far = Interval(np.array(7.0), np.array(np.nan), np.array(np.nan))
    figure = draw_norms(NORMS, "", far)
    assert figure.axes[0].get_xlim()[1] > 7
    assert entries(figure)[0] == "measured benefit per cost 7.00"


def test_cooperation_under_private_images_is_a_mark_upon_the_bar() -> None:
    private = np.array([0.5, np.nan, 0.49, 0.0])
    figure = draw_norms(NORMS.assign(private=private), "")
    (marks,) = [line for line in figure.axes[1].get_lines() if line.get_marker() == "D"]
    np.testing.assert_array_equal(np.asarray(marks.get_xdata(), dtype=np.float64), private)
    assert entries(figure)[-1] == "private images"


def test_the_caption_says_what_stable_means_and_the_note() -> None:
    words = " ".join(text.get_text().replace("\n", " ") for text in draw_norms(NORMS, "Each error .02.").texts)
    assert "no other rule of action does as well" in words
    assert "Each error .02." in words


def test_missing_columns_and_rows_are_said_in_one_line() -> None:
    with pytest.raises(InputError, match="norms: no column 'high'"):
        draw_norms(NORMS.drop(columns="high"), "")
    with pytest.raises(InputError, match="norms: no rows"):
        draw_norms(NORMS.iloc[:0], "")
