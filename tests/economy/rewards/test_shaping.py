"""Accuracy shaping against the paper's equilibrium; in the economy naive sharing collapses, and shaping does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from papers.sharing_equilibria import most_samples, naive_samples

from commonweal.economy.rewards.accuracy import Bound, PowerLaw, best_alone
from commonweal.economy.rewards.shaping import shaped, solo_samples
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import load, revise

CURVE = Bound(1.0, 1.0)
Floats = np.ndarray


def worth(samples: Floats, price: Floats, others: Floats, margin: float = 0.0) -> Floats:
    """(G, 1) what one party has of samples (G, 1) under shaping while the others put in so many."""
    alone = best_alone(CURVE, price)
    payoff: Floats = shaped(CURVE, samples, price, alone, CURVE(samples + others), margin) - price * samples
    return payoff


class TestEquilibrium:
    @pytest.mark.parametrize(("parties", "expected"), [(2, 1451.559), (5, 1774.930), (10, 1916.855)])
    def test_of_equal_parties_is_that_of_the_paper(self, parties: int, expected: float) -> None:
        # c = .02 in units of 100 a, k = a_opt = 1: a(N m*) = a(m°) + c (m* − m°)
        most = most_samples(CURVE, np.full((1, parties), 0.0002))
        np.testing.assert_allclose(most, expected, atol=5e-4)

    @given(hnp.arrays(float, (2, 4), elements=st.floats(2e-5, 2e-3)))
    @settings(max_examples=30)
    def test_every_party_s_line_ends_where_it_meets_the_accuracy_of_all(self, price: Floats) -> None:
        most, alone = most_samples(CURVE, price, margin=0.1), best_alone(CURVE, price)
        line = CURVE(alone) + 1.1 * price * (most - alone)
        assert (most >= alone).all()
        np.testing.assert_allclose(line, np.broadcast_to(CURVE(most.sum(axis=1, keepdims=True)), line.shape), atol=1e-9)

    @given(hnp.arrays(float, 4, elements=st.floats(5e-5, 1e-3)), st.integers(0, 3))
    @settings(max_examples=20)
    def test_nobody_gains_by_putting_in_more_or_less(self, price: Floats, party: int) -> None:
        most = most_samples(CURVE, price[None], margin=0.05)[0]
        own, others = most[party], most.sum() - most[party]
        tried = np.append(np.linspace(0, 3 * own + 100, 4000), own)[:, None]
        payoff = worth(tried, np.full_like(tried, price[party]), others, margin=0.05)
        assert payoff.max() <= payoff[-1] + 1e-9

    def test_who_would_put_in_nothing_alone_puts_in_something(self) -> None:
        # At .02 a sample no number of samples is worth its cost alone
        price = np.array([[0.0002, 0.0002, 0.02]])
        assert best_alone(CURVE, price)[0, 2] == 0
        assert most_samples(CURVE, price)[0, 2] > 40

    def test_many_who_would_put_in_nothing_alone_do_so_together(self) -> None:
        # a(M) = c M / N has a solution for ten parties at c = .003, for whom a(m) = c m has none
        price = np.full((1, 10), 0.003)
        assert best_alone(CURVE, price).max() == 0
        assert most_samples(CURVE, price).sum() > 1000
        assert most_samples(CURVE, np.full((1, 2), 0.02)).max() == 0

    def test_runs_may_have_curves_of_their_own(self) -> None:
        price = np.array([[2e-4, 3e-4], [2e-4, 3e-4]])
        both = most_samples(Bound(np.array([[1.0], [0.9]]), np.array([[1.0], [2.0]])), price)
        for run, curve in enumerate((CURVE, Bound(0.9, 2.0))):
            np.testing.assert_allclose(both[run], most_samples(curve, price[:1])[0], rtol=1e-12)

    def test_naive_sharing_leaves_all_to_the_cheapest(self) -> None:
        # Karimireddy et al., theorem 2: as much together as the cheapest would put in alone
        price = np.array([[3e-4, 2e-4, 2e-4, 5e-4]])
        alone = float(best_alone(CURVE, np.array(2e-4)))
        np.testing.assert_allclose(naive_samples(CURVE, price), [[0.0, alone / 2, alone / 2, 0.0]])


numbers = hnp.arrays(float, (2, 5), elements=st.floats(0, 1e4))


class TestSchedule:
    def test_up_to_the_best_alone_it_is_one_s_own_accuracy(self) -> None:
        price, few = np.full((1, 3), 2e-4), np.array([[0.0, 100.0, 700.0]])
        given_ = shaped(CURVE, few, price, best_alone(CURVE, price), np.ones((1, 1)))
        np.testing.assert_array_equal(given_, CURVE(few))

    def test_beyond_it_every_sample_is_paid_at_its_cost_and_a_margin(self) -> None:
        price, alone = np.array([[2e-4]]), best_alone(CURVE, np.array([[2e-4]]))
        more = shaped(CURVE, alone + 100, price, alone, np.ones((1, 1)), margin=0.5)
        np.testing.assert_allclose(more, CURVE(alone) + 1.5 * 2e-4 * 100)

    @given(numbers, numbers.map(lambda x: 1e-6 + x / 1e4))
    def test_it_never_promises_more_than_there_is_nor_less_than_one_s_own(self, put: Floats, price: Floats) -> None:
        most = CURVE(put.sum(axis=1, keepdims=True))
        given_ = shaped(CURVE, put, price, best_alone(CURVE, price), most, margin=0.1)
        assert (given_ <= most).all()
        assert (given_ >= CURVE(put) - 1e-12).all()

    @pytest.mark.parametrize("curve", [CURVE, PowerLaw(0.9, 2.0, 0.4)])
    def test_it_never_falls_in_what_is_put_in(self, curve: Bound | PowerLaw) -> None:
        price = np.full((1, 500), 1e-4)
        put = np.linspace(0, 5000, 500)[None]
        given_ = shaped(curve, put, price, best_alone(curve, price), curve(put + 3000), margin=0.1)
        assert (np.diff(given_) >= -1e-12).all()

    def test_repeated_cases_are_those_computed_one_by_one(self) -> None:
        price = np.random.default_rng(0).choice([1e-4, 2e-4, 5e-3], (6, 4))
        bound = Bound(np.repeat([[1.0], [0.8]], 3, axis=0), np.repeat([[1.0], [3.0]], 3, axis=0))
        np.testing.assert_allclose(solo_samples(bound, price), best_alone(bound, price), rtol=1e-12)


class TestEconomy:
    SEEDS = range(6)

    def played(self, reward: str) -> tuple[Floats, Floats, Floats]:
        """Samples (R, N) put in and quality (R,) in the last round, and what a sample costs in units of accuracy."""
        ensemble = Ensemble(revise(load("catastrophe"), {"rewards.kind": reward}), self.SEEDS)
        for _ in range(ensemble.world.terms.rounds):
            record = ensemble.step()
        return record.produce.put.total, record.payday.quality, ensemble.people.cost / 100

    def test_naive_sharing_collapses_to_what_the_cheapest_would_put_in_alone(self) -> None:
        put, quality, price = self.played("shared")
        cheapest = price == price.min(axis=1, keepdims=True)
        np.testing.assert_allclose((put * cheapest).sum(axis=1), put.sum(axis=1), rtol=1e-3)
        np.testing.assert_allclose(put.sum(axis=1), best_alone(CURVE, price.min(axis=1)), rtol=1e-3)
        np.testing.assert_allclose(quality, CURVE(best_alone(CURVE, price.min(axis=1))), rtol=1e-3)

    @pytest.mark.slow
    def test_shaping_does_not_and_comes_to_the_equilibrium_of_the_paper(self) -> None:
        put, quality, price = self.played("shaping")
        np.testing.assert_allclose(put, most_samples(CURVE, price, 0.01), rtol=2e-3)
        naive = self.played("shared")
        for gain in (quality - naive[1], put.sum(axis=1) / naive[0].sum(axis=1) - 10):  # more than ten times the data
            assert mean_interval(gain).low > 0
