"""Nearest-neighbour values: against enumeration of every coalition, and what they are used for."""

from collections.abc import Callable
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from papers.neighbour_values import Locality, duplicated, localised, soft_label, worth
from papers.served import Served, serve, shelve

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.credit import CREDITS
from commonweal.economy.credit.neighbours import Samples, by_owner, unweighted
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load
from commonweal.testing.credit import setting

CLASSES = 3
COUNTS = [(1, 1), (2, 1), (3, 5), (6, 1), (6, 3), (7, 9)]  # samples, K


def samples(count: int, seed: int, runs: int = 1, width: int = 2) -> Samples:
    generator = np.random.default_rng(seed)
    return Samples(generator.normal(size=(runs, count, width)), generator.integers(CLASSES, size=(runs, count)))


def of_run(drawn: Samples, run: int) -> Samples:
    return Samples(drawn.features[run : run + 1], drawn.labels[run : run + 1])


def enumerated(train: Samples, test: Samples, gain: Callable[[Ints, Ints, Floats], float]) -> Floats:
    """(S,) mean Shapley values of one run's games v(S) = gain(present from near to far, votes, distances)."""
    total = np.zeros(train.labels.shape[1])
    for features, label in zip(test.features[0], test.labels[0], strict=True):
        distances = np.linalg.norm(train.features[0] - features, axis=1)
        total += _shapley(distances, train.labels[0] == label, gain)
    mean: Floats = total / test.labels.shape[1]
    return mean


def _shapley(distances: Floats, votes: NDArray[np.bool_], gain: Callable[[Ints, Ints, Floats], float]) -> Floats:
    order = np.argsort(distances, kind="stable")
    players = len(order)

    def worth_of(present: tuple[int, ...]) -> float:
        return gain(order[sorted(present)], votes.astype(np.int64), distances)

    value = np.zeros(players)
    for place in range(players):
        others = [p for p in range(players) if p != place]
        for size in range(players):
            for some in combinations(others, size):
                marginal = worth_of((*some, place)) - worth_of(some)
                value[order[place]] += marginal / (players * comb(players - 1, size))
    return value


