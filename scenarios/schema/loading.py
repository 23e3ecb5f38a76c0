"""Scenarios from the library, from TOML files, and from other scenarios with some fields changed."""

import re
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from commonweal.agents.documents import FileName
from commonweal.agents.errors import InputError, shown
from commonweal.agents.policies.learned import PREFIX as LEARNED
from commonweal.agents.rule_files import import_rules
from commonweal.scenarios.schema.library import find_file, read_document
from commonweal.scenarios.schema.notation import (
    join_path,
    no_item,
    parse_assignment,
    parse_path,
    shorten,
    split_path,
    write_value,
)
from commonweal.scenarios.schema.owned import FOLLOW, PARTITION, owned, retargeted, said_by_changes, said_in
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.validation import validate

FILES = ("population.edges", "population.table", "task.kind", "learning.network")  # fields that name a file
Overrides = Mapping[str, Any] | Iterable[str]  # {"settlement.kind": "data"} or ["settlement.kind=data"]


def load(name_or_path: str | Path, overrides: Overrides = ()) -> Scenario:
    """A scenario of the library, by name, or of a TOML file, by path, with some fields changed.

    Files of rules that a TOML file names as ``import = ["rules.py"]``, seen from its folder, are imported first.

    Args:
        name_or_path: "commons", or "my/economy.toml".
        overrides: values by dotted path, or "path=value" texts whose values are TOML or bare words.

    Raises:
        InputError: if there is no such scenario, a field is unknown or out of bounds, or a file of rules is wrong.
    """
    file = find_file(name_or_path)
    try:
        given = import_named(read_document(file), file.parent)
        document = named(placed_document(given, file.parent), file)
        said = said_in(document)
        # A file that says all of them, as stored results do, is read without its data.
        scenario = validate(document) if said.issuperset(FOLLOW) else owned(document, said)
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None
    return revise(scenario, overrides)


def revise(scenario: Scenario, overrides: Overrides) -> Scenario:
    """``scenario`` with the fields at the given paths replaced, validated again.

    Args:
        scenario: what to start from; it is not changed.
        overrides: values by dotted path, or "path=value" texts. A table replaces the whole table.

    Raises:
        InputError: if a path is no field or a value is not allowed.
    """
    if not isinstance(scenario, Scenario):
        raise InputError(f"{shown(scenario)} is no scenario: must be one that is loaded, like load('commons')")
    changes = read_overrides(overrides)
    if not changes:
        return scenario
    document = scenario.model_dump(mode="json", exclude_none=True)
    for path, value in changes.items():
        _put(document, split_path(path), value)
    document = retargeted(document, scenario, changes)
    said = said_by_changes(changes) | ({PARTITION} if scenario.task.owner else set())
    return owned(placed_document(document, Path()), said)


def read_overrides(overrides: Overrides) -> dict[str, Any]:
    """Overrides as values by canonical path; of two for the same path the later wins.

    Raises:
        InputError: if one is malformed.
    """
    if isinstance(overrides, Mapping):
        return {parse_path(path): value for path, value in overrides.items()}
    texts = [overrides] if isinstance(overrides, str) else overrides
    if not isinstance(texts, Iterable):
        raise InputError(f"overrides = {shown(overrides)}: must be values by path, like {{'settlement.alpha': 2}}")
    return dict(map(parse_assignment, texts))


def _put(document: MutableMapping[str, Any], parts: list[str], value: Any) -> None:
    """Set the value at ``parts``, making tables on the way; the schema judges later whether they exist."""
    place: Any = document
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        if isinstance(place, list):
            if not part.isdigit() or int(part) >= len(place):
                raise InputError(no_item(join_path(parts), part, len(place)))
            key: Any = int(part)
        elif isinstance(place, dict):
            key = part
            place.setdefault(key, {})
        else:
            raise InputError(f"{join_path(parts)} is not a field; {join_path(parts[:depth])} has no fields")
        if last:
            place[key] = value
        place = place[key]


def import_named(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Import the files of rules that a document names; gives the rest of it.

    Args:
        document: of a file that a person named: nobody else may choose what is run.
        folder: that they are seen from.

    Raises:
        InputError: if one cannot be imported.
    """
    files = document.get("import", [])
    if not isinstance(files, list) or not all(isinstance(name, str) for name in files):
        raise InputError(f"import = {shorten(write_value(files))}: must be a list of Python files, like ['rules.py']")
    for name in files:
        import_rules(folder / name)
    return {key: value for key, value in document.items() if key != "import"}


def placed_document(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The document with the paths of the files that it names seen from ``folder`` and made absolute."""
    for path in FILES:
        section, _, name = path.partition(".")
        table = document.get(section)
        if isinstance(table, dict) and name in table:
            document = document | {section: table | {name: placed(path, table[name], folder)}}
    policy = document.get("policy")
    if isinstance(policy, dict) and isinstance(mix := policy.get("mix"), dict):
        document = document | {"policy": policy | {"mix": {_found(name, folder): part for name, part in mix.items()}}}
    return document


def placed(path: str, value: Any, folder: Path) -> Any:
    """The value of a field, or a list of its values, with paths of files seen from ``folder`` and made absolute.

    Args:
        path: of the field.
        value: as it is written.
        folder: that it is written in.
    """
    if isinstance(value, list):
        return [placed(path, each, folder) for each in value]
    if path not in FILES or not isinstance(value, str):
        return value
    if path not in ("task.kind", "learning.network"):
        return str(folder.absolute() / value)
    name = FileName.of(value)
    return str(name.with_file(folder.absolute() / name.file)) if isinstance(name, FileName) else value


def _found(policy: str, folder: Path) -> str:
    """The name of a policy; where it goes by a file, with an absolute path."""
    prefix, _, file = policy.partition(":")
    return f"{prefix}:{folder.absolute() / file}" if prefix == LEARNED and file else policy


def named(document: dict[str, Any], file: Path) -> dict[str, Any]:
    """The document with the name of its file where it has none."""
    return {"name": re.sub(r"^\.|[^\w.-]", "_", file.stem, flags=re.ASCII)} | document
