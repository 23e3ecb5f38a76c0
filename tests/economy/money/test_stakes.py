"""Stakes: who takes part puts money in escrow, who is caught cheating loses a share of it."""

from dataclasses import replace

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.economy.money.ledger import Ledger, Transfer, post
from commonweal.economy.money.stakes import StakeTerms, caught, endowment_transfer, slash_transfer, stake_transfers

ALL = np.array([[True, True, True]])
ACTIONS = np.array([[Action.ABSTAIN, Action.DELEGATE, Action.FREE_RIDE, Action.DEFECT]])


def terms(stake: float = 2.0, audit: float = 1.0, reveal: float = 1.0, slash: float = 1.0) -> StakeTerms:
    return StakeTerms(*(np.array([[x]]) for x in (stake, audit, reveal, slash)))


def endowed(endowment: float = 3.0, count: int = 3) -> Ledger:
    return post(Ledger.empty(1, count), [endowment_transfer(count, np.array([[endowment]]))])


def staked(stakes: StakeTerms, endowment: float = 3.0) -> Ledger:
    ledger = endowed(endowment)
    return post(ledger, stake_transfers(ledger, ALL, stakes))


def guilty(credit: list[float], stakes: StakeTerms, uniforms: np.ndarray | None = None) -> list[bool]:
    """Who of an abstainer, a delegator, a free-rider and a defector is caught."""
    drawn = np.full((1, 2, 4), 0.5) if uniforms is None else uniforms
    found: list[bool] = caught(ACTIONS, np.array([credit]), drawn, stakes)[0].tolist()
    return found


def test_every_principal_starts_with_its_endowment() -> None:
    assert endowed().principals.tolist() == [[3_000_000] * 3]


def test_participants_fill_their_escrow_and_only_once() -> None:
    ledger = staked(terms())
    assert ledger.escrows.tolist() == [[2_000_000] * 3]
    assert ledger.principals.tolist() == [[1_000_000] * 3]
    assert post(ledger, stake_transfers(ledger, ALL, terms())).balances.tolist() == ledger.balances.tolist()


def test_who_cannot_afford_the_stake_puts_in_what_it_has() -> None:
    ledger = staked(terms(stake=5.0))
    assert ledger.escrows.tolist() == [[3_000_000] * 3]
    assert ledger.principals.tolist() == [[0] * 3]


def test_who_abstains_gets_its_stake_back() -> None:
    ledger = staked(terms())
    ledger = post(ledger, stake_transfers(ledger, np.array([[True, False, True]]), terms()))
    assert ledger.escrows.tolist() == [[2_000_000, 0, 2_000_000]]
    assert ledger.principals.tolist() == [[1_000_000, 3_000_000, 1_000_000]]


def test_a_slashed_escrow_is_topped_up_in_the_next_round() -> None:
    ledger = staked(terms())
    ledger = post(ledger, [slash_transfer(ledger, np.array([[False, True, False]]), terms(slash=0.25))])
    ledger = post(ledger, stake_transfers(ledger, ALL, terms()))
    assert ledger.escrows.tolist() == [[2_000_000] * 3]
    assert ledger.principals.tolist() == [[1_000_000, 500_000, 1_000_000]]


def test_slashing_moves_the_share_of_the_guilty_to_the_treasury() -> None:
    ledger = staked(terms())
    after = post(ledger, [slash_transfer(ledger, np.array([[False, True, True]]), terms(slash=0.25))])
    assert after.escrows.tolist() == [[2_000_000, 1_500_000, 1_500_000]]
    assert after.treasury.tolist() == [1_000_000]


@example([2**53 + 3], 1.0)  # the nearest float64 is 2^53 + 4
@given(st.lists(st.integers(0, 2**60), min_size=1, max_size=4), st.floats(0, 1))
def test_slashing_never_takes_more_than_the_escrow(held: list[int], share: float) -> None:
    count = len(held)
    ledger = Ledger(np.array([[0] * count + held + [0, -sum(held)]], dtype=np.int64))
    transfer: Transfer = slash_transfer(ledger, np.ones((1, count), dtype=bool), terms(slash=share))
    assert (transfer.amount <= ledger.escrows).all()
    assert (post(ledger, [transfer]).escrows >= 0).all()


def test_an_audit_that_reveals_actions_finds_free_riders_and_defectors_only() -> None:
    assert guilty([1, 1, 1, 1], terms()) == [False, False, True, True]


def test_without_revelation_only_negative_credit_is_evidence() -> None:
    assert guilty([-1, -1, -1, 1], terms(reveal=0.0)) == [False, True, True, False]


def test_no_credit_is_no_evidence() -> None:
    assert guilty([0, 0, 0, 0], terms(reveal=0.0)) == [False] * 4


def test_without_audits_nobody_is_caught() -> None:
    assert guilty([-1, -1, -1, -1], terms(audit=0.0), np.zeros((1, 2, 4))) == [False] * 4


def test_audit_and_revelation_are_drawn_apart() -> None:
    stakes = terms(audit=0.5, reveal=0.5)
    audited_only, revealed_only = np.full((2, 1, 2, 4), 0.9)
    audited_only[:, 0], revealed_only[:, 1] = 0.1, 0.1
    assert guilty([1, 1, 1, 1], stakes, audited_only) == [False] * 4
    assert guilty([1, 1, 1, 1], stakes, revealed_only) == [False] * 4
    assert guilty([1, 1, 1, 1], stakes, np.full((1, 2, 4), 0.1)) == [False, False, True, True]


def test_audits_find_cheats_as_often_as_the_probabilities_say() -> None:
    # .3 * .5 = .15 of 20,000 defectors; five standard errors are 5 sqrt(.15 * .85 / 20000) = .0126
    uniforms = np.random.default_rng(1).random((1, 2, 20_000))
    defectors = np.full((1, 20_000), Action.DEFECT)
    rate = caught(defectors, np.ones((1, 20_000)), uniforms, terms(audit=0.3, reveal=0.5)).mean()
    assert abs(rate - 0.15) < 0.0126


def test_runs_of_an_ensemble_keep_their_own_contracts() -> None:
    stakes = replace(terms(), stake=np.array([[1.0], [2.0]]))
    ledger = post(Ledger.empty(2, 3), [endowment_transfer(3, np.array([[3.0], [3.0]]))])
    ledger = post(ledger, stake_transfers(ledger, np.repeat(ALL, 2, axis=0), stakes))
    assert ledger.escrows[:, 0].tolist() == [1_000_000, 2_000_000]


def test_audits_that_look_at_samples_catch_bogus_data_under_any_action_and_nobody_for_credit_below_zero() -> None:
    looks = replace(terms(), sees="content")
    bogus = np.array([[False, True, False, False]])
    found = caught(ACTIONS, np.array([[-1.0, 1.0, 1.0, -1.0]]), np.full((1, 2, 4), 0.5), looks, bogus)
    assert found[0].tolist() == [False, True, True, True]
    harmful, honest = np.array([[-1.0, -1.0]]), np.zeros((1, 2), dtype=bool)
    nobody = caught(ACTIONS[:, :2], harmful, np.full((1, 2, 2), 0.5), looks, honest)
    assert not nobody.any()
