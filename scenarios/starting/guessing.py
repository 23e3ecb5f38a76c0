"""Guesses from a table: which column is to be learned, and which says whose a row is."""

import re

import numpy as np

from commonweal.economy.tasks.tables.table import Column, Table

_LABELS = ("label", "target", "outcome", "class", "y", "diagnosis", "response", "default", "churn", "result")
_OWNERS = (
    "owner", "hospital", "clinic", "site", "center", "centre", "institution", "client", "firm", "company", "bank",
    "branch", "store", "shop", "plant", "factory", "lab", "laboratory", "school", "station", "farm", "region", "user",
    "participant", "source", "node", "silo",
)  # fmt: skip
_WEIGHTS = ("weight", "weights", "wt", "w")
_CLASSES = 20  # different values of a column that may be classes
_BESIDE = ("", "id", "name", "nr", "no", "code", "key", "number", "samp", "sample", "row")  # words that say little
_LEAST, _MOST = 2, 1000  # owners
_ROWS = 2  # rows an owner has at least, on average


def guess_label(table: Table) -> str:
    """The column that is probably learned: by its name, else the last of few values, else the last one that can be."""
    named = _named(table, _LABELS)
    if named:
        return named[0]
    rest = [name for name in table.columns if not _named_so(name, (*_OWNERS, *_WEIGHTS))]
    few = [name for name in rest if _LEAST <= len(np.unique(table.columns[name].values.astype(str))) <= _CLASSES]
    return (few or rest or list(table.columns))[-1]


def guess_owner(table: Table, label: str) -> str:
    """The column that probably says whose a row is; "" where none looks like it.

    Args:
        table: with the column.
        label: the column that is learned.
    """
    return next(
        (name for name in _named(table, _OWNERS) if name != label and _as_owner(table, table.columns[name])), ""
    )


def _named(table: Table, words: tuple[str, ...]) -> list[str]:
    """Columns that are called so, or whose name holds the word, the likeliest first."""
    found = [(words.index(word), name) for name in table.columns if (word := _named_so(name, words))]
    return [name for _, name in sorted(found)]


def _named_so(name: str, words: tuple[str, ...]) -> str:
    parts = [part for part in re.split(r"[^a-z]+", name.lower()) if part not in _BESIDE]
    return next((word for word in words if parts in ([word], [f"{word}s"])), "")


def _as_owner(table: Table, column: Column) -> bool:
    """Whether a column could say whose a row is: some values, each several times, none missing."""
    if column.missing.any() or column.values.ndim != 1 or (column.numeric and (column.values % 1).any()):
        return False
    number = len(np.unique(column.values.astype(str)))
    return _LEAST <= number <= min(_MOST, len(table) // _ROWS)
