"""The market pays for the advantage over a rival or over nothing, and leaks feed the rival."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.agents.terms import stack
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.market import MarketTerms, revenue, rival_after
from commonweal.scenarios.schema.scenario import Market

UNIT = st.floats(0, 1)


def terms(
    price: float = 0.01,
    baseline: float = 0.1,
    rivalry: float = 1.0,
    leak: float = 0.5,
    decay: float = 0.02,
    runs: int = 1,
) -> MarketTerms:
    market = Market(price=price, baseline=baseline, rivalry=rivalry, leak=leak, rival_decay=decay)
    return stack(MarketTerms, [market] * runs)


def one(value: float) -> np.ndarray:
    return np.array([value])


def test_a_model_without_a_rival_earns_its_advantage_over_the_baseline() -> None:
    # 40 principals, accuracy .9: (.9 - .1) * 40 * .01 = .32 money
    assert revenue(one(0.9), one(0.0), 40, terms()) == 320_000


def test_customers_pay_only_for_the_advantage_over_the_rival() -> None:
    # (.9 - .7) * 40 * .01 = .08; with rivalry .5 the rival displaces .35: (.9 - .35) * .4 = .22
    assert revenue(one(0.9), one(0.7), 40, terms()) == 80_000
    assert revenue(one(0.9), one(0.7), 40, terms(rivalry=0.5)) == 220_000


def test_a_rival_worse_than_the_baseline_changes_nothing() -> None:
    assert revenue(one(0.9), one(0.05), 40, terms()) == 320_000


def test_a_model_no_better_than_its_rival_earns_nothing() -> None:
    assert revenue(one(0.6), one(0.6), 40, terms()) == 0
    assert revenue(one(0.6), one(0.8), 40, terms()) == 0


def test_every_run_has_its_own_prices_and_size() -> None:
    two = replace(terms(runs=2), price=np.array([[0.01], [0.02]]))
    assert revenue(np.array([0.9, 0.6]), np.zeros(2), np.array([40, 10]), two).tolist() == [320_000, 100_000]


def test_a_revenue_that_cannot_be_divided_exactly_is_refused() -> None:
    with pytest.raises(InputError, match=r"market\.price.*at most 1e\+09"):
        revenue(one(1.0), one(0.0), 10_000, terms(price=1e6))


@given(UNIT, UNIT, UNIT, st.integers(1, 1000))
def test_revenue_never_rises_with_the_rivals_quality(quality: float, rival: float, better: float, members: int) -> None:
    worse, stronger = sorted((rival, better))
    against = [int(revenue(one(quality), one(rho), members, terms())[0]) for rho in (worse, stronger)]
    assert against[0] >= against[1] >= 0
    assert against[0] <= MICRO * 0.01 * members * 0.9 + 1


def test_a_leak_closes_part_of_the_rivals_gap() -> None:
    # aged: .98 * .5 = .49; a quarter leak: .5 * .25 * (.89 - .49) = .05
    assert rival_after(one(0.5), one(0.89), one(0.25), terms()) == pytest.approx(0.54)


def test_an_unfed_rival_decays() -> None:
    assert rival_after(one(0.5), one(0.9), one(0.0), terms()) == pytest.approx(0.49)


@given(UNIT, UNIT, UNIT)
def test_leaks_never_lift_the_rival_above_the_shared_model(rival: float, quality: float, leaking: float) -> None:
    after = rival_after(one(rival), one(quality), one(leaking), terms())[0]
    assert 0.98 * rival <= after <= max(0.98 * rival, quality) + 1e-12
