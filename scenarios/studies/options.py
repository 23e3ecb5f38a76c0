"""A study's options: read from texts, checked against the study's own model, and listed for its help."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Protocol

from pydantic import ValidationError

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.describe import allowed
from commonweal.scenarios.schema.notation import parse_option, write_value
from commonweal.scenarios.studies.base import StudyOptions


class Asked(Protocol):
    """Something with options of its own: a study, or a command that is asked as studies are."""

    @property
    def options(self) -> type[StudyOptions]:
        """What it lets its user choose."""


def read_options(study: Asked, given: Mapping[str, Any] | Sequence[str]) -> StudyOptions:
    """The options of a study.

    Args:
        study: whose options.
        given: values by name, or texts like ``horizon=20``.

    Raises:
        InputError: with one line: option, value, what is allowed.
    """
    values = dict(given) if isinstance(given, Mapping) else dict(map(parse_option, given))
    known = study.options.model_fields
    for name in values:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise InputError(f"unknown option {name!r}: there are {', '.join(known) or 'none'}{hint}")
    lists = {name for name, spec in _schema(study)["properties"].items() if spec.get("type") == "array"}
    values |= {name: [value] for name, value in values.items() if name in lists and isinstance(value, str)}
    try:
        return study.options.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        raise InputError(_complaint(study, error)) from None


def _complaint(study: Asked, error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    if problem["type"] == "value_error":
        return f"option {problem['ctx']['error']}"
    name = str(problem["loc"][0])
    return f"option {name} = {write_value(problem['input'])}: must be {_allowed(study, name)}"


def _schema(study: Asked) -> dict[str, Any]:
    return {"properties": {}} | study.options.model_json_schema()


def _allowed(study: Asked, name: str) -> str:
    schema = _schema(study)
    return allowed(schema["properties"][name] | {"$defs": schema.get("$defs", {})})


def described(study: Asked) -> Iterator[tuple[str, str, str]]:
    """Name with default, unit, and description with what is allowed, of every option."""
    for name, spec in study.options.model_json_schema().get("properties", {}).items():
        default = write_value(spec["default"]) if spec.get("default") is not None else "(none)"
        yield f"{name} = {default}", spec.get("unit", ""), f"{spec.get('description', '')}; {_allowed(study, name)}"
