"""By which fields a scenario can be compared, with which values, and what Compare begins with."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.figures.browser.compared.compare_measures import nobody_chooses
from commonweal.figures.browser.compared.compared import Rule
from commonweal.figures.browser.compared.rule_names import rule, value_words
from commonweal.figures.browser.fields.fields import labels_of, leading_labels
from commonweal.figures.browser.fields.parameters import choices, setting, typed
from commonweal.scenarios.schema.describe import find_spec
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.notation import split_path, value_at
from commonweal.scenarios.schema.relevance import matters, screens, shares
from commonweal.scenarios.schema.scenario import Scenario

MOST = 4  # rules beside each other: as many as there are inks
FIRST = 3  # that a comparison begins with
_PATH = re.compile(r"\b[a-z_]+(?:\.[a-z_]+)+\b")
_TELLING = {  # values that differ most, the first ones first; after the scenario's own
    "settlement.kind": ("credit", "data", "equal"),
    "rewards.kind": ("shaping", "shared", "quota"),
    "screening.mode": ("off", "scale", "reject"),
}
_APART = ("market.kind", "task.kind")  # fields whose values make another economy
_NEVER = ("market.multiplication",)  # fields of which 0 says nothing worth comparing


def fields_of(scenario: Scenario) -> dict[str, str]:
    """The fields by which a scenario can be compared, by path, with their labels; the most telling first."""
    first = telling_field(scenario)
    return {first: labels_of(scenario)[first]} | leading_labels(scenario)


def telling_field(scenario: Scenario) -> str:
    """The field whose values are compared first.

    The one that the scenario's own words name; else what it is about: deals, screening where nobody changes what it
    does, how it pays.
    """
    named = (path for path in _PATH.findall(scenario.description) if find_spec(split_path(path)))
    found = (path for path in (*named, *_usual(scenario)) if len(values_of(scenario, path)) > 1)
    return next(found, "population.count")


def _usual(scenario: Scenario) -> Iterator[str]:
    if scenario.negotiation.kind != "none":
        yield "negotiation.kind"
    if nobody_chooses(scenario) and screens(scenario):
        yield from ("tolerance.budget",) if scenario.tolerance.budget else ("screening.mode",)
    yield from ("settlement.kind", "rewards.kind")
    if shares(scenario):
        yield "market.multiplication"
    yield from leading_labels(scenario)


def values_of(scenario: Scenario, path: str) -> list[Any]:
    """Values of a field that the scenario may hold, its own first, then the most telling; only that where none else."""
    if path in _APART or not matters(scenario, path):
        return []
    own = setting(path, value_at(scenario, path))
    return [own, *(value for value in _others(path, own) if value != own and allows(scenario, {path: value}))]


def _others(path: str, own: Any) -> Iterator[Any]:
    names = choices(path)
    if names:
        telling = [name for name in _TELLING.get(path, ("none", "off")) if name in names]
        yield from dict.fromkeys((*telling, *names))
    elif isinstance(own, bool):
        yield not own
    elif isinstance(own, int):
        yield from dict.fromkeys((own * 2, max(1, own // 2)))
    elif isinstance(own, float):
        without = () if path in _NEVER else (0.0,)
        yield from dict.fromkeys((*without, 2 * own, own / 2) if own else (0.1, 0.5, 1.0))


def changed_by(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """The scenario with values as the page holds them.

    Raises:
        InputError: if it may not hold one.
    """
    return revise(scenario, {path: typed(path, value) for path, value in changes.items()})


def allows(scenario: Scenario, changes: Mapping[str, Any]) -> bool:
    """Whether the scenario may hold these values."""
    try:
        changed_by(scenario, changes)
    except InputError:
        return False
    return True


def first_rules(scenario: Scenario, path: str) -> list[dict[str, Any]]:
    """What Compare begins with: the scenario's own value of a field, and the two that differ most from it."""
    return [{path: value} for value in values_of(scenario, path)[:FIRST]]


def named(scenario: Scenario, rules: list[dict[str, Any]]) -> tuple[Rule, ...]:
    """Rules with what they are called."""
    labels = labels_of(scenario)
    return tuple(rule(changes, labels) for changes in rules)


def choices_document(scenario: Scenario) -> list[dict[str, Any]]:
    """The fields by which can be compared.

    Returns:
        Of each ``path`` and ``label``; ``values``: ``value`` and ``text`` of those that are offered.
    """
    return [_choice(scenario, path, label) for path, label in fields_of(scenario).items()
            if len(values_of(scenario, path)) > 1]


def _choice(scenario: Scenario, path: str, label: str) -> dict[str, Any]:
    offered = [{"value": value, "text": value_words(path, value)} for value in values_of(scenario, path)]
    return {"path": path, "label": label, "values": offered}
