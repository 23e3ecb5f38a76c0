"""Value profiles: drawn, moved by acquaintances, moved by experience."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from commonweal.agents.arrays import Floats
from commonweal.agents.graphs import CompleteGraph, build_graph
from commonweal.agents.population import PopulationTerms
from commonweal.agents.streams import Streams
from commonweal.agents.terms import stack
from commonweal.agents.values import (
    ValueTerms,
    draw_limits,
    experience,
    friedkin_johnsen,
    hegselmann_krause,
    move_limits,
    prospect_value,
)
from commonweal.scenarios.schema.scenario import Population, Values

PROTECT = {"sense": "protect", "label": 1, "limit": 0.3, "spread": 0.5}
WITHHOLD = {"sense": "withhold", "label": 2, "limit": 0.5, "spread": 0.5}
N = 12


def terms_of(runs: int = 1, **fields: object) -> ValueTerms:
    return stack(ValueTerms, [Values.model_validate({"dimensions": [PROTECT, WITHHOLD], **fields})] * runs)


def limits_of(terms: ValueTerms, runs: int = 1) -> Floats:
    return draw_limits(terms.dimensions, N, Streams.from_seeds(range(runs)).population)


def test_limits_are_uniform_around_the_middle_and_cut_to_the_valid_range() -> None:
    limits = draw_limits(terms_of().dimensions, 20_000, Streams.from_seeds([0]).population)[0]
    assert limits.min(axis=0) == pytest.approx([0.0, 0.0], abs=1e-3) and limits.min() >= 0
    assert limits.max(axis=0) == pytest.approx([0.8, 1.0], abs=1e-3)
    assert (limits[:, 0] == 0).mean() == pytest.approx(0.2, abs=0.01)  # 0.3 ± 0.5: a fifth falls below zero
    assert np.median(limits[:, 1]) == pytest.approx(0.5, abs=0.01)


def test_without_value_dimensions_there_is_nothing_to_draw_or_move() -> None:
    terms = terms_of(dimensions=(), influence="hegselmann_krause", experience=1.0)
    limits = limits_of(terms)
    assert limits.shape == (1, N, 0)
    assert move_limits(limits, limits, CompleteGraph(1, N), np.zeros((1, 0)), np.ones((1, N)), terms) is limits


def test_limits_stay_the_very_same_where_nothing_moves_them() -> None:
    terms = terms_of()
    limits = limits_of(terms)
    assert move_limits(limits, limits, CompleteGraph(1, N), np.ones((1, 2)), np.ones((1, N)), terms) is limits


def test_friedkin_johnsen_settles_where_their_experiment_of_four_predicts() -> None:
    # Friedkin and Johnsen (1999): W, susceptibilities and first opinions of a group of four, and its equilibrium.
    weights = np.array(
        [[0.220, 0.120, 0.360, 0.300], [0.147, 0.215, 0.344, 0.294], [0, 0, 1, 0], [0.090, 0.178, 0.446, 0.286]]
    )
    susceptibility = np.array([0.780, 0.785, 0.0, 0.714])
    first = np.array([25.0, 25.0, 75.0, 85.0])
    opinion = first
    for _ in range(200):
        opinion = friedkin_johnsen(weights @ opinion, first, susceptibility)
    np.testing.assert_allclose(opinion, [60.02085, 59.98397, 75.0, 74.98621], atol=1e-5)


def test_the_wholly_stubborn_keep_their_first_limits_and_the_wholly_open_agree() -> None:
    for stubbornness, spread_left in ((1.0, 1.0), (0.0, 0.0)):
        terms = terms_of(influence="friedkin_johnsen", stubbornness=stubbornness)
        anchor = limits = limits_of(terms)
        for _ in range(100):
            limits = move_limits(limits, anchor, CompleteGraph(1, N), np.zeros((1, 2)), np.zeros((1, N)), terms)
        np.testing.assert_allclose(np.ptp(limits, axis=1), spread_left * np.ptp(anchor, axis=1), atol=1e-9)


@given(arrays(np.float64, (1, 9, 2), elements=st.floats(0, 1)), st.floats(0, 1))
def test_bounded_confidence_keeps_the_order_and_the_range_of_opinions(opinion: Floats, confidence: float) -> None:
    moved = hegselmann_krause(opinion, CompleteGraph(1, 9), np.array([[confidence]]))
    for k in range(2):
        before, after = opinion[0, :, k], moved[0, :, k]
        assert (np.diff(after[np.argsort(before)]) >= -1e-9).all()
        assert before.min() - 1e-9 <= after.min() and after.max() <= before.max() + 1e-9


@given(arrays(np.float64, (1, 9, 1), elements=st.floats(0, 0.25)))
def test_opinions_within_the_confidence_of_each_other_agree_at_once(opinion: Floats) -> None:
    moved = hegselmann_krause(opinion, CompleteGraph(1, 9), np.array([[0.25]]))
    np.testing.assert_allclose(moved, np.full_like(moved, opinion.mean()), atol=1e-12)


def test_camps_further_apart_than_the_confidence_never_meet() -> None:
    opinion = np.array([0.0, 0.1, 0.2, 0.8, 0.9, 1.0])[None, :, None]
    for _ in range(20):
        opinion = hegselmann_krause(opinion, CompleteGraph(1, 6), np.array([[0.25]]))
    np.testing.assert_allclose(opinion[0, :, 0], [0.1] * 3 + [0.9] * 3, atol=1e-9)


def test_prospect_theory_feels_a_hundred_as_57_54_and_losing_it_2_25_times_as_much() -> None:
    # Tversky and Kahneman (1992): exponent .88, loss aversion 2.25.
    felt = prospect_value(np.array([100.0, -100.0, 0.0]), 2.25)
    np.testing.assert_allclose(felt, [57.54, -2.25 * 57.54, 0.0], atol=0.02)


@pytest.mark.parametrize(("harm", "gain", "stricter"), [(0.1, 0.0, True), (0.0, 1.0, False), (0.0, -1.0, True)])
def test_harm_and_loss_tighten_limits_and_gain_loosens_them(harm: float, gain: float, stricter: bool) -> None:
    terms = terms_of(experience=0.1)
    limits = np.full((1, 1, 2), 0.5)
    moved = experience(
        limits, terms.strictness, np.full((1, 2), harm), np.full((1, 1), gain), terms.experience, terms.loss_aversion
    )
    tightened = (moved - limits)[0, 0] * [-1, 1]  # a stricter protect limit is lower, a stricter withhold limit higher
    assert (tightened > 0).tolist() == [stricter, stricter]


def test_relief_is_not_the_opposite_of_harm_and_a_loss_weighs_more_than_a_gain() -> None:
    terms = terms_of(experience=0.1)
    limits = np.full((1, 3, 2), 0.5)
    gain = np.array([[0.0, 1.0, -1.0]])
    moved = experience(limits, terms.strictness, np.full((1, 3, 2), -1.0), gain, terms.experience, terms.loss_aversion)
    np.testing.assert_allclose((moved - limits)[0, :, 1], [0.0, -0.1, 0.225])  # rate .1, loss aversion 2.25


def test_moved_limits_stay_valid_however_strong_the_experience() -> None:
    terms = terms_of(experience=10.0, influence="friedkin_johnsen")
    limits = limits_of(terms)
    for harm, gain in ((5.0, -5.0), (0.0, 50.0)):
        moved = move_limits(limits, limits, CompleteGraph(1, N), np.full((1, 2), harm), np.full((1, N), gain), terms)
        assert (moved >= 0).all() and (moved[:, :, 1] <= 1).all()
    assert (moved[:, :, 0] > 100).all()  # a protect limit has no ceiling


@pytest.mark.parametrize("influence", ["none", "friedkin_johnsen", "hegselmann_krause"])
@pytest.mark.parametrize("graph", ["complete", "watts_strogatz"])
def test_a_run_moves_its_values_alike_alone_and_in_an_ensemble(influence: str, graph: str) -> None:
    acquaintances = stack(PopulationTerms, [Population.model_validate({"count": N, "graph": graph})] * 3)
    terms = replace(terms_of(3, influence=influence), experience=np.array([[0.0], [0.5], [0.1]]))
    alone = replace(terms_of(1, influence=influence), experience=np.array([[0.5]]))
    limits = limits_of(terms, runs=3)
    harm, gain = np.random.default_rng(0).random((3, 2)), np.random.default_rng(1).normal(size=(3, N))
    knows = build_graph(acquaintances, Streams.from_seeds([0, 1, 2]).graph)
    together = move_limits(limits, limits, knows, harm, gain, terms)
    own = slice(1, 2)
    known = build_graph(replace(acquaintances, rewiring=acquaintances.rewiring[own]), Streams.from_seeds([1]).graph)
    assert np.array_equal(together[own], move_limits(limits[own], limits[own], known, harm[own], gain[own], alone))
