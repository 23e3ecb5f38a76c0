"""Shapley's division among members who can be replaced, and the substitutes that a division presupposes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.scenarios.games.product_game import shapley_of_team, shares_of_team, substitutes_behind, worths

# CEO, CPO, CTO, Programmer, Code Reviewer, Counselor
TEAM = np.array([0.9, 0.8, 0.7, 0.5, 0.7, 0.95])
TALKS = np.array([0.10, 0.15, 0.20, 0.30, 0.20, 0.05])  # agreed in the calculator project, arXiv 2506.07388
DRAWING = np.array([0.05, 0.20, 0.10, 0.35, 0.25, 0.05])  # and in the drawing program

qualities = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=9).map(np.array)
replaceable = st.lists(st.floats(0.05, 0.999), min_size=1, max_size=12).map(np.array)
divisions = st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any).map(lambda w: np.array(w) / sum(w))


def by_enumeration(substitutes: Floats) -> Floats:
    return shapley_value(worths(all_coalitions(len(substitutes)), substitutes)[None])[0]


def test_the_worked_example_to_all_digits_given() -> None:
    values = shapley_of_team(TEAM)
    assert np.round(values, 6).tolist() == [0.051458, 0.107224, 0.168243, 0.312013, 0.168243, 0.025239]
    assert round(values.sum(), 6) == 0.832420
    assert np.round(100 * shares_of_team(TEAM), 1).tolist() == [6.2, 12.9, 20.2, 37.5, 20.2, 3.0]


@given(qualities)
def test_quadrature_gives_what_enumeration_gives(substitutes: Floats) -> None:
    np.testing.assert_allclose(shapley_of_team(substitutes), by_enumeration(substitutes), rtol=0, atol=1e-13)


@given(qualities)
def test_what_the_team_is_worth_beyond_nobody_is_divided_whole(substitutes: Floats) -> None:
    assert shapley_of_team(substitutes).sum() == pytest.approx(1 - substitutes.prod(), abs=1e-13)


def test_a_member_whose_substitute_is_as_good_has_nothing_and_all_alike_the_same() -> None:
    assert shapley_of_team(np.array([1.0, 0.5])).tolist() == [0.0, 0.5]
    assert shares_of_team(np.ones(4)).tolist() == [0.25] * 4
    assert shares_of_team(np.zeros(5)) == pytest.approx(0.2)


def test_where_nobody_at_all_produces_nothing_each_has_an_equal_part_more() -> None:
    values = worths(all_coalitions(6), TEAM)
    values[0] = 0.0
    np.testing.assert_allclose(shapley_value(values[None])[0], shapley_of_team(TEAM) + TEAM.prod() / 6, atol=1e-14)


def test_the_divisions_of_the_paper_presuppose_these_substitutes() -> None:
    found = substitutes_behind(TALKS, 0.2)
    assert np.round(found, 4).tolist() == [0.8544, 0.7878, 0.7251, 0.6109, 0.7251, 0.9250]
    assert found.prod() == pytest.approx(0.2, rel=1e-14)
    # The root that scipy.optimize.root (hybr) finds from x = −shares · log 0.2
    drawing = [0.925581, 0.726926, 0.855376, 0.561755, 0.668356, 0.925581]
    assert np.round(substitutes_behind(DRAWING, 0.2), 6).tolist() == drawing


@given(replaceable)
def test_planted_substitutes_are_recovered(substitutes: Floats) -> None:
    found = substitutes_behind(shares_of_team(substitutes), float(substitutes.prod()))
    np.testing.assert_allclose(found, substitutes, rtol=0, atol=1e-6)  # badly determined where nobody is worth 1e-12


@given(st.lists(st.floats(0.3, 0.99), min_size=1, max_size=8).map(np.array))
def test_planted_substitutes_that_do_some_of_the_work_are_recovered_to_ten_digits(substitutes: Floats) -> None:
    found = substitutes_behind(shares_of_team(substitutes), float(substitutes.prod()))
    np.testing.assert_allclose(found, substitutes, rtol=0, atol=1e-10)


@given(divisions, st.floats(1e-6, 0.999))
def test_every_division_is_shapleys_for_some_team(shares: Floats, nobody: float) -> None:
    found = substitutes_behind(shares, nobody)
    assert ((found > 0) & (found <= 1)).all()
    assert ((found == 1) == (shares == 0)).all()
    assert found.prod() == pytest.approx(nobody, rel=1e-12)
    np.testing.assert_allclose(shapley_of_team(found), shares * (1 - nobody), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("shares", "nobody", "line"),
    [
        ([0.5, 0.6], 0.2, "shares sum to 1.1"),
        ([1.5, -0.5], 0.2, "at least 0"),
        ([np.nan, 1.0], 0.2, "at least 0"),
        ([], 0.2, "sum to 0"),
        ([0.5, 0.5], 0.0, "nobody = 0: must be more than 0"),
        ([0.5, 0.5], 1.0, "nobody = 1: must be more than 0 and less than 1"),
        ([0.5, 0.5], np.nan, "nobody = nan"),
    ],
)
def test_what_is_no_division_is_refused(shares: list[float], nobody: float, line: str) -> None:
    with pytest.raises(InputError, match=line):
        substitutes_behind(np.array(shares), nobody)
