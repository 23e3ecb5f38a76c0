"""Robust settlement: hold-back, clawback, identity cost, replication-robust shares, and stakes under every rule."""

from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.credit.history import CreditHistory, book, cumulated, cumulated_by_chance
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.money.clawback import Clawback, ClawbackTerms, at_risk, claw_back
from commonweal.economy.money.identity import IdentityTerms, charge_entry, fund_names
from commonweal.economy.money.ledger import MICRO, Ledger, Reason, Transfer, post
from commonweal.economy.money.settlement import SETTLEMENTS
from commonweal.economy.runs import checkpoint
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import solvency
from commonweal.economy.world.terms import Terms
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Market, Scenario

ONE = np.array([[1.0]])
SEEDS = range(8)


PRICED = IdentityTerms(ONE)


def back(share: float = 1.0) -> ClawbackTerms:
    return ClawbackTerms(np.array([[share]]))


def history(*rounds: list[float], horizon: int = 50) -> CreditHistory:
    past = CreditHistory.empty(horizon, 1, len(rounds[0]))
    for credit in rounds:
        past = book(past, np.array([credit], dtype=float))
    return past


def ledger(principals: list[int], escrows: list[int] | None = None, treasury: int = 0) -> Ledger:
    held = [*principals, *(escrows or [0] * len(principals)), treasury]
    return Ledger(np.array([[*held, -sum(held)]], dtype=np.int64))


class TestCreditByChance:
    def test_it_is_the_root_of_the_sum_of_squares(self) -> None:
        assert cumulated_by_chance(history([3], [-4]), ONE) == 5
        # discount 1/2: the older round counts a quarter of its square, sqrt(9 / 4 + 16)
        assert cumulated_by_chance(history([3], [-4]), ONE / 2) == np.sqrt(9 / 4 + 16)

    def test_an_estimate_less_certain_than_credit_is_large_counts_with_its_own_error(self) -> None:
        past = book(book(CreditHistory.empty(5, 1, 1), 3 * ONE, ONE), ONE, 4 * ONE)
        assert cumulated_by_chance(past, ONE) == 5

    @given(st.lists(st.floats(0.01, 100), min_size=1, max_size=9), st.floats(0, 1), st.floats(0.1, 4))
    def test_credit_that_jumps_up_as_often_as_down_is_rarely_sure(
        self, sizes: list[float], discount: float, errors: float
    ) -> None:
        # Efron (1969): over all signs that credit of these sizes could have had, at most a share exp(-z^2 / 2)
        signs = np.array(list(product((-1, 1), repeat=len(sizes))))  # (2^T, T)
        past = CreditHistory.empty(len(sizes), 1, len(signs))
        for credit in (signs * sizes).T:
            past = book(past, credit[None])
        sure = cumulated(past, ONE * discount) > errors * cumulated_by_chance(past, ONE * discount) * (1 + 1e-12)
        assert sure.mean() <= np.exp(-(errors**2) / 2)

    def test_steady_credit_is_sure_after_as_many_rounds_as_errors_squared(self) -> None:
        # n c > 2 sqrt(n) c from n = 5 on
        sure = []
        for rounds in range(1, 8):
            past = history(*[[0.3]] * rounds)
            sure.append(bool(cumulated(past, ONE) > 2 * cumulated_by_chance(past, ONE) + 1e-12))
        assert sure == [False] * 4 + [True] * 3


