"""Sections of mechanisms from elsewhere: ``[mechanisms.name]`` holds the fields of the dataclass registered with it."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from commonweal.agents.terms import PerRun, term_paths


def sections_of(tables: Mapping[str, Any]) -> dict[str, Any]:
    """The sections of mechanisms, each an instance of its dataclass with plain numbers.

    Args:
        tables: by name of the mechanism, as read from a document.

    Raises:
        ValueError: if there is no such mechanism, or a field is unknown or not allowed; one line.
    """
    from commonweal.economy.round.mechanism import MECHANISMS  # imports torch

    elsewhere = [name for name in MECHANISMS if MECHANISMS[name].section is not None]
    sections = {}
    for name, table in tables.items():
        if name not in elsewhere:
            raise ValueError(f"{name!r} is not registered; there are {', '.join(elsewhere) or 'none'}")
        kind = MECHANISMS[name].section
        assert kind is not None
        if not isinstance(table, dict):
            raise ValueError(f"{name} = {table!r}: must be a section")
        try:
            sections[name] = kind(**vars(_model_of(kind).model_validate(table)))
        except ValidationError as error:
            raise ValueError(_line(name, error, [field.name for field in fields(kind)])) from None
    return sections


def spec_of(parts: Sequence[str | int]) -> dict[str, Any] | None:
    """The JSON schema of a mechanism's section, or of a field of it; None if there is no such field.

    Args:
        parts: name of the mechanism, and perhaps the name of a field.
    """
    kind = _section_of(str(parts[0]))
    if kind is None:
        return None
    spec: dict[str, Any] | None = _model_of(kind).model_json_schema()
    for part in parts[1:]:
        spec = (spec or {}).get("properties", {}).get(str(part))
    return spec


def differs_by_run(parts: Sequence[str]) -> bool:
    """Whether the runs of an ensemble may differ in a field of a mechanism's section."""
    kind = _section_of(parts[0])
    return kind is not None and dict(term_paths(kind)).get(".".join(parts[1:]), False)


def _section_of(name: str) -> type | None:
    from commonweal.economy.round.mechanism import MECHANISMS  # imports torch

    return MECHANISMS[name].section if name in MECHANISMS else None


@cache
def _model_of(section: type) -> type[BaseModel]:
    """What checks a section: plain numbers where runs may differ, the bounds that the dataclass states."""
    hints = get_type_hints(section, include_extras=True)
    given: dict[str, Any] = {}
    for part in fields(section):
        hint = float if hints[part.name] == PerRun else hints[part.name]
        default = ... if part.default is MISSING else part.default
        given[part.name] = (hint, Field(default, **part.metadata.get("bounds", {})))
    config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    return create_model(section.__name__, __config__=config, **given)


def _line(name: str, error: ValidationError, known: list[str]) -> str:
    """The first problem of a section in one line."""
    problem = error.errors(include_url=False)[0]
    path = ".".join((name, *map(str, problem["loc"])))
    if problem["type"] == "extra_forbidden":
        return f"{path} is not a field; {name} has {', '.join(known)}"
    return f"{path} = {problem['input']!r}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"
