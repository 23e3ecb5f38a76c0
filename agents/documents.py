"""Documents: where two of them differ, and what the files that they name say."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.files import contents_of

TABLES = ("csv", "parquet")  # kinds of files that hold tables, as they stand before a colon
CODE = ("torch", "module")  # kinds of names FILE.py:NAME of data sets and networks that code in a file makes


class FileName(str):
    """A name that stands for a file, like ``csv:wards.csv`` or ``torch:wards.py:NAME``; compared by what it says."""

    __slots__ = ()

    @staticmethod
    def parts(name: str) -> tuple[str, str]:
        """Kind and file; two empty texts where a name stands for no file."""
        kind, _, file = name.partition(":")
        if kind in CODE:
            file = file.rpartition(":")[0] if file.rpartition(":")[0].endswith(".py") else ""
        return (kind, file) if kind in (*TABLES, *CODE) and file else ("", "")

    @classmethod
    def of(cls, name: str) -> str:
        """The same name, which is told from others by its type where it stands for a file."""
        return cls(name) if cls.parts(name)[0] else name

    @property
    def file(self) -> Path:
        """Where the file lies."""
        return Path(self.parts(self)[1])

    def with_file(self, file: object) -> "FileName":
        """The same name with another file, or with what stands for it."""
        kind, _ = self.parts(self)
        return FileName(f"{kind}:{file}" + (f":{self.rpartition(':')[2]}" if kind in CODE else ""))


def put_file(document: Any, path: str, file: object) -> None:
    """Let a document name another file at the dotted path of a field that names one; of the same kind.

    Args:
        document: tables and lists, which are changed.
        path: as ``files_in`` gives it.
        file: the file.

    Raises:
        KeyError, IndexError, TypeError: if there is no such place.
    """
    *parts, last = path.replace("[", ".").replace("]", "").split(".")
    place: Any = document
    for part in parts:
        place = place[int(part) if isinstance(place, list) else part]
    key: Any = int(last) if isinstance(place, list) else last
    kind, _, rest = str(place[key]).partition(":")
    if kind in TABLES:
        place[key] = f"{kind}:{file}"
    else:
        place[key] = f"{kind}:{file}:{rest.rpartition(':')[2]}" if kind in CODE else str(file)


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
        document: tables and lists of Python values, files as ``Path`` or ``FileName``.
        path: where it stands.
    """
    if isinstance(document, Path):
        yield path, document
    elif isinstance(document, FileName):
        yield path, document.file
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
        document: tables and lists of Python values, files as ``Path`` or ``FileName``.
        said: what stands for a file.
    """
    if isinstance(document, Path):
        return said(document)
    if isinstance(document, FileName):
        return str(document.with_file(said(document.file)))
    if isinstance(document, Mapping):
        return {key: by_contents(value, said) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [by_contents(value, said) for value in document]
    return document


def is_number(text: str) -> bool:
    """Whether a text is a number as a person writes it."""
    try:
        float(text)
    except ValueError:
        return False
    return True