class TestClawback:
    HORIZON = 50

    def paid(self, *payments: list[int], terms: ClawbackTerms) -> Ints:
        """What may be taken back after rounds in which nobody's credit was below zero."""
        past = np.zeros((1, 0, len(payments[0])), dtype=np.int64)
        for amounts in payments:
            helpful = np.ones((1, len(amounts)))
            taken = claw_back(ledger([0] * len(amounts)), past, self.HORIZON, helpful, np.array([amounts]), terms)
            past = taken.refundable
        return past

    def taken(
        self, held: Ledger, past: Ints, netted: Any, payments: Any, terms: ClawbackTerms | None = None
    ) -> Clawback:
        return claw_back(held, past, self.HORIZON, np.array(netted), np.array(payments), terms or back())

    def test_all_that_was_paid_within_the_horizon_goes_to_the_others_by_what_they_are_paid(self) -> None:
        past = self.paid([10, 10, 10, 0], [20, 0, 0, 10], terms=back())
        taken = self.taken(ledger([50] * 4), past, [[-1.0, 2.0, 1.0, 0.0]], [[5, 20, 10, 0]])
        # 10 + 20 + 5 = 35 by 20 : 10, quotas 23.33 and 11.67
        assert taken.purses.tolist() == [[35, 0, 0, 0]]
        assert taken.redistributed.tolist() == [[0, 23, 12, 0]]
        left = taken.refundable.sum(axis=1)
        assert left.tolist() == [[0, 10 + 20 + 23, 10 + 10 + 12, 10]]
        risk = [0, 53 / MICRO, 32 / MICRO, 10 / MICRO]
        assert at_risk(left, np.zeros((1, 4)), np.ones((1, 4)), back().share).tolist() == [risk]
        assert at_risk(left, np.zeros((1, 4)), np.full((1, 4), 40 / MICRO), back().share)[0, 1] == 40 / MICRO

    def test_what_left_the_horizon_is_ones_own(self) -> None:
        past = self.paid([10], [20], terms=back())
        taken = claw_back(ledger([50]), past, 2, -ONE, np.array([[0]]), back())
        assert taken.purses.tolist() == [[20]]

    def test_escrows_are_taken_after_balances_and_nobody_owes_more_than_it_has(self) -> None:
        past = self.paid([30, 30], terms=back())
        held = ledger([20, 5], [4, 100])
        taken = self.taken(held, past, [[-1.0, -1.0]], [[0, 0]])
        assert taken.purses.tolist() == [[20, 5]]
        assert taken.stakes.tolist() == [[4, 25]]
        assert post(held, taken.transfers).balances.tolist() == [[0, 0, 0, 75, 54, -129]]
        # what could not be had is still owed, and is taken when there is something
        assert taken.refundable.tolist() == [[[6, 0], [0, 0]]]

    def test_more_than_can_be_divided_exactly_is_redistributed_in_part(self) -> None:
        past = self.paid([3 * 10**15, 0], terms=back())
        taken = self.taken(ledger([4 * 10**15, 0]), past, [[-1.0, 1.0]], [[0, 5]])
        assert taken.net.tolist() == [[-3 * 10**15, 10**15]]

    def test_nothing_is_taken_back_twice_and_the_oldest_first(self) -> None:
        past = self.paid([10], [20], terms=back())
        first = self.taken(ledger([15]), past, [[-1.0]], [[0]])
        assert first.refundable.tolist() == [[[0], [15], [0]]]
        assert not self.taken(ledger([100]), first.refundable, [[-1.0]], [[0]]).refundable.any()

    def test_a_share_leaves_the_rest_for_good(self) -> None:
        past = self.paid([10, 9], terms=back(0.5))
        first = self.taken(ledger([10, 9]), past, [[-1.0, -1.0]], [[0, 0]], back(0.5))
        assert first.purses.tolist() == [[5, 4]]  # 4.5 is rounded to even
        second = self.taken(ledger([5, 5]), first.refundable, [[-1.0, -1.0]], [[0, 0]], back(0.5))
        assert not second.purses.any()


class TestIdentityCost:
    def test_a_name_is_paid_for_when_somebody_first_takes_part_under_it(self) -> None:
        held = ledger([3 * MICRO] * 3)
        actions = np.array([[Action.DELEGATE, Action.ABSTAIN, Action.FREE_RIDE]])
        doing, fees = charge_entry(held, np.array([[False, False, True]]), actions, PRICED)
        assert doing.tolist() == actions.tolist()
        assert post(held, [fees]).balances.tolist() == [[2 * MICRO, 3 * MICRO, 3 * MICRO, 0, 0, 0, MICRO, -9 * MICRO]]

    def test_a_name_that_cannot_pay_cannot_enter(self) -> None:
        doing, fees = charge_entry(ledger([MICRO - 1, MICRO]), np.zeros((1, 2), bool), np.ones((1, 2), int), PRICED)
        assert doing.tolist() == [[Action.ABSTAIN, Action.DELEGATE]]
        assert fees.amount.tolist() == [[0, MICRO]]

    @pytest.mark.parametrize(
        ("money", "entered", "funded"), [(4, False, 3), (3, False, 2), (3, True, 3), (1, False, 0)]
    )
    def test_false_names_are_paid_by_who_bears_them_as_many_as_it_can_afford(
        self, money: int, entered: bool, funded: int
    ) -> None:
        held = ledger([7 * MICRO, money * MICRO, 0, 0, 0, 0])
        bearer, unborne = np.array([[0, 1, 1, 1, 1, 0]]), np.array([[False] * 5 + [True]])
        after = fund_names(held, bearer, unborne, np.array([[True, entered] + [False] * 4]), PRICED)
        spare = [MICRO] * funded + [0] * (4 - funded)
        assert after.principals.tolist() == [[7 * MICRO, (money - funded) * MICRO, *spare]]
        assert after.balances.sum() == 0


