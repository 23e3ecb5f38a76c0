"""Data sets from tables in files and from items of torch: the same object while content and roles of columns are."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from commonweal.economy.tasks.dataset import Dataset, checked
from commonweal.economy.tasks.tables.encoding import encoded, kept_rows
from commonweal.economy.tasks.tables.items import LABEL, PREFIX, table_named
from commonweal.economy.tasks.tables.reading import READERS, read_table
from commonweal.economy.tasks.tables.roles import Roles, labels_of, owners_of, split_of, weights_of
from commonweal.economy.tasks.tables.table import Table


def is_own(kind: str) -> bool:
    """Whether a task is data of one's own: ``csv:FILE``, ``parquet:FILE`` or ``torch:…:NAME``."""
    prefix, _, rest = kind.partition(":")
    return (prefix in READERS or prefix == PREFIX) and bool(rest)


def dataset_of(terms: Any) -> Dataset:
    """The data set that a task's terms, or the task section of a scenario, make of a table.

    Raises:
        InputError: if the file holds no table, or its columns cannot be used as the terms say.
    """
    kind, _, rest = terms.kind.partition(":")
    table = table_named(rest) if kind == PREFIX else read_table(kind, Path(rest))
    return _of_table(_Same(table), f"{kind}:{table.name}", Roles.of(terms))


@dataclass(frozen=True, eq=False)
class _Same:
    """A table that is compared by what it is, not by what it holds: readers give the same object for the same file."""

    table: Table

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.table is self.table

    def __hash__(self) -> int:
        return id(self.table)


@lru_cache(maxsize=8)
def _of_table(same: _Same, name: str, roles: Roles) -> Dataset:
    return from_table(name, same.table, roles)


def from_table(name: str, table: Table, roles: Roles) -> Dataset:
    """A data set from a table.

    Args:
        name: of the data set.
        table: rows are samples.
        roles: what its columns are for.

    Raises:
        InputError: if its columns cannot be used so.
    """
    if name.startswith(f"{PREFIX}:") and not roles.label and LABEL in table.columns:
        roles = replace(roles, label=LABEL)
    table = table.at(kept_rows(table, roles))
    labels, classes = labels_of(table, roles)
    owners, owner_names = owners_of(table, roles)
    split, weights = split_of(table, roles), weights_of(table, roles)
    training = np.ones(len(table), dtype=bool) if split is None else split == 0
    features, feature_names = encoded(table, roles, training)
    return checked(Dataset(
        name, features, labels, max(len(classes), 1), _image(table, roles), "class" if classes else "number",
        owners=owners, owner_names=owner_names, weights=weights, split=split, class_names=classes,
        feature_names=feature_names,
    ))  # fmt: skip


def _image(table: Table, roles: Roles) -> tuple[int, int] | None:
    """Rows and columns where the features are one grey image, with or without a channel."""
    arrays = [table.columns[name].values for name in roles.features(table)]
    if len(arrays) != 1 or not (shape := arrays[0].shape[1:]):
        return None
    if len(shape) == 3 and shape[0] == 1:
        shape = shape[1:]
    return (int(shape[0]), int(shape[1])) if len(shape) == 2 else None
