"""What the columns of a table are for, and what those say that are no features: labels, owners, weights and parts."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.tasks.tables.table import Column, Table, listed

PARTS = ("train", "validation", "test")
MOST_CLASSES = 1000
MOST_NUMBERS = 50  # different numbers of a label that may be classes


@dataclass(frozen=True)
class Roles:
    """The fields of ``scenario.task`` that say what the columns of a table are for."""

    label: str  # column that is learned
    owner: str  # column that says whose a row is; "": none
    weight: str  # column with what a row counts; "": all alike
    split: str  # column with train, validation or test; "": drawn
    columns: tuple[str, ...]  # features; empty: all others
    categorical: tuple[str, ...]  # columns of categories; empty: words that are no text
    text: tuple[str, ...]  # columns of text; empty: guessed
    missing: str  # impute, refuse or drop
    target: str  # auto, class or number

    @classmethod
    def of(cls, terms: Any) -> "Roles":
        """Those of a task's terms, or of the task section of a scenario."""
        return cls(**{part.name: getattr(terms, part.name) for part in fields(cls)})

    @property
    def named(self) -> dict[str, str]:
        """The columns that are no features, by field."""
        return {name: column for name in ("label", "owner", "weight", "split") if (column := getattr(self, name))}

    def features(self, table: Table) -> list[str]:
        """The columns that are learned from, in the order of the table.

        Raises:
            InputError: if a field names no column, or a column that is for something else.
        """
        if not self.label:
            raise InputError(
                f"task.label is missing: must be a column of {table.name}, which has {listed(table.columns)}"
            )
        for name, column in self.named.items():
            table.column(column, f"task.{name}")
        self._demand_apart()
        for field in ("columns", "categorical", "text"):
            self._demand_features(field, table)
        wanted = self.columns or [name for name in table.columns if name not in self.named.values()]
        if not wanted:
            raise InputError(f"{table.name}: has no column to learn from beside {listed(self.named.values())}")
        return [name for name in table.columns if name in wanted]

    def _demand_apart(self) -> None:
        taken: dict[str, str] = {}
        for name, column in self.named.items():
            if column in taken:
                raise InputError(f"task.{name} = {column!r}: is task.{taken[column]} already; a column has one role")
            taken[column] = name

    def _demand_features(self, field: str, table: Table) -> None:
        for column in getattr(self, field):
            table.column(column, f"task.{field}")
            if role := next((name for name, other in self.named.items() if other == column), ""):
                raise InputError(f"task.{field} names {column!r}, which is task.{role}: it must be another column")
            if field != "columns" and self.columns and column not in self.columns:
                raise InputError(f"task.{field} names {column!r}, which is not in task.columns")


def demand_there(table: Table, column: Column, field: str, missing: str) -> None:
    """Check that no value of a column is missing.

    Raises:
        InputError: if one is; names the row.
    """
    if column.missing.any():
        way = "" if missing == "drop" else "; fill it in, or leave such rows out with task.missing = 'drop'"
        raise InputError(
            f"{table.name}: row {table.row(column.missing)} has no {column.name!r} ({field}), nor have "
            f"{np.count_nonzero(column.missing) - 1} others of {len(table)} rows{way}"
        )


def labels_of(table: Table, roles: Roles) -> tuple[AnyArray, tuple[str, ...]]:
    """What is learned: (M,) classes and their names, or (M,) numbers and no names.

    Raises:
        InputError: if a label is missing or infinite, or there are too few or too many classes.
    """
    column = table.scalar(roles.label, "task.label")
    demand_there(table, column, "task.label", roles.missing)
    if column.numeric:
        _demand_finite(table, column, "task.label")
    if target_of(column, roles.target) == "number":
        if not column.numeric:
            raise InputError(
                f"task.target = 'number': column {column.name!r} of {table.name} holds words, like {column.values[0]!r}"
            )
        return column.values, ()
    labels, names = _coded(column)
    if not 2 <= len(names) <= MOST_CLASSES:
        raise InputError(
            f"{table.name}: column {column.name!r} (task.label) has {len(names)} class{'es' * (len(names) != 1)}"
            f"{f', {names[0]!r}' if len(names) == 1 else ''}; it must have 2 to {MOST_CLASSES}"
        )
    return labels, names