FIXED: dict[str, Any] = {
    "policy.mix": {"fixed": 1.0},
    "policy.mutation": 0.0,
    "population.start_delegate": 0.7,
    "population.start_free_ride": 0.15,
    "population.start_defect": 0.15,
    "actions.free_ride": "junk",
    "credit.kind": "first_order",  # it pays noise at this rate; credit along the step leaves hardly any to take
    "population.count": 20,
    "rounds": 50,
}
FEW = FIXED | {"population.count": 10, "population.start_delegate": 0.6, "population.start_free_ride": 0.2}
FEW |= {"population.start_defect": 0.2, "credit.kind": "estimated_shapley", "credit.budget": 16}


@cache
def earned(**changes: Any) -> Floats:
    """(S, 3) money per round that who delegates, free-rides and defects gets on average, by seed."""
    scenario = revise(load("commons"), (FEW if changes.pop("few", False) else FIXED) | dict(_dotted(changes)))
    ensemble = Ensemble(scenario, list(SEEDS))
    actions, total = ensemble.decide(), 0
    for _ in range(scenario.rounds):
        payday = ensemble.step().payday
        total = total + payday.payments + payday.net(Reason.CLAWBACK, Reason.REDISTRIBUTION)
    return np.stack([np.ma.array(total, mask=actions != a).mean(axis=1) for a in (1, 2, 3)], axis=1) / MICRO


def _dotted(changes: dict[str, Any]) -> dict[str, Any]:
    """Fields of a scenario, written with ``__`` for the dot."""
    return {name.replace("__", "."): value for name, value in changes.items()}


def relative(pay: Floats) -> Floats:
    """(S, 2) pay of junk and of poison, as parts of an honest one."""
    return pay[:, 1:] / pay[:, :1]


def assert_lower(pay: Floats, before: Floats) -> None:
    """The 95 % interval over seeds of the difference lies below zero."""
    found = mean_interval(pay - before)
    assert (found.high < 0).all(), found


class TestInTheEconomy:
    def test_holding_back_takes_what_noise_earns_under_exact_credit(self) -> None:
        # of an honest share: junk .024 ± .013 before, .0001 after; poison .20 ± .08 before, .009 ± .015 after
        assert_lower(relative(earned(settlement__hold_back=2.0)), relative(earned()))

    @pytest.mark.slow
    def test_holding_back_takes_what_noise_earns_under_estimated_credit(self) -> None:
        # of an honest share: junk .039 ± .021 before, .006 ± .004 after; poison .016 ± .011 before, .005 ± .006 after
        assert_lower(relative(earned(few=True, settlement__hold_back=1.0)), relative(earned(few=True)))

    def test_holding_back_pays_honest_principals_later_not_less(self) -> None:
        assert mean_interval(earned(settlement__hold_back=1.0)[:, 0] - earned()[:, 0]).high > 0

    @pytest.mark.parametrize("rule", ["equal", "data", "credit"])
    def test_clawback_takes_from_junk_and_label_flippers_and_gives_to_the_honest(self, rule: str) -> None:
        before, after = earned(settlement__kind=rule), earned(settlement__kind=rule, clawback__share=1.0)
        # of an honest share, under equal: junk 1 before, .14 ± .15 after; poison 1 before, .32 ± .25 after
        assert_lower(relative(after), relative(before))
        assert_lower(-after[:, 0], -before[:, 0])

    def test_the_robust_rule_takes_from_who_puts_in_the_same_over_and_over(self) -> None:
        stale = {"actions__free_ride": "stale"}
        before, after = (relative(earned(settlement__kind=kind, **stale))[:, 0] for kind in ("credit", "robust"))
        assert_lower(after, before / 4)

    def test_a_hundred_percent_of_what_was_not_paid_stays_in_the_treasury(self) -> None:
        ensemble = Ensemble(revise(load("commons"), {**FIXED, "settlement.hold_back": 100.0}), [0])
        revenue = sum(ensemble.step().payday.revenue.sum() for _ in range(10))
        assert ensemble.state.ledger.treasury.tolist() == [revenue]


def foregone(**changes: Any) -> tuple[Ensemble, Any]:
    """An economy after ten rounds in which nobody reconsiders, and the last round; best responses are reckoned."""
    mix = {"policy.mix": {"fixed": 0.999, "best_response": 0.001}}
    ensemble = Ensemble(revise(load("commons"), {**FIXED, **mix, "settlement.kind": "equal", **_dotted(changes)}), [0])
    records = [ensemble.step() for _ in range(10)]
    return ensemble, records[-1]


