"""JSON documents: where two of them differ."""

from collections.abc import Iterator, Mapping
from typing import Any


def differences(one: Any, other: Any, path: str = "", *, whole: tuple[str, ...] = ()) -> Iterator[tuple[str, Any, Any]]:
    """Dotted paths at which two documents differ, with the value in each; None where one has none.

    Args:
        one: nested tables and lists.
        other: the same.
        path: where they stand.
        whole: paths of tables that are compared as a whole, and ``[]`` for all lists.
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping) and path not in whole:
        for key in dict.fromkeys([*one, *other]):
            yield from differences(one.get(key), other.get(key), f"{path}.{key}".lstrip("."), whole=whole)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other) and "[]" not in whole:
        for place, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}[{place}]", whole=whole)
    elif one != other:
        yield path, one, other
