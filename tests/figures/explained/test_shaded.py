"""The shaded course: fields are the episodes, their colours what they added, hatches what may as well be nothing."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from commonweal.agents.errors import InputError
from commonweal.economy.explaining.tree import stretches
from commonweal.figures.explained import shaded_course
from commonweal.figures.explained.shaded import SHADES
from tests.helpers.explained import entries, estimated, explained, words

SERIES = np.linspace(0, 1, 40)
EPISODES = stretches(40, 4)
WHY = estimated(explained([0.1, -0.4, 0.05, 0.0]), [0.01, 0.1, 0.03, 0.0])


def fields(figure: Figure, panel: int = 0) -> list[Rectangle]:
    return [patch for patch in figure.axes[panel].patches if isinstance(patch, Rectangle)]


def test_the_series_is_drawn_as_given_and_strangers_as_thin_lines() -> None:
    strangers = np.random.default_rng(0).random((3, 40))
    figure = shaded_course(SERIES, EPISODES, WHY, strangers=strangers)
    *others, own = figure.axes[0].get_lines()
    np.testing.assert_array_equal(np.asarray(own.get_xydata()), np.column_stack([np.arange(40), SERIES]))
    np.testing.assert_array_equal([np.asarray(line.get_ydata()) for line in others], strangers)
    assert all(line.get_linewidth() < own.get_linewidth() for line in others)
    assert entries(figure) == ["this run", "3 strangers", "within two standard errors of 0"]


def test_fields_cover_their_episodes_in_the_colour_of_what_they_added() -> None:
    found = fields(shaded_course(SERIES, EPISODES, WHY))
    assert [(field.get_x(), field.get_width()) for field in found] == [(-0.5, 10), (9.5, 10), (19.5, 10), (29.5, 10)]
    shades = SHADES(Normalize(-0.4, 0.4)(np.array([0.1, -0.4, 0.05, 0.0])))
    np.testing.assert_allclose([field.get_facecolor() for field in found], shades)


def test_hatched_are_those_within_two_standard_errors_alone() -> None:
    figure = shaded_course(SERIES, EPISODES, WHY)
    assert [bool(field.get_hatch()) for field in fields(figure)] == [False, False, True, False]
    exact = shaded_course(SERIES, EPISODES, explained([0.1, -0.4, 0.05, 0.0]))
    assert not any(field.get_hatch() for field in fields(exact))
    assert entries(exact) == ["this run"]


def test_what_each_added_is_written_above_it_where_there_is_room() -> None:
    figure = shaded_course(SERIES, EPISODES, WHY)
    assert [text.get_text() for text in figure.axes[0].texts] == ["+0.100", "−0.400", "+0.050", "0"]
    assert [text.get_position()[0] for text in figure.axes[0].texts] == [4.5, 14.5, 24.5, 34.5]
    assert "mostly because of reason 1 (−0.4), then reason 0 (+0.1)" in words(figure)
    many = shaded_course(SERIES, stretches(40, 40), explained(np.full(40, 0.1)))
    assert len(fields(many)) == 40
    assert not many.axes[0].texts


def test_episodes_that_overlap_and_interventions_are_named_bars_below() -> None:
    windows = [range(5, 10), range(8, 40), range(20, 25)]
    figure = shaded_course(SERIES, windows, explained([0.1, -0.4, 0.05], ("raid", "price halved", "festival")))
    assert not fields(figure)
    bars = fields(figure, 1)
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(4.5, 5), (7.5, 32), (19.5, 5)]
    assert [int(bar.get_y()) for bar in bars] == [0, 1, 2]
    names = [text.get_text() for text in figure.axes[1].get_yticklabels()]
    assert names == ["raid  +0.100", "price halved  −0.400", "festival  +0.050"]
    assert len(fields(shaded_course(SERIES, EPISODES, replace(WHY, kind="interventions")), 1)) == 4


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="episodes: 3 of them; the explanation has 4 reasons"):
        shaded_course(SERIES, EPISODES[:3], WHY)
    with pytest.raises(InputError, match="within 0 to 29"):
        shaded_course(SERIES[:30], EPISODES, WHY)
    with pytest.raises(InputError, match="finite numbers"):
        shaded_course(np.where(SERIES > 0.5, np.nan, SERIES), EPISODES, WHY)
    with pytest.raises(InputError, match="rows of 40 rounds"):
        shaded_course(SERIES, EPISODES, WHY, strangers=np.zeros((2, 30)))
