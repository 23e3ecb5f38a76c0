"""Reads the log of a project, CSV or JSON: an entry for each piece of work, with its stage and the stage's owner."""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from commonweal.agents.errors import InputError, shown
from commonweal.scenarios.games.project import Project
from commonweal.scenarios.schema.library import PROJECTS

EXAMPLE = PROJECTS / "calculator.csv"
NEEDED = ("stage", "owner", "completed")
COLUMNS = (*NEEDED, "done", "effort", "substitute")
LIMITS = {"completed": 1e6, "effort": 1e6, "substitute": 1.0}
SUBSTITUTE = 0.7  # quality of a stage that its owner skips, where a log does not say
MOST_STAGES = 12
LONGEST_NAME = 60  # characters
LARGEST = 1 << 24  # bytes of a file

Entry = Mapping[str, Any]


def read_project(file: Path) -> Project:
    """The stages and owners of a log, in the order in which they first appear.

    Entries of one stage add up in what they completed and in effort, and must have the same owner.

    Raises:
        InputError: what is wrong with it, and where.
    """
    entries: dict[str, list[tuple[str, Entry]]] = {}
    for where, entry in _entries(file):
        entries.setdefault(_name(where, entry, "stage"), []).append((where, entry))
    if not 0 < len(entries) <= MOST_STAGES:
        raise InputError(f"{file}: has {len(entries)} stages; must have 1 to {MOST_STAGES}")
    owned = [_owner(stage, of) for stage, of in entries.items()]
    owners = tuple(dict.fromkeys(owned))
    completed, effort = (
        np.array([sum(_number(*each, column) or 0.0 for each in of) for of in entries.values()])
        for column in ("completed", "effort")
    )
    if not completed.sum():
        raise InputError(f"{file}: completed sums to 0; something must have been completed")
    return Project(
        stages=tuple(entries),
        work=tuple(_work(of) for of in entries.values()),
        owners=owners,
        owned=np.array([owners.index(owner) for owner in owned]),
        completed=completed,
        efforts=effort,
        substitutes=np.array([_substitute(stage, of) for stage, of in entries.items()]),
    )


def _entries(file: Path) -> Iterator[tuple[str, Entry]]:
    """Each entry, and where it stands."""
    suffix = file.suffix.lower()
    if suffix not in (".csv", ".json"):
        raise InputError(f"{file}: a log must be a .csv or a .json file")
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: is not UTF-8 text") from None
    if len(content) > LARGEST:
        raise InputError(f"{file}: must have at most {LARGEST >> 20} MiB")
    yield from _of_csv(file, text) if suffix == ".csv" else _of_json(file, text)


def _of_csv(file: Path, text: str) -> Iterator[tuple[str, Entry]]:
    rows = csv.DictReader(StringIO(text, newline=""), strict=True, skipinitialspace=True)
    try:
        _require_columns(str(file), rows.fieldnames or ())
        for row in rows:
            where = f"{file}, line {rows.line_num}"
            if None in row:
                raise InputError(f"{where}: has more cells than the first line names columns")
            yield where, row
    except csv.Error as error:
        raise InputError(f"{file}, line {rows.line_num}: is not CSV: {error}") from None


def _of_json(file: Path, text: str) -> Iterator[tuple[str, Entry]]:
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(f"{file}: is not JSON") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"{file}: must be a list of objects with the keys {', '.join(COLUMNS)}")
    for number, entry in enumerate(entries, start=1):
        where = f"{file}, entry {number}"
        _require_columns(where, entry)
        yield where, entry


def _require_columns(where: str, columns: Any) -> None:
    if missing := [name for name in NEEDED if name not in columns]:
        raise InputError(f"{where}: {missing[0]} is missing: must have {', '.join(NEEDED)}")
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise InputError(f"{where}: unknown {shown(unknown[0])}: must be one of {', '.join(COLUMNS)}")
    if len(set(columns)) < len(list(columns)):
        raise InputError(f"{where}: names a column twice")


def _name(where: str, entry: Entry, column: str) -> str:
    text = entry[column]
    name = " ".join(text.split()) if isinstance(text, str) else ""
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable()):
        raise InputError(f"{where}: {column} = {shown(text)}: must be a name of at most {LONGEST_NAME} characters")
    return name


def _number(where: str, entry: Entry, column: str) -> float | None:
    """None where nothing is said and nothing need be."""
    given = entry.get(column)
    if given is None or (isinstance(given, str) and not given.strip()):
        if column in NEEDED:
            raise InputError(f"{where}: {column} is missing: must be a number")
        return None
    try:
        number = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= LIMITS[column]:
        raise InputError(f"{where}: {column} = {shown(given)}: must be a number from 0 to {LIMITS[column]:,.0f}")
    return number


def _owner(stage: str, entries: list[tuple[str, Entry]]) -> str:
    owner = _name(*entries[0], "owner")
    for where, entry in entries[1:]:
        if (other := _name(where, entry, "owner")) != owner:
            raise InputError(f"{where}: {stage!r} is owned by {other!r}, and by {owner!r} before: must have one owner")
    return owner


def _substitute(stage: str, entries: list[tuple[str, Entry]]) -> float:
    """The quality that some entry of a stage gives."""
    quality: float | None = None
    for where, entry in entries:
        given = _number(where, entry, "substitute")
        if None not in (given, quality) and given != quality:
            raise InputError(f"{where}: substitute of {stage!r} = {given}, and {quality} before: must be one number")
        quality = quality if given is None else given
    return SUBSTITUTE if quality is None else quality


def _work(entries: list[tuple[str, Entry]]) -> str:
    """What was done in a stage, in words."""
    texts = [entry.get("done") for _, entry in entries]
    return "; ".join(" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip())
