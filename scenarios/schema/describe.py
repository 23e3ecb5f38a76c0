"""What can be written in a scenario: every field with its unit, default and allowed values, from the schema itself."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.registry import REGISTRIES, Registry
from commonweal.scenarios.schema.mechanisms import spec_of
from commonweal.scenarios.schema.moved import MOVED, moved
from commonweal.scenarios.schema.notation import join_path, parse_path, split_path, write_value
from commonweal.scenarios.schema.scenario import Scenario

Spec = dict[str, Any]  # the JSON schema of one field


def registries() -> dict[str, Registry[Any, Any]]:
    """Which registry knows the names a field may hold, by the field's path."""
    import_module("commonweal.economy.round.set_up")  # a round uses every rule; this imports torch
    return {registry.field: registry for registry in REGISTRIES if registry.field}


def registry_of(path: str) -> Registry[Any, Any] | None:
    """Which registry knows the names that a field may hold; None where it holds something else."""
    return registries().get(re.sub(r"\[\d+\]", "[]", path))


@dataclass(frozen=True)
class FieldEntry:
    """One field as it is shown to a person."""

    path: str  # settlement.alpha
    section: str  # settlement; empty for fields of the scenario itself
    unit: str
    default: str  # as written in a scenario file; empty where there is none
    allowed: str  # between 0 and 1
    description: str  # one line


@cache
def _schema() -> Spec:
    return Scenario.model_json_schema()


def _resolved(spec: Spec) -> Spec:
    """Follow the reference to a section, keeping what is said beside it."""
    if "$ref" not in spec:
        return spec
    target: Spec = _schema()["$defs"][spec["$ref"].rsplit("/", 1)[-1]]
    return target | {key: value for key, value in spec.items() if key != "$ref"}


def find_spec(parts: Sequence[str | int]) -> Spec | None:
    """The JSON schema of the field at ``parts``, or None if there is no such field."""
    if len(parts) > 1 and parts[0] == "mechanisms":
        return spec_of(parts[1:])
    spec = _schema()
    for part in parts:
        if str(part) in spec.get("properties", {}):
            spec = _resolved(spec["properties"][str(part)])
        elif "items" in spec and str(part).isdigit():
            spec = _resolved(spec["items"])
        elif isinstance(spec.get("additionalProperties"), dict):
            spec = _resolved(spec["additionalProperties"])
        else:
            return None
    return spec


def allowed(spec: Spec) -> str:
    """The values a field may take, to follow "must be"."""
    if "allowed" in spec:
        return str(spec["allowed"])
    if "enum" in spec:
        return "one of " + ", ".join(map(str, spec["enum"]))
    if "anyOf" in spec:
        return " or ".join(allowed(choice) for choice in spec["anyOf"] if choice.get("type") != "null")
    match spec.get("type"):
        case "integer" | "number":
            return ("a whole number" if spec["type"] == "integer" else "a number") + _range(spec)
        case "array":
            return _container("list", "item", spec, _resolved(spec["items"]), "minItems")
        case "object" if "properties" not in spec:
            return _container("table", "value", spec, spec["additionalProperties"], "minProperties")
        case "object":
            return "a table of " + ", ".join(spec["properties"])
        case "boolean":
            return "true or false"
    return "a path" if spec.get("format") == "path" else "text"


def _container(noun: str, part: str, spec: Spec, item: Spec, least: str) -> str:
    return f"a {'non-empty ' if spec.get(least) else ''}{noun}, each {part} {allowed(item)}"


def _range(spec: Spec) -> str:
    low, above, high = (spec.get(key) for key in ("minimum", "exclusiveMinimum", "maximum"))
    if low is not None and high is not None:
        return f" between {_number(low)} and {_number(high)}"
    bounds = [(" above {}", above), (" of at least {}", low), (" up to {}", high)]
    return "".join(text.format(_number(bound)) for text, bound in bounds if bound is not None)


def _number(bound: float) -> str:
    return f"{int(bound):_}" if bound == int(bound) else f"{bound:g}"


@cache
def fields() -> tuple[FieldEntry, ...]:
    """Every field of a scenario, in the order of the schema."""
    return tuple(_walk((), _schema()))


