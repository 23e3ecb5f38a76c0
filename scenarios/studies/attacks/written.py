"""Deviations as documents: in certificates and verdicts, and in files of attacks that others wrote.

A file of attacks is a JSON list of tables with the fields of a ``Deviation``, such as
``[{"name": "half, then nothing", "action": "free_ride", "from_round": 10}]``. What is not given stays as it is.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError, shown
from commonweal.economy.arena.tactics import Tactic, tactic_of
from commonweal.economy.futures.deviations import Deviation

_ACTIONS = {action.name.lower(): action for action in Action}
_MOST = 10_000_000  # bytes of a file that is read


def deviation_document(deviation: Deviation) -> dict[str, Any]:
    """What a deviation says otherwise than one that says nothing, and its name, as JSON."""
    document: dict[str, Any] = {"name": deviation.name}
    for part in fields(Deviation):
        value = getattr(deviation, part.name)
        if part.name not in ("name", "members") and value != part.default:
            document[part.name] = _plain(value)
    return document


def read_deviation(document: Any) -> Deviation:
    """The deviation of principal 0 that a document describes.

    Raises:
        InputError: if it describes none.
    """
    if not isinstance(document, Mapping):
        raise InputError(f"{shown(document)} is no attack: must be a table with the fields of a Deviation")
    known = [part.name for part in fields(Deviation) if part.name != "members"]
    if unknown := [name for name in document if name not in known]:
        raise InputError(f"{shown(unknown[0])} is no field of an attack; there are {', '.join(known)}")
    needed = [part.name for part in fields(Deviation) if part.default is MISSING and part.name != "members"]
    if missing := [name for name in needed if name not in document]:
        raise InputError(f"{missing[0]} of an attack is missing")
    return Deviation(members=(0,), **{name: _value(name, value) for name, value in document.items()})


def read_attacks(file: Path) -> tuple[Deviation, ...]:
    """The deviations in a file of attacks.

    Raises:
        InputError: if the file cannot be read or describes no attacks.
    """
    document = read_json(file)
    tables = document if isinstance(document, list) else [document]
    try:
        found = tuple(read_deviation(table) for table in tables)
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    if not found or len({deviation.name for deviation in found}) < len(found):
        raise InputError(f"{file}: must hold attacks, each by its own name")
    return found


def read_json(file: Path) -> Any:
    """What a JSON file says.

    Raises:
        InputError: if it cannot be read.
    """
    text = read_text(file)
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InputError(f"{file}: is not JSON") from None


def read_text(file: Path) -> str:
    """What a text file says, byte by byte.

    Raises:
        InputError: if it cannot be read.
    """
    try:
        if file.stat().st_size > _MOST:
            raise InputError(f"{file}: is larger than {_MOST // 1_000_000} MB")
        return file.read_bytes().decode()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: is not text in UTF-8") from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _plain(value: Any) -> Any:
    if isinstance(value, Tactic):
        return value.document()
    return value.name.lower() if isinstance(value, Action) else value


def _value(name: str, value: Any) -> Any:
    """A field's value, of its type; numbers are finite, and names can be printed."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        raise InputError(f"{name} of an attack: numbers must be finite") from None
    if name == "name" and isinstance(value, str) and not value.isprintable():
        raise InputError(f"name = {shown(value)}: must be characters that can be printed")
    if name == "tactic":
        if not isinstance(value, Mapping):
            raise InputError(f"tactic = {shown(value)}: must be the document of a tactic")
        return tactic_of(value)
    if name == "action":
        if not isinstance(value, str) or value not in _ACTIONS:
            raise InputError(f"action = {shown(value)}: must be one of {', '.join(_ACTIONS)}")
        return _ACTIONS[value]
    try:
        return _adapters()[name].validate_json(text, strict=True)
    except (ValidationError, ValueError):
        raise InputError(f"{name} = {shown(value)}: is no value of that field of an attack") from None


@cache
def _adapters() -> dict[str, TypeAdapter[Any]]:
    """What checks the value of each field."""
    hints = get_type_hints(Deviation).items()
    return {name: TypeAdapter(hint) for name, hint in hints if name not in ("action", "tactic")}
