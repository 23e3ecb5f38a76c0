"""Explainers of courses, on courses whose explanation is known."""

from functools import cache

import numpy as np
import pytest
import torch
from shared.planted_motif import ROUNDS, planted, precision
from torch import nn

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.credit.exact import all_coalitions
from commonweal.economy.explaining.post_hoc import EXPLAINERS, FACTS, Courses, Training, explain_courses, explainer
from commonweal.economy.explaining.post_hoc.classifier import Classifier, fit_classifier
from commonweal.economy.explaining.post_hoc.gradients import integrated_gradients
from commonweal.economy.explaining.post_hoc.luck_in_model import _worths
from commonweal.economy.explaining.post_hoc.occlusion import occlusion_map
from commonweal.economy.explaining.post_hoc.transitions import remembered
from commonweal.economy.explaining.segments import explain_segments, without

EPISODES = [range(0, 10), range(10, 20), range(20, 30)]


def walks(runs: int, seed: int) -> Courses:
    """Random walks with steps of .1, and a second channel that is noise; the outcome is where the first one ends."""
    stream = np.random.default_rng(seed)
    steps = 0.1 * stream.normal(size=(runs, 30))
    steps[:, 0] = 0
    series = np.stack([steps.cumsum(axis=1), stream.normal(size=(runs, 30))], axis=2)
    return Courses(series, series[:, -1, 0].copy())


@cache
def trained() -> Training:
    return Training(walks(1000, 0), high=0.0)


@cache
def trained_again() -> Training:
    return Training(walks(1000, 0), high=0.0)


SLOW = ("model_expectation", "model_luck")  # they fit a transition model
NAMES = {name: pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in EXPLAINERS}


@cache
def changes() -> tuple[Floats, Floats]:
    """Test walks, and by how much each moved in an episode: just that is the change of the expected outcome."""
    series = walks(40, 1).series
    bounds = series[:, [0, 9, 19, 29], 0]
    return series, np.diff(bounds, axis=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES.values())
def test_every_explainer_answers_each_run_and_says_the_same_twice(name: str) -> None:
    series = changes()[0][:3]
    found = explain_courses(name, series, EPISODES, trained())
    assert found.shape == (3, 3)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(explain_courses(name, series, EPISODES, trained_again()), found)


@pytest.mark.parametrize("name", [NAMES[name] for name in ("change", "expectation", *SLOW)])
def test_of_a_random_walk_each_episode_did_what_it_moved(name: str) -> None:
    series, moved = changes()
    found = explain_courses(name, series, EPISODES, trained())
    assert np.corrcoef(found.ravel(), moved.ravel())[0, 1] > 0.95
    assert (found * moved).sum() / (moved**2).sum() == pytest.approx(1, abs=0.15)


def test_what_all_runs_do_is_not_unusual() -> None:
    courses = walks(50, 2)
    drift = np.linspace(0, 5, 30)[:, None] * np.array([1.0, 0.0])
    plain = explain_courses("unusual_change", courses.series, EPISODES, Training(courses, 0.0))
    known = Training(Courses(courses.series + drift, courses.outcome), 0.0)
    np.testing.assert_allclose(
        explain_courses("unusual_change", courses.series + drift, EPISODES, known), plain, atol=1e-12
    )


def test_steps_falls_and_slopes_of_a_course_by_hand() -> None:
    first = np.zeros(30)
    first[5:] += 1  # a jump of 1 in round 5
    first[25:] -= 2
    series = np.stack([first, np.zeros(30)], axis=1)[None]
    known = Training(walks(50, 0), 0.0)
    np.testing.assert_array_equal(explain_courses("largest_step", series, EPISODES, known), [[1, 0, -2]])
    np.testing.assert_array_equal(explain_courses("drop", series, EPISODES, known), [[0, 0, -2]])
    np.testing.assert_array_equal(explain_courses("change", series, EPISODES, known), [[1, 0, -2]])
    slopes = explain_courses("slope", series, EPISODES, known)
    assert slopes[0, 0] == pytest.approx(12.5 / 82.5)  # Σ over the upper half of 0.5 … 4.5, over Σ (±0.5 … ±4.5)²
    assert slopes[0, 2] == pytest.approx(-25 / 82.5)


