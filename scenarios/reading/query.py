"""Questions in SQL to the tables of a folder, and tables written elsewhere.

A question may come from anybody: it sees the views that a folder has (``runs`` and ``rounds``, or the tables of a
study) and nothing else, no file, no network, no variable of this program (DuckDB, "Securing DuckDB").
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals, replacing

_ROWS = 50_000  # rows a step of an export holds in memory
_LOCKS = (
    "SET temp_directory = ''",  # nothing is spilled to disk
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


class Asked(Protocol):
    """A folder whose tables can be asked."""

    @property
    def factors(self) -> tuple[str, ...]:
        """Columns of the fields that vary, whose names have dots."""

    def views(self) -> dict[str, tuple[Any, str]]:
        """Rows and definitions of what a question may see, by name; rows of ``x`` are called ``_x`` there."""

    def owns(self, file: Path) -> bool:
        """Whether a file is one of the folder's own."""


@contextmanager
def answer(stored: Asked, sql: str) -> Iterator[pa.RecordBatchReader]:
    """The rows of a question, read as they are computed.

    Args:
        stored: the folder.
        sql: a question in DuckDB's SQL to its views.

    Raises:
        InputError: if it cannot be answered, in one line.
    """
    with duckdb.connect(":memory:") as connection:
        for view, (rows, definition) in stored.views().items():
            connection.register(f"_{view}", rows)
            connection.execute(f"CREATE VIEW {view} AS {definition}")
        for lock in _LOCKS:
            connection.execute(lock)
        try:
            asked = connection.sql(sql)
            if asked is None:
                raise InputError("--sql: nothing is asked; write a SELECT")
            yield asked.to_arrow_reader(_ROWS)
        except duckdb.Error as error:
            raise InputError(f"--sql: {_first_line(error, stored)}") from None


def _first_line(error: Exception, stored: Asked) -> str:
    said = str(error).strip().splitlines()[0]
    quoted = next((path for path in stored.factors if "." in path), None)
    if quoted and ("not found" in said or "does not exist" in said):
        said += f'; columns with a dot need quotes, like "{quoted}"'
    return said


def export(rows: pa.RecordBatchReader, file: Path, kind: str, *, force: bool = False, guarded: Asked) -> int:
    """Write rows to a file, whole or not at all.

    Args:
        rows: what to write.
        file: where.
        kind: csv or parquet.
        force: whether an existing file may be replaced.
        guarded: the folder whose own tables are never replaced.

    Returns:
        How many rows were written.

    Raises:
        InputError: if the file is there already, or cannot be written.
    """
    check_free(file, force=force, guarded=guarded)
    count = 0
    try:
        with refusals(file), replacing(file) as partial, _writer(partial, rows.schema, kind) as writer:
            for batch in rows:
                writer.write_batch(batch)
                count += batch.num_rows
    except (pa.ArrowException, ValueError) as error:
        raise InputError(f"{file}: cannot be written as {kind}: {str(error).splitlines()[0]}") from None
    return count


def check_free(file: Path, *, force: bool, guarded: Asked) -> None:
    """Check that a file may be written.

    Raises:
        InputError: if it exists and ``force`` is not given, or belongs to the folder's own tables.
    """
    if guarded.owns(file):
        raise InputError(f"{file}: is part of the results themselves; name another file")
    if file.is_dir():
        raise InputError(f"{file}: is a folder; name a file")
    if file.exists() and not force:
        raise InputError(f"{file}: exists; name another file, or replace it with --force")
    if not file.absolute().parent.is_dir():
        raise InputError(f"{file}: there is no folder {file.absolute().parent}")


def _writer(file: Path, schema: pa.Schema, kind: str) -> Any:
    if kind == "csv":
        return pacsv.CSVWriter(str(file), schema)
    return pq.ParquetWriter(str(file), schema, compression="zstd")