class TestBestResponses:
    def test_who_has_done_harm_expects_to_give_back_what_it_is_paid_and_the_others_to_share_it(self) -> None:
        recent = {"settlement__horizon": 3}  # rounds: over more of them nobody has done harm here
        (without, record), (clawed, _) = foregone(**recent), foregone(**recent, clawback__share=0.5)
        actions = record.actions[..., None]
        loss = np.take_along_axis(without.people.foregone - clawed.people.foregone, actions, axis=2)[..., 0]
        paid = record.payday.payments / MICRO
        harmful = cumulated(without.state.history, np.array([[0.95]])) < 0
        assert harmful.any() and (loss[harmful] >= 0.5 * paid[harmful] - 1 / MICRO).all()
        np.testing.assert_allclose(-loss[~harmful].sum(), loss[harmful].sum(), atol=20 / MICRO)

    def test_held_back_credit_is_no_evidence_of_harm(self) -> None:
        stakes = {"population__endowment": 5.0, "stakes__stake": 1.0, "stakes__audit": 1.0, "stakes__reveal": 0.0}
        (ensemble, _), (held, _) = foregone(**stakes), foregone(**stakes, settlement__hold_back=50.0)
        for action in (Action.DELEGATE, Action.FREE_RIDE):
            np.testing.assert_allclose(
                held.people.foregone[..., action], ensemble.people.foregone[..., action]
            )


SYBIL = Deviation("sybil", (0,), identities=5)
EVERYBODY = FIXED | {"population.start_delegate": 1.0, "population.start_free_ride": 0.0}
EVERYBODY |= {"population.start_defect": 0.0, "settlement.kind": "equal", "population.endowment": 5.0}


class TestSybils:
    def gains(self, fee: float, **changes: Any) -> Floats:
        """(S,) money per round that taking part under five names brings."""
        scenario = revise(load("commons"), {**EVERYBODY, "identity.cost": fee, **_dotted(changes)})
        ensemble = Ensemble(scenario, range(4))
        futures = play_futures(ensemble.snapshot, [SYBIL], scenario.rounds)
        gained: Floats = futures.gains[:, 0]
        return gained

    def test_five_names_pay_five_times_so_that_they_gain_by_none(self) -> None:
        free, dear = self.gains(0.0), self.gains(1.0)
        assert (free > 0.01).all()  # of a mean payoff of .004: five equal shares instead of one
        np.testing.assert_allclose(dear, free - 4 * 1.0 / 50)
        assert (dear < 0).all()

    def test_who_cannot_pay_for_a_second_name_has_none(self) -> None:
        scenario = revise(load("commons"), {**EVERYBODY, "identity.cost": 1.0, "population.endowment": 2.5})
        ensemble = Ensemble(scenario, [0])
        futures = play_futures(ensemble.snapshot, [SYBIL], 3)
        doing = futures.actions[0, 1, :, [0, *range(20, 24)]]
        assert doing.tolist() == [[Action.DELEGATE] * 3] * 2 + [[Action.ABSTAIN] * 3] * 3

    def test_persons_are_asked_for_the_price_of_a_name_before_they_respond(self) -> None:
        changes = EVERYBODY | {"policy.mix": {"best_response": 1.0}, "actions.available": ["abstain", "delegate"]}
        changes |= {"population.start_delegate": 0.5, "population.start_abstain": 0.5, "identity.cost": 1.0}
        ensemble = Ensemble(revise(load("commons"), changes), [0])
        outside = ensemble.decide() == Action.ABSTAIN
        ensemble.step()
        offered = ensemble.people.foregone[..., Action.DELEGATE]
        assert (offered[outside] < -0.9).all() and (offered[~outside] > -0.1).all()


