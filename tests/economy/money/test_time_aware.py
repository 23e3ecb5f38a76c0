"""Time-aware fairness: published values, the incentives it promises, and models that realise rewards exactly."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from papers.linear_gaussian import Evidence, information, points_given, subset_information, tempered, tempering

from commonweal.agents.actions import Action
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.money.time_aware import (
    kept_by_cumulation,
    kept_by_valuation,
    time_aware_credit,
)
from commonweal.economy.money.time_aware_games import dividends, time_aware_value
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import Interval, mean_interval
from commonweal.scenarios.schema.loading import load, revise

Floats = np.ndarray

# v = {1: 1, 2: 2, 3: 3, 12: 4, 13: 5, 23: 6, 123: 10}, in the order of all_coalitions
GAME = np.array([[0.0, 1, 2, 4, 3, 5, 6, 10]])
JOINED = np.array([[0, 1, 2]])


def number(value: float) -> Floats:
    return np.full((1, 1), value)


def cumulation(values: Floats, joined: Floats, beta: float = 1.0, last: int | None = None) -> Floats:
    return time_aware_value(values, kept_by_cumulation(joined, number(beta), joined.max() if last is None else last))


def valuation(values: Floats, joined: Floats, decay: float = 0.5) -> Floats:
    return time_aware_value(values, kept_by_valuation(joined, number(decay)))


class TestPublishedValues:
    """Chen et al. 2025, example of three parties joining at times 0, 1, 2 (to the digits given in the reference)."""

    def test_shapley(self) -> None:
        np.testing.assert_allclose(valuation(GAME, 0 * JOINED), [[2.3333, 3.3333, 4.3333]], atol=5e-5)

    def test_valuation(self) -> None:
        np.testing.assert_allclose(valuation(GAME, JOINED), [[1.609832, 2.609832, 3.490506]], atol=5e-7)

    def test_cumulation(self) -> None:
        np.testing.assert_allclose(cumulation(GAME, JOINED), [[1.6111, 2.6111, 3.4444]], atol=5e-5)

    def test_dividends(self) -> None:
        # d(12) = 4 − 1 − 2 = 1, d(13) = d(23) = 1, d(123) = 10 − 6 − 3 = 1
        np.testing.assert_array_equal(dividends(GAME), [[0, 1, 2, 1, 3, 1, 1, 1]])


games = hnp.arrays(float, 16, elements=st.floats(0, 5)).map(lambda d: np.concatenate([[0.0], d[1:]])[None])
times = hnp.arrays(np.int64, (1, 4), elements=st.integers(0, 6))


def summed(shares: Floats) -> Floats:
    """v of the game with dividends (1, 2^n); with none below zero it is superadditive."""
    member = all_coalitions(4).astype(float)
    inside = (member @ member.T) == member.sum(axis=1)  # (C, T): T ⊆ C
    values: Floats = shares @ inside.T
    return values


class TestAgainstTheDefinitions:
    @given(games, times, st.floats(0.2, 5))
    def test_cumulation_is_the_weighted_mean_of_shapley_values_among_who_had_joined(
        self, shares: Floats, joined: Floats, beta: float
    ) -> None:
        values, last = summed(shares), int(joined.max())
        weights = beta ** np.arange(last + 1)
        expected = np.zeros(4)
        for time, weight in enumerate(weights / weights.sum()):
            there = (joined[0] <= time) @ (1 << np.arange(4))
            among = values[:, np.arange(16) & there]  # who has not joined adds nothing to others
            alone = values[0, 1 << np.arange(4)]
            expected += weight * np.where(joined[0] <= time, shapley_value(among)[0], alone)
        np.testing.assert_allclose(cumulation(values, joined, beta)[0], expected, rtol=1e-9, atol=1e-9)

    @given(games, times, st.floats(0, 2))
    def test_valuation_is_the_shapley_value_of_the_game_of_discounted_dividends(
        self, shares: Floats, joined: Floats, decay: float
    ) -> None:
        member = all_coalitions(4)
        least = np.array([np.exp(-decay * max(joined[0, t], default=0)) for t in member])
        discounted = summed(shares * np.where(member.sum(axis=1) > 1, least, 1.0))
        np.testing.assert_allclose(
            valuation(summed(shares), joined, decay), shapley_value(discounted), rtol=1e-9, atol=1e-9
        )

    @given(times, st.floats(0.01, 50), st.integers(0, 400))
    def test_weights_from_a_time_on_are_those_summed_one_by_one(self, joined: Floats, beta: float, more: int) -> None:
        last = int(joined.max()) + more
        logs = np.arange(last + 1) * np.log(beta)
        weights = np.exp(logs - logs.max())
        expected = [weights[time:].sum() / weights.sum() for time in joined[0]]
        np.testing.assert_allclose(kept_by_cumulation(joined, number(beta), last)[0], expected, rtol=1e-9, atol=1e-300)

    def test_late_weights_alone_make_it_the_shapley_value(self) -> None:
        np.testing.assert_allclose(cumulation(GAME, JOINED, beta=1e6), shapley_value(GAME), rtol=1e-5)

    @given(hnp.arrays(float, (2, 5), elements=st.floats(0, 10)), hnp.arrays(float, (2, 5), elements=st.floats(0.1, 1)))
    def test_credit_is_shared_as_in_the_game_of_pairs(self, credit: Floats, kept: Floats) -> None:
        assume((credit.sum(axis=1) > 0.1).all())
        member = all_coalitions(5).astype(float)
        values = (credit @ member.T) ** 2 / credit.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(
            time_aware_credit(credit, kept), time_aware_value(values, kept), rtol=1e-9, atol=1e-9
        )


@pytest.mark.parametrize("rule", [cumulation, valuation])
class TestIncentives:
    """Chen et al. 2025: what both rules promise, for superadditive games."""

    @given(shares=games, joined=times, pair=st.permutations(range(4)))
    def test_equal_parties_that_joined_at_the_same_time_earn_the_same(
        self, rule: object, shares: Floats, joined: Floats, pair: list[int]
    ) -> None:
        one, other = pair[:2]
        member = all_coalitions(4)
        swapped = member.copy()
        swapped[:, [one, other]] = member[:, [other, one]]
        symmetric = (shares + shares[:, swapped @ (1 << np.arange(4))]) / 2
        joined = joined.copy()
        joined[0, one] = joined[0, other]
        rewards = rule(summed(symmetric), joined)[0]  # type: ignore[operator]
        assert rewards[one] == pytest.approx(rewards[other], rel=1e-12, abs=1e-12)

    @given(shares=games, joined=times)
    def test_parties_without_whom_nothing_is_worth_anything_earn_the_same(
        self, rule: object, shares: Floats, joined: Floats
    ) -> None:
        member = all_coalitions(4)
        needed = shares * (member[:, 0] & member[:, 1])  # 0 and 1 are both necessary, whenever they joined
        rewards = rule(summed(needed), joined)[0]  # type: ignore[operator]
        assert rewards[0] == pytest.approx(rewards[1], rel=1e-12, abs=1e-12)

    @given(shares=games, joined=times)
    def test_nobody_earns_less_than_alone_and_who_adds_nothing_earns_that(
        self, rule: object, shares: Floats, joined: Floats
    ) -> None:
        values = summed(shares * ~(all_coalitions(4)[:, 3] & (all_coalitions(4).sum(axis=1) > 1)))
        rewards = rule(values, joined)[0]  # type: ignore[operator]
        assert (rewards >= values[0, 1 << np.arange(4)] - 1e-12).all()
        assert rewards[3] == pytest.approx(values[0, 8])

    @given(shares=games, joined=times, who=st.integers(0, 3))
    def test_joining_earlier_never_earns_less(
        self, rule: object, shares: Floats, joined: Floats, who: int
    ) -> None:
        assume(joined[0, who] > 0)
        earlier = joined.copy()
        earlier[0, who] -= 1
        last = {"last": 6} if rule is cumulation else {}
        before, after = (rule(summed(shares), when, **last)[0, who] for when in (joined, earlier))  # type: ignore[operator]
        assert after >= before - 1e-12

    @given(shares=games, joined=times, who=st.integers(0, 3))
    def test_it_earns_more_if_somebody_it_is_worth_something_with_is_there(
        self, rule: object, shares: Floats, joined: Floats, who: int
    ) -> None:
        other = (who + 1) % 4
        assume(joined[0, who] > joined[0, other])
        shares = shares.copy()
        shares[0, (1 << who) | (1 << other)] += 1.0
        earlier = joined.copy()
        earlier[0, who] -= 1
        last = {"last": 6} if rule is cumulation else {}
        before, after = (rule(summed(shares), when, **last)[0, who] for when in (joined, earlier))  # type: ignore[operator]
        assert after > before


class TestCounterexample:
    """Shapley values divided by the time of joining, which looks time-aware."""

    @staticmethod
    def divided(values: Floats, joined: Floats) -> Floats:
        rewards: Floats = shapley_value(values) / (1 + joined)
        return rewards

    def test_it_pays_two_necessary_parties_differently(self) -> None:
        together = np.array([[0.0, 0, 0, 1]])
        rewards = self.divided(together, np.array([[0, 3]]))[0]
        assert rewards[0] == 4 * rewards[1]
        for rule in (cumulation, valuation):
            one, other = rule(together, np.array([[0, 3]]))[0]
            assert one == other

    def test_it_takes_away_what_late_parties_have_alone(self) -> None:
        apart = np.array([[0.0, 1, 1, 2]])
        assert self.divided(apart, np.array([[0, 3]]))[0, 1] < 1
        for rule in (cumulation, valuation):
            np.testing.assert_allclose(rule(apart, np.array([[0, 3]])), [[1, 1]])


TIME_AWARE = ("time_cumulation", "time_valuation")
AT_ONCE = {"population.start_delegate": 1.0, "population.start_abstain": 0.0, "policy.mix": {"fixed": 1.0}}
PLAIN = {"rewards.kind": "time_valuation", "rewards.time.decay": 0.0}  # credit, whenever one joined


class TestEconomy:
    """The scenario wait-and-see: a model that gets better is better to join late, if that is all the same."""

    SEEDS, ROUNDS = range(6), 60

    def gains(self, changes: dict[str, Any], deviations: list[Deviation], only: Action | None = None) -> Floats:
        """(R,) money over all rounds that deviations win on average, of who starts with one action only if given."""
        ensemble = Ensemble(revise(load("wait-and-see"), changes), self.SEEDS)
        futures = play_futures(ensemble.snapshot, deviations, self.ROUNDS)
        members = [deviation.members[0] for deviation in deviations]
        counted = np.ones((len(self.SEEDS), len(members)), dtype=bool)
        if only is not None:
            counted = ensemble.people.action[:, members] == only
        won: Floats = (futures.gains * self.ROUNDS * counted).sum(axis=1) / counted.sum(axis=1)
        return won

    def waiting(self, changes: dict[str, Any]) -> Interval:
        """What one of three wins by joining six rounds late where all others join at once, with its interval."""
        late = [Deviation(f"late {i}", (i,), Action.DELEGATE, joins=6) for i in range(3)]
        return mean_interval(self.gains(AT_ONCE | changes, late))

    @pytest.mark.parametrize("changes", [{"rewards.kind": "shared"}, PLAIN])
    def test_waiting_pays_where_it_does_not_count_when_one_joined(self, changes: dict[str, Any]) -> None:
        assert self.waiting(changes).low > 0

    @pytest.mark.parametrize("rule", TIME_AWARE)
    def test_it_does_not_pay_under_time_aware_rewards(self, rule: str) -> None:
        assert self.waiting({"rewards.kind": rule}).high < 0

    @pytest.mark.parametrize(("rule", "sign"), [("shared", -1), *((rule, 1) for rule in TIME_AWARE)])
    def test_among_who_waits_joining_at_once_pays_only_under_time_aware_rewards(self, rule: str, sign: int) -> None:
        at_once = [Deviation(f"at once {i}", (i,), Action.DELEGATE) for i in range(10)]
        gains = self.gains({"rewards.kind": rule}, at_once, only=Action.ABSTAIN)
        assert mean_interval(sign * gains).low > 0

    @pytest.mark.parametrize("rule", TIME_AWARE)
    def test_where_all_join_at_once_everybody_gets_exactly_what_plain_credit_gives(self, rule: str) -> None:
        timed, plain = (
            Ensemble(revise(load("wait-and-see"), AT_ONCE | changes), (0, 1))
            for changes in ({"rewards.kind": rule}, PLAIN)
        )
        for _ in range(5):
            np.testing.assert_array_equal(timed.step().payday.payoffs, plain.step().payday.payoffs)

    @pytest.mark.parametrize("rule", TIME_AWARE)
    def test_who_puts_in_the_same_gets_more_the_earlier_it_came_and_exactly_the_same_if_at_the_same_time(
        self, rule: str
    ) -> None:
        # Without a task credit is the same for the same samples; 5 of 10 join in round 0, 3 in round 4, 2 in round 8
        changes = {"market.kind": "curve", "rewards.kind": rule, "settlement.kind": rule, "market.price": 0.1}
        ensemble = Ensemble(revise(load("wait-and-see"), AT_ONCE | changes), (0,))
        cohort = np.repeat([0, 4, 8], [5, 3, 2])
        for now in range(12):
            actions = np.where(cohort <= now, Action.DELEGATE, Action.ABSTAIN)[None]
            record = ensemble.act(actions)
        given, paid = record.payday.rewards[0], record.payday.payments[0]
        for when in (0, 4, 8):
            assert len(set(given[cohort == when])) == 1
            assert np.ptp(paid[cohort == when]) <= 1  # whole micro-units
        assert given[0] > given[5] > given[8] > 0
        assert paid[0] > paid[5] > paid[8] > 0

    @pytest.mark.slow
    @pytest.mark.parametrize("rule", TIME_AWARE)
    def test_who_claims_to_have_joined_earlier_wins_by_it_only_where_its_word_counts(self, rule: str) -> None:
        honest, lying = (
            [Deviation(f"late {i}", (i,), Action.DELEGATE, joins=6, earlier=rounds) for i in range(3)]
            for rounds in (0, 6)
        )
        rules = AT_ONCE | {"rewards.kind": rule}
        np.testing.assert_array_equal(self.gains(rules, lying), self.gains(rules, honest))
        believed = rules | {"rewards.joining": "claimed"}
        assert mean_interval(self.gains(believed, lying) - self.gains(believed, honest)).low > 0


class TestLinearGaussian:
    """Bayesian linear regression, where a reward between one's own and everybody's information is met exactly."""

    NOISE = 0.5

    def drawn(self, seed: int, parties: int = 4, points: int = 25) -> tuple[Evidence, Floats, Floats, Floats]:
        """Evidence, features (R, N, M, D), targets, and true weights (R, D)."""
        rng = np.random.default_rng(seed)
        features, weights = rng.normal(size=(2, parties, points, 5)), rng.normal(size=(2, 5))
        targets = np.einsum("rnmd,rd->rnm", features, weights) + self.NOISE * rng.normal(size=(2, parties, points))
        return Evidence.of(features, targets, self.NOISE), features, targets, weights

    def owed(self, evidence: Evidence, seed: int) -> Floats:
        own, whole = information(evidence.precision), information(evidence.precision.sum(axis=1))[:, None]
        return own + (whole - own) * np.random.default_rng(seed).uniform(size=own.shape)

    @given(st.integers(0, 10_000))
    @settings(max_examples=30)
    def test_tempering_realises_every_reward_exactly(self, seed: int) -> None:
        evidence = self.drawn(seed)[0]
        owed = self.owed(evidence, seed)
        precision = tempered(evidence, tempering(evidence, owed))[1]
        np.testing.assert_allclose(information(precision - np.eye(5)), owed, rtol=1e-12)

    def test_its_ends_are_one_s_own_data_and_all_data(self) -> None:
        evidence, features, targets, _ = self.drawn(1)
        own, whole = information(evidence.precision), information(evidence.precision.sum(axis=1))[:, None]
        np.testing.assert_allclose(tempering(evidence, own), 0.0, atol=1e-12)
        np.testing.assert_allclose(tempering(evidence, np.broadcast_to(whole, own.shape)), 1.0, rtol=1e-9)
        pooled = Evidence.of(features.reshape(2, 1, -1, 5), targets.reshape(2, 1, -1), self.NOISE)
        mean = np.linalg.solve(np.eye(5) + pooled.precision, pooled.shift[..., None])[..., 0]
        np.testing.assert_allclose(tempered(evidence, np.ones((2, 4)))[0], np.broadcast_to(mean, (2, 4, 5)))

    def test_who_is_owed_more_predicts_better_on_average(self) -> None:
        errors = []
        for seed in range(60):
            evidence, _, _, weights = self.drawn(seed, points=3)
            means = (tempered(evidence, np.full((2, 4), power))[0] for power in (0.0, 0.3, 1.0))
            errors.append([((mean - weights[:, None]) ** 2).sum(axis=2).mean() for mean in means])
        assert (np.diff(np.mean(errors, axis=0)) < 0).all()

    def test_a_subset_of_the_others_points_comes_as_near_as_one_point_allows(self) -> None:
        evidence, features, _, _ = self.drawn(2)
        order = np.random.default_rng(0).permutation(4 * 25)
        pool = features.reshape(2, -1, 5)[:, order]
        mine = np.repeat(np.arange(4), 25)[order] == np.arange(4)[:, None]
        theirs = np.broadcast_to(~mine, (2, 4, 100))
        owed = self.owed(evidence, 3)
        given_ = points_given(evidence, pool, theirs, self.NOISE, owed)
        near = (subset_information(evidence, pool, theirs, self.NOISE, given_ + more) for more in (-1, 0, 1))
        missed = [np.abs(found - owed) for found in near]
        assert (missed[1] <= missed[0]).all() and (missed[1] <= missed[2]).all()
        assert missed[1].max() < 0.1

    @pytest.mark.parametrize("rule", [cumulation, valuation])
    def test_models_of_three_alike_are_worth_less_the_later_they_joined_somebody(self, rule: object) -> None:
        features = np.repeat(self.drawn(5)[1][:, :1], 3, axis=1)  # the same data three times
        evidence = Evidence.of(features, np.zeros(features.shape[:3]), self.NOISE)
        rewards = rule(np.array([[0.0, 1, 1, 3, 1, 3, 3, 6]]), np.array([[0, 2, 5]]))  # type: ignore[operator]
        own, whole = information(evidence.precision), information(evidence.precision.sum(axis=1))[:, None]
        owed = own + (whole - own) * rewards / rewards.max()
        worth = information(tempered(evidence, tempering(evidence, owed))[1] - np.eye(5))
        np.testing.assert_allclose(worth, owed, rtol=1e-12)
        np.testing.assert_allclose(worth[:, 0], worth[:, 1])  # nobody was there before the second, for whom to be early
        assert (worth[:, 2] < worth[:, 1]).all()
