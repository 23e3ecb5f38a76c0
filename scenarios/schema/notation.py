"""How a person writes fields and values: dotted paths, and TOML values where bare words stand for strings."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from commonweal.agents.errors import InputError
from commonweal.agents.streams import plain_seeds

_WITHOUT_ZERO = re.compile(r"[+-]?\.[0-9]+")  # .05, which TOML does not know
_BARE_WORD = re.compile(r"[^\W\d][\w.:/+-]*|[./~][\w.:/+~-]*")
_MOST_SEEDS = 10_000_000
_LONGEST = 60  # characters of a value worth repeating in an error


def parse_path(text: str) -> str:
    """The canonical form of a field's path: ``values.dimensions.0.limit`` is ``values.dimensions[0].limit``.

    Raises:
        InputError: if a part of the path is empty.
    """
    parts = split_path(text.strip()) if isinstance(text, str) else [""]
    if not all(parts):
        raise InputError(f"{text!r} is not the path of a field: write it like settlement.kind")
    return join_path(parts)


def split_path(path: str) -> list[str]:
    """The parts of a dotted path; list positions are parts too."""
    return re.sub(r"\[(\d+)\]", r".\1", path).split(".")


def join_path(parts: Sequence[str | int]) -> str:
    """The dotted path of parts, list positions in brackets."""
    return "".join(f"[{part}]" if str(part).isdigit() else f".{part}" for part in parts).lstrip(".")


def parse_value(text: str) -> Any:
    """The value written as TOML, or a bare word as a string.

    Raises:
        InputError: if it is neither.
    """
    text = text.strip()
    if _WITHOUT_ZERO.fullmatch(text):
        return float(text)
    try:
        document = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        document = {}
    if list(document) == ["value"]:
        return document["value"]
    if _BARE_WORD.fullmatch(text):
        return text
    raise InputError(f"{text!r} is not a value: write a TOML value (0.5, true, [32], {{fixed = 1}}) or a bare word")


def parse_assignment(text: str) -> tuple[str, Any]:
    """``path=value`` as written after ``--set``.

    Raises:
        InputError: if it is malformed.
    """
    path, equals, value = text.partition("=") if isinstance(text, str) else ("", "", "")
    if not equals or not value.strip():
        raise InputError(f"{text!r} is not an assignment: write path=value, like settlement.alpha=2; '' is no text")
    return parse_path(path), parse_value(value)


def parse_option(text: str) -> tuple[str, Any]:
    """``name=value`` as written after ``-o``; ``name=a,b,c`` is a list.

    Raises:
        InputError: if it is malformed.
    """
    try:
        return parse_assignment(text)
    except InputError:
        if "," not in str(text).partition("=")[2]:
            raise
        return parse_variation(text)


def parse_variation(text: str) -> tuple[str, list[Any]]:
    """``path=a,b,c`` as written after ``--vary``.

    Raises:
        InputError: if it is malformed.
    """
    path, equals, values = text.partition("=")
    if not equals or not values.strip():
        raise InputError(f"{text!r} varies nothing: write path=a,b,c, like settlement.kind=equal,data,credit")
    return parse_path(path), _split_values(values)


def _split_values(text: str) -> list[Any]:
    """The values between commas; a comma inside quotes or brackets leaves no whole value before it."""
    values: list[Any] = []
    pieces: list[str] = []
    for piece in text.split(","):
        pieces.append(piece)
        try:
            values.append(parse_value(",".join(pieces)))
        except InputError:
            continue
        pieces = []
    if pieces:
        parse_value(",".join(pieces))  # says what is wrong with it
    return values


def read_seeds(seeds: int | str | Iterable[int]) -> tuple[int, ...]:
    """Seeds from how many ("8": 0 to 7), from a list ("3,5"), or from numbers.

    Raises:
        InputError: if they are not different whole numbers from zero, at least one.
    """
    allowed = "must be a count of at least 1, or different whole numbers from 0"
    most = f" (at most {_MOST_SEEDS:_} of them, below 2**63)"
    refuse = partial(InputError, f"seeds = {shorten(str(seeds))}: {allowed}{most}")
    if isinstance(seeds, str):
        texts = seeds.removesuffix(",").split(",")  # "3," is a list of one
        if not all(re.fullmatch(r"\s*[0-9]{1,19}\s*", text) for text in texts):
            raise refuse()
        seeds = int(texts[0]) if "," not in seeds else [int(text) for text in texts]
    if isinstance(seeds, bool | np.bool_) or (isinstance(seeds, int | np.integer) and seeds > _MOST_SEEDS):
        raise refuse()
    try:
        numbers = plain_seeds(range(seeds) if isinstance(seeds, int | np.integer) else seeds)
    except InputError:
        raise refuse() from None
    if not numbers or len(set(numbers)) < len(numbers) or max(numbers) >= 2**63:
        raise refuse()
    return numbers


def write_value(value: Any) -> str:
    """A value as a person would write it in a scenario file, on one line."""
    if isinstance(value, np.generic):  # a cell of a table
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_write_key(key)} = {write_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(write_value(item) for item in value) + "]"
    return str(value) if isinstance(value, int | float) else _write_text(str(value))


def _write_text(text: str) -> str:
    """A TOML literal string where it can hold the text, else a basic string, whose escapes are JSON's."""
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _write_text(key)


def as_json(value: Any) -> Any:
    """A number of an array library as a plain number; anything else (a date, a path) as text: for ``json.dumps``."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def write_cell(values: Mapping[str, Any]) -> str:
    """The values of a point as one line of JSON, the same for the same values."""
    return json.dumps(dict(values), sort_keys=True, default=as_json)


def value_at(place: Any, path: str) -> Any:
    """What stands in a scenario at the dotted path of a field."""
    for part in split_path(path):
        if isinstance(place, Mapping):
            place = place[part]
        else:
            place = place[int(part)] if part.isdigit() else getattr(place, part)
    return place


def no_item(path: str, part: str, count: int) -> str:
    """That the list on the way to ``path`` has no item ``part``, but ``count``."""
    if not count:
        return f"{path}: there is no item {part}, since the list is empty"
    return f"{path}: there is no item {part}; " + ("only item 0" if count == 1 else f"items are 0 to {count - 1}")


def shorten(text: str) -> str:
    """``text`` on one line, cut where it is longer than an error message should repeat."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
