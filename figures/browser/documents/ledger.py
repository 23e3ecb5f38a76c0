"""Who owns what and who paid whom, as a document: accounts, transfers, and the proof that all sums to zero."""

from typing import Any

import numpy as np

from commonweal.agents.arrays import AnyArray, Bools
from commonweal.economy.money.ledger import Accounts, Reason
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight
from commonweal.figures.browser.notes.numbers import count as in_full
from commonweal.figures.browser.notes.tables import REASONS, conservation, money

Document = dict[str, Any]
Stretch = tuple[int, int]  # first and last round

TRANSFERS, ACCOUNTS = 200, 200  # rows shown
_COLUMNS = ("round", "source", "target", "amount", "reason")


def ledger_document(
    chronicle: Chronicle, round: int | None = None, principal: int | None = None, stretch: Stretch | None = None
) -> Document:
    """What the ledger shows after a round.

    Args:
        chronicle: of the run.
        round: after which; the newest if not given.
        principal: whose accounts and transfers alone; everybody's if not given.
        stretch: transfers of these rounds alone; all up to the round if not given.

    Returns:
        ``kind`` "ledger"; ``round``, ``principal``, ``stretch``; ``proof``: ``holds`` and ``text``, of all accounts
        whatever is filtered; and three tables with ``title``, ``headers``, ``rows`` of text and ``more`` (rows that are
        left out): ``accounts``; ``sums`` of the transfers filtered, by reason; ``transfers``, the newest first. All
        money has its six decimals. ``who`` of accounts and transfers: the number of a principal that each row can lead
        to, or None.
    """
    sight = chronicle.newest if round is None else chronicle.at(round)
    books = chronicle.transfers()
    chosen = _filtered(books, sight, principal, stretch)
    proof = conservation(chronicle, sight.round)
    return {
        "kind": "ledger", "round": sight.round, "principal": principal,
        "stretch": None if stretch is None else list(stretch),
        "proof": {"holds": int(sight.balances.sum()) == 0 and "do not explain" not in proof, "text": proof},
        "accounts": _accounts(sight, principal),
        "sums": _sums(chosen, sight, principal), "transfers": _transfers(chosen, sight),
    }


def _filtered(
    books: dict[str, AnyArray], sight: Sight, principal: int | None, stretch: Stretch | None
) -> dict[str, AnyArray]:
    """The transfers up to the round, of one principal and of a stretch where these are given."""
    if not books:
        return {}
    first, last = (0, sight.round) if stretch is None else stretch
    keep: Bools = (books["round"] >= first) & (books["round"] <= min(last, sight.round))
    if principal is not None:
        own = [principal, len(sight.actions) + principal]
        keep = keep & (np.isin(books["source"], own) | np.isin(books["target"], own))
    return {name: column[keep] for name, column in books.items()}


def _accounts(sight: Sight, principal: int | None) -> Document:
    count, balances = len(sight.actions), sight.balances
    accounts, purses, escrows = Accounts(count), balances[:count], balances[count : 2 * count]
    rows = [["all accounts", money(purses.sum() + balances[-2:].sum()), money(escrows.sum())]]
    rows += [[accounts.name(each), money(balances[each]), ""] for each in (accounts.treasury, accounts.market)]
    listed = range(count)[:ACCOUNTS] if principal is None else [principal]
    who = [None, None, None, *listed]
    rows += [[accounts.name(i), money(purses[i]), money(escrows[i])] for i in listed]
    left = count - len(listed) if principal is None else 0
    if left:
        rows.append([f"{left} more principals", money(purses[ACCOUNTS:].sum()), money(escrows[ACCOUNTS:].sum())])
        who.append(None)
    return {"title": "Accounts", "headers": ["account", "balance, money", "in escrow, money"], "rows": rows, "who": who,
            "more": left}


def _sums(books: dict[str, AnyArray], sight: Sight, principal: int | None) -> Document:
    """Transfers by reason: what moved in all, or what a principal got and gave, purse and escrow together."""
    headers = ["reason", "transfers", "moved, money"] if principal is None else ["reason", "got, money", "gave, money"]
    rows = []
    for reason in sorted(set(books["reason"].tolist())) if books else []:
        of = books["reason"] == reason
        amounts = books["amount"][of]
        if principal is None:
            rows.append([told(reason), in_full(of.sum()), money(amounts.sum())])
            continue
        own = [principal, len(sight.actions) + principal]
        got, gave = (np.isin(books[end][of], own) for end in ("target", "source"))
        rows.append([told(reason), money(amounts[got & ~gave].sum()), money(amounts[gave & ~got].sum())])
    return {"title": "By reason", "headers": headers, "rows": rows, "more": 0}


def _transfers(books: dict[str, AnyArray], sight: Sight) -> Document:
    count = len(sight.actions)
    accounts, total = Accounts(count), len(books["round"]) if books else 0
    last = slice(max(total - TRANSFERS, 0), total)
    columns = [books[name][last].tolist()[::-1] for name in _COLUMNS] if books else [[]] * len(_COLUMNS)
    rows: list[list[str]] = []
    who: list[int | None] = []
    for number, source, target, amount, reason in zip(*columns, strict=True):
        rows.append([str(number), accounts.name(source), accounts.name(target), money(amount), told(reason)])
        who.append(next((end % count for end in (target, source) if end < 2 * count), None))
    return {"title": "Transfers, the newest first", "headers": ["round", "from", "to", "amount, money", "reason"],
            "rows": rows, "who": who, "more": total - len(rows)}


def told(reason: str) -> str:
    """A reason in words."""
    return REASONS.get(Reason(reason), reason)
