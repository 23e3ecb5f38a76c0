"""The tasks ``csv:FILE`` and ``parquet:FILE``: a data set from a table, the same object while file and columns are."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from commonweal.agents.documents import FileName
from commonweal.agents.files import contents_of
from commonweal.economy.tasks.dataset import Dataset, checked
from commonweal.economy.tasks.tables.encoding import encoded, kept_rows
from commonweal.economy.tasks.tables.reading import READERS, read_table
from commonweal.economy.tasks.tables.roles import Roles, labels_of, owners_of, split_of, weights_of
from commonweal.economy.tasks.tables.table import Table


def is_own(kind: str) -> bool:
    """Whether a task reads a table in a file: ``csv:FILE`` or ``parquet:FILE``."""
    return FileName.split(kind)[0] in READERS


def dataset_of(terms: Any) -> Dataset:
    """The data set that a task's terms, or the task section of a scenario, make of a table.

    Raises:
        InputError: if the file holds no table, or its columns cannot be used as the terms say.
    """
    kind, file = FileName.split(terms.kind)
    return _of_file(kind, Path(file), contents_of(Path(file)) if Path(file).is_file() else "", Roles.of(terms))


@lru_cache(maxsize=8)
def _of_file(kind: str, file: Path, contents: str, roles: Roles) -> Dataset:
    return from_table(f"{kind}:{file.name}", read_table(kind, file), roles)


def from_table(name: str, table: Table, roles: Roles) -> Dataset:
    """A data set from a table.

    Args:
        name: of the data set.
        table: rows are samples.
        roles: what its columns are for.

    Raises:
        InputError: if its columns cannot be used so.
    """
    table = table.at(kept_rows(table, roles))
    labels, classes = labels_of(table, roles)
    owners, owner_names = owners_of(table, roles)
    split, weights = split_of(table, roles), weights_of(table, roles)
    training = np.ones(len(table), dtype=bool) if split is None else split == 0
    features, feature_names = encoded(table, roles, training)
    return checked(Dataset(
        name, features, labels, max(len(classes), 1), owners=owners, owner_names=owner_names, weights=weights,
        split=split, class_names=classes, feature_names=feature_names, target="class" if classes else "number",
    ))  # fmt: skip
