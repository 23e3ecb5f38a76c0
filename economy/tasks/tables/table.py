"""A table in memory: columns of numbers or of words, each with the rows where a value is missing."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints
from commonweal.agents.errors import InputError

WIDEST = 100_000  # columns of a table


@dataclass(frozen=True)
class Column:
    """One column of M rows: numbers, words, or an array in every row."""

    name: str
    values: AnyArray  # (M,) float64, nan where missing; str objects, "" where missing; or (M, *shape) float64
    missing: Bools  # (M,)

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.values.dtype.kind == "f" and self.values.ndim == 1

    @property
    def array(self) -> bool:
        """Whether it holds an array in every row."""
        return self.values.ndim > 1

    def written(self) -> AnyArray:
        """(M,) the values as words, whole numbers without a point."""
        if self.values.dtype == object:
            return self.values
        pairs = zip(self.values, self.missing, strict=True)
        return np.array(["" if gone else f"{value:.15g}" for value, gone in pairs], dtype=object)

    def at(self, kept: Bools) -> "Column":
        """The column without some rows (M,)."""
        return Column(self.name, self.values[kept], self.missing[kept])


@dataclass(frozen=True)
class Table:
    """M rows of named columns."""

    name: str  # for messages: the file as the scenario names it
    columns: dict[str, Column]
    rows: Ints  # (M,) number of each row as a person counts them in the file

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str, field: str) -> Column:
        """A column by name.

        Args:
            name: of the column.
            field: of the scenario that names it.

        Raises:
            InputError: if there is none.
        """
        if name not in self.columns:
            raise InputError(f"{field} = {name!r}: must be a column of {self.name}, which has {listed(self.columns)}")
        return self.columns[name]

    def scalar(self, name: str, field: str) -> Column:
        """A column by name, of one number or one text in every row.

        Raises:
            InputError: if there is none.
        """
        column = self.column(name, field)
        if column.array:
            shape = column.values.shape[1:]
            raise InputError(f"{field} = {name!r}: holds arrays {shape}; it must hold a number or a text in every row")
        return column

    def at(self, kept: Bools) -> "Table":
        """The table without some rows (M,)."""
        return Table(self.name, {name: each.at(kept) for name, each in self.columns.items()}, self.rows[kept])

    def row(self, where: Bools) -> int:
        """The number of the first row of a mask (M,)."""
        return int(self.rows[np.argmax(where)])


def listed(names: Iterable[str], most: int = 8) -> str:
    """Some names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(map(repr, every[:most])) + more


def from_arrow(name: str, data: pa.Table, first: int) -> Table:
    """The columns of an Arrow table.

    Args:
        name: for messages.
        data: the columns.
        first: number of its first row.

    Raises:
        InputError: if two columns have one name, or one holds neither numbers nor words.
    """
    names = demand_names(name, data.column_names)
    columns = {each: _column(name, each, data.column(each)) for each in names}
    return Table(name, columns, first + np.arange(data.num_rows))


def demand_names(name: str, names: list[str]) -> list[str]:
    """The names of columns, each of which stands for one column.

    Raises:
        InputError: if one is empty or given twice.
    """
    if len(names) > WIDEST:
        raise InputError(f"{name}: has {len(names)} columns; at most {WIDEST} are allowed")
    for place, each in enumerate(names):
        if not each.strip():
            raise InputError(f"{name}: column {place + 1} has no name in the header; every column must have one")
        if names.index(each) < place:
            raise InputError(
                f"{name}: columns {names.index(each) + 1} and {place + 1} are both called {each!r}; names must differ"
            )
    return names


def _column(table: str, name: str, data: pa.ChunkedArray) -> Column:
    if pa.types.is_dictionary(data.type):
        data = data.cast(data.type.value_type)
    if _is_words(data.type):
        return of_words(name, np.asarray(data.fill_null("").to_pylist(), dtype=object))
    if _is_list(data.type):
        return of_array(name, _lists(table, name, data))
    return of_array(name, _numbers(table, name, data))


def of_words(name: str, words: AnyArray) -> Column:
    """A column of (M,) texts; blank ones are missing."""
    blank = np.array([not word.strip() for word in words], dtype=bool)
    return Column(name, np.where(blank, "", words), blank)


def of_array(name: str, numbers: AnyArray) -> Column:
    """A column of (M,) numbers or (M, *shape) arrays; nan is missing."""
    values = np.asarray(numbers, dtype=np.float64)
    missing: Bools = np.asarray(np.isnan(values).any(axis=tuple(range(1, values.ndim))))
    return Column(name, values, missing)


def _is_words(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _lists(table: str, name: str, data: pa.ChunkedArray) -> Floats:
    """(M, *shape) lists of numbers, which are equally long in every row."""
    try:
        return np.array(data.to_pylist(), dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{table}: column {name!r} holds lists that differ in length or hold no numbers; they must be alike"
        ) from None


def _numbers(table: str, name: str, data: pa.ChunkedArray) -> Floats:
    """(M,) numbers; dates as days since 1970, true and false as 1 and 0."""
    kind = data.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        since = data.cast(pa.timestamp("us")).cast(pa.int64())
        return _floats(since) / 86_400e6
    if pa.types.is_null(kind):
        return np.full(len(data), np.nan)
    if pa.types.is_boolean(kind):
        return _floats(data.cast(pa.int8()))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _floats(data)
    raise InputError(f"{table}: column {name!r} holds {kind}; it must hold numbers, words, dates, or true and false")


def _floats(data: pa.ChunkedArray) -> Floats:
    filled = pc.fill_null(data.cast(pa.float64(), safe=False), np.nan)
    return np.array(filled.to_numpy(), dtype=np.float64)
