"""The profile map: cells are the parts, bars go from the base to the outcome."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from commonweal.agents.errors import InputError
from commonweal.figures.explained import profile_map
from commonweal.figures.explained.marks import common_words, shortened
from tests.helpers.explained import entries, estimated, explained, words

VALUES = np.array([[0.1, -0.2, 0.0], [0.3, 0.0, -0.1]])
WHY = explained(VALUES, ("principal 0", "principal 1", "principal 2"))


def bars(figure: Figure) -> list[tuple[float, float]]:
    return [(bar.get_x(), bar.get_width()) for bar in figure.axes[1].patches if isinstance(bar, Rectangle)]


def test_cells_are_the_parts_white_at_0_and_equally_deep_for_either_sign() -> None:
    (image,) = profile_map(WHY).axes[0].images
    np.testing.assert_array_equal(np.asarray(image.get_array()), VALUES)
    assert image.get_clim() == (-0.3, 0.3)
    np.testing.assert_allclose(image.to_rgba(np.zeros(1))[0], 1.0, atol=0.01)


def test_parts_are_written_into_few_cells_and_not_into_many() -> None:
    texts = [text.get_text() for text in profile_map(WHY).axes[0].texts]
    assert texts == ["0.100", "−0.200", "0", "0.300", "0", "−0.100"]
    assert not profile_map(explained(np.ones((100, 5)))).axes[0].texts


def test_bars_go_from_the_base_to_the_outcome() -> None:
    figure = profile_map(WHY)
    np.testing.assert_allclose(bars(figure), [(0.5, -0.1), (0.5, 0.2)])
    (diamonds,) = [line for line in figure.axes[1].get_lines() if line.get_marker() == "D"]
    np.testing.assert_allclose(np.asarray(diamonds.get_xdata()), WHY.value[:, 0])


def test_columns_share_their_first_word_and_rows_have_labels() -> None:
    left = profile_map(WHY, labels=["as played", "all defect"]).axes[0]
    assert [text.get_text() for text in left.get_yticklabels()] == ["as played", "all defect"]
    assert [text.get_text() for text in left.get_xticklabels()] == ["0", "1", "2"]
    assert left.get_xlabel() == "principal"
    assert common_words(["price", "price 2"]) == common_words(["one"]) == common_words([]) == ""
    assert common_words(["payoff of principal 1", "payoff of principal 2"]) == "payoff of principal"
    assert shortened(["the audit", "a stake"]) == ["the audit", "a stake"]


def test_what_each_chose_is_a_mark_of_the_action_or_a_word() -> None:
    acts = [["delegate", "defect", "delegate"], ["abstain", "delegate", "defect"]]
    figure = profile_map(WHY, chosen=acts)
    marks = {line.get_marker(): np.asarray(line.get_xydata()).tolist() for line in figure.axes[0].get_lines()}
    assert marks == {"o": [[0, 0], [2, 0], [1, 1]], "^": [[1, 0], [2, 1]], "D": [[0, 1]]}
    assert entries(figure) == ["delegate", "defect", "abstain"]
    levels = profile_map(WHY, chosen=[["0.1", "on", "x"], ["0.2", "off", "y"]])
    assert [text.get_text() for text in levels.axes[0].texts] == ["0.1", "on", "x", "0.2", "off", "y"]


def test_parts_that_may_as_well_be_0_have_a_dot_in_their_corner() -> None:
    figure = profile_map(estimated(WHY, [0.06, 0.06, 0.0]))
    (dots,) = figure.axes[0].get_lines()
    np.testing.assert_allclose(np.asarray(dots.get_xydata()), [(0.4, 0.32), (1.4, 1.32)])
    assert "within two standard errors of 0" in words(figure)
    assert "within two" not in words(profile_map(WHY))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="labels: 1 of them; the explanation has 2 profiles"):
        profile_map(WHY, labels=["one"])
    with pytest.raises(InputError, match="chosen: 3 of them"):
        profile_map(WHY, chosen=[["delegate"] * 3] * 3)
    with pytest.raises(InputError, match="chosen: a row of 2 words; there are 3 reasons"):
        profile_map(WHY, chosen=[["delegate"] * 2] * 2)
    with pytest.raises(InputError, match="no reasons"):
        profile_map(explained(np.zeros((2, 0))))
