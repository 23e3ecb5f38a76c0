"""Documents: where two of them differ, and what the files that they name say."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.files import contents_of


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


def files_in(document: Any, path: str = "") -> Iterator[tuple[str, Path]]:
    """The files that a document names, each with the dotted path of the field that does.

    Args:
        document: tables and lists of Python values, files as ``Path``.
        path: where it stands.
    """
    if isinstance(document, Path):
        yield path, document
    elif isinstance(document, Mapping):
        for key, value in document.items():
            yield from files_in(value, f"{path}.{key}".lstrip("."))
    elif isinstance(document, list | tuple):
        for place, value in enumerate(document):
            yield from files_in(value, f"{path}[{place}]")


def said_by(file: Path) -> str:
    """What stands for a file in documents that are compared: what it says, and not where it lies."""
    try:
        return f"contents {contents_of(file)}"
    except InputError:
        return "contents that cannot be read"


def by_contents(document: Any, said: Callable[[Path], str] = said_by) -> Any:
    """A document with what its files say in the place of where they lie.

    Args:
        document: tables and lists of Python values, files as ``Path``.
        said: what stands for a file.
    """
    if isinstance(document, Path):
        return said(document)
    if isinstance(document, Mapping):
        return {key: by_contents(value, said) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [by_contents(value, said) for value in document]
    return document
