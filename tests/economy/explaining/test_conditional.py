"""Conditional means of all coalitions of features: worked values, agreement with enumeration, and what must hold."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from commonweal.agents.errors import InputError
from commonweal.economy.credit.exact import shapley_value
from commonweal.economy.explaining.conditional import (
    conditional_games,
    explain_rows,
    outcome_of,
)
from commonweal.economy.explaining.revisits import Process, masked_returns
from commonweal.economy.explaining.rows import Bins, Rows
from commonweal.economy.explaining.valued import Question
from commonweal.economy.explaining.values import Effort

# Four observations of two binary features, seen with probability p: how likely the action is, and what follows.
SEEN = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
P = np.array([0.4, 0.1, 0.2, 0.3])
LAW = np.array([0.9, 0.5, 0.2, 0.1])
VALUE = np.array([1.0, 2.0, 0.0, 4.0])


def question(kind="behaviour", features=2, answers=1) -> Question:
    return Question(kind, "it", "the average", tuple(map(str, range(features))), tuple(map(str, range(answers))))


def worked(answers):
    """The four decisions explained, in worked figures."""
    table = np.asarray(answers).T
    return explain_rows(Rows.of(SEEN, table, P), SEEN, question(answers=table.shape[1]))


class TestWorkedFigures:
    """Computed by hand from p, π and V above."""

    def test_conditional_means_of_all_coalitions(self):
        games = conditional_games(Rows.of(SEEN, LAW[:, None], P), SEEN)
        expected = [[0.48, 0.82, 2 / 3, 0.9], [0.48, 0.82, 0.2, 0.5]]  # nothing, the first, the second, both known
        np.testing.assert_allclose(games.values[:2, 0], expected, rtol=1e-15)

    def test_behaviour(self):
        expected = [[0.286667, 0.133333], [0.32, -0.3], [-0.403333, 0.123333], [-0.22, -0.16]]
        np.testing.assert_allclose(worked([LAW]).values[..., 0], expected, atol=5e-7)

    def test_prediction(self):
        found = worked([VALUE])
        np.testing.assert_allclose(found.values[0, :, 0], [-0.133333, -0.666667], atol=5e-7)

    def test_outcome_is_behaviour_weighed_by_returns(self):
        behaviour = worked([LAW, 1 - LAW])
        returns = np.tile([5.0, 3.888889], (4, 1))  # of taking the action, and of not
        outcome = outcome_of(behaviour, returns, "what follows")
        np.testing.assert_allclose(outcome.values[3, :, 0], [-0.244444, -0.177778], atol=5e-7)
        np.testing.assert_allclose(outcome.values[3, :, 0], behaviour.values[3, :, 0] * (5 - 3.888889), atol=1e-15)

    def test_decisions_that_agree_are_counted_for_each_coalition(self):
        codes = np.repeat(SEEN, (4, 1, 2, 3), axis=0)
        games = conditional_games(Rows.of(codes, np.repeat(LAW, (4, 1, 2, 3))[:, None]), SEEN[:2])
        np.testing.assert_array_equal(games.matching, [[10, 5, 6, 4], [10, 5, 4, 1]])


class TestRevisits:
    """At A one stays (reward 1) or goes to B, from where one comes back; discount .9, stays with probability .8."""

    process = Process(
        rewards=np.array([[1.0, 0.0], [0.0, 0.0]]),
        moves=np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]]]),
        discount=0.9,
    )
    policy = np.array([[0.8, 0.2], [1.0, 0.0]])

    def test_masking_at_every_visit_is_another_number_than_at_the_first(self):
        # V = .8 (1 + .9 V) + .2 · .81 V, and the same with .4 and .6
        assert self.process.values(self.policy)[0] == pytest.approx(6.779661, abs=5e-7)
        laws = np.array([[0.4, 0.6]])
        every, first = (
            masked_returns(self.process, self.policy, 0, laws, every_visit=each)[0] for each in (True, False)
        )
        assert every == pytest.approx(2.597403, abs=5e-7)
        assert first == pytest.approx(6.135593, abs=5e-7)

    def test_masked_once_the_game_of_returns_has_the_values_that_linearity_says(self):
        games = conditional_games(Rows.of(SEEN, np.stack([LAW, 1 - LAW], axis=1), P), SEEN[3:])
        behaviour = worked([LAW, 1 - LAW])
        returns = masked_returns(self.process, self.policy, 0, games.values[0].T, every_visit=False)
        q = self.process.action_values(self.policy)[0]
        outcome = outcome_of(behaviour, np.tile(q, (4, 1)), "what follows")
        np.testing.assert_allclose(outcome.values[3, :, 0], shapley_value(returns[None])[0], atol=1e-14)


def enumerated(codes, answers, weights, decision):
    """Shapley values by their definition: every coalition, every mean, no bit tricks."""
    features = codes.shape[1]

    def mean(known):
        agree = np.all(codes[:, list(known)] == decision[list(known)], axis=1)
        return (weights[agree, None] * answers[agree]).sum(axis=0) / weights[agree].sum()

    values = np.zeros((features, answers.shape[1]))
    for feature in range(features):
        others = [each for each in range(features) if each != feature]
        for size in range(features):
            weight = factorial(size) * factorial(features - size - 1) / factorial(features)
            for known in combinations(others, size):
                values[feature] += weight * (mean((*known, feature)) - mean(known))
    return values


def plays(features: int = 5, rows: int = 40):
    """Random decisions: codes, laws of two actions, weights."""
    random = np.random.default_rng
    return st.integers(0, 2**32 - 1).map(
        lambda seed: (
            random(seed).integers(0, 3, (rows, features)),
            random(seed + 1).dirichlet(np.ones(2), rows),
            random(seed + 2).random(rows) + 0.01,
        )
    )


@given(plays())
def test_it_agrees_with_enumeration(play):
    codes, laws, weights = play
    found = explain_rows(Rows.of(codes, laws, weights), codes[:3], question(features=5, answers=2))
    for place in range(3):
        expected = enumerated(codes, laws, weights, codes[place])
        np.testing.assert_allclose(found.values[place], expected, rtol=0, atol=1e-15 * 4)


def test_it_agrees_with_enumeration_at_eight_features():
    random = np.random.default_rng(8)
    codes, laws = random.integers(0, 4, (300, 8))[random.integers(0, 300, 900)], random.dirichlet(np.ones(3), 900)
    found = explain_rows(Rows.of(codes, laws), codes[:2], question(features=8, answers=3))
    expected = np.stack([enumerated(codes, laws, np.ones(900), codes[place]) for place in range(2)])
    assert np.abs(found.values - expected).max() <= 2e-15


@given(plays())
def test_a_feature_that_is_always_the_same_has_exactly_no_part(play):
    codes, laws, weights = play
    placebo = np.insert(codes, 2, 1, axis=1)
    games = conditional_games(Rows.of(placebo, laws, weights), placebo[:2])  # where it is a player like any other
    assert (shapley_value(games.values.reshape(4, -1))[:, 2] == 0).all()
    found = explain_rows(Rows.of(placebo, laws, weights), placebo[:2], question(features=6, answers=2))
    assert (found.values[:, 2] == 0).all()
    without = explain_rows(Rows.of(codes, laws, weights), codes[:2], question(features=5, answers=2))
    np.testing.assert_allclose(np.delete(found.values, 2, axis=1), without.values, atol=1e-14)


def test_a_feature_that_the_policy_ignores_has_no_part_where_it_is_independent_of_the_rest():
    codes = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)  # all, equally often
    law = (0.2 + 0.1 * codes[:, 0] * codes[:, 1])[:, None]
    found = explain_rows(Rows.of(codes, law), codes, question(features=3))
    np.testing.assert_allclose(found.values[:, 2], 0.0, atol=1e-15)


def test_a_feature_that_the_policy_ignores_shares_the_part_of_one_that_it_copies():
    codes = np.repeat([[0, 0], [1, 1]], 5, axis=0)
    found = explain_rows(Rows.of(codes, codes[:, :1].astype(float)), codes[:1], question())
    np.testing.assert_allclose(found.values[0, :, 0], [-0.25, -0.25])


@given(plays(), st.permutations(range(5)))
def test_features_in_another_order_have_the_same_parts(play, order):
    codes, laws, weights = play
    found = explain_rows(Rows.of(codes, laws, weights), codes[:2], question(features=5, answers=2))
    moved = codes[:, order]
    again = explain_rows(Rows.of(moved, laws, weights), moved[:2], question(features=5, answers=2))
    np.testing.assert_allclose(again.values, found.values[:, order], atol=1e-14)


@given(plays())
def test_parts_sum_to_the_mean_of_those_alike_less_that_of_all(play):
    codes, laws, weights = play
    found = explain_rows(Rows.of(codes, laws, weights), codes, question(features=5, answers=2))
    np.testing.assert_allclose(found.base, np.tile(np.average(laws, axis=0, weights=weights), (40, 1)), atol=1e-14)
    assert np.abs(found.gap).max() < 1e-14


@given(plays())
def test_what_bins_hide_of_a_decision_is_left_open(play):
    codes, laws, weights = play
    coarse = codes // 2
    rows = Rows.of(coarse, laws, weights)
    found = explain_rows(rows, coarse, question(features=5, answers=2), truth=laws)
    known = explain_rows(rows, coarse, question(features=5, answers=2))
    np.testing.assert_array_equal(found.residual, laws - known.value)
    np.testing.assert_array_equal(found.values, known.values)


def test_where_nothing_varies_nothing_adds_to_the_answer():
    found = explain_rows(Rows.of(np.ones((3, 2), dtype=int), np.full((3, 1), 0.7)), np.ones((1, 2), int), question())
    assert (found.values == 0).all() and found.base == found.value == pytest.approx(0.7)


def test_a_decision_that_is_not_among_the_rows_is_refused():
    with pytest.raises(ValueError, match="not among the rows"):
        explain_rows(Rows.of(SEEN[:3], LAW[:3, None]), SEEN[3:], question())


class TestSampledCoalitions:
    """Where there are too many coalitions some are drawn; each one's conditional mean is still exact."""

    def play(self, features=10):
        random = np.random.default_rng(3)
        seen = random.integers(0, 3, (200, features))
        codes = seen[random.integers(0, 200, 1000)]
        law = 1 / (1 + np.exp(-(codes[:, 0] - codes[:, 1] + codes[:, 2] * codes[:, 3] - 1.0)))
        return codes, np.stack([law, 1 - law], axis=1)

    def test_with_all_of_them_values_are_those_of_superset_sums(self):
        codes, laws = self.play()
        rows, asked = Rows.of(codes, laws), question(features=10, answers=2)
        exact = explain_rows(rows, codes[:4], asked)
        every = explain_rows(rows, codes[:4], asked, effort=Effort(budget=1024))
        np.testing.assert_allclose(every.values, exact.values, atol=1e-13)
        assert every.provenance | {"method": ""} == exact.provenance | {"method": ""}  # and as many rows alike

    def test_with_some_of_them_values_are_as_near_as_their_standard_errors_say(self):
        codes, laws = self.play(14)
        rows, asked = Rows.of(codes, laws), question(features=14, answers=2)
        exact, missed = explain_rows(rows, codes[:20], asked), []
        for budget in (1024, 4096):
            some = explain_rows(rows, codes[:20], asked, effort=Effort(budget, "leverage_shap"))
            assert not some.exact and np.abs(some.gap).max() < 1e-12
            missed.append(some.values - exact.values)
            assert (np.abs(missed[-1]) <= 2 * some.standard_error).mean() > 0.9  # .95 where errors are normal
        assert (missed[1] ** 2).sum() < (missed[0] ** 2).sum() / 2  # a quarter, but for what is drawn without return

    def test_more_than_twenty_features_are_explained(self):
        # 14 more features that a single row of no weight has otherwise: they vary, and have no part.
        codes, laws = self.play()
        wide = np.column_stack([codes, np.zeros((1000, 14), dtype=np.int64)])
        wide = np.vstack([wide, np.r_[codes[0], np.ones(14, dtype=np.int64)]])
        rows = Rows.of(wide, np.vstack([laws, laws[:1]]), np.r_[np.ones(1000), 0.0])
        found = explain_rows(rows, wide[:20], question(features=24, answers=2))
        exact = explain_rows(Rows.of(codes, laws), codes[:20], question(features=10, answers=2))
        assert not found.exact and np.abs(found.gap).max() < 1e-12
        missed = found.values - np.pad(exact.values, ((0, 0), (0, 14), (0, 0)))
        assert (np.abs(missed) <= 2 * found.standard_error).mean() > 0.9
        assert (missed**2).sum() < 0.1 * (exact.values**2).sum()

    def test_a_decision_that_is_not_among_the_rows_is_refused(self):
        with pytest.raises(ValueError, match="not among the rows"):
            explain_rows(Rows.of(SEEN[:3], LAW[:3, None]), SEEN[3:], question(), effort=Effort(budget=4))


