"""Files that are there whole or not at all, one line where the system does not write, and what files say."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from glob import escape
from pathlib import Path

from commonweal.agents.errors import InputError

_SUFFIX = ".tmp"  # of what is not whole yet


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """A file beside ``file`` that takes its place when the block ends well, and vanishes when it does not.

    Where ``file`` is a link, it stays one: what it leads to is replaced.
    """
    file = Path(os.path.realpath(file))
    partial = file.with_name(f".{file.name}.{os.getpid()}{_SUFFIX}")
    try:
        yield partial
        with partial.open("rb+") as written:
            os.fsync(written.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def refusals(place: Path) -> Iterator[None]:
    """Say in one line why the system does not write to a place.

    Raises:
        InputError: instead of the system's own error.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).rpartition("] ")[2]  # Arrow says "Detail: [errno 28] No space left …"
        raise InputError(f"{place}: cannot be written: {reason}") from None


def is_there(folder: Path) -> bool:
    """Whether there is a folder for results.

    Raises:
        InputError: if something else has its name.
    """
    if folder.is_symlink() and not folder.exists():
        raise InputError(f"{folder}: is a link to nothing; results need a folder")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; results need a folder")
    return folder.exists()


def sweep_up(folder: Path, name: str | None = None) -> None:
    """Remove what killed writers left in a folder: of one file, or of all."""
    for leftover in folder.glob(f".{'*' if name is None else escape(name)}.*{_SUFFIX}"):
        leftover.unlink(missing_ok=True)


def contents_of(file: Path) -> str:
    """What a file says, as a fingerprint: the same for the same bytes, wherever they lie.

    Raises:
        InputError: if it cannot be read.
    """
    try:
        found = file.stat()
        return _fingerprint(file.absolute(), found.st_ino, found.st_mtime_ns, found.st_size)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from None


@lru_cache(maxsize=256)
def _fingerprint(file: Path, *version: int) -> str:
    """The fingerprint of one version of a file, which is not read again for each of ten thousand points."""
    return fingerprint(file.read_bytes())


def fingerprint(*parts: bytes) -> str:
    """16 hexadecimal digits that stand for some bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]
