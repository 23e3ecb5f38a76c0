"""The beeswarm of a course: each decision is a point in the row of each reason, at what the reason added."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from commonweal import Ensemble, load
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.decisions import explain_course
from commonweal.economy.explaining.sights import watched
from commonweal.figures.explained import beeswarm, seen_by
from commonweal.figures.explained.swarms import spread
from commonweal.figures.ink import ACTIONS, GREY
from tests.helpers.explained import entries, explained, words

VALUES = np.random.default_rng(3).normal(size=(60, 3)) * (0.1, 1.0, 0.3)


def rows(figure: Figure) -> list[PathCollection]:
    return [each for each in figure.axes[0].collections if isinstance(each, PathCollection)]


def labels(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_yticklabels()]


def test_rows_are_sorted_by_mean_size_and_points_lie_at_the_parts() -> None:
    figure = beeswarm(explained(VALUES))
    assert labels(figure) == ["reason 1", "reason 2", "reason 0"]
    for row, reason in zip(rows(figure), (1, 2, 0), strict=True):
        np.testing.assert_array_equal(np.asarray(row.get_offsets())[:, 0], VALUES[:, reason])
    means = [text.get_text() for text in figure.axes[0].texts][:3]
    np.testing.assert_allclose([float(text) for text in means], np.abs(VALUES).mean(axis=0)[[1, 2, 0]], atol=0.005)


def test_points_stay_in_their_row_and_points_of_one_place_lie_apart() -> None:
    for place, row in enumerate(rows(beeswarm(explained(VALUES)))):
        assert (np.abs(np.asarray(row.get_offsets())[:, 1] - place) <= 0.4 + 1e-12).all()
    moved = spread(np.zeros(500), 1.0, 0.1)
    assert len(set(moved)) == 500
    assert np.abs(moved).max() == pytest.approx(0.4)
    assert spread(np.array([0.0, 0.5, 1.0]), 1.0, 0.1).tolist() == [0.0, 0.0, 0.0]


def test_colour_is_what_was_seen_from_little_to_much() -> None:
    seen = pd.DataFrame({"reason 1": np.arange(60.0)})
    figure = beeswarm(explained(VALUES), seen=seen)
    first, second, _ = rows(figure)
    shades = np.asarray(first.get_array())
    assert (np.diff(shades) >= 0).all()
    assert (shades[0], shades[-1]) == (0, 1)
    assert shades[30] == pytest.approx((30 - 2.95) / (56.05 - 2.95))
    assert to_hex(second.get_facecolor()[0]).upper() == GREY
    assert "5th to the 95th percentile" in words(figure)
    assert len(figure.axes) == 2


def test_actions_seen_wear_their_own_colours_and_other_words_none() -> None:
    acts = ["delegate", "defect"] * 30
    figure = beeswarm(explained(VALUES), seen=pd.DataFrame({"reason 0": acts, "reason 2": ["fine", "foul"] * 30}))
    _, weather, last = rows(figure)
    assert [to_hex(colour).upper() for colour in last.get_facecolor()[:2]] == [ACTIONS[act].colour for act in acts[:2]]
    assert {to_hex(colour).upper() for colour in weather.get_facecolor()} == {GREY}
    assert entries(figure) == ["reason 0: delegate", "defect"]


def test_small_reasons_are_one_row_of_their_exact_sums() -> None:
    values = np.random.default_rng(0).normal(size=(30, 40)) * np.linspace(1, 2, 40)
    figure = beeswarm(explained(values))
    assert labels(figure)[-1] == "25 others"
    order = np.argsort(-np.abs(values).mean(axis=0))
    np.testing.assert_allclose(np.asarray(rows(figure)[-1].get_offsets())[:, 0], values[:, order[15:]].sum(axis=1))


def test_other_rows_than_decisions_are_refused() -> None:
    with pytest.raises(InputError, match="seen: 2 rows; the course has 60 decisions"):
        beeswarm(explained(VALUES), seen=pd.DataFrame({"reason 1": [1, 2]}))


def test_what_a_principal_saw_has_a_row_for_each_decision_of_its_course() -> None:
    decisions = watched(Ensemble(load("commons", {"population.count": 6}), [0]), 8)
    course = explain_course(decisions, 2)
    seen = seen_by(decisions, 2)
    assert len(seen) == len(course.value)
    assert list(seen) == list(decisions.names)
    assert set(seen["last action"]) <= set(ACTIONS)
    rounds = [int(number) for number in course.provenance["rounds"].split()]
    place = decisions.names.index("own payoff")
    np.testing.assert_array_equal(seen["own payoff"], decisions.features[0, rounds, 2, place])
    assert len(rows(beeswarm(course, seen=seen))) == len(labels(beeswarm(course, seen=seen)))