class TestExact:
    @pytest.mark.parametrize(("count", "neighbours"), COUNTS)
    def test_unweighted_values_are_those_of_every_coalition(self, count: int, neighbours: int) -> None:
        train, test = samples(count, seed=count), samples(3, seed=100)
        expected = enumerated(train, test, lambda near, votes, _: votes[near[:neighbours]].sum() / neighbours)
        np.testing.assert_allclose(unweighted(train, test, neighbours)[0], expected, rtol=0, atol=2e-16)

    @pytest.mark.parametrize(("count", "neighbours"), COUNTS)
    def test_soft_label_values_are_those_of_every_coalition(self, count: int, neighbours: int) -> None:
        train, test = samples(count, seed=count), samples(3, seed=100)
        expected = enumerated(
            train, test, lambda near, votes, _: votes[near[:neighbours]].mean() if len(near) else 1 / CLASSES
        )
        np.testing.assert_allclose(soft_label(train, test, CLASSES, neighbours)[0], expected, rtol=0, atol=1e-15)

    @pytest.mark.parametrize(("count", "neighbours"), COUNTS)
    def test_localised_values_are_those_of_every_coalition(self, count: int, neighbours: int) -> None:
        train, test, radius = samples(count, seed=count), samples(3, seed=100), 1.2

        def gain(near: Ints, votes: Ints, distances: Floats) -> float:
            nearest = near[:neighbours]
            return float((np.maximum(1 - distances[nearest] / radius, 0) * votes[nearest]).sum())

        values = localised(train, test, Locality(radius, neighbours))[0]
        np.testing.assert_allclose(values, enumerated(train, test, gain), rtol=0, atol=1e-15)

    @pytest.mark.parametrize(("count", "neighbours"), [(1, 1), (2, 3), (9, 2), (40, 5)])
    def test_copies_are_worth_what_they_are_written_out(self, count: int, neighbours: int) -> None:
        # Zhang, Gionis and Liu 2025: K nearest samples with all their copies are k′ nearest copies
        train, test = samples(count, seed=7), samples(4, seed=8)
        copies = np.random.default_rng(9).integers(1, 30, size=(1, count))
        expected = np.zeros(count)
        for point in range(4):
            tried = Samples(test.features[:, [point]], test.labels[:, [point]])
            distances = np.linalg.norm(train.features[0] - tried.features[0, 0], axis=1)
            voting = int(copies[0, np.argsort(distances)[:neighbours]].sum())
            which = np.repeat(np.arange(count), copies[0])
            written = Samples(train.features[:, which], train.labels[:, which])
            expected += np.bincount(which, soft_label(written, tried, CLASSES, voting)[0], count) / 4
        np.testing.assert_allclose(
            duplicated(train, test, copies, CLASSES, neighbours)[0], expected, rtol=0, atol=2e-14
        )

    def test_with_one_copy_of_everybody_copies_change_nothing(self) -> None:
        train, test = samples(50, seed=1, runs=2), samples(9, seed=2, runs=2)
        ones = np.ones_like(train.labels)
        expected = soft_label(train, test, CLASSES)
        np.testing.assert_allclose(duplicated(train, test, ones, CLASSES), expected, rtol=0, atol=1e-16)
        by_distance = duplicated(train, test, lambda distances: np.ones(distances.shape, np.int64), CLASSES)
        np.testing.assert_allclose(by_distance, expected, rtol=0, atol=1e-16)

    def test_copies_may_depend_on_the_distance(self) -> None:
        train, test = samples(30, seed=1), samples(1, seed=2)
        distances = np.linalg.norm(train.features[0] - test.features[0, 0], axis=1)
        copies = np.rint(1 + 50 * np.exp(-distances)).astype(np.int64)
        by_distance = duplicated(train, test, lambda d: np.rint(1 + 50 * np.exp(-d)).astype(np.int64), CLASSES)
        np.testing.assert_allclose(by_distance, duplicated(train, test, copies[None], CLASSES), atol=1e-15)

    def test_the_published_recursions_give_the_same(self) -> None:
        # Jia et al. 2019, theorem 1; Wang and Jia 2023, theorem 6, with H_K = 1 + … + 1/K
        train, test, k, n = samples(200, seed=4), samples(1, seed=5), 5, 200
        order = np.argsort(np.linalg.norm(train.features[0] - test.features[0, 0], axis=1))
        vote = (train.labels[0, order] == test.labels[0, 0]).astype(float)
        harmonic = sum(1 / j for j in range(1, k + 1))
        hard, soft = np.zeros(n), np.zeros(n)
        hard[-1] = vote[-1] / n
        soft[-1] = (vote[-1] - vote[:-1].mean()) * (harmonic - 1) / n + (vote[-1] - 1 / CLASSES) / n
        for i in range(n - 1, 0, -1):
            step, among = vote[i - 1] - vote[i], min(k, i) / i
            hard[i - 1] = hard[i] + step / k * among
            soft[i - 1] = soft[i] + step / (n - 1) * (harmonic + (among * (n - 1) - k) / k)
        np.testing.assert_allclose(unweighted(train, test, k)[0, order], hard, rtol=0, atol=1e-15)
        np.testing.assert_allclose(soft_label(train, test, CLASSES, k)[0, order], soft, rtol=0, atol=1e-15)


