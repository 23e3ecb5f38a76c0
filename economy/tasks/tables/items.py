"""Data sets of torch and of Hugging Face as tables: ``torch:FILE.py:NAME`` and ``torch:MODULE:NAME``.

An item is a pair (x, label), a triple (x, label, owner), or a dict. What a name stands for is a data set, or a function
without arguments that returns one. All items are read once; arrays are features as they are, one for each number.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from commonweal.agents.arrays import AnyArray
from commonweal.agents.documents import FileName
from commonweal.agents.errors import InputError
from commonweal.agents.files import contents_of, fingerprint
from commonweal.agents.own_modules import called, object_named, told
from commonweal.economy.tasks.tables.table import Column, Table, from_arrow, of_array, of_words

PREFIX = "torch"
X, LABEL, OWNER = "x", "label", "owner"  # columns of pairs and triples


class Everything:
    """Stands for all that can be named after the colon; none is listed."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())


def table_named(rest: str) -> Table:
    """The table that a name stands for.

    Args:
        rest: what follows the prefix: ``FILE.py:NAME`` or ``MODULE:NAME``.

    Raises:
        InputError: if there is no such data set, or its items are not alike.
    """
    place, _, _ = rest.rpartition(":")
    return _read(rest, contents_of(FileName(f"{PREFIX}:{rest}").file) if place.endswith(".py") else "")


def content_of(rest: str) -> str:
    """A fingerprint of all that a data set holds."""
    table = table_named(rest)
    parts = [(column.name.encode(), _bytes_of(column.values)) for column in table.columns.values()]
    return fingerprint(*(part for pair in parts for part in pair))


def _bytes_of(values: AnyArray) -> bytes:
    if values.dtype == object:
        return "\0".join(map(str, values)).encode()
    return np.ascontiguousarray(values).tobytes()


@lru_cache(maxsize=4)
def _read(rest: str, contents: str) -> Table:
    """The table of one version of a file, or of a module as it was first imported."""
    place, _, name = rest.rpartition(":")
    found = object_named(place, name, f"task.kind = '{PREFIX}:{rest}'")
    if callable(found) and not _is_data(found):
        found = called(found, name)
    if isinstance(found, Mapping):
        parts = ", ".join(map(str, found))
        raise InputError(f"{name} holds several data sets, {parts}; name a function that returns one of them")
    if not _is_data(found):
        raise InputError(
            f"{name} is no data set, but of type {type(found).__name__}: it must have __len__ and __getitem__, as "
            "torch.utils.data.Dataset and datasets.Dataset do"
        )
    hugging_face = type(found).__module__.partition(".")[0] == "datasets"
    return _of_hugging_face(found, name) if hugging_face else _of_items(found, name)


def _is_data(found: Any) -> bool:
    """Whether it has a length and items; a class only makes what has."""
    return not isinstance(found, type) and hasattr(found, "__len__") and hasattr(found, "__getitem__")


def _of_hugging_face(data: Any, name: str) -> Table:
    """Columns as Arrow has them, classes by their names; items one by one where a column must be decoded."""
    decoded = [each for each, kind in data.features.items() if type(kind).__name__ in ("Image", "Array2D", "Array3D")]
    if decoded:
        return _of_items(data.with_format("numpy"), name)
    table = from_arrow(name, data.with_format("arrow")[:], first=0)
    columns = dict(table.columns)
    for column, kind in data.features.items():
        if type(kind).__name__ == "ClassLabel":
            columns[column] = _by_names(columns[column], kind.names)
    return Table(name, columns, table.rows)


def _by_names(column: Column, names: Sequence[str]) -> Column:
    """A column of class numbers as words; −1 is none."""
    numbers = np.nan_to_num(column.values, nan=-1).astype(np.int64)
    words = np.array([names[number] if 0 <= number < len(names) else "" for number in numbers], dtype=object)
    return Column(column.name, words, words == "")


def _of_items(data: Any, name: str) -> Table:
    """The items of a data set, one after another."""
    items = list(_items(data, name))
    if not items:
        raise InputError(f"{name}: has no items; there must be one for every sample")
    keys = list(items[0])
    for number, item in enumerate(items):
        if list(item) != keys:
            raise InputError(
                f"{name}: item {number} holds {', '.join(item)}, and item 0 {', '.join(keys)}; items must be alike"
            )
    columns = {key: _column(name, key, [item[key] for item in items]) for key in keys}
    return Table(name, columns, np.arange(len(items)))


def _items(data: Any, name: str) -> Iterator[Mapping[str, Any]]:
    """Every item as a dict."""
    try:
        count = len(data)
    except Exception as error:  # whatever foreign code raises
        raise InputError(f"{name}: has no length ({told(error)}); it must be a map-style data set") from None
    for number in range(count):
        try:
            item = data[number]
        except Exception as error:  # whatever foreign code raises
            raise InputError(f"{name}: item {number} of {count} raises {told(error)}") from None
        yield _as_dict(item, name, number)


def _as_dict(item: Any, name: str, number: int) -> Mapping[str, Any]:
    if isinstance(item, Mapping):
        return {str(key): value for key, value in item.items()}
    if isinstance(item, tuple | list) and len(item) in (2, 3):
        return dict(zip((X, LABEL, OWNER), item, strict=False))
    what = f"{len(item)} things" if isinstance(item, tuple | list) else type(item).__name__
    raise InputError(f"{name}: item {number} is {what}; it must be (x, label), (x, label, owner) or a dict")


def _column(table: str, name: str, values: Sequence[Any]) -> Column:
    """The values of one part of all items."""
    if all(isinstance(value, str) or value is None for value in values):
        return of_words(name, np.array(["" if value is None else value for value in values], dtype=object))
    arrays: list[AnyArray] = []
    for number, value in enumerate(values):
        array = _numbers(table, name, number, value)
        if arrays and array.shape != arrays[0].shape:
            raise InputError(
                f"{table}: {name!r} of item {number} has shape {array.shape}, and of item 0 {arrays[0].shape}; "
                "all must have the same"
            )
        arrays.append(array)
    return of_array(name, np.stack(arrays))


def _numbers(table: str, name: str, number: int, value: Any) -> AnyArray:
    try:
        array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
        if array.dtype.kind in "buif":
            return array
    except Exception:  # ragged lists, and whatever foreign types raise
        pass
    raise InputError(
        f"{table}: {name!r} of item {number} is of type {type(value).__name__}; it must be text, a number, or an array "
        "of numbers"
    )
