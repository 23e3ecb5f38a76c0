"""The ledger: integer accounts between which money moves; nothing is created or lost.

Each run has N principals, N escrows, a treasury and the market, numbered in this order. Only the market may go below
zero: its negative balance counts what came in, so that all balances always sum to zero.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np

from commonweal.agents.arrays import AnyArray, Floats, Ints

MICRO = 1_000_000  # micro-units in one unit of money

Numbers = int | range | Ints  # one account, a block of accounts, any accounts (N,), or those of each run (R, N)


class Reason(StrEnum):
    """Why money moves."""

    ENDOWMENT = "endowment"
    REVENUE = "revenue"
    PAYMENT = "payment"
    STAKE = "stake"
    RELEASE = "release"
    SLASH = "slash"
    ESCROW = "escrow"
    DEAL = "deal"
    TOLERANCE = "tolerance"
    TAX = "tax"
    IDENTITY = "identity"
    CLAWBACK = "clawback"
    REDISTRIBUTION = "redistribution"
    REQUEST = "request"
    WITHHELD = "withheld"
    FORFEIT = "forfeit"


@dataclass(frozen=True)
class Accounts:
    """The numbers of all accounts of a cooperative of N = ``count`` principals."""

    count: int

    @property
    def principals(self) -> range:
        """What principals hold."""
        return range(self.count)

    @property
    def escrows(self) -> range:
        """What principals have at stake."""
        return range(self.count, 2 * self.count)

    @property
    def treasury(self) -> int:
        """What the cooperative holds."""
        return 2 * self.count

    @property
    def market(self) -> int:
        """The account that revenue comes from."""
        return 2 * self.count + 1

    def name(self, account: int) -> str:
        """The name of an account, for messages."""
        if account >= self.treasury:
            return "treasury" if account == self.treasury else "market"
        return f"principal {account}" if account < self.count else f"escrow {account - self.count}"


class NegativeAmountError(ValueError):
    """A transfer of a negative amount."""

    def __init__(self, reason: Reason, run: int, amount: int) -> None:
        super().__init__(f"{reason} in run {run} moves {amount} micro; amounts are never negative")
        self.reason, self.run, self.amount = reason, run, amount


class OverdraftError(ValueError):
    """A transfer that would leave an account other than the market below zero."""

    def __init__(self, reason: Reason, run: int, account: str, balance: int) -> None:
        super().__init__(f"{reason} in run {run} would leave {account} at {balance} micro; only the market may owe")
        self.reason, self.run, self.account, self.balance = reason, run, account, balance


@dataclass(frozen=True)
class Ledger:
    """Balances of every account. Arrays are replaced, never written to."""

    balances: Ints  # (R, 2N + 2) micro-units

    @classmethod
    def empty(cls, runs: int, principals: int) -> "Ledger":
        """Accounts of R runs of N principals, all at zero."""
        return cls(np.zeros((runs, 2 * principals + 2), dtype=np.int64))

    @property
    def count(self) -> int:
        """Number of principals, N."""
        accounts: int = self.balances.shape[1]
        return accounts // 2 - 1

    @property
    def accounts(self) -> Accounts:
        """Their numbers."""
        return Accounts(self.count)

    @property
    def principals(self) -> Ints:
        """(R, N) what principals hold, micro-units."""
        return self.balances[:, : self.count]

    @property
    def escrows(self) -> Ints:
        """(R, N) what principals have at stake, micro-units."""
        return self.balances[:, self.count : -2]

    @property
    def owned(self) -> Ints:
        """(R, N) what principals hold and have at stake, micro-units."""
        return self.principals + self.escrows

    @property
    def treasury(self) -> Ints:
        """(R,) what the cooperative holds, micro-units."""
        return self.balances[:, -2]


@dataclass(frozen=True)
class Transfer:
    """Money that moves for one reason. One of the two sides may be a single account for all of the other.

    Raises:
        ValueError: if a side is neither one account nor one account (of a block: without gaps) for each amount.
    """

    reason: Reason
    source: Numbers  # (), (N,) or (R, N) account numbers
    target: Numbers  # (), (N,) or (R, N) account numbers
    amount: Ints  # (R, N), or (R,) between two single accounts; micro-units >= 0

    def __post_init__(self) -> None:
        runs, width = self.columns.shape
        for accounts in (self.source, self.target):
            # numpy would broadcast a single amount over many accounts: money from nothing
            shape = () if isinstance(accounts, int) else np.shape(accounts)
            if shape not in ((), (width,), (runs, width)):
                raise ValueError(f"{self.reason}: {width} amounts for {shape[-1]} accounts")
            if isinstance(accounts, range) and accounts.step != 1:
                raise ValueError(f"{self.reason}: {accounts} is not a block of neighbouring accounts")

    @property
    def columns(self) -> Ints:
        """(R, N) or (R, 1) amounts, micro-units."""
        return self.amount if self.amount.ndim == 2 else self.amount[:, None]


def to_micro(money: Floats) -> Ints:
    """Money, of any shape, in whole micro-units, rounded to nearest."""
    return np.rint(np.asarray(money) * MICRO).astype(np.int64)


def post(ledger: Ledger, transfers: Sequence[Transfer]) -> Ledger:
    """Make transfers in order.

    Args:
        ledger: balances before.
        transfers: what moves; each must be covered when its turn comes.

    Returns:
        Balances after, with the same sum.

    Raises:
        NegativeAmountError: if an amount is below zero.
        OverdraftError: if an account other than the market would go below zero.
    """
    if not transfers:
        return ledger
    balances = ledger.balances.copy()
    for transfer in transfers:
        amount = transfer.columns
        if amount.min(initial=0) < 0:
            run, place = (int(i) for i in np.argwhere(amount < 0)[0])
            raise NegativeAmountError(transfer.reason, run, int(amount[run, place]))
        _add(balances, transfer.source, -amount)
        if balances[:, :-1].min() < 0:
            run, account = (int(i) for i in np.argwhere(balances[:, :-1] < 0)[0])
            name = ledger.accounts.name(account)
            raise OverdraftError(transfer.reason, run, name, int(balances[run, account]))
        _add(balances, transfer.target, amount)
    return Ledger(balances)


def _add(balances: Ints, accounts: Numbers, amount: Ints) -> None:
    if isinstance(accounts, int):
        balances[:, accounts] += amount.sum(axis=1)
    elif isinstance(accounts, range):
        balances[:, accounts.start : accounts.stop] += amount
    elif accounts.ndim == 2:
        np.add.at(balances, (np.arange(len(balances))[:, None], accounts), amount)
    else:
        np.add.at(balances.T, accounts, amount.T)  # an account may occur twice


def net_of(transfers: Sequence[Transfer], reasons: Container[Reason], shape: tuple[int, int]) -> Ints:
    """What principals receive less what they pay, in transfers for some reasons.

    Args:
        transfers: of one round or more.
        reasons: which ones count.
        shape: (R, N).

    Returns:
        (R, N) micro-units received less paid, balances and escrows together.
    """
    books = np.zeros((shape[0], 2 * shape[1] + 2), dtype=np.int64)
    for transfer in transfers:
        if transfer.reason in reasons:
            _add(books, transfer.source, -transfer.columns)
            _add(books, transfer.target, transfer.columns)
    return Ledger(books).owned


def entries(transfers: Sequence[Transfer], round: int) -> dict[str, AnyArray]:
    """The books of one round, ready for a data frame.

    Args:
        transfers: what was posted, one transfer or more.
        round: the round's number.

    Returns:
        Columns round, run, source, target, amount, reason: one row for each amount that is not zero.
    """
    tables = [_rows(transfer) for transfer in transfers]
    columns = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    return {"round": np.full(len(columns["run"]), round)} | columns


def _rows(transfer: Transfer) -> dict[str, AnyArray]:
    run, place = np.nonzero(transfer.columns)
    shape = transfer.columns.shape
    return {
        "run": run,
        "source": np.broadcast_to(np.asarray(transfer.source), shape)[run, place],
        "target": np.broadcast_to(np.asarray(transfer.target), shape)[run, place],
        "amount": transfer.columns[run, place],
        "reason": np.full(len(run), str(transfer.reason)),
    }


class Columns(Protocol):
    """Anything with named columns: a dict of arrays or a data frame."""

    def __getitem__(self, name: str, /) -> Any: ...


def reconcile(rows: Columns, balances: Ints) -> Ints:
    """Difference between balances and what the entries add up to; zero everywhere when the books are right.

    Args:
        rows: entries of all rounds, the columns of ``entries``.
        balances: (R, 2N + 2) micro-units.

    Returns:
        (R, 2N + 2) micro-units.
    """
    difference = balances.copy()
    amount = np.asarray(rows["amount"], dtype=np.int64)
    run = np.asarray(rows["run"], dtype=np.int64)
    np.add.at(difference, (run, np.asarray(rows["source"], dtype=np.int64)), amount)
    np.subtract.at(difference, (run, np.asarray(rows["target"], dtype=np.int64)), amount)
    return difference