@pytest.mark.parametrize("kind", get_args(Market.model_fields["kind"].annotation))
@pytest.mark.parametrize("rule", sorted(SETTLEMENTS))
def test_stakes_audits_and_slashing_work_under_every_rule_in_every_market(kind: str, rule: str) -> None:
    if kind == "public_goods" and rule != "equal":
        with pytest.raises(InputError, match=r"settlement\.kind must be equal"):
            revise(load("commons"), {"market.kind": kind, "settlement.kind": rule})
        return
    terms = {"population.endowment": 3.0, "stakes.stake": 2.0, "stakes.audit": 0.5, "stakes.slash": 0.5}
    who = {"actions.available": ["delegate", "free_ride"], "population.start_delegate": 0.5}
    who |= {"population.start_free_ride": 0.5, "population.start_defect": 0.0, "actions.free_ride": "idle"}
    ensemble = Ensemble(
        [revise(load("commons"), {**FIXED, **who, **terms, "market.kind": kind, "settlement.kind": rule, "rounds": 1,
                                  "stakes.reveal": reveal}) for reveal in (0.0, 1.0)] * 10,
        range(20),
    )  # fmt: skip
    record = ensemble.step()
    lost, idle = -record.payday.net(Reason.SLASH), record.actions == Action.FREE_RIDE
    assert set(np.unique(lost)) == {0, MICRO}
    assert not lost[::2][idle[::2]].any()  # who is idle has no credit: only revelation finds it
    assert abs((lost[1::2][idle[1::2]] > 0).mean() - 0.5) < 5 * np.sqrt(0.25 / idle[1::2].sum())
    assert (record.lesson.credit[(lost > 0) & ~idle] < 0).all()
    np.testing.assert_array_equal(ensemble.state.ledger.escrows, 2 * MICRO - lost)


def test_the_robust_rule_sets_what_the_scenario_leaves_open() -> None:
    def terms(**changes: Any) -> Any:
        return Terms.of([revise(load("commons"), {"settlement.kind": "robust", **_dotted(changes)})]).credit

    usual = terms()
    assert (usual.replication.penalty, usual.novelty.memory) == (np.log(2), 2)
    own = terms(credit__replication__penalty=0.9, credit__novelty__memory=5)
    assert (own.replication.penalty, own.novelty.memory) == (0.9, 5)


def test_a_run_that_was_stopped_goes_on_with_what_it_may_claw_back(tmp_path: Path) -> None:
    terms = {"clawback.share": 1.0, "settlement.hold_back": 1.0, "settlement.kind": "equal"}
    paid_for = {"population.endowment": 1.0, "identity.cost": 0.5}
    scenario = revise(load("commons"), {**FIXED, **terms, **paid_for})

    def played(rounds: int) -> Ensemble:
        ensemble = Ensemble(scenario, [0, 1])
        for _ in range(rounds):
            ensemble.step()
        return ensemble

    checkpoint.save(tmp_path / "stopped.npz", played(10))
    resumed, straight = Ensemble(scenario, [0, 1]), played(20)
    checkpoint.restore(tmp_path / "stopped.npz", resumed)
    for _ in range(10):
        resumed.step()
    np.testing.assert_array_equal(resumed.state.ledger.balances, straight.state.ledger.balances)
    np.testing.assert_array_equal(resumed.state.mechanisms["identity"].paid, straight.state.mechanisms["identity"].paid)
    refundable = straight.state.mechanisms["clawback"].amounts
    assert refundable is not None and refundable.any()
    np.testing.assert_array_equal(resumed.state.mechanisms["clawback"].amounts, refundable)


def test_solvency_counts_the_smallest_accounts_and_claims_without_money() -> None:
    sound = ledger([3 * MICRO, MICRO], [0, MICRO // 2], 4 * MICRO)
    assert {name: value[0] for name, value in solvency(sound).items()} == {
        "least_balance": 1.0,
        "least_escrow": 0.0,
        "unfunded": 0.0,
    }
    assert solvency(Ledger(sound.balances + np.array([MICRO, 0, 0, 0, 0, 0])))["unfunded"] == 1.0


@pytest.mark.parametrize(("changes", "complaint"), [
    ({"settlement.hold_back": -1.0}, "settlement.hold_back = -1.0: must be a number between 0 and 100"),
    ({"clawback.share": 1.5}, "clawback.share = 1.5: must be a number between 0 and 1"),
    ({"identity.cost": -1}, "identity.cost = -1: must be a number between 0 and"),
    ({"identity.cost": 2.0, "population.endowment": 1.0},
     "identity.cost = 2 exceeds population.endowment = 1: nobody could take part"),
])  # fmt: skip
def test_terms_that_make_no_sense_are_refused_in_one_line(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError) as refused:
        revise(load("commons"), changes)
    assert complaint in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("path", ["settlement.hold_back", "clawback.share"])
def test_a_public_good_has_nothing_to_hold_back_or_claw_back(path: str) -> None:
    with pytest.raises(InputError, match=f"{path} must be 0"):
        revise(load("public-goods"), {path: 0.5})


def test_switched_off_nothing_changes_hands() -> None:
    scenario: Scenario = revise(load("commons"), FIXED)
    record = Ensemble(scenario, [0]).step()
    moved: list[Transfer] = [t for t in record.payday.transfers if t.reason not in ("revenue", "payment")]
    assert not moved and not record.payday.held.any() and not record.payday.net(Reason.IDENTITY).any()
