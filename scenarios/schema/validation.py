"""From a document (nested tables) to a Scenario, or one line that says which field is wrong and what is allowed."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from commonweal.agents.errors import InputError
from commonweal.agents.registry import Registry, names_at
from commonweal.scenarios.schema.describe import allowed, find_spec, registries, unknown_field
from commonweal.scenarios.schema.notation import as_json, join_path, shorten, write_value
from commonweal.scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_SURE = 0.8  # likeness of names from which on one is a slip of the pen


def validate(document: Mapping[str, Any]) -> Scenario:
    """Check a document against the schema and the registered names.

    Args:
        document: nested tables, as read from TOML.

    Raises:
        InputError: with one line: field path, value, what is allowed.
    """
    try:
        # JSON, because strict validation takes a list for a tuple there, but never "200" or true for a number.
        scenario = Scenario.model_validate_json(json.dumps(document, default=as_json), strict=True)
    except ValidationError as error:
        raise InputError(_complaint(error)) from None
    check_names(scenario)
    return scenario


def _complaint(error: ValidationError) -> str:
    """The first problem, unknown fields before all others, since a misspelt name causes further errors."""
    problems = sorted(error.errors(include_url=False), key=lambda problem: problem["type"] != "extra_forbidden")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return _sentence(problems[0]) + more


def _sentence(problem: "ErrorDetails") -> str:
    parts, path = problem["loc"], join_path(problem["loc"])
    if problem["type"] == "extra_forbidden":
        return unknown_field(parts, problem["input"])
    if problem["type"] == "value_error":
        return f"{path}{': ' if path else ''}{problem['ctx']['error']}"
    limits = allowed(find_spec(parts) or {})
    if problem["type"] == "missing":
        return f"{path} is missing: must be {limits}"
    return f"{path} = {shorten(write_value(problem['input']))}: must be {limits}"


def check_names(scenario: Scenario) -> None:
    """Check every name that stands for a registered rule.

    Raises:
        InputError: if a name is not registered; the message lists what is.
    """
    from commonweal.economy.tasks.datasets import registered_as  # imports torch, as the registries do

    for path, registry in registries().items():
        for place, name in names_at(path, scenario):
            if name is not None:
                _check_name(place, registered_as(name) if path == "task.kind" else name, registry)


def _check_name(path: str, name: str, registry: Registry[Any, Any]) -> None:
    if name in registry:
        return
    known = list(registry)
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    if not get_close_matches(name, known, n=1, cutoff=_SURE):
        hint += "; a rule of your own needs --import FILE.py"
    raise InputError(f"{path} = {name!r}: must be one of {', '.join(known)}{hint}")
