"""What the Gaussian mechanism promises: the exact conversion against its definition, and the bound in common use."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from commonweal.economy.leaking.formal import delta_of, epsilon_of, most_auc, mu_of, said


def by_definition(epsilon: float, mu: float) -> float:
    """δ(ε) = ∫ max(0, p − e^ε q) of N(μ, 1) against N(0, 1): the hockey-stick divergence."""
    start = epsilon / mu + mu / 2  # where p = e^ε q
    return float(quad(lambda x: norm.pdf(x, mu) - math.exp(epsilon) * norm.pdf(x), start, start + 40)[0])


@given(st.floats(0.2, 3.0), st.floats(0.0, 6.0))
def test_the_conversion_is_the_divergence_of_two_normal_distributions(mu: float, epsilon: float) -> None:
    assert delta_of(epsilon, mu) == pytest.approx(by_definition(epsilon, mu), abs=1e-8)


@pytest.mark.parametrize(("noise", "bound", "exact"), [(1, 168, 159), (4, 23, 20.7), (20, 3.6, 2.94)])
def test_168_and_23_and_3_6_are_a_bound_that_is_not_tight(noise: float, bound: float, exact: float) -> None:
    """T = 200, δ = 1e-5: ε = μ²/2 + μ √(2 ln 1/δ), of zero-concentrated differential privacy (Bun and Steinke 2016),
    gives 168, 23 and 3.6. The exact ε is 159, 20.7 and 2.94: the bound's own δ is far below 1e-5."""
    mu = mu_of(200, noise)
    loose = mu**2 / 2 + mu * math.sqrt(2 * math.log(1e5))
    assert loose == pytest.approx(bound, rel=0.02)
    found = epsilon_of(mu, 1e-5)
    assert found == pytest.approx(exact, rel=0.005)
    assert delta_of(found, mu) == pytest.approx(1e-5, rel=1e-4)
    assert delta_of(loose, mu) < 3e-6


def test_the_best_attacker_has_the_auc_of_two_normal_distributions() -> None:
    drawn = np.random.default_rng(0).standard_normal(400_000)
    members, others = drawn[:200_000] + 0.7, drawn[200_000:]
    assert np.mean(members > others) == pytest.approx(most_auc(0.7), abs=0.003)


def test_a_line_says_when_a_promise_means_nothing() -> None:
    assert "means nothing" in said(200, 1.0)
    assert "0.99" in said(200, 4.0)
    assert "means nothing" in said(200, 4.0)
    assert "no attacker" in said(200, 20.0)
    assert said(200, 0.0) == "no noise, no formal promise"
    assert epsilon_of(1e-9) == 0.0