def test_more_features_than_can_be_told_apart_are_refused():
    codes = np.eye(61, dtype=np.int64)
    with pytest.raises(InputError, match="61 features vary: at most 60"):
        explain_rows(Rows.of(codes, np.ones((61, 1))), codes, question(features=61))


class TestBins:
    @given(arrays(np.float64, st.tuples(st.integers(1, 60), st.integers(1, 3)), elements=st.floats(-1e6, 1e6)))
    def test_there_are_at_most_four_in_the_order_of_the_values(self, features):
        codes = Bins.of(features).codes(features)
        assert codes.min() >= 0 and codes.max() <= 3
        for column, code in zip(features.T, codes.T, strict=True):
            assert (np.diff(code[np.argsort(column, kind="stable")]) >= 0).all()
            if len(np.unique(column)) <= 4:
                assert len(np.unique(code)) == len(np.unique(column))

    def test_they_hold_about_as_many_rows_each(self):
        column = np.random.default_rng(0).normal(size=(4000, 1))
        np.testing.assert_allclose(np.bincount(Bins.of(column).codes(column)[:, 0]), 1000, atol=1)

    def test_a_value_that_most_rows_have_keeps_a_bin(self):
        column = np.r_[np.zeros(90), np.arange(1, 11)][:, None]
        codes = Bins.of(column).codes(column)[:, 0]
        np.testing.assert_array_equal(codes, np.repeat([0, 1], (90, 10)))
