"""Shards: what a worker stores of one chunk, two small parquet files. The second of them commits the chunk."""

import logging
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.agents.files import refusals, replacing

logger = logging.getLogger(__name__)

SCHEMA = 1  # of the tables and the manifest; raised when either changes
SHARDS = "shards"  # the folder of shards in the folder of a sweep
FAILED = b"failed"  # how many runs of a shard failed, in its metadata
EXTRA = b"extra"  # names of its other tables

# Columns of the table of runs before and after the metrics; factors follow the first three.
LABELS = {"run_id": pa.string(), "point": pa.int32(), "seed": pa.int64()}
STATUS = {
    "status": pa.string(),  # ok or failed
    "stage": pa.string(),  # setup, round N or worker; null where nothing failed
    "message": pa.string(),
    "stopped": pa.string(),  # the stop condition, where it was reached
    "rounds": pa.int64(),  # played
}
ORIGIN = {
    "version": pa.string(),
    "schema": pa.int16(),
    "start": pa.timestamp("us", tz="UTC"),
    "duration": pa.float64(),  # seconds: the chunk's, divided by its runs
}
KINDS = {"number": pa.float64(), "integer": pa.int64(), "switch": pa.bool_(), "text": pa.string()}


@dataclass(frozen=True)
class Tables:
    """The rows of some runs."""

    runs: pa.Table  # one per run
    rounds: pa.Table  # one per run that did not fail and recorded round
    extra: Mapping[str, pa.Table] = field(default_factory=dict)  # other tables that are kept, by name


class DamagedShardError(Exception):
    """A shard that cannot be read."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def shard_files(folder: Path, number: int) -> tuple[Path, Path]:
    """The files of a chunk: runs, rounds."""
    return shard_file(folder, number, "runs"), shard_file(folder, number, "rounds")


def shard_file(folder: Path, number: int, name: str) -> Path:
    """The file of one table of a chunk."""
    return folder / SHARDS / f"{number:06d}.{name}.parquet"


def write_shard(folder: Path, number: int, tables: Tables) -> None:
    """Store a chunk: its runs come last.

    Raises:
        InputError: if the folder cannot be written; nothing of the chunk is left then.
    """
    runs, rounds = shard_files(folder, number)
    failed = sum(status == "failed" for status in tables.runs["status"].to_pylist())
    with refusals(folder):
        runs.parent.mkdir(exist_ok=True)
        for name, table in tables.extra.items():
            write_table(table, shard_file(folder, number, name))
        write_table(tables.rounds, rounds)
        write_table(tables.runs.replace_schema_metadata({FAILED: str(failed), EXTRA: " ".join(tables.extra)}), runs)


def write_table(table: pa.Table, file: Path) -> None:
    """Write a parquet file so that it is there whole or not at all."""
    with replacing(file) as partial:
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)


def committed(folder: Path) -> list[int]:
    """Numbers of the chunks in the shards of ``folder``, ascending."""
    names = (entry.name for entry in os.scandir(folder / SHARDS)) if (folder / SHARDS).is_dir() else ()
    return sorted(int(name.partition(".")[0]) for name in names if name.endswith(".runs.parquet") and name[0] != ".")


def count_failed(folder: Path, number: int) -> int:
    """How many runs of a committed chunk failed.

    Raises:
        DamagedShardError: if the shard is cut off, or half of it is missing.
    """
    runs, rounds = shard_files(folder, number)
    try:
        if rounds.stat().st_size == 0:
            raise DamagedShardError(number)
        return int(pq.read_schema(runs).metadata[FAILED])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        raise DamagedShardError(number) from None


def read_shard(folder: Path, number: int) -> Tables:
    """The tables of a chunk, their checksums verified.

    Raises:
        DamagedShardError: if they cannot be read.
    """
    try:
        runs, rounds = (read_checked(file) for file in shard_files(folder, number))
        names = (runs.schema.metadata or {}).get(EXTRA, b"").decode().split()
        return Tables(runs, rounds, {name: read_checked(shard_file(folder, number, name)) for name in names})
    except (OSError, ValueError, pa.ArrowException):
        raise DamagedShardError(number) from None


def read_checked(file: Path) -> pa.Table:
    """A parquet file, its checksums verified."""
    return pq.ParquetFile(file, page_checksum_verification=True).read()


def remove_damaged(folder: Path, number: int) -> None:
    """Take a damaged chunk back and say so; the file that commits it goes first."""
    logger.warning("chunk %d is damaged on disk: its runs are played again", number)
    for file in (*shard_files(folder, number), *(folder / SHARDS).glob(f"{number:06d}.*.parquet")):
        file.unlink(missing_ok=True)


def remove_shards(folder: Path, numbers: Collection[int]) -> None:
    """Remove whatever there is of chunks, and the folder of shards when it is empty."""
    shards = folder / SHARDS
    if not shards.is_dir():
        return
    for file in shards.glob("[0-9]*.parquet"):
        if int(file.name.partition(".")[0]) in numbers:
            file.unlink(missing_ok=True)
    if not any(shards.iterdir()):
        shards.rmdir()