def _walk(parts: tuple[str, ...], section: Spec) -> Iterator[FieldEntry]:
    for name, given in section["properties"].items():
        spec = _resolved(given)
        if "properties" in spec:
            yield from _walk((*parts, name), spec)
            continue
        yield _entry((*parts, name), spec)
        if "properties" in (item := _resolved(spec.get("items", {}))):
            yield from _walk((*parts, name, "0"), item)


def _entry(parts: tuple[str, ...], spec: Spec) -> FieldEntry:
    default = spec.get("default")
    return FieldEntry(
        path=join_path(parts),
        section=join_path(parts[:-1]),
        unit=spec.get("unit", ""),
        default="" if default is None else write_value(default),
        allowed=allowed(spec),
        description=spec.get("description", ""),
    )


def fields_under(path: str) -> tuple[FieldEntry, ...]:
    """The field at ``path``, or every field of the section at ``path``; all fields for an empty path.

    Raises:
        InputError: if there is no such field; the message suggests one.
    """
    wanted = split_path(parse_path(path)) if path else []
    found = tuple(entry for entry in fields() if split_path(entry.path)[: len(wanted)] == wanted)
    if not found:
        raise InputError(f"{unknown_field(wanted)}; commonweal describe lists every field")
    return found


def unknown_field(parts: Sequence[str | int], value: Any = None) -> str:
    """One line that says that a path is no field, with its new place or the nearest name.

    Args:
        parts: of the path.
        value: what stands there.
    """
    if line := moved(parts, value):
        return line
    *above, name = map(str, parts)
    siblings = (find_spec(above) or {}).get("properties", {})
    path = join_path(parts)
    if close := get_close_matches(name, siblings, n=1):
        return f"{path} is not a field; did you mean {join_path([*above, close[0]])}?"
    known = [entry.path for entry in fields()]
    elsewhere = [known_path for known_path in known if split_path(known_path)[-1] == name]
    elsewhere.sort(key=lambda known_path: len(split_path(known_path)))  # of a section rather than of one of its parts
    if candidates := elsewhere[:1] or get_close_matches(path, known, n=1):
        return f"{path} is not a field; did you mean {candidates[0]}?"
    return f"{path} is not a field; {join_path(above) or 'a scenario'} has {', '.join(siblings) or 'no fields'}"


def markdown() -> str:
    """The scenario reference, as kept in docs/scenario-reference.md."""
    lines = [_PREFACE + "\n".join(f"| `{path}` | `{each.group}` |" for path, each in sorted(registries().items()))]
    section = None
    for entry in fields():
        if entry.section != section:
            section = entry.section
            lines += ["", f"## {section or 'scenario'}", "", _purpose(section), "", _HEADER, _RULE]
        cells = [f"`{entry.path}`", entry.unit, f"`{entry.default}`" if entry.default else "", entry.allowed]
        lines.append("| " + " | ".join([*cells, entry.description]).replace("\n", " ") + " |")
    return "\n".join([*lines, _MOVED + "\n".join(f"| `{old}` | `{new}` |" for old, new in MOVED.items()), ""])


def _purpose(section: str) -> str:
    spec = find_spec(split_path(section)) if section else _schema()
    return str((spec or {}).get("description", "")).split("\n")[0]


_HEADER = "| field | unit | default | allowed | meaning |"
_RULE = "| --- | --- | --- | --- | --- |"
_PREFACE = """# Scenario reference

Written by `commonweal describe --markdown`; change the fields in `scenarios/schema`, then run `make docs`.

A scenario is a TOML file. Every field has a default, so a file says only what is different. `commonweal run
FILE.toml` plays it, `--set settlement.alpha=2` changes a field, `--vary settlement.kind=equal,data` compares values.
Relative paths in a file are seen from the file's folder, those of `--set` and of Python from the current
one. List items are written `values.dimensions[0].limit`.

Rules of your own are functions registered by name. An installed package offers them as entry points of a group; their
names are then allowed in the field of that group, wherever it says "a registered …".

| field | entry-point group |
| --- | --- |
"""
_MOVED = """
## Fields that moved

Version 0.2 has no section `[contract]`. A file of version 0.1 that still has one is refused, with the new place.

| version 0.1 | version 0.2 |
| --- | --- |
"""