def target_of(column: Column, target: str) -> str:
    """Whether labels are classes or numbers: numbers where some are fractions, or more than 50 differ."""
    if target != "auto":
        return target
    fractions = column.numeric and bool((column.values != np.round(column.values)).any())
    return "number" if fractions or (column.numeric and len(np.unique(column.values)) > MOST_NUMBERS) else "class"


def _coded(column: Column) -> tuple[Ints, tuple[str, ...]]:
    """(M,) number of each value, and the values in order, as words."""
    values, codes = np.unique(column.values if column.numeric else column.values.astype(str), return_inverse=True)
    shown = Column(column.name, values if column.numeric else values.astype(object), np.zeros(len(values), dtype=bool))
    return codes.astype(np.int64), tuple(map(str, shown.written()))


def owners_of(table: Table, roles: Roles) -> tuple[Ints | None, tuple[str, ...]]:
    """(M,) owner of each row and the owners' names in order; None and no names where no column says.

    Raises:
        InputError: if an owner is missing, or there are fewer than two.
    """
    if not roles.owner:
        return None, ()
    column = table.scalar(roles.owner, "task.owner")
    demand_there(table, column, "task.owner", roles.missing)
    owners, names = _coded(column)
    if len(names) < 2:
        raise InputError(
            f"{table.name}: column {column.name!r} (task.owner) names one owner, {names[0]!r}; at least 2 are needed"
        )
    return owners, names


def weights_of(table: Table, roles: Roles) -> Floats | None:
    """(M,) what each row counts, above or at 0; None where all count the same.

    Raises:
        InputError: if a weight is missing, no number, infinite or negative, or all are 0.
    """
    if not roles.weight:
        return None
    column = table.scalar(roles.weight, "task.weight")
    demand_there(table, column, "task.weight", roles.missing)
    if not column.numeric:
        raise InputError(
            f"{table.name}: column {column.name!r} (task.weight) holds words, like {column.values[0]!r}; "
            "it must hold numbers of at least 0"
        )
    _demand_finite(table, column, "task.weight")
    if (negative := column.values < 0).any():
        raise InputError(
            f"{table.name}: row {table.row(negative)} has weight {column.values[np.argmax(negative)]:g} "
            f"({column.name!r}); weights must be at least 0"
        )
    if not column.values.any():
        raise InputError(f"{table.name}: column {column.name!r} (task.weight) is 0 in every row; some must be above 0")
    return column.values


def split_of(table: Table, roles: Roles) -> Ints | None:
    """(M,) 0 for training, 1 for validation, 2 for test; None where no column says.

    Raises:
        InputError: if there is another word, or no row of one part.
    """
    if not roles.split:
        return None
    column = table.scalar(roles.split, "task.split")
    demand_there(table, column, "task.split", roles.missing)
    words = column.written().astype(str)
    known = np.isin(words, PARTS)
    if not known.all():
        raise InputError(
            f"{table.name}: row {table.row(~known)} has {str(words[np.argmax(~known)])!r} in {column.name!r} "
            f"(task.split); it must be {', '.join(PARTS[:2])} or {PARTS[2]}"
        )
    if absent := [part for part in PARTS if part not in words]:
        raise InputError(
            f"{table.name}: no row has {absent[0]!r} in {column.name!r} (task.split); "
            f"each of {', '.join(PARTS)} must occur"
        )
    parts: Ints = np.argmax(words[:, None] == np.array(PARTS), axis=1)
    return parts


def _demand_finite(table: Table, column: Column, field: str) -> None:
    infinite: Bools = np.isinf(column.values)
    if infinite.any():
        raise InputError(
            f"{table.name}: row {table.row(infinite)} has an infinite {column.name!r} ({field}); "
            "every value must be finite"
        )
