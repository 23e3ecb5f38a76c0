"""A small cooperative whose principals mind what becomes of their values, for tests of what tells of them."""

from typing import Any

from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

CAMPS = [{"share": 0.5, "limits": [2.0, 0.1]}, {"share": 0.5}]  # the first is content with the most that can be


def minding(**fields: Any) -> Scenario:
    """Value-conflict, small, unscreened, in which everybody may leave; fields by path, with __ for a dot."""
    usual: dict[str, Any] = {
        "rounds": 6, "population.count": 8, "actions.available": ["abstain", "delegate", "free_ride", "defect"],
        "screening.mode": "off", "policy.mix": {"imitation": 1.0}, "values.concern": "member",
        "population.start_delegate": 0.5, "population.start_free_ride": 0.25, "population.start_abstain": 0.25,
        "task.kind": "synthetic", "task.classes": 10, "task.samples": 900, "task.validation": 100,
    }  # fmt: skip
    return revise(load("value-conflict"), usual | {path.replace("__", "."): value for path, value in fields.items()})
