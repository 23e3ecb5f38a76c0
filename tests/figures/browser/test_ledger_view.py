"""The ledger as a document: exact money, filtered by principal and stretch, with the proof on top."""

import json
from collections import deque
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.economy.money.ledger import MICRO
from commonweal.figures.browser.documents import ledger
from commonweal.figures.browser.documents.ledger import ledger_document, told
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.tables import conservation, money
from tests.helpers.chronicles import chronicle_of, leaky


def moved(document: dict[str, Any]) -> dict[str, Decimal]:
    """What its transfers leave on every account."""
    balances: dict[str, Decimal] = {}
    for _, source, target, amount, _ in document["transfers"]["rows"]:
        balances[source] = balances.get(source, Decimal(0)) - Decimal(amount)
        balances[target] = balances.get(target, Decimal(0)) + Decimal(amount)
    return balances


@pytest.mark.parametrize("most", [5, 200])
def test_all_accounts_sum_to_zero_however_many_are_shown(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "ACCOUNTS", most)
    document = ledger_document(leaky())
    json.dumps(document, allow_nan=False)
    assert document["proof"] == {"holds": True, "text": conservation(leaky())}
    (_, *total), *rows = document["accounts"]["rows"]
    assert sum(Decimal(row[1]) for row in rows) == Decimal(total[0])
    assert sum(Decimal(row[2] or 0) for row in rows) == Decimal(total[1]) > 0
    assert sum(map(Decimal, total)) == 0
    assert len(rows) == 2 + min(most + 1, 12)  # treasury, market, principals and the others' row


def test_the_newest_transfers_stand_first_and_not_one_is_from_later_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "TRANSFERS", 20)
    table = ledger_document(leaky())["transfers"]
    rows, columns = table["rows"], leaky().transfers()
    assert (len(rows), table["more"]) == (20, len(columns["round"]) - 20)
    assert rows[0] == ["6", "treasury", rows[0][2], money(columns["amount"][-1]), "payment"]
    assert [int(row[0]) for row in rows] == sorted((int(row[0]) for row in rows), reverse=True)
    assert ledger_document(leaky(), round=2)["transfers"]["rows"][0][0] == "2"


def test_money_from_nothing_is_no_proof() -> None:
    chronicle = leaky()
    forged = replace(chronicle.newest, balances=chronicle.newest.balances + np.eye(26, dtype=np.int64)[3])
    document = ledger_document(Chronicle(chronicle.world, chronicle.rows, deque([forged]), chronicle.books))
    assert not document["proof"]["holds"] and "created or lost" in document["proof"]["text"]


@pytest.mark.parametrize("principal", range(12))
def test_the_transfers_of_a_principal_explain_its_balance_and_its_stake(principal: int) -> None:
    chronicle = leaky()
    document = ledger_document(chronicle, principal=principal)
    name, escrow = f"principal {principal}", f"escrow {principal}"
    assert all({source, target} & {name, escrow} for _, source, target, *_ in document["transfers"]["rows"])
    own = document["accounts"]["rows"][-1]
    assert own == [name, money(chronicle.newest.balances[principal]), money(chronicle.newest.balances[12 + principal])]
    balances = moved(document)
    assert [balances.get(name, 0), balances.get(escrow, 0)] == [Decimal(own[1]), Decimal(own[2])]
    sums = document["sums"]["rows"]
    assert sum(Decimal(got) - Decimal(gave) for _, got, gave in sums) == Decimal(own[1]) + Decimal(own[2])


@settings(max_examples=30)
@given(st.integers(0, 7), st.integers(0, 7), st.one_of(st.none(), st.integers(0, 11)), st.integers(0, 6))
def test_a_filter_keeps_exactly_the_transfers_it_names(
    first: int, last: int, principal: int | None, round: int
) -> None:
    chronicle = leaky()
    document = ledger_document(chronicle, round, principal, (first, last))
    books = chronicle.transfers()
    wanted = [
        [str(number), money(amount), told(reason)]
        for number, source, target, amount, reason in zip(
            *(books[name].tolist() for name in ("round", "source", "target", "amount", "reason")), strict=True)
        if first <= number <= min(last, round)
        and (principal is None or {source, target} & {principal, 12 + principal})
    ]
    rows = [[row[0], row[3], row[4]] for row in document["transfers"]["rows"]]
    assert rows == wanted[::-1][: len(rows)] and len(rows) + document["transfers"]["more"] == len(wanted)
    if principal is None:
        total = sum(Decimal(row[2]) for row in document["sums"]["rows"])
        assert total == sum((Decimal(amount) for _, amount, _ in wanted), Decimal(0))


@given(st.integers(-10**18, 10**18))
def test_money_strings_are_exact(micro: int) -> None:
    assert Decimal(money(micro)) * MICRO == micro


def test_rows_lead_to_the_principals_they_name() -> None:
    document = ledger_document(leaky())
    for (_, source, target, *_), who in zip(document["transfers"]["rows"], document["transfers"]["who"], strict=True):
        assert who is None or str(who) in f"{source} {target}".split()
    assert document["accounts"]["who"] == [None, None, None, *range(12)]


def test_an_economy_before_its_first_transfer_has_an_empty_ledger() -> None:
    document = ledger_document(leaky(0, **{"population.endowment": 0.0, "stakes.stake": 0.0}))
    assert document["transfers"]["rows"] == document["sums"]["rows"] == [] and document["proof"]["holds"]


def test_a_large_economy_names_its_first_accounts_and_sums_up_the_others() -> None:
    chronicle = chronicle_of("spatial-public-goods", 1, {"population.count": 400})
    document = ledger_document(chronicle)
    (_, *total), *rows = document["accounts"]["rows"]
    assert rows[-1][0] == "200 more principals" and document["accounts"]["more"] == 200
    assert sum(Decimal(row[1]) for row in rows) == Decimal(total[0])
    assert len(document["accounts"]["rows"]) == len(document["accounts"]["who"])
