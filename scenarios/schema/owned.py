"""What follows from a table of one's own: the owners of its rows are the principals, as many as there are."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.learning import Task
from commonweal.scenarios.schema.notation import as_json
from commonweal.scenarios.schema.relevance import is_tabled
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.validation import validate

PARTITION, COUNT = FOLLOW = ("task.partition", "population.count")  # fields that follow from owners, where nobody says


def said_in(document: Mapping[str, Any]) -> set[str]:
    """Which of the fields that follow from owners a document says itself."""
    return {path for path in FOLLOW if _part(document, path) is not None}


def said_by_changes(changes: Mapping[str, Any]) -> set[str]:
    """Which of them changes say: values by path, or whole sections."""
    sections = {path: value for path, value in changes.items() if isinstance(value, Mapping)}
    return {path for path in FOLLOW if path in changes} | said_in(sections)


def owned(document: dict[str, Any], said: set[str]) -> Scenario:
    """The scenario of a document, after its table, if it names one, was read and found usable.

    Args:
        document: with absolute paths; it is not changed.
        said: fields that follow from owners and that somebody has set: they are not filled in.

    Raises:
        InputError: if something is not allowed, the table cannot be used, or the number of principals is not that of
            its owners.
    """
    if _part(document, "task.owner") and PARTITION not in said:
        document = _with(document, PARTITION, "owner")
    task = _task_of(document)
    if task is None or not is_tabled(task.kind):
        return validate(document)
    try:
        return validate(_counted(document, task, said))
    except InputError:
        validate(document)  # what is wrong without the table comes first
        raise


def _counted(document: dict[str, Any], task: Task, said: set[str]) -> dict[str, Any]:
    """The document with the number of owners, where they are the principals."""
    from commonweal.economy.tasks.parts import demand_owners  # imports torch
    from commonweal.economy.tasks.tables import dataset_of

    data = dataset_of(task)
    if task.partition != "owner":
        return document
    count = _part(document, COUNT) if COUNT in said else len(data.owner_names)
    demand_owners(data, count)
    return _with(document, COUNT, count)


def _task_of(document: Mapping[str, Any]) -> Task | None:
    """The task section of a document; None where it is none, which ``validate`` says in words."""
    try:
        return Task.model_validate_json(json.dumps(document.get("task", {}), default=as_json), strict=True)
    except ValidationError:
        return None


def _part(document: Mapping[str, Any], path: str) -> Any:
    section, _, name = path.partition(".")
    table = document.get(section)
    return table.get(name) if isinstance(table, Mapping) else None


def _with(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    section, _, name = path.partition(".")
    table = document.get(section, {})
    return document | {section: table | {name: value}} if isinstance(table, dict) else document
