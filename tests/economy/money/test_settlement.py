"""Credit over rounds, settlement rules (the promises all of them keep), and exact apportionment."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from commonweal.agents.errors import InputError
from commonweal.economy.credit import history as history_module
from commonweal.economy.credit.history import Clip, CreditHistory, book, cumulated, cumulated_by_chance
from commonweal.economy.money.ledger import Ledger, post
from commonweal.economy.money.settlement import (
    SETTLEMENTS,
    SettlementRule,
    SettlementTerms,
    Standing,
    apportion,
    by_credit,
    pay,
    settlement_rule,
    settlement_transfers,
)
from commonweal.economy.money.time_aware import TimeTerms
from commonweal.testing import check_settlement_rule, standing_with

HALF, ONE = np.array([[0.5]]), np.array([[1.0]])


def terms(
    runs: int = 1, alpha: float = 1.0, reserve: float = 0.0, floor: float = 0.0, cap: float = 1.0
) -> SettlementTerms:
    numbers = {"discount": 0.95, "alpha": alpha, "reserve": reserve, "floor": floor, "hold_back": 0.0}
    arrays = {name: np.full((runs, 1), x) for name, x in (numbers | {"altruism": 1.0, "cap": cap}).items()}
    time = TimeTerms(np.full((runs, 1), 1.0), np.full((runs, 1), 0.5))
    return SettlementTerms("credit", 50, clip="net", time=time, **arrays)


def standing(credit: list[float], claims: list[int] | None = None, member: list[bool] | None = None) -> Standing:
    return standing_with([credit], [member or [True] * len(credit)], claims=[claims or [8] * len(credit)])


def history(*rounds: list[float], horizon: int = 50) -> CreditHistory:
    past = CreditHistory.empty(horizon, 1, len(rounds[0]))
    for credit in rounds:
        past = book(past, np.array([credit], dtype=float))
    return past


class TestCreditHistory:
    def test_net_credit_lets_noise_cancel_and_gross_credit_pays_it(self) -> None:
        # credit 1, -2, 4 with discount 1/2: net 1/4 - 1 + 4 = 3.25, gross 1/4 + 0 + 4 = 4.25
        past = history([1], [-2], [4])
        assert cumulated(past, HALF, "net") == 3.25
        assert cumulated(past, HALF, "gross") == 4.25

    def test_rounds_beyond_the_horizon_are_forgotten(self) -> None:
        # the last two of 1, -2, 4: -1 + 4 = 3
        assert cumulated(history([1], [-2], [4], horizon=2), HALF) == 3
        assert cumulated(history([1], [-2], [4], horizon=1), HALF) == 4

    def test_forgotten_credit_leaves_no_rounding_error_behind(self) -> None:
        rounds = [[x] for x in (0.1, 0.7, -0.3)] + [[0.0]] * 3
        assert cumulated(history(*rounds, horizon=3), ONE) == 0

    def test_before_the_first_round_nobody_has_credit(self) -> None:
        assert cumulated(CreditHistory.empty(5, 2, 3), ONE).tolist() == [[0] * 3] * 2

    def test_booking_leaves_the_past_as_it_was(self) -> None:
        past = history([1], [2])
        book(past, np.array([[5.0]]))
        cumulated(past, HALF)
        assert cumulated(past, HALF) == 2.5

    @pytest.mark.parametrize("clip", ["net", "gross"])
    def test_many_of_whom_few_are_credited_are_added_up_to_the_same_bits(
        self, clip: Clip, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rng = np.random.default_rng(0)
        past, discount = CreditHistory.empty(9, 2, 40), np.array([[0.9], [0.7]])
        for number in range(12):
            credit = rng.normal(size=(2, 40)) * (rng.random(40) < 0.2)
            past = book(past, credit, np.abs(credit[:, ::-1]) if number % 2 else None)
        all_at_once = cumulated(past, discount, clip), cumulated_by_chance(past, discount)
        monkeypatch.setattr(history_module, "MANY", 0)
        one_by_one = cumulated(past, discount, clip), cumulated_by_chance(past, discount)
        np.testing.assert_array_equal(one_by_one, all_at_once)

    @given(hnp.arrays(float, (12, 2, 3), elements=st.floats(-10, 10)), st.integers(1, 15), st.floats(0, 1))
    def test_cumulated_credit_is_the_discounted_sum(self, credit: np.ndarray, horizon: int, discount: float) -> None:
        past = CreditHistory.empty(horizon, 2, 3)
        for row in credit:
            past = book(past, row)
        weights = discount ** np.arange(min(horizon, 12))[::-1]
        expected = np.einsum("t,trn->rn", weights, credit[-horizon:])
        np.testing.assert_allclose(cumulated(past, np.full((2, 1), discount)), expected, atol=1e-9)


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    """Three runs of up to six principals, with credit of any sign and size, ties, and abstainers."""
    shape = (3, draw(st.integers(1, 6)))
    credit = draw(hnp.arrays(float, shape, elements=st.one_of(st.floats(-1e6, 1e6), st.sampled_from((0.0, 1.0)))))
    member = draw(hnp.arrays(bool, shape))
    claims = draw(hnp.arrays(np.int64, shape, elements=st.integers(0, 100)))
    reputation = draw(hnp.arrays(float, shape, elements=st.floats(0, 1)))
    joined = draw(hnp.arrays(np.int64, shape, elements=st.integers(-1, 5)))
    return standing_with(credit, member, claims=claims, put=claims, reputation=reputation, joined=joined, round=5)


OURS = [name for name, rule in SETTLEMENTS.items() if rule.__module__.startswith("commonweal.")]


@pytest.mark.parametrize("kind", OURS)
def test_every_rule_keeps_its_promises(kind: str) -> None:
    check_settlement_rule(kind)


@pytest.mark.parametrize("kind", OURS)
@given(case=standings(), alpha=st.floats(0, 100))
def test_no_standing_is_found_in_which_a_rule_breaks_a_promise(kind: str, case: Standing, alpha: float) -> None:
    check_settlement_rule(kind, {"settlement.alpha": alpha}, [case])


def _writing(standing: Standing, terms: SettlementTerms) -> np.ndarray:
    standing.credit[:] = 0.0
    return SETTLEMENTS["equal"](standing, terms)


BROKEN: dict[str, tuple[SettlementRule, str]] = {
    "negative": (lambda case, terms: by_credit(case, terms) - 0.1 * case.member, "no share is below nothing"),
    "generous": (lambda case, terms: 1.1 * by_credit(case, terms), "shares sum to 1, or to 0"),
    "unasked": (lambda case, terms: np.full(case.credit.shape, 1 / case.credit.shape[1]), "who abstains gets nothing"),
    "seated": (
        lambda case, terms: by_credit(replace(case, credit=1.0 + np.indices(case.credit.shape)[1]), terms),
        "what each gets does not depend on its place",
    ),
    "envious": (
        lambda case, terms: by_credit(replace(case, credit=case.credit - case.credit.min()), terms),
        "a run alone gets what it gets in an ensemble",
    ),
    "stingy": (lambda case, terms: 0.0 * case.credit, "who did the same as all others gets the same"),
    "narrow": (lambda case, terms: case.credit[:, :0], "it answers (R, N) numbers"),
    "nan": (lambda case, terms: np.full(case.credit.shape, np.nan), "every number is finite"),
    "writing": (_writing, "it leaves what it is given as it was, and credit changed"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_rule_that_breaks_a_promise_is_told_which(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rule, promise = BROKEN[kind]
    monkeypatch.setitem(SETTLEMENTS._plugs, kind, rule)
    with pytest.raises(AssertionError) as told:
        check_settlement_rule(kind)
    assert str(told.value).startswith(f"settlement rule {kind!r} breaks a promise: {promise}")
    assert "\n" not in str(told.value)


class Asked:
    """A rule by its name, asked for shares."""

    kind: str

    def shares(self, case: Standing, alpha: float = 1.0) -> np.ndarray:
        return SETTLEMENTS[self.kind](case, terms(len(case.credit), alpha))


class TestEqual(Asked):
    kind = "equal"

    def test_participants_share_alike_whatever_they_did(self) -> None:
        case = standing([5, -1, 0, 9], claims=[1, 2, 3, 4], member=[True, True, False, False])
        assert self.shares(case).tolist() == [[0.5, 0.5, 0, 0]]


class TestData(Asked):
    kind = "data"

    def test_claims_are_paid_and_content_is_not_looked_at(self) -> None:
        assert self.shares(standing([-5, 9, 0], claims=[6, 2, 0])).tolist() == [[0.75, 0.25, 0]]


class TestCredit(Asked):
    kind = "credit"

    def test_negative_credit_is_paid_nothing(self) -> None:
        assert self.shares(standing([3, -7, 1])).tolist() == [[0.75, 0, 0.25]]

    def test_alpha_sharpens_and_flattens_shares(self) -> None:
        # 3^2 : 1^2 = 9 : 1; with alpha = 0 everyone with positive credit is paid alike
        np.testing.assert_allclose(self.shares(standing([3, -7, 1]), alpha=2), [[0.9, 0, 0.1]])
        assert self.shares(standing([3, -7, 1, 0]), alpha=0).tolist() == [[0.5, 0, 0.5, 0]]

    def test_nobody_is_due_when_nobody_helped(self) -> None:
        assert self.shares(standing([-1, 0])).tolist() == [[0, 0]]

    def test_tiny_credit_counts_like_any_other(self) -> None:
        np.testing.assert_allclose(self.shares(standing([3e-200, 1e-200]), alpha=2), [[0.9, 0.1]])


class TestQuota(Asked):
    kind = "quota"

    def test_shares_go_by_the_quotas_of_cgsv(self) -> None:
        # Reference: credit .496139, .992278, .124035 makes reputations (4, 8, 1) / 13 and quotas .544502, 1, .140118
        shares = self.shares(standing([0.496139, 0.992278, 0.124035]))
        np.testing.assert_allclose(shares / shares.max(), [[0.544502, 1, 0.140118]], atol=1e-6)

    def test_who_earned_nothing_keeps_the_smallest_reputation_there_is(self) -> None:
        shares = self.shares(standing([3, 0, -1]))[0]
        assert shares[1] == shares[2] == pytest.approx(np.tanh(1e-3) / (2 * np.tanh(1e-3) + np.tanh(1)), rel=1e-2)


class TimeAware:
    """What both time-aware rules keep beyond the promises of all."""

    kind: str

    def shares_of(self, credit: list[float], joined: list[int], now: int = 9) -> np.ndarray:
        case = standing_with([credit], joined=np.array([joined]), round=now)
        shares: np.ndarray = SETTLEMENTS[self.kind](case, terms())[0]
        return shares

    def test_of_two_who_did_the_same_the_earlier_earns_more(self) -> None:
        early, late, third = self.shares_of([2, 2, 3], joined=[0, 3, 1])
        assert early > late
        assert early + late + third == pytest.approx(1)

    def test_who_joined_at_the_same_time_and_did_the_same_earns_exactly_the_same(self) -> None:
        shares = self.shares_of([2.1, 0.3, 2.1, 0.7, 2.1], joined=[4, 2, 4, 0, 4])
        assert shares[0] == shares[2] == shares[4]

    @pytest.mark.parametrize("when", [0, 5, -1])
    def test_where_all_joined_at_once_shares_are_those_of_credit(self, when: int) -> None:
        shares = self.shares_of([3, -7, 1, 0.5], joined=[when] * 4)
        np.testing.assert_allclose(shares, by_credit(standing([3, -7, 1, 0.5]), terms())[0], rtol=1e-14)

    @settings(suppress_health_check=[HealthCheck.differing_executors])  # two classes run it, and hold no state
    @given(
        hnp.arrays(float, 4, elements=st.floats(0.1, 10)),
        hnp.arrays(np.int64, 4, elements=st.integers(1, 8)),
        st.integers(0, 3),
    )
    def test_joining_earlier_earns_more_up_to_half_of_everything(
        self, credit: np.ndarray, joined: np.ndarray, who: int
    ) -> None:
        # The value won by joining earlier is won once more by all who were there before, together
        earlier = joined.copy()
        earlier[who] -= 1
        others = [i for i in range(4) if i != who]
        if joined[who] > joined[others].min():  # else nobody was there yet
            before, after = (self.shares_of(credit.tolist(), when.tolist())[who] for when in (joined, earlier))
            if abs(0.5 - before) > 1e-9:  # at a half itself rounding decides
                assert np.sign(after - before) == np.sign(0.5 - before)

    def test_who_is_no_member_does_not_tell_when_it_all_began(self) -> None:
        gone = standing_with([[5, 2, 2]], [[False, True, True]], joined=np.array([[0, 6, 6]]), round=9)
        np.testing.assert_allclose(SETTLEMENTS[self.kind](gone, terms()), [[0, 0.5, 0.5]])


class TestTimeCumulation(TimeAware):
    kind = "time_cumulation"


class TestTimeValuation(TimeAware):
    kind = "time_valuation"


class TestRobust(Asked):
    kind = "robust"

    def test_of_the_same_credit_it_pays_as_by_credit(self) -> None:
        case = standing([3, -7, 1])
        np.testing.assert_array_equal(self.shares(case, alpha=2), SETTLEMENTS["credit"](case, terms(alpha=2)))


def test_an_unknown_settlement_rule_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(InputError, match=r"unknown settlement rule 'credits'.*credit, data, equal.*mean 'credit'"):
        SETTLEMENTS["credits"]
    with pytest.raises(InputError, match="already registered"):
        settlement_rule("equal")(lambda standing, terms: standing.credit)


class TestApportionment:
    def test_largest_remainders_are_rounded_up(self) -> None:
        # quotas 4.1, 3.3, 2.6: floors 4 + 3 + 2, the one left goes to .6
        assert apportion(np.array([10]), np.array([[0.41, 0.33, 0.26]])).tolist() == [[4, 3, 3]]

    def test_equal_remainders_go_to_the_lowest_index(self) -> None:
        assert apportion(np.array([11]), np.full((1, 3), 1 / 3)).tolist() == [[4, 4, 3]]

    def test_a_larger_total_may_lower_a_part(self) -> None:
        # the Alabama paradox, 6 : 6 : 2: quotas 4.29, 4.29, 1.43 of 10, but 4.71, 4.71, 1.57 of 11
        shares = np.array([[6, 6, 2], [6, 6, 2]]) / 14
        assert apportion(np.array([10, 11]), shares).tolist() == [[4, 4, 2], [5, 5, 1]]

    def test_nothing_is_paid_when_nobody_is_due(self) -> None:
        assert apportion(np.array([10]), np.zeros((1, 3))).tolist() == [[0, 0, 0]]

    def test_shares_of_less_than_all_divide_the_whole_part_of_what_is_owed(self) -> None:
        # .29 * 100 = 29 although floats say 28.999999999999996; .25 * 10 = 2.5, of which 2 are whole
        assert apportion(np.array([100]), np.array([[0.29, 0.0]])).tolist() == [[29, 0]]
        assert apportion(np.array([10]), np.array([[0.125, 0.125]])).tolist() == [[1, 1]]

    @given(st.lists(st.integers(0, 1000), min_size=1, max_size=30), st.integers(0, 10**9))
    def test_parts_are_within_one_of_their_quota_and_sum_to_the_total(self, votes: list[int], total: int) -> None:
        assume(any(votes))
        parts = apportion(np.array([total]), np.array([votes]) / sum(votes))[0]
        assert parts.sum() == total
        quotas = [Fraction(total * vote, sum(votes)) for vote in votes]
        assert all(abs(int(part) - quota) < 1 + Fraction(1, 10**6) for part, quota in zip(parts, quotas, strict=True))
        assert all(part == 0 for part, vote in zip(parts, votes, strict=True) if vote == 0)

    @given(hnp.arrays(float, (2, 40), elements=st.floats(0, 1)), st.integers(10**14, 10**15))
    def test_totals_are_exact_up_to_the_largest_revenue(self, weights: np.ndarray, total: int) -> None:
        assume((weights.sum(axis=1) > 1e-3).all())
        parts = apportion(np.array([total, 10**15]), weights / weights.sum(axis=1, keepdims=True))
        assert parts.sum(axis=1).tolist() == [total, 10**15]
        assert (parts >= 0).all()

    @given(st.lists(st.integers(0, 1000), min_size=2, max_size=10), st.integers(0, 10**6), st.integers(0, 2**32 - 1))
    def test_who_is_due_more_gets_no_less_wherever_it_stands(self, votes: list[int], total: int, seed: int) -> None:
        assume(any(votes))
        order = np.random.default_rng(seed).permutation(len(votes))
        shares = np.array([votes]) / sum(votes)
        parts = apportion(np.array([total]), shares)[0]
        moved = apportion(np.array([total]), shares[:, order])[0]
        assert (np.abs(moved - parts[order]) <= 1).all()
        ascending = np.lexsort((-np.arange(len(votes)), shares[0]))
        assert (np.diff(parts[ascending]) >= 0).all()

    @pytest.mark.parametrize("shares", [[0.5, -0.1], [0.9, 0.2], [np.nan, 0.5]])
    def test_impossible_shares_are_refused(self, shares: list[float]) -> None:
        with pytest.raises(InputError, match="a settlement rule gives shares"):
            apportion(np.array([10]), np.array([shares]))


class TestPayment:
    everyone = np.ones((1, 4), dtype=bool)

    def test_reserve_and_floor_come_off_before_credit_is_paid(self) -> None:
        # 1000 - 100 reserve = 900; a fifth of it, 180, is split 45 each; 720 by shares
        shares = np.array([[0.5, 0.25, 0.25, 0.0]])
        paid = pay(np.array([1000]), shares, self.everyone, terms(reserve=0.1, floor=0.2))
        assert paid.tolist() == [[405, 225, 225, 45]]

    def test_when_nobody_is_due_only_the_floor_is_paid(self) -> None:
        paid = pay(np.array([1000]), np.zeros((1, 4)), self.everyone, terms(floor=0.2))
        assert paid.tolist() == [[50, 50, 50, 50]]

    def test_the_floor_is_for_participants(self) -> None:
        two = np.array([[True, False, True, False]])
        assert pay(np.array([1000]), np.zeros((1, 4)), two, terms(floor=0.2)).tolist() == [[100, 0, 100, 0]]
        assert not pay(np.array([1000]), np.zeros((1, 4)), ~self.everyone, terms(floor=0.2)).any()

    def test_what_is_not_owed_stays_in_the_treasury(self) -> None:
        revenue = np.array([1000])
        payments = pay(revenue, np.array([[1.0, 0, 0, 0]]), self.everyone, terms(reserve=0.25))
        after = post(Ledger.empty(1, 4), settlement_transfers(revenue, payments))
        assert (after.principals[0, 0], after.treasury[0]) == (750, 250)

    def test_runs_of_an_ensemble_keep_their_own_reserve(self) -> None:
        two = replace(terms(2), reserve=np.array([[0.0], [0.5]]))
        shares = np.full((2, 4), 0.25)
        assert pay(np.array([100, 100]), shares, np.ones((2, 4), dtype=bool), two)[:, 0].tolist() == [25, 12 + 1]


def test_shares_that_sum_to_hardly_more_than_everything_are_told_with_digits_enough() -> None:
    with pytest.raises(InputError, match="shares from 0.5 on with sums up to 1.0000001; .* sum to at most 1"):
        apportion(np.array([100]), np.array([[0.5, 0.5000001]]))
