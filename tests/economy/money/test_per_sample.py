"""Credit for each sample held: what is typical, who gains by splitting a name, and the rule that pays by it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from commonweal.economy.money.per_sample import relative_credit, weighted_median
from commonweal.economy.money.settlement import SETTLEMENTS, SettlementTerms
from commonweal.economy.money.time_aware import TimeTerms
from commonweal.testing import check_settlement_rule, standing_with

TENTHS = st.integers(-30, 90).map(lambda tenths: tenths / 10)
CREDITS = st.lists(st.tuples(TENTHS, st.integers(1, 60)), min_size=1, max_size=6)


def terms(cap=1.0):
    one = np.ones((1, 1))
    nothing, time = 0 * one, TimeTerms(one, one)
    return SettlementTerms("synthesised", 50, one, one, nothing, nothing, "net", nothing, one, time, cap * one)


def shares(credit, held, cap, put=None):
    put_in = np.array([held if put is None else put])
    standing = standing_with(np.array([credit], dtype=float), claims=np.array([held]), put=put_in)
    return SETTLEMENTS["synthesised"](standing, terms(cap=cap))[0]


@given(st.lists(st.tuples(st.floats(0, 9), st.integers(0, 9)), min_size=1, max_size=7))
def test_a_weighted_median_is_the_median_of_values_written_out(pairs):
    values, weights = (np.array([each]) for each in zip(*pairs, strict=True))
    written_out = np.sort(np.repeat(values[0], weights[0]))
    expected = written_out[(len(written_out) - 1) // 2] if len(written_out) else values.min()
    assert weighted_median(values, weights)[0, 0] == expected


def test_typical_credit_is_one_and_no_credit_or_harm_is_nothing():
    found = relative_credit(np.array([[2.0, 4.0, 8.0, 0.0, -5.0]]), np.array([[10, 10, 10, 10, 10]]))
    assert_allclose(found, [[0.5, 1.0, 2.0, 0.0, 0.0]], rtol=1e-15)
    assert (relative_credit(np.array([[-1.0, 0.0]]), np.array([[3, 4]])) == 0).all()


@given(CREDITS, st.floats(0.1, 20), st.integers(2, 5))
def test_splitting_credit_and_samples_among_names_changes_nobodys_share(people, cap, names):
    credit, held = (list(each) for each in zip(*people, strict=True))
    held = [names * each for each in held]
    whole = shares(credit, held, cap)
    split = shares(credit[1:] + [credit[0] / names] * names, held[1:] + [held[0] // names] * names, cap)
    assert_allclose(split[: len(credit) - 1], whole[1:], rtol=1e-9, atol=1e-12)
    assert split[len(credit) - 1 :].sum() == pytest.approx(whole[0], rel=1e-9, abs=1e-12)


@given(CREDITS)
def test_a_small_cap_pays_for_samples_put_in_of_all_with_credit_and_no_cap_by_credit(people):
    credit, held = (np.array(each) for each in zip(*people, strict=True))
    standing = standing_with([credit], claims=[held])
    assert_allclose(shares(credit, held, 1e6), SETTLEMENTS["credit"](standing, terms())[0], atol=1e-9)
    put = np.arange(1, len(held) + 1)
    positive = np.where(credit > 0, put, 0)
    if positive.sum():
        assert_allclose(shares(credit, held, 1e-9, put), positive / positive.sum(), atol=1e-9)


def test_who_puts_in_half_of_what_it_holds_has_half_the_weight_while_the_cap_holds():
    assert_allclose(shares([4.0, 4.0, 2.0], [8, 8, 8], 0.5, [8, 8, 4]), [0.4, 0.4, 0.2], rtol=1e-12)


def test_a_cap_takes_what_luck_adds_above_it():
    assert_allclose(shares([1.0, 1.0, 6.0], [8, 8, 8], 1.5), [1 / 3.5, 1 / 3.5, 1.5 / 3.5], rtol=1e-12)


def test_it_keeps_what_every_settlement_rule_promises():
    check_settlement_rule("synthesised")


@pytest.mark.filterwarnings("error")
def test_credit_infinitely_above_the_typical_is_so_without_a_warning() -> None:
    assert relative_credit(np.array([[1e-312, 1.0]]), np.array([[10, 1]])).tolist() == [[1.0, np.inf]]
