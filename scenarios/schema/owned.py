"""What follows from data of one's own: owners are the principals, as many as there are, and what labels are."""

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

# Fields that follow from the data, where nobody says.
PARTITION, COUNT, TARGET = FOLLOW = ("task.partition", "population.count", "task.target")
_DECIDE = ("task", "task.kind", "task.label")  # fields that decide what labels are


def said_in(document: Mapping[str, Any]) -> set[str]:
    """Which of the fields that follow from the data a document says itself."""
    return {path for path in FOLLOW if _part(document, path) not in (None, "auto")}


def said_by_changes(changes: Mapping[str, Any]) -> set[str]:
    """Which of them changes say: values by path, or whole sections."""
    sections = {path: value for path, value in changes.items() if isinstance(value, Mapping)}
    return {path for path in FOLLOW if path in changes} | said_in(sections)


def owned(document: dict[str, Any], said: set[str]) -> Scenario:
    """The scenario of a document, after its table, if it names one, was read and found usable.

    Args:
        document: with absolute paths; it is not changed.
        said: fields that follow from the data and that somebody has set: they are not filled in.

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
        return validate(_counted(document, task, _part(document, COUNT) if COUNT in said else None))
    except InputError:
        validate(document)  # what is wrong without the table comes first
        raise


def retargeted(document: dict[str, Any], before: Scenario, changes: Mapping[str, Any]) -> dict[str, Any]:
    """A changed document, in which what labels are is guessed anew where other ones are learned.

    What somebody has said against the guess stays.

    Args:
        document: of the changed scenario.
        before: the scenario.
        changes: values by path.
    """
    if TARGET in changes or not any(path in changes for path in _DECIDE) or _said_against(before.task):
        return document
    return _with(document, TARGET, "auto")


def _said_against(task: Task) -> bool:
    """Whether labels are said to be something else than they would be taken for."""
    from commonweal.economy.tasks.tables import dataset_of  # imports torch

    if task.target == "auto" or not is_tabled(task.kind):
        return task.target != "auto"
    try:
        return dataset_of(task.model_copy(update={"target": "auto"})).target != task.target
    except InputError:
        return False


def demand_usable(scenario: Scenario) -> None:
    """Check that data of one's own can be read and used, and that principals are as many as their owners.

    Raises:
        InputError: if not; names the file and the place in it.
    """
    _counted({}, scenario.task, scenario.population.count)


def _counted(document: dict[str, Any], task: Task, count: int | None) -> dict[str, Any]:
    """The document with what its labels are, and with the number of owners where they are the principals."""
    from commonweal.economy.tasks.parts import demand_owners  # imports torch
    from commonweal.economy.tasks.tables import dataset_of

    data = dataset_of(task)
    document = _with(document, TARGET, data.target)  # words, and what fits, go by it
    if task.partition != "owner":
        return document
    count = len(data.owner_names) if count is None else count
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
