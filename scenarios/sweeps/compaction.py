"""Compaction: a finished sweep's shards become two tables, read and written a piece at a time."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals, replacing
from commonweal.scenarios.schema.notation import shorten
from commonweal.scenarios.sweeps.shards import (
    LABELS,
    ORIGIN,
    STATUS,
    DamagedShardError,
    read_shard,
    remove_shards,
    shard_files,
    write_table,
)

RUNS, ROUNDS = "runs.parquet", "rounds.parquet"
_BATCHES = b"commonweal.batches"  # in the metadata of the table of runs: numbers of the batches in it
_GROUP = 50_000  # rows of rounds that are written at once


def compacted(folder: Path) -> list[int]:
    """Numbers of the batches in the tables of ``folder``.

    Raises:
        InputError: if a table is damaged.
    """
    if not (folder / RUNS).exists():
        return []
    try:
        kept = pq.read_schema(folder / RUNS).metadata or {}
        pq.read_schema(folder / ROUNDS)
        return [int(number) for number in json.loads(kept[_BATCHES])]
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise _damaged(folder, error) from None


def _damaged(folder: Path, error: Exception) -> InputError:
    return InputError(
        f"{folder}: {RUNS} or {ROUNDS} is damaged ({shorten(str(error))}); restore both, or remove both and the same "
        "command plays their runs again"
    )


def compact(folder: Path, numbers: Sequence[int]) -> None:
    """Take the shards of batches into the tables of the sweep, and remove them.

    The table of runs is put in place last and says which batches it holds, so that an interrupted compaction can be
    repeated. A run that was tried again keeps its newest row.

    Args:
        folder: of the sweep.
        numbers: of the batches, ascending.

    Raises:
        DamagedShardError: if a shard cannot be read; the tables are as before then.
        InputError: if the tables cannot be read, or the folder cannot be written.
    """
    held = compacted(folder)
    runs = _joined_runs(folder, numbers, bool(held))
    with refusals(folder):
        with replacing(folder / ROUNDS) as partial:
            _write_rounds(folder, numbers, partial)
        batches = json.dumps([*held, *numbers])
        write_table(runs.replace_schema_metadata({_BATCHES: batches}), folder / RUNS)
        remove_shards(folder, {*held, *numbers})


def _joined_runs(folder: Path, numbers: Sequence[int], held: bool) -> pa.Table:
    """The table of runs, old and new, in the order of points and seeds."""
    tables = [_read_old(folder, RUNS)] if held else []
    tables += [read_shard(folder, number).runs for number in numbers]
    schema = _in_order(_unified(table.schema for table in tables))
    joined = pa.concat_tables([_as(table, schema) for table in tables]).combine_chunks()
    names = joined["run_id"].to_numpy(zero_copy_only=False)[::-1]
    _, newest = np.unique(names, return_index=True)
    latest = joined.take(pa.array(np.sort(len(names) - 1 - newest)))
    return latest.take(pc.sort_indices(latest, [("point", "ascending"), ("seed", "ascending")]))


def _write_rounds(folder: Path, numbers: Sequence[int], file: Path) -> None:
    """Write the old rounds, without those of the runs that follow, and then those of the shards."""
    old = pq.read_schema(folder / ROUNDS) if (folder / ROUNDS).exists() else None
    schema = _unified(([old] if old else []) + [_rounds_schema(folder, number) for number in numbers])
    waiting: list[pa.Table] = []
    rows = 0
    with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer:
        for table in _pieces(folder, numbers, old is not None):
            waiting.append(_as(table, schema))
            rows += len(table)
            if rows >= _GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting, rows = [], 0
        if waiting:
            writer.write_table(pa.concat_tables(waiting))


def _pieces(folder: Path, numbers: Sequence[int], old: bool) -> Iterator[pa.Table]:
    if old:
        names = [_read_names(folder, number) for number in numbers]
        again = pa.concat_arrays(names) if names else pa.array([], pa.string())
        for piece in pq.ParquetFile(folder / ROUNDS).iter_batches(_GROUP):
            yield pa.table(piece).filter(pc.invert(pc.is_in(piece["run_id"], again)))
    for number in numbers:
        yield read_shard(folder, number).rounds


def _read_names(folder: Path, number: int) -> pa.Array:
    return read_shard(folder, number).runs["run_id"].combine_chunks()


def _read_old(folder: Path, name: str) -> pa.Table:
    try:
        return pq.ParquetFile(folder / name, page_checksum_verification=True).read()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(folder, error) from None


def _rounds_schema(folder: Path, number: int) -> pa.Schema:
    try:
        return pq.read_schema(shard_files(folder, number)[1])
    except (OSError, ValueError, pa.ArrowException):
        raise DamagedShardError(number) from None


def _unified(schemas: "Iterator[pa.Schema] | Sequence[pa.Schema]") -> pa.Schema:
    distinct = list(dict.fromkeys(schema.remove_metadata() for schema in schemas))
    return pa.unify_schemas(distinct, promote_options="default")


def _in_order(schema: pa.Schema) -> pa.Schema:
    """Labels and factors, status, metrics, origin: a batch in which all runs failed knows no metrics."""
    last = [name for name in schema.names if name in ORIGIN]
    split = schema.names.index(next(iter(STATUS)))
    head, rest = schema.names[:split], schema.names[split:]
    metrics = [name for name in rest if name not in ORIGIN and name not in STATUS and name not in LABELS]
    return pa.schema([schema.field(name) for name in [*head, *STATUS, *metrics, *last]])


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with all columns of ``schema``, null where it has none."""
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def failed_runs(folder: Path, numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Point and seed of every run that failed, in the tables and in the shards of ``numbers``.

    Raises:
        DamagedShardError: if a shard cannot be read.
        InputError: if the table of runs is damaged.
    """
    columns = ["point", "seed", "status"]
    try:
        tables = [pq.read_table(folder / RUNS, columns=columns)] if (folder / RUNS).exists() else []
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(folder, error) from None
    tables += [read_shard(folder, number).runs.select(columns) for number in numbers]
    latest: dict[tuple[int, int], str] = {}
    for table in tables:
        rows = zip(*(table[name].to_pylist() for name in columns), strict=True)
        latest.update({(point, seed): status for point, seed, status in rows})
    return sorted(run for run, status in latest.items() if status == "failed")
