"""Requests: gifts are a permutation of payments, pools divide equally, and what is withheld stays in the treasury."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.arrays import Bools, Ints
from commonweal.economy.money.ledger import Accounts, Ledger, Reason, Transfer, net_of, post
from commonweal.economy.money.requests import handed_on, pooled, withheld

REASONS = (Reason.REQUEST, Reason.WITHHELD)


@st.composite
def paid(draw: st.DrawFn) -> tuple[Ints, Bools, Ints]:
    """What each of 3 to 8 principals was paid in two runs, who meets, and whom: a circle among those who do."""
    count = draw(st.integers(3, 8))
    payments = draw(st.lists(st.integers(0, 10**12), min_size=2 * count, max_size=2 * count))
    meets = draw(st.lists(st.booleans(), min_size=2 * count, max_size=2 * count))
    counterpart = np.tile(np.arange(count), (2, 1))
    here = np.array(meets).reshape(2, count)
    for run in range(2):
        circle = draw(st.permutations(np.flatnonzero(here[run]).tolist()))
        counterpart[run, circle] = circle[1:] + circle[:1]
    return np.array(payments, dtype=np.int64).reshape(2, count), here, counterpart


def booked(payments: Ints, transfers: Sequence[Transfer]) -> Ledger:
    """Accounts after everybody is paid by the market and the transfers are made."""
    runs, count = payments.shape
    accounts = Accounts(count)
    income = Transfer(Reason.PAYMENT, accounts.market, accounts.principals, payments)
    after = post(Ledger.empty(runs, count), [income, *transfers])
    assert (after.balances.sum(axis=1) == 0).all()
    return after


@given(paid())
def test_requests_permute_what_those_who_meet_were_paid(case: tuple[Ints, Bools, Ints]) -> None:
    payments, meets, counterpart = case
    transfers = handed_on(payments, meets, counterpart)
    after = booked(payments, transfers)
    assert (after.treasury == 0).all()
    for run in range(2):
        expected = payments[run].copy()
        for donor in np.flatnonzero(meets[run]):
            expected[counterpart[run, donor]] = payments[run, donor]
        assert after.principals[run].tolist() == expected.tolist()
        assert sorted(after.principals[run]) == sorted(payments[run])
    assert (net_of(transfers, REASONS, payments.shape).sum(axis=1) == 0).all()


@given(paid(), st.integers(0, 2**16 - 1))
def test_a_pool_is_divided_equally_and_the_remainder_stays_in_the_treasury(
    case: tuple[Ints, Bools, Ints], bits: int
) -> None:
    payments, meets, _ = case
    others = np.array([bits >> place & 1 for place in range(payments.size)], dtype=bool).reshape(payments.shape)
    member = meets | others
    after = booked(payments, pooled(payments, meets, member))
    for run in range(2):
        pot, size = int(payments[run][meets[run]].sum()), int(member[run].sum())
        share, left = divmod(pot, size) if size else (0, 0)
        kept = np.where(meets[run], 0, payments[run])
        assert after.principals[run].tolist() == (kept + share * member[run]).tolist()
        assert after.treasury[run] == left < max(size, 1)


@given(paid())
def test_what_is_withheld_goes_back_whole_and_from_nobody_else(case: tuple[Ints, Bools, Ints]) -> None:
    payments, refused, _ = case
    after = booked(payments, withheld(payments, refused))
    assert after.principals.tolist() == np.where(refused, 0, payments).tolist()
    assert after.treasury.tolist() == np.where(refused, payments, 0).sum(axis=1).tolist()


def test_a_circle_of_three_by_hand() -> None:
    payments, meets = np.array([[5, 0, 7]]), np.array([[True, True, True]])
    after = booked(payments, handed_on(payments, meets, np.array([[1, 2, 0]])))
    assert after.principals.tolist() == [[7, 5, 0]]
    after = booked(payments, pooled(payments, meets, meets))
    assert (after.principals.tolist(), after.treasury.tolist()) == ([[4, 4, 4]], [0])
    after = booked(payments + 1, pooled(payments + 1, meets, meets))
    assert (after.principals.tolist(), after.treasury.tolist()) == ([[5, 5, 5]], [0])
    uneven = np.array([[5, 0, 8]])
    after = booked(uneven, pooled(uneven, meets, meets))
    assert (after.principals.tolist(), after.treasury.tolist()) == ([[4, 4, 4]], [1])