class TestInvariants:
    @given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 10_000))
    @settings(max_examples=40)
    def test_the_values_of_all_samples_sum_to_what_they_are_worth_together(self, count: int, k: int, seed: int) -> None:
        train, test = samples(count, seed), samples(5, seed + 1)
        distances = np.linalg.norm(train.features[0] - test.features[0][:, None], axis=2)
        nearest = np.argsort(distances, axis=1)[:, :k]
        votes = train.labels[0][nearest] == test.labels[0][:, None]
        assert unweighted(train, test, k).sum() == pytest.approx(votes.sum() / k / 5, abs=1e-13)
        assert soft_label(train, test, CLASSES, k).sum() == pytest.approx(votes.mean() - 1 / CLASSES, abs=1e-13)
        weights = np.maximum(1 - np.take_along_axis(distances, nearest, axis=1) / 0.8, 0)
        assert localised(train, test, Locality(0.8, k)).sum() == pytest.approx((votes * weights).sum() / 5, abs=1e-13)

    def test_whoever_is_beyond_the_radius_has_no_part(self) -> None:
        train, test = samples(300, seed=3), samples(1, seed=4)
        far = np.linalg.norm(train.features[0] - test.features[0, 0], axis=1) > 0.5
        assert 0 < (~far).sum() < 100
        near = Samples(train.features[:, ~far], train.labels[:, ~far])
        among_all, alone = localised(train, test, Locality(0.5)), localised(near, test, Locality(0.5))
        np.testing.assert_array_equal(among_all[:, far], 0)
        np.testing.assert_allclose(among_all[:, ~far], alone, rtol=0, atol=2e-16)

    def test_a_radius_around_nobody_credits_nobody(self) -> None:
        assert not localised(samples(20, seed=3), samples(5, seed=4), Locality(1e-6)).any()

    def test_equally_near_samples_with_the_same_label_are_worth_the_same(self) -> None:
        train, test = samples(20, seed=3), samples(10, seed=4)
        twice = Samples(*(np.concatenate([part, part[:, :5]], axis=1) for part in (train.features, train.labels)))
        near = Locality(2.0)
        for values in (unweighted(twice, test), soft_label(twice, test, CLASSES), localised(twice, test, near)):
            np.testing.assert_allclose(values[:, :5], values[:, 20:], rtol=0, atol=1e-16)

    def test_runs_are_valued_alone_as_together(self) -> None:
        train, test = samples(40, seed=3, runs=3), samples(6, seed=4, runs=3)
        copies = np.random.default_rng(5).integers(1, 9, size=(3, 40))
        for run in range(3):
            one, tried = of_run(train, run), of_run(test, run)
            np.testing.assert_array_equal(unweighted(one, tried)[0], unweighted(train, test)[run])
            alone = duplicated(one, tried, copies[[run]], CLASSES)[0]
            np.testing.assert_array_equal(alone, duplicated(train, test, copies, CLASSES)[run])
            alone = localised(one, tried, Locality(1.0))[0]
            np.testing.assert_array_equal(alone, localised(train, test, Locality(1.0))[run])

    def test_values_do_not_depend_on_how_many_pairs_are_looked_at_at_a_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        train, test = samples(70, seed=3), samples(31, seed=4)
        rules: list[Callable[[], Floats]] = [
            lambda: unweighted(train, test),
            lambda: duplicated(train, test, np.full((1, 70), 3), CLASSES),
            lambda: localised(train, test, Locality(1.0)),
        ]
        at_once = [rule() for rule in rules]
        for name, size in (("CHUNK", 150), ("BLOCK", 300)):
            monkeypatch.setattr(f"commonweal.economy.credit.neighbours.{name}", size)
        monkeypatch.setattr("papers.neighbour_values.CHUNK", 40)
        for rule, expected in zip(rules, at_once, strict=True):
            np.testing.assert_allclose(rule(), expected, rtol=0, atol=1e-15)

    def test_far_from_the_origin_the_nearest_are_still_the_nearest(self) -> None:
        train, test = samples(200, seed=3), samples(20, seed=4)
        away, asked = (Samples(drawn.features + 1e5, drawn.labels) for drawn in (train, test))
        np.testing.assert_allclose(unweighted(away, asked), unweighted(train, test), rtol=0, atol=1e-15)

    def test_the_values_of_a_principal_are_those_of_its_samples(self) -> None:
        values, owner = np.array([[1.0, 2.0, 4.0, 8.0]]), np.array([[2, -1, 0, 2]])
        assert by_owner(values, owner, 3).tolist() == [[4.0, 0.0, 9.0]]


class TestBadInput:
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (lambda a, b: unweighted(a, b, 0), "neighbours = 0 must be at least 1"),
            (lambda a, b: unweighted(a, Samples(b.features[:, :0], b.labels[:, :0])), "at least one sample"),
            (lambda a, b: unweighted(a, Samples(b.features[..., :1], b.labels)), "must agree in R and d"),
            (lambda a, b: unweighted(Samples(a.features * np.nan, a.labels), b), "train: features must be finite"),
            (lambda a, b: unweighted(Samples(a.features[0], a.labels), b), r"must be \(R, S, d\)"),
            (lambda a, b: duplicated(a, b, np.zeros_like(a.labels), 3), "copies: one whole number >= 1 per sample"),
            (lambda a, b: localised(a, b, Locality(0.0)), "radius = 0.0 must be above 0"),
        ],
    )
    def test_it_is_told_in_one_line(self, value: Callable[[Samples, Samples], object], message: str) -> None:
        with pytest.raises(InputError, match=message) as raised:
            value(samples(6, seed=1), samples(2, seed=2))
        assert "\n" not in str(raised.value)


