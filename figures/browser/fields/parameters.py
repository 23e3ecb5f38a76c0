"""What can be set on the page, and the economy that it describes."""

from collections.abc import Mapping
from dataclasses import fields as parts
from math import isfinite, nan
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.describe import fields, find_spec, registry_of
from commonweal.scenarios.schema.field_words import plain
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.notation import parse_value, shorten, split_path, value_at, write_value
from commonweal.scenarios.schema.scenario import Scenario

Settings = Mapping[str, Any]  # values by path, as the fields hold them


def settable(scenario: Scenario) -> tuple[str, ...]:
    """The paths of all fields that the page can set, in the order of the schema.

    Not among them are names and descriptions, what stands nowhere yet, and files, which the page may not name.
    """
    paths = [path for entry in fields() for path in _placed(entry.path, scenario)]
    own = [f"mechanisms.{name}.{part.name}" for name, section in scenario.mechanisms.items() for part in parts(section)]
    return tuple(path for path in (*paths, *own) if path not in _NOT_SET and value_at(scenario, path) is not None)


_NOT_SET = ("name", "description", "population.edges", "population.table", "policy.options", "values.dimensions",
            "values.camps", "mechanisms")  # fmt: skip
# What needs a file, an address, a download or another package stays with the command line.
_NOT_HERE: Mapping[str, tuple[str, ...]] = {
    "population.graph": ("file",),
    "task.kind": (
        "openml:NAME", "csv:FILE", "parquet:FILE", "torch:FILE.py:NAME", "mnist_5k", "japanese_vowels", "adult",
    ),
    "negotiation.negotiator": ("endpoint", "replay"),
}


def _placed(path: str, scenario: Scenario) -> list[str]:
    """The path for each item that there is, where it is that of a field of the items of a list."""
    if "[0]" not in path:
        return [path]
    items = value_at(scenario, path.partition("[0]")[0])
    return [path.replace("[0]", f"[{place}]") for place in range(len(items))]


def setting(path: str, value: Any) -> Any:
    """A value as the page holds it: names, numbers and switches as they are; lists, mixes and tables as text."""
    if isinstance(value, Mapping) and kind_of(path) == "choice":  # a mix, of one name or with shares
        return next(iter(value)) if len(value) == 1 else write_value(value)
    if isinstance(value, Mapping):
        return write_value(value)[1:-1]
    return plain(value) if isinstance(value, tuple | list) else value


def settings_of(scenario: Scenario) -> dict[str, Any]:
    """What the fields show for a scenario."""
    return {path: setting(path, value_at(scenario, path)) for path in settable(scenario)}


def changed(base: Scenario, settings: Settings) -> dict[str, Any]:
    """The settings that are not what the scenario says itself: what a link needs to play the same.

    Args:
        base: what they started from.
        settings: values by path, as typed.
    """
    held = settings_of(base)
    return {path: value for path, value in settings.items() if not _same(path, value, held.get(path))}


def _same(path: str, value: Any, held: Any) -> bool:
    """Whether what was typed is what stands there already, however it is written."""
    try:
        return value == held or bool(typed(path, value) == typed(path, held))
    except InputError:
        return False


def economy(base: Scenario, settings: Settings) -> Scenario:
    """The scenario that the fields describe.

    Args:
        base: what they started from.
        settings: values by path; texts stand for numbers and lists where they were typed.

    Raises:
        InputError: if a value is not allowed.
    """
    return revise(base, {path: typed(path, value) for path, value in changed(base, settings).items()})


def kind_of(path: str) -> str:
    """How a field is set: "choice", "number", "whole" (number), "yes-no", "list" or "text"."""
    spec = find_spec(split_path(path)) or {}
    if choices(path):
        return "choice"
    named = {"integer": "whole", "number": "number", "boolean": "yes-no", "array": "list"}
    return named.get(str(next((each.get("type") for each in spec.get("anyOf", [spec])), "")), "text")


def _table(path: str, text: str) -> Any:
    try:
        return parse_value(text if text.startswith("{") else f"{{{text}}}")
    except InputError:
        raise InputError(f"{path} = {text!r}: must be values by name, like x = 0.5, y = 2") from None


def _holds_table(path: str) -> bool:
    """Whether a field holds values by names that are free to be chosen."""
    return (find_spec(split_path(path)) or {}).get("type") == "object" and not choices(path)


def choices(path: str) -> tuple[str, ...]:
    """The names a field may hold: a closed list of the schema, or what is registered."""
    registry = registry_of(path)
    names = (find_spec(split_path(path)) or {}).get("enum", ()) if registry is None else list(registry)
    return tuple(name for name in names if name not in _NOT_HERE.get(path, ()))


def typed(path: str, value: Any) -> Any:
    """The value of a field as the schema wants it: what is typed comes as text.

    Raises:
        InputError: if it is no number where one is wanted, or no name that can be chosen here.
    """
    kind, text = kind_of(path), isinstance(value, str)
    if kind == "choice":
        return _chosen(path, value)
    if kind == "list" and text:
        return [_item(path, each) for each in value.replace("[", "").replace("]", "").split(",") if each.strip()]
    if kind == "whole" and text:
        return whole_number(path, value)
    if kind == "number" and text:
        return _number(path, value)
    if kind == "yes-no" and text:
        return {"true": True, "false": False}.get(value, value)
    if text and _holds_table(path):
        return _table(path, value)
    return value


def _chosen(path: str, value: Any) -> Any:
    """A name that can be chosen; of policies also a table of shares."""
    if path == "policy.mix" and isinstance(value, str):
        value = parse_value(value) if value.strip().startswith("{") else value.strip()
    for name in value if isinstance(value, dict) else [value]:
        if name not in choices(path):
            told = "text" if not isinstance(name, str) else repr(shorten(name))
            raise InputError(f"{path} = {told}: must be one of {', '.join(choices(path))}")
    return {value: 1.0} if path == "policy.mix" and isinstance(value, str) else value


def _item(path: str, text: str) -> Any:
    """One item of a list: a number where numbers are wanted, else a word."""
    spec = (find_spec(split_path(path)) or {}).get("items", {})
    if spec.get("type") == "integer":
        return whole_number(path, text)
    return _number(path, text) if spec.get("type") == "number" else text.strip(" '\"")


_SPACES = dict.fromkeys(map(ord, " _\u00a0\u2009\u202f"))  # as people and the page write long numbers


def _number(path: str, text: str) -> float:
    cleaned = text.strip().translate(_SPACES).replace("\u2212", "-")
    try:
        number = float(cleaned)
    except ValueError:
        number = nan
    if not isfinite(number):
        raise InputError(f"{path} = {text.strip()[:40]!r}: must be a number")
    return number


def whole_number(name: str, text: Any) -> int:
    """What was typed into a field for whole numbers.

    Raises:
        InputError: if it is none, or negative.
    """
    cleaned = str(text).strip().translate(_SPACES)
    if not (cleaned.isascii() and cleaned.isdigit() and len(cleaned) < 19):
        raise InputError(f"{name} = {str(text).strip()[:40]!r}: must be a whole number from 0")
    return int(cleaned)
