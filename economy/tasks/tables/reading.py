"""Files that hold tables: comma-separated text with a header, and parquet. A file is read again when it changes."""

import csv
import io
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from commonweal.agents.documents import is_number
from commonweal.agents.errors import InputError
from commonweal.economy.tasks.tables.table import Table, demand_names, from_arrow, listed

_BOM = b"\xef\xbb\xbf"


def read_table(kind: str, file: Path) -> Table:
    """The table in a file.

    Args:
        kind: csv or parquet.
        file: where it lies.

    Raises:
        InputError: if it cannot be read, or holds no table.
    """
    try:
        found = file.stat()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    if file.is_dir():
        raise InputError(f"{file}: is a folder; it must be a {kind} file")
    return _read(kind, file.absolute(), found.st_ino, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4)
def _read(kind: str, file: Path, *version: int) -> Table:
    """One version of a file."""
    table = READERS[kind](file)
    if not len(table):
        raise InputError(f"{file.name}: has a header and no rows; it must have a row for every sample")
    return table


def _csv(file: Path) -> Table:
    """Comma-separated UTF-8 text whose first row names the columns. The header is row 1; empty lines do not count."""
    text = _text_of(file)
    header = _header(file, text)
    from pyarrow import csv as arrow

    try:
        data = arrow.read_csv(
            io.BytesIO(text),
            read_options=arrow.ReadOptions(use_threads=False, block_size=min(len(text) + 1, 2**31 - 1)),
            parse_options=arrow.ParseOptions(newlines_in_values=True),
            convert_options=arrow.ConvertOptions(strings_can_be_null=True),
        )
    except pa.ArrowException as error:
        raise InputError(_fault(file, str(error), header)) from None
    return from_arrow(file.name, data, first=2)


def _text_of(file: Path) -> bytes:
    """The bytes of a file that holds UTF-8 text."""
    try:
        text = file.read_bytes().removeprefix(_BOM)
        text.decode("utf-8")
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise InputError(f"{file.name}: line {line} is not UTF-8 text; save the table as CSV in UTF-8") from None
    if not text.strip():
        raise InputError(
            f"{file.name}: is empty; it must have a header that names the columns, and a row for every sample"
        )
    return text


def _header(file: Path, text: bytes) -> list[str]:
    """The names in the first row that is not empty.

    Raises:
        InputError: if they are numbers, or cannot tell columns apart.
    """
    first = text.lstrip(b"\r\n").split(b"\n", 1)[0].decode("utf-8")
    names = next(csv.reader([first]))
    if names and all(map(is_number, names)):
        raise InputError(
            f"{file.name}: has no header: row 1 holds the numbers {listed(names, 3)}; row 1 must name the columns"
        )
    if len(names) == 1 and (other := next((sign for sign in ";\t|" if sign in names[0]), "")):
        raise InputError(
            f"{file.name}: has one column, {names[0][:60]!r}: columns must be separated by commas, not {other!r}"
        )
    return demand_names(file.name, names)


def _fault(file: Path, said: str, header: list[str]) -> str:
    """What is wrong with a table that Arrow does not read, in our words."""
    if found := re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", said):
        row, wanted, got = found.groups()
        return f"{file.name}: row {row} has {got} values; it must have {wanted}, one for each column of the header"
    return f"{file.name}: cannot be read as a table of {len(header)} columns: {' '.join(said.split())[:200]}"


def _parquet(file: Path) -> Table:
    """A parquet file; its first row is row 1."""
    from pyarrow import parquet

    try:
        data = parquet.ParquetFile(file).read()
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file.name}: is no parquet file: {' '.join(str(error).split())[:120]}") from None
    return from_arrow(file.name, data, first=1)


READERS: dict[str, Callable[[Path], Table]] = {"csv": _csv, "parquet": _parquet}
