"""Compaction: a finished sweep's shards become two tables, read and written a piece at a time."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals, replacing
from commonweal.scenarios.schema.notation import shorten
from commonweal.scenarios.sweeps.shards import (
    ORIGIN,
    STATUS,
    read_shard,
    remove_shards,
    shard_file,
    write_table,
)

RUNS, ROUNDS = "runs.parquet", "rounds.parquet"
_CHUNKS = b"commonweal.batches"  # in the metadata of the table of runs: numbers of the chunks in it
_GROUP = 50_000  # rows of rounds that are written at once


def compacted(folder: Path) -> list[int]:
    """Numbers of the chunks in the tables of ``folder``.

    Raises:
        InputError: if a table is damaged.
    """
    if not (folder / RUNS).exists():
        return []
    try:
        kept = pq.read_schema(folder / RUNS).metadata or {}
        pq.read_schema(folder / ROUNDS)
        return [int(number) for number in json.loads(kept[_CHUNKS])]
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise _damaged(folder, error) from None


def _damaged(folder: Path, error: Exception) -> InputError:
    return InputError(
        f"{folder}: {RUNS} or {ROUNDS} is damaged ({shorten(str(error))}); restore both, or remove both and the same "
        "command plays their runs again"
    )


def compact(folder: Path, numbers: Sequence[int]) -> None:
    """Take the shards of chunks into the tables of the sweep, and remove them.

    The table of runs is put in place last and says which chunks it holds, so that an interrupted compaction can be
    repeated. A run that was tried again keeps its newest row.

    Args:
        folder: of the sweep.
        numbers: of the chunks, ascending.

    Raises:
        DamagedShardError: if a shard cannot be read; the tables are as before then.
        InputError: if the tables cannot be read, or the folder cannot be written.
    """
    held = compacted(folder)
    shards, names = [], {"rounds"}
    for number in numbers:
        tables = read_shard(folder, number)
        shards.append(tables.runs)
        names |= set(tables.extra)
    runs = _newest([*([_read_old(folder)] if held else []), *shards])
    again = [name for shard in shards for name in shard["run_id"].to_pylist()]
    with refusals(folder):
        for name in sorted(names):
            with replacing(folder / f"{name}.parquet") as partial:
                _write_joined(folder, name, numbers, again, partial)
        chunks = json.dumps([*held, *numbers])
        write_table(runs.replace_schema_metadata({_CHUNKS: chunks}), folder / RUNS)
        remove_shards(folder, {*held, *numbers})


def _newest(tables: Sequence[pa.Table]) -> pa.Table:
    """The newest row of each run, in the order of points and seeds; a failed run has no metrics."""
    joined = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
    split = joined.column_names.index(next(iter(STATUS)))
    metrics = [name for name in joined.column_names[split:] if name not in {*STATUS, *ORIGIN}]
    names = joined["run_id"].to_numpy(zero_copy_only=False)[::-1]
    _, newest = np.unique(names, return_index=True)
    latest = joined.select([*joined.column_names[:split], *STATUS, *metrics, *ORIGIN])
    latest = latest.take(pa.array(np.sort(len(names) - 1 - newest)))
    return latest.take(pc.sort_indices(latest, [("point", "ascending"), ("seed", "ascending")]))


def _write_joined(folder: Path, name: str, numbers: Sequence[int], again: Sequence[str], file: Path) -> None:
    """Write the old rows of a table, without those of the runs ``again``, and then those of the shards."""
    old = [each for each in [folder / f"{name}.parquet"] if each.exists()]
    shards = [each for number in numbers if (each := shard_file(folder, number, name)).exists()]
    distinct = dict.fromkeys(pq.read_schema(each).remove_metadata() for each in (*old, *shards))
    schema = pa.unify_schemas(list(distinct), promote_options="permissive")
    kept = (old, ~pads.field("run_id").isin(list(again))), (shards, None)
    waiting: list[pa.RecordBatch] = []
    count = 0
    with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer:
        for files, which in kept:
            rows = pads.dataset(list(map(str, files)), schema=schema).to_batches(filter=which) if files else ()
            for batch in rows:
                waiting.append(batch)
                count += len(batch)
                if count >= _GROUP:
                    writer.write_table(pa.Table.from_batches(waiting, schema))
                    waiting, count = [], 0
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, schema))


def _read_old(folder: Path) -> pa.Table:
    try:
        return pq.ParquetFile(folder / RUNS, page_checksum_verification=True).read()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(folder, error) from None


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
