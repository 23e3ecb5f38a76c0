"""Data sets of openml.org: fetched once into scikit-learn's local cache, and made numeric."""

import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.tasks.dataset import Dataset, checked, standardised

PATIENCE = 10.0  # seconds to wait for an answer from openml.org
ONE_HOT_LIMIT = 100  # a column with more categories becomes one column of category numbers
CLASS_LIMIT = 1000  # a numeric target with more values is a regression, not a class


@cache
def fetch(name: str) -> Dataset:
    """The active version of the OpenML data set ``name``: categories one-hot, every column standardised.

    Raises:
        InputError: if it cannot be fetched, has missing values, or its target is not a class.
    """
    bunch = _bunch(name)
    kind = f"openml:{name}"
    if bunch.target is None or getattr(bunch.target, "ndim", 1) != 1:
        raise InputError(f"task {kind}: its default target must be one column of classes")
    _demand_complete(kind, bunch.data, bunch.target)
    labels, classes = _encoded_target(kind, bunch.target)
    return checked(Dataset(kind, standardised(_encoded_columns(bunch.data)), labels, classes))


def _bunch(name: str) -> Any:
    from sklearn.datasets import fetch_openml

    try:
        with _brief_patience():
            return fetch_openml(name, as_frame=True, n_retries=1, delay=0.5, parser="auto")
    except (OSError, ValueError, KeyError) as error:  # no network, unknown name, damaged cache, no table
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"task.kind = 'openml:{name}' cannot be had: {reason}; needs a name that openml.org knows, "
            "and a network at first use"
        ) from None


@contextmanager
def _brief_patience() -> Iterator[None]:
    # fetch_openml has no timeout of its own: it takes the default of new sockets, and warns before it tries again.
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="A network error occurred")
            yield
    finally:
        socket.setdefaulttimeout(before)


def _demand_complete(kind: str, data: Any, target: Any) -> None:
    missing = {str(name): int(column.isna().sum()) for name, column in data.items()}
    missing["the target"] = int(target.isna().sum())
    gaps = {name: count for name, count in missing.items() if count}
    if gaps:
        name, count = next(iter(gaps.items()))
        raise InputError(
            f"task {kind}: {count} of {len(data)} values of {name} are missing ({len(gaps)} such columns); "
            "every value must be there, nothing is imputed"
        )


def _encoded_target(kind: str, target: Any) -> tuple[Ints, int]:
    values, labels = np.unique(np.asarray(target), return_inverse=True)
    numeric = np.issubdtype(values.dtype, np.number)
    if numeric and (len(values) > CLASS_LIMIT or (values != np.round(values)).any()):
        raise InputError(f"task {kind}: its target takes {len(values)} numeric values; it must be a class")
    return labels.astype(np.int64), len(values)


def _encoded_columns(data: Any) -> Floats:
    """(M, d) numbers: numeric columns as they are, categories one-hot, many categories as their sorted number."""
    return np.column_stack([_encoded_column(column) for _, column in data.items()])


def _encoded_column(column: Any) -> Floats:
    from pandas.api.types import is_numeric_dtype

    if is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64)[:, None]  # type: ignore[no-any-return]
    values, code = np.unique(np.asarray(column, dtype=str), return_inverse=True)
    if len(values) > ONE_HOT_LIMIT:
        return code.astype(np.float64)[:, None]
    one_hot: Floats = (code[:, None] == np.arange(len(values))).astype(np.float64)
    return one_hot
