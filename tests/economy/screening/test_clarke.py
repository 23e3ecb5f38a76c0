"""Choosing by declared values: Clarke taxes and expected externalities, exactly where everything can be tried."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from commonweal.agents.arrays import Floats
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.screening.clarke import (
    best_option,
    clarke_taxes,
    dagva_taxes,
    expected_externalities,
    whole,
)

VALUES = np.array([[0.0, 3.0, 4.0], [0.0, -1.0, -3.0], [0.0, 1.0, 0.5]])
REPORTS = np.array([(0, a, b) for a, b in product(range(-2, 3), repeat=2)], dtype=float)  # 25 of three options
TYPES = np.array([(0, 4, 1), (0, -3, 2), (0, -1, -4), (0, 2, 3)], dtype=float)  # of one party, each as probable
SOME = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=5),
                  elements=st.integers(-50, 50).map(float))  # fmt: skip


def net(values: Floats, reported: Floats) -> Floats:
    """(..., P) true value of the option that reports lead to, less the tax."""
    option = best_option(reported)[..., None, None]
    value = np.take_along_axis(values, np.broadcast_to(option, (*values.shape[:-1], 1)), axis=-1)[..., 0]
    return value - clarke_taxes(reported)


class TestClarke:
    def test_of_three_options_the_second_is_chosen_and_only_who_changes_that_pays(self) -> None:
        # sums (0, 3, 1.5); without the second party the sums are (0, 4, 4.5): it costs the others .5
        assert best_option(VALUES) == 1
        assert clarke_taxes(VALUES).tolist() == [0.0, 0.5, 0.0]

    def test_the_truth_is_a_dominant_strategy_whatever_all_others_say(self) -> None:
        """25 types of one party, its 25 reports, 625 reports of two others: all of them, in whole numbers."""
        own, told, second, third = np.meshgrid(*[np.arange(25)] * 4, indexing="ij", sparse=True)
        shape = (25, 25, 25, 25)
        others = [np.broadcast_to(REPORTS[each], (*shape, 3)) for each in (second, third)]
        truth = np.broadcast_to(REPORTS[own], (*shape, 3))
        reports = np.broadcast_to(REPORTS[told], (*shape, 3))
        values = np.stack([truth, *others], axis=-2)
        lied = net(values, np.stack([reports, *others], axis=-2))[..., 0]
        honest = net(values, values)[..., 0]
        assert (honest - lied).min() == 0
        assert (honest - lied).max() > 0

    @given(SOME)
    def test_taxes_are_never_negative_and_nobody_pays_more_than_the_choice_is_worth_to_it(self, values: Floats) -> None:
        taxes = clarke_taxes(values)
        own = values[:, best_option(values)]
        assert (taxes >= 0).all()
        assert (own - taxes >= values.min(axis=1)).all()  # any single option would be refused for less

    @given(SOME)
    def test_who_does_not_change_the_choice_pays_nothing(self, values: Floats) -> None:
        others = values.sum(axis=0) - values
        unmoved = others[:, best_option(values)] == others.max(axis=1)
        assert ((clarke_taxes(values) == 0) == unmoved).all()


class TestExpectedExternality:
    def test_the_truth_is_best_on_average_where_all_others_tell_it(self) -> None:
        # three parties with four types each: every expectation is one over 16, exact in whole numbers
        drawn = [np.stack([TYPES[0], TYPES[j], TYPES[k]]) for j, k in product(range(4), repeat=2)]
        for own in range(4):
            payoff = []
            for told in range(4):
                declared = np.stack([TYPES[told], TYPES[0], TYPES[0]])
                paid = expected_externalities(declared, drawn)[0]
                reported = [np.stack([TYPES[told], *each[1:]]) for each in drawn]
                payoff.append(np.mean([TYPES[own][best_option(each)] for each in reported]) + paid)
            assert payoff[own] == max(payoff)

    @given(SOME, st.integers(0, 2**32 - 1))
    def test_what_some_are_paid_others_pay(self, values: Floats, seed: int) -> None:
        rng = np.random.default_rng(seed)
        member = rng.random(len(values)) < 0.7
        drawn = rng.normal(size=(8, *values.shape))
        externalities = expected_externalities(values, drawn)
        taxes = dagva_taxes(externalities, member)
        assert taxes.sum() == pytest.approx(0.0, abs=1e-9)
        assert not taxes[~member].any()
        units = whole(taxes[None])
        assert units.sum() == 0
        assert (np.abs(units - taxes * MICRO) < 1 + 1e-3).all()

    def test_one_party_alone_pays_nothing(self) -> None:
        assert dagva_taxes(np.array([3.0, 5.0]), np.array([True, False])).tolist() == [0.0, 0.0]
