"""What a tab compares: rules of one scenario, seeds and rounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.figures.browser.compared.compared import Rule
from commonweal.figures.browser.compared.rules import MOST, changed_by, first_rules, named, telling_field
from commonweal.figures.browser.fields.parameters import setting, typed
from commonweal.scenarios.schema.scenario import Scenario

LOOK = {"mean": True, "band": True, "single": False}  # what is shown of courses
SEEDS, ROUNDS = 8, 200  # that a comparison begins with, at most as many rounds as the scenario has
MOST_SEEDS, MOST_ROUNDS = 64, 5000


@dataclass(frozen=True)
class Plan:
    """What is to be compared."""

    scenario: Scenario  # what all rules start from
    path: str  # of the field by which the rules differ, unless they say more
    rules: tuple[Rule, ...]
    seeds: tuple[int, ...]
    rounds: int
    look: Mapping[str, bool] = field(default_factory=lambda: dict(LOOK))  # what is shown of the courses

    @cached_property
    def economies(self) -> tuple[Scenario, ...]:
        """The scenario of each rule."""
        return tuple(changed_by(self.scenario, rule.changes) for rule in self.rules)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """What runs of each rule are kept under."""
        return tuple(economy.model_dump_json() for economy in self.economies)


def first_plan(scenario: Scenario, seeds: Sequence[int] = range(SEEDS)) -> Plan:
    """What the view begins with: the scenario's own rule, and the two that differ most from it."""
    path = telling_field(scenario)
    rules = named(scenario, first_rules(scenario, path))
    return Plan(scenario, path, rules, tuple(seeds), min(scenario.rounds, ROUNDS))


def changed(plan: Plan, order: Mapping[str, Any]) -> Plan:
    """The plan with what the page asks for.

    Args:
        plan: so far.
        order: some of ``field`` (its path: the rules are its values then), ``rules`` (values by path, of each; texts
            stand for numbers), ``seeds``, ``rounds`` (how many), and any of LOOK.

    Raises:
        InputError: if the page asks for what is not allowed.
    """
    if "field" in order and order["field"] != plan.path:
        path = str(order["field"])
        plan = replace(plan, path=path, rules=named(plan.scenario, first_rules(plan.scenario, path)))
    if "rules" in order:
        plan = replace(plan, rules=_rules(plan.scenario, order["rules"]))
    if "seeds" in order:
        plan = replace(plan, seeds=tuple(range(_count("seeds", order["seeds"], MOST_SEEDS))))
    if "rounds" in order:
        plan = replace(plan, rounds=_count("rounds", order["rounds"], MOST_ROUNDS))
    return replace(plan, look={name: bool(order.get(name, shown)) for name, shown in plan.look.items()})


def _rules(scenario: Scenario, asked: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Rules that the scenario may follow, each once.

    Raises:
        InputError: if there are none, or too many, or one is not allowed.
    """
    rules: list[dict[str, Any]] = []
    for changes in asked:
        values = {str(path): setting(str(path), typed(str(path), value)) for path, value in changes.items()}
        changed_by(scenario, values)
        if values not in rules:
            rules.append(values)
    if not 1 <= len(rules) <= MOST:
        raise InputError(f"{len(rules)} rules: must be from 1 to {MOST}")
    return named(scenario, rules)


def _count(name: str, value: Any, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InputError(f"{name} = {value}: must be a whole number from 1 to {most}")
    return value