class TestServedRequests:
    principals = 4
    held = samples(60, seed=1, runs=2)
    owner = np.random.default_rng(2).integers(principals, size=(2, 60))
    requests = samples(25, seed=3, runs=2)
    revenue = np.random.default_rng(4).integers(0, 10**7, size=(2, 25))

    def _served(self, *parts: slice) -> Served:
        shelf = shelve(self.held, self.owner, Locality(0.6))
        served = Served.nothing(2, self.principals)
        for part in parts:
            asked = Samples(self.requests.features[:, part], self.requests.labels[:, part])
            served = serve(served, shelf, asked, self.revenue[:, part])
        return served

    def test_every_micro_unit_is_earned_or_left_unclaimed(self) -> None:
        served = self._served(slice(None))
        assert served.earned.dtype == np.int64
        assert (served.earned >= 0).all()
        assert (served.earned.sum(axis=1) + served.unclaimed).tolist() == self.revenue.sum(axis=1).tolist()
        assert (served.unclaimed > 0).all()
        assert served.requests.tolist() == [25, 25]

    def test_requests_are_credited_one_by_one_as_all_at_once(self) -> None:
        whole, single = self._served(slice(None)), self._served(*(slice(i, i + 1) for i in range(25)))
        for name, value in vars(whole).items():
            np.testing.assert_array_equal(getattr(single, name), value)

    def test_a_request_is_divided_by_the_values_of_the_samples_around_it(self) -> None:
        shelf = shelve(self.held, self.owner, Locality(0.6))
        divided = 0
        for number in range(25):
            asked = Samples(self.requests.features[:, [number]], self.requests.labels[:, [number]])
            values = by_owner(localised(self.held, asked, Locality(0.6)), self.owner, self.principals)
            worths = np.maximum(values, 0)
            paid = serve(Served.nothing(2, self.principals), shelf, asked, np.full((2, 1), 10**12)).earned
            for run in range(2):
                if not worths[run].any():
                    assert not paid[run].any()
                else:
                    divided += 1
                    np.testing.assert_allclose(paid[run] / 1e12, worths[run] / worths[run].sum(), atol=2e-12)
        assert divided > 10

    def test_whoever_is_far_from_a_request_earns_nothing_of_it(self) -> None:
        distances = np.linalg.norm(self.held.features[0] - self.requests.features[0, 0], axis=1)
        near = set(self.owner[0, distances <= 0.6].tolist())
        assert near != set(range(self.principals))
        served = self._served(slice(0, 1))
        assert set(np.flatnonzero(served.earned[0])) <= near


class TestWorthBeforeTraining:
    def test_it_is_the_value_of_everybody_s_samples_for_the_validation_set(self) -> None:
        world = Ensemble(load("commons"), seeds=[0, 1]).world
        holdings = world.holdings
        told = worth(holdings, world.features)
        assert told.shape == holdings.count.shape
        table = world.features.rows.numpy()
        for run in range(2):
            train, test = (
                Samples(table[ids][None], holdings.labels[run, ids][None])
                for ids in (holdings.held[run], holdings.validation[run])
            )
            values = unweighted(train, test)
            first = values[0, : holdings.count[run, 0]].sum()
            assert told[run, 0] == pytest.approx(first, rel=1e-12)
            assert told[run].sum() == pytest.approx(values.sum(), rel=1e-12)

    def test_samples_with_wrong_labels_are_worth_less(self) -> None:
        noisy = {"task.noisy_share": 0.5, "task.label_noise": 0.8}
        world = Ensemble(load("commons", noisy), seeds=[0, 1, 2]).world
        holdings = world.holdings
        right = np.take_along_axis(np.broadcast_to(world.truth, holdings.labels.shape), holdings.held, axis=1)
        wrong = np.take_along_axis(holdings.labels, holdings.held, axis=1) != right
        per_sample = worth(holdings, world.features) / holdings.count
        for run in range(3):
            owner = np.repeat(np.arange(holdings.count.shape[1]), holdings.count[run])
            liars = np.bincount(owner, wrong[run]) > 0
            assert 0 < liars.sum() < len(liars)
            assert per_sample[run, liars].max() < per_sample[run, ~liars].mean()
            assert per_sample[run, liars].mean() < 0


class TestRule:
    def test_it_values_the_samples_of_those_whose_update_was_kept(self) -> None:
        game = setting().game()
        features, labels = (part.numpy() for part in game.samples())
        validation = Samples(game.features.numpy(), game.labels.numpy())
        owner = game.passage.owners.owner.numpy()
        kept = (owner[0] >= 0) & (owner[0] != 2)  # 2 was screened away
        expected = unweighted(Samples(features[:, kept], labels[:, kept]), validation)
        told = CREDITS["neighbours"](game).values
        np.testing.assert_allclose(told, game.kept * by_owner(expected, owner[:, kept], 5), rtol=0, atol=1e-15)

    def test_a_scenario_can_pay_by_it(self) -> None:
        results = Ensemble(load("commons", {"rounds": 3, "credit.kind": "neighbours"}), seeds=[0]).run()
        assert np.isfinite(results.rounds["welfare"]).all()
