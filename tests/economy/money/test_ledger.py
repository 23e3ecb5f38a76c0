"""Nothing is created or lost: whatever is played, balances sum to zero and follow from the entries."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.economy.credit.history import CreditHistory, book, cumulated, cumulated_by_chance
from commonweal.economy.money.clawback import ClawbackTerms, claw_back
from commonweal.economy.money.identity import IdentityTerms, charge_entry
from commonweal.economy.money.ledger import (
    Accounts,
    Ledger,
    NegativeAmountError,
    OverdraftError,
    Reason,
    Transfer,
    entries,
    post,
    reconcile,
)
from commonweal.economy.money.settlement import SETTLEMENTS, SettlementTerms, Standing, pay, settlement_transfers
from commonweal.economy.money.stakes import StakeTerms, caught, endowment_transfer, slash_transfer, stake_transfers
from commonweal.economy.money.time_aware import TimeTerms
from commonweal.economy.round.mechanisms.deals import DataDeals
from commonweal.testing import standing_with

N = 3
TREASURY, MARKET = 6, 7


def amounts(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=np.int64)


def funded(*holdings: list[int]) -> Ledger:
    endowment = Transfer(Reason.ENDOWMENT, MARKET, Accounts(N).principals, amounts(*holdings))
    return post(Ledger.empty(len(holdings), N), [endowment])


def test_accounts_are_numbered_principals_escrows_treasury_market() -> None:
    names = [Accounts(N).name(account) for account in range(2 * N + 2)]
    assert names[:4] == ["principal 0", "principal 1", "principal 2", "escrow 0"]
    assert names[5:] == ["escrow 2", "treasury", "market"]
    assert (Accounts(N).treasury, Accounts(N).market) == (TREASURY, MARKET)


def test_the_markets_debt_counts_what_came_in() -> None:
    after = post(funded([5, 0, 7]), [Transfer(Reason.REVENUE, MARKET, TREASURY, np.array([30]))])
    assert after.balances.tolist() == [[5, 0, 7, 0, 0, 0, 30, -42]]
    assert after.treasury.tolist() == [30]


def test_posting_leaves_the_ledger_before_as_it_was() -> None:
    before = funded([5, 0, 7])
    post(before, [Transfer(Reason.STAKE, Accounts(N).principals, Accounts(N).escrows, amounts([5, 0, 1]))])
    assert before.principals.tolist() == [[5, 0, 7]]


def test_a_side_of_listed_accounts_may_name_one_twice() -> None:
    deal = Transfer(Reason.PAYMENT, np.array([0, 0]), np.array([1, 2]), amounts([2, 3]))
    assert post(funded([5, 0, 7]), [deal]).principals.tolist() == [[0, 2, 10]]


@given(st.lists(st.permutations(range(4)), min_size=2, max_size=2), st.lists(st.integers(0, 9), min_size=8, max_size=8))
def test_each_run_may_have_accounts_of_its_own(places: list[list[int]], moved: list[int]) -> None:
    amount, target = np.array(moved).reshape(2, 4), np.array(places)
    gifts = Transfer(Reason.REQUEST, Accounts(4).principals, target, amount)
    opening = Transfer(Reason.ENDOWMENT, Accounts(4).market, Accounts(4).principals, np.full((2, 4), 9))
    together = post(Ledger.empty(2, 4), [opening, gifts])
    for run in range(2):
        one = Transfer(Reason.REQUEST, Accounts(4).principals, target[run], amount[[run]])
        alone = post(Ledger.empty(1, 4), [Transfer(Reason.ENDOWMENT, 9, range(4), np.full((1, 4), 9)), one])
        assert together.balances[run].tolist() == alone.balances[0].tolist()
    back = Transfer(Reason.REQUEST, target, Accounts(4).principals, amount)
    assert post(together, [back]).balances.tolist() == post(Ledger.empty(2, 4), [opening]).balances.tolist()
    rows = pd.DataFrame(entries([opening, gifts], 0))
    assert not reconcile(rows, together.balances).any()
    assert len(rows) == 8 + np.count_nonzero(amount)
    given = rows[rows["reason"] == "request"]
    assert (target[given["run"], given["source"]] == given["target"]).all()


def test_accounts_of_each_run_may_name_one_twice() -> None:
    target = np.array([[1, 1, 1], [2, 0, 0]])
    gifts = Transfer(Reason.REQUEST, Accounts(N).principals, target, amounts([5, 0, 7], [1, 2, 3]))
    assert post(funded([5, 0, 7], [1, 2, 3]), [gifts]).principals.tolist() == [[0, 12, 0], [5, 0, 1]]


@pytest.mark.parametrize("target", [np.zeros((2, 3), int), np.zeros((1, 2), int), np.zeros((3, 1), int)])
def test_accounts_of_each_run_must_be_one_for_each_amount(target: np.ndarray) -> None:
    with pytest.raises(ValueError, match="request: 3 amounts for"):
        Transfer(Reason.REQUEST, Accounts(N).principals, target, amounts([1, 2, 3]))


def test_an_overdraft_is_refused_and_says_whose() -> None:
    stake = Transfer(Reason.STAKE, Accounts(N).principals, Accounts(N).escrows, amounts([1, 1, 1], [0, 5, 0]))
    with pytest.raises(OverdraftError, match="stake in run 1 would leave principal 1 at -1") as refused:
        post(funded([1, 1, 1], [4, 4, 4]), [stake])
    assert (refused.value.run, refused.value.account, refused.value.balance) == (1, "principal 1", -1)


def test_money_cannot_be_spent_before_it_arrives() -> None:
    revenue = Transfer(Reason.REVENUE, MARKET, TREASURY, np.array([9]))
    payment = Transfer(Reason.PAYMENT, TREASURY, Accounts(N).principals, amounts([3, 3, 3]))
    assert post(Ledger.empty(1, N), [revenue, payment]).principals.tolist() == [[3, 3, 3]]
    with pytest.raises(OverdraftError, match="treasury"):
        post(Ledger.empty(1, N), [payment, revenue])


def test_a_negative_amount_is_refused() -> None:
    theft = Transfer(Reason.PAYMENT, TREASURY, Accounts(N).principals, amounts([0, -2, 2]))
    with pytest.raises(NegativeAmountError, match="payment in run 0 moves -2"):
        post(funded([5, 5, 5]), [theft])


def test_one_amount_cannot_be_drawn_from_many_accounts() -> None:
    with pytest.raises(ValueError, match="1 amounts for 3 accounts"):
        Transfer(Reason.SLASH, Accounts(N).escrows, TREASURY, np.array([4]))
    with pytest.raises(ValueError, match="not a block"):
        Transfer(Reason.SLASH, range(0, 6, 2), TREASURY, amounts([4, 4, 4]))


def test_entries_name_every_amount_that_moved_and_no_other() -> None:
    transfers = [
        Transfer(Reason.ENDOWMENT, MARKET, Accounts(N).principals, amounts([5, 0, 7], [0, 0, 1])),
        Transfer(Reason.REVENUE, MARKET, TREASURY, np.array([0, 8])),
    ]
    rows = pd.DataFrame(entries(transfers, round=4))
    assert rows.columns.tolist() == ["round", "run", "source", "target", "amount", "reason"]
    assert rows.values.tolist() == [
        [4, 0, MARKET, 0, 5, "endowment"],
        [4, 0, MARKET, 2, 7, "endowment"],
        [4, 1, MARKET, 2, 1, "endowment"],
        [4, 1, MARKET, TREASURY, 8, "revenue"],
    ]


def test_reconciling_finds_a_changed_entry() -> None:
    transfer = Transfer(Reason.ENDOWMENT, MARKET, Accounts(N).principals, amounts([5, 0, 7]))
    balances = post(Ledger.empty(1, N), [transfer]).balances
    rows = entries([transfer], round=0)
    assert not reconcile(rows, balances).any()
    rows["amount"][1] = 6
    assert reconcile(rows, balances).tolist() == [[0, 0, 1, 0, 0, 0, 0, -1]]


SHARES = st.floats(0, 1)


class Agreed(NamedTuple):
    """What is agreed in two runs."""

    endowment: np.ndarray
    stakes: StakeTerms
    clawback: ClawbackTerms
    identity: IdentityTerms


@st.composite
def economies(draw: st.DrawFn) -> tuple[Agreed, SettlementTerms]:
    """Terms of two runs that may differ in every number."""

    def pair(values: st.SearchStrategy[float]) -> np.ndarray:
        return np.array([[draw(values)], [draw(values)]])

    stake, endowment, fee, hold_back = (pair(st.floats(0, most)) for most in (2, 3, 1, 4))
    stakes, clawback = StakeTerms(stake, *(pair(SHARES) for _ in range(3))), ClawbackTerms(pair(SHARES))
    agreed = Agreed(endowment, stakes, clawback, IdentityTerms(fee))
    kind = draw(st.sampled_from(sorted(SETTLEMENTS)))
    altruism, time = pair(st.floats(0.1, 10)), TimeTerms(pair(st.floats(0.1, 10)), pair(st.floats(0, 2)))
    alpha, reserve, floor = pair(st.floats(0, 5)), pair(SHARES), pair(SHARES)
    cap, usual = pair(st.floats(0.1, 10)), np.ones((2, 1))
    return agreed, SettlementTerms(kind, 5, usual, alpha, reserve, floor, "net", hold_back, altruism, time, cap)


@given(economies(), st.integers(1, 6), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_no_sequence_of_rounds_creates_or_loses_money(
    economy: tuple[Agreed, SettlementTerms], rounds: int, count: int, seed: int
) -> None:
    agreed, settlement = economy
    rng = np.random.default_rng(seed)
    start = endowment_transfer(count, agreed.endowment)
    ledger, stored = post(Ledger.empty(2, count), [start]), [entries([start], 0)]
    received, entered = -ledger.balances[:, -1], np.zeros((2, count), dtype=bool)
    history = CreditHistory.empty(settlement.horizon, 2, count)
    refundable = np.zeros((2, 0, count), dtype=np.int64)
    for now in range(1, rounds + 1):
        actions, fees = charge_entry(ledger, entered, rng.integers(0, 4, (2, count)), agreed.identity)
        entered |= actions != Action.ABSTAIN
        ledger, moved = posted(ledger, [], fees)
        ledger, moved = posted(ledger, moved, *all_of(some_deals(ledger, rng)))
        revenue = rng.integers(0, 10 ** rng.integers(1, 16), 2)
        history = book(history, rng.normal(size=(2, count)))
        netted = cumulated(history, settlement.discount)
        held = settlement.hold_back * cumulated_by_chance(history, settlement.discount)
        standing = standing_of(actions, netted - held, rng)
        payments = pay(revenue, SETTLEMENTS[settlement.kind](standing, settlement), standing.member, settlement)
        ledger, moved = posted(ledger, moved, *stake_transfers(ledger, standing.member, agreed.stakes))
        guilty = caught(actions, netted, rng.random((2, 2, count)), agreed.stakes)
        ledger, moved = posted(ledger, moved, slash_transfer(ledger, guilty, agreed.stakes))
        ledger, moved = posted(ledger, moved, *settlement_transfers(revenue, payments))
        taken = claw_back(ledger, refundable, settlement.horizon, netted, payments, agreed.clawback)
        refundable = taken.refundable
        ledger, moved = posted(ledger, moved, *taken.transfers)
        assert (taken.purses[netted >= 0] == 0).all() and (taken.redistributed[netted < 0] == 0).all()
        stored.append(entries(moved, now))
        received += revenue
        assert (ledger.balances.sum(axis=1) == 0).all()
        assert (ledger.balances[:, :-1] >= 0).all()
        assert (ledger.balances[:, -1] == -received).all()
    assert not reconcile(pd.concat([pd.DataFrame(rows) for rows in stored]), ledger.balances).any()


def posted(ledger: Ledger, moved: list[Transfer], *transfers: Transfer) -> tuple[Ledger, list[Transfer]]:
    """The ledger after more transfers, and all of them."""
    return post(ledger, transfers), [*moved, *transfers]


def all_of(deals: DataDeals) -> tuple[Transfer, ...]:
    return deals.escrowing, *deals.payments


def some_deals(ledger: Ledger, rng: np.random.Generator) -> DataDeals:
    """Everybody pays somebody some of what it has."""
    paid = (rng.random(ledger.principals.shape) * ledger.principals * 0.99).astype(np.int64)
    return DataDeals(paid > 0, paid, paid[:, rng.permutation(ledger.count)])


def standing_of(actions: np.ndarray, credit: np.ndarray, rng: np.random.Generator) -> Standing:
    member = actions != Action.ABSTAIN
    return standing_with(credit, member, joined=rng.integers(-1, 5, actions.shape), round=5)