@pytest.mark.slow
def test_integrated_gradients_sum_to_the_difference_of_logits() -> None:
    """To a thousandth of the largest: along the line the network has kinks, between which steps fall."""
    series, known = changes()[0], trained()
    found = integrated_gradients(known.classifier, series, known.usual, steps=1000)
    away = known.classifier.logits(series) - known.classifier.logits(known.usual[None])
    np.testing.assert_allclose(found.sum(axis=1), away, atol=1e-3 * np.abs(away).max())


class FirstEpisode(nn.Module):
    """Logit: the sum of the first channel over rounds 0 to 9."""

    def forward(self, series: torch.Tensor) -> torch.Tensor:
        return series[:, :10, 0].sum(dim=1)


LINEAR = Classifier(FirstEpisode(), np.zeros(2), np.ones(2), 1.0)  # type: ignore[arg-type]


def test_gradients_of_a_linear_score_are_its_terms() -> None:
    series, usual = changes()[0], trained().usual
    found = integrated_gradients(LINEAR, series, usual)
    np.testing.assert_allclose(found[:, :10], (series - usual)[:, :10, 0], atol=1e-6)
    np.testing.assert_array_equal(found[:, 10:], 0)


def test_occlusion_is_nothing_where_the_score_does_not_look() -> None:
    found = occlusion_map(LINEAR, changes()[0], window=5)
    np.testing.assert_array_equal(found[:, 14:], 0)
    assert np.abs(found[:, :10]).max() > 0.1


def test_segments_of_several_channels_are_lines_in_each() -> None:
    series = np.stack([np.array([0.0, 5, 5, 3]), np.array([1.0, 0, 0, 4])], axis=1)
    kept = np.array([[False]])
    found = without(series, (range(1, 3),), kept)
    np.testing.assert_allclose(found, [[[0, 1], [1, 2], [2, 3], [3, 4]]])
    both = explain_segments(series, (range(1, 3),), lambda many: many.sum(axis=(1, 2)))
    assert both.values[0, 0, 0] == pytest.approx(10 - 8)  # 5 + 5 + 0 + 0 less 1 + 2 + 2 + 3


@pytest.mark.slow
def test_a_model_that_keeps_all_luck_plays_the_run_itself() -> None:
    """All coalitions of the same prefix share a state, and the coalition of all ends where the run ended."""
    series, known = changes()[0][:4], trained()
    model = known.transitions
    states, innovations = remembered(series), model.innovations_of(series)
    for t in range(1, 30):
        np.testing.assert_allclose(model.step(states[:, t - 1], innovations[:, t - 1]), states[:, t], atol=1e-5)
    worths = _worths(series, EPISODES, known, all_coalitions(3), 4)
    np.testing.assert_allclose(worths[:, -1], series[:, -1, 0], atol=0.15)


@pytest.mark.slow
def test_the_classifier_says_how_often_it_is_right_on_runs_that_it_has_not_seen() -> None:
    courses = walks(400, 3)
    assert fit_classifier(courses.series, courses.outcome > 0).accuracy > 0.9
    coins = np.random.default_rng(0).random(400) > 0.5
    assert fit_classifier(courses.series, coins).accuracy < 0.65


def test_explainers_are_asked_by_name_and_listed_once() -> None:
    assert set(EXPLAINERS) == set(FACTS)
    with pytest.raises(InputError, match="explainer 'tarot'"):
        explain_courses("tarot", changes()[0], EPISODES, trained())
    with pytest.raises(InputError, match="already registered"):
        explainer("change", FACTS["change"])(lambda series, episodes, training: series[..., 0])
    with pytest.raises(InputError, match="must be the same"):
        explain_courses("change", changes()[0][:, :20], EPISODES[:2], trained())
    with pytest.raises(InputError, match=r"\(R, T, C\)"):
        Courses(np.zeros((3, 4)), np.zeros(3))


@pytest.mark.slow
def test_a_planted_motif_is_found_by_occlusion() -> None:
    """AR(1), 200 rounds, a motif of 24 and a decoy: chance .12, and occlusion far above (.93 in a like experiment)."""
    known = Training(planted(1000, 0)[0], 0.5)
    courses, where = planted(40, 1)
    held = courses.outcome > 0
    assert where[held].mean() == pytest.approx(24 / ROUNDS)
    assert known.classifier.accuracy > 0.97
    assert precision(where[held], occlusion_map(known.classifier, courses.series[held])) > 0.9
