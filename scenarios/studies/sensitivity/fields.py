"""Fields whose influence is asked for: those that matter under a scenario's rules, and ranges around its own values.

A positive number is halved and doubled. Of a share, or another number with an upper bound, the odds are.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.notation import no_item, parse_path, shorten, split_path, write_value
from commonweal.scenarios.schema.relevance import matters
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.chunks import may_differ
from commonweal.scenarios.sweeps.designs import Choice, Point, Range, Sampled
from commonweal.scenarios.sweeps.factors import check_field, ranged

COST = "cost_factor"  # stands for both bounds of the cost of a sample, as a multiple of the scenario's
LEVELS = 4  # values of a field that runs computed together must have alike

_LIMIT = re.compile(r"values\.dimensions\[(\d+)\]\.limit")
_COSTS = ("population.cost_low", "population.cost_high")
_NUMBERS = (  # asked for where they matter, in this order
    COST, "market.price", "market.multiplication", "market.contribution", "market.punishment.probability",
    "market.benefit", "market.cost",
    "market.model_value", "rewards.accuracy.optimum", "rewards.accuracy.scale", "market.leak", "market.rivalry",
    "actions.defect_gain", "population.outside_option", "task.concentration", "task.drift", "task.noisy_share",
    "learning.rate", "policy.revision", "policy.mutation", "policy.memory", "policy.imitation.intensity",
    "policy.best_response.inertia", "policy.learning.exploration", "policy.learning.rate", "policy.conditional.slope",
    "settlement.alpha", "settlement.discount", "settlement.horizon", "settlement.floor", "settlement.reserve",
    "values.stubbornness", "values.confidence", "values.experience", "values.dimensions[].limit",
    "stakes.stake", "stakes.audit", "reciprocity.execution", "reciprocity.perception", "reciprocity.assignment",
    "reciprocity.dissent", "reciprocity.terms.pay", "reciprocity.learner.weight", "reciprocity.learner.rate",
)  # fmt: skip


def chosen_fields(
    scenario: Scenario, named: Sequence[str], ranges: Mapping[str, Sequence[float]]
) -> tuple[Sampled, ...]:
    """The fields to vary, each with its range.

    Args:
        scenario: whose own values the ranges are around.
        named: fields by path; those that matter under the scenario's rules if none is named.
        ranges: lowest and highest value by path, for fields that are named or in addition.

    Raises:
        InputError: if a field is unknown, holds no number, or has no range around its value.
    """
    spans = {_canonical(path): ends for path, ends in ranges.items()}
    paths = [_canonical(path) for path in named] or relevant_fields(scenario)
    paths = list(dict.fromkeys([*paths, *spans]))
    if len(paths) < 2:
        raise InputError(f"option fields: only {', '.join(paths) or 'none'} can vary here; name at least two")
    return tuple(_sampled(scenario, path, spans.get(path)) for path in paths)


def _canonical(path: str) -> str:
    return COST if path == COST else parse_path(path)


def relevant_fields(scenario: Scenario) -> list[str]:
    """Paths of the numbers that matter under the scenario's rules and can be halved and doubled."""
    dimensions = len(scenario.values.dimensions)
    paths = [path.replace("[]", f"[{k}]") for path in _NUMBERS for k in range(dimensions if "[]" in path else 1)]
    fields = {path: _COSTS[0] if path == COST else path for path in paths}
    return [path for path, field in fields.items() if matters(scenario, field) and _around(scenario, path)]


def own_value(scenario: Scenario, path: str) -> Any:
    """The value of the field at ``path``.

    Raises:
        InputError: if a scenario has no such field.
    """
    check_field(path, "option fields")
    value: Any = scenario.model_dump(mode="json")
    for part in split_path(path):
        if isinstance(value, list) and int(part) >= len(value):
            raise InputError(f"option fields: {no_item(path, part, len(value))}")
        value = value[int(part)] if isinstance(value, list) else value.get(part)
    return value


def _own(scenario: Scenario, path: str) -> Any:
    if path == COST:
        return 1.0 if scenario.population.cost_high > 0 else 0.0
    return own_value(scenario, path)


def _around(scenario: Scenario, path: str) -> tuple[float, float] | None:
    """Half and twice the value, or its odds; None where there is no range around it."""
    value, most = _own(scenario, path), _most(scenario, path)
    if value <= 0:
        return None
    if isinstance(value, int):
        return (value // 2, value * 2) if value > 1 else None
    if most is None:
        return (value / 2, value * 2)
    share = value / most
    return (most * share / (2 - share), most * 2 * share / (1 + share)) if share < 1 else None


def _most(scenario: Scenario, path: str) -> float | None:
    """What the field may not exceed: 1 of a share, and of a withheld purpose's limit what its spread leaves of 1."""
    if path == COST:
        return None
    if found := _LIMIT.fullmatch(path):
        dimension = scenario.values.dimensions[int(found[1])]
        return 1 - dimension.spread if dimension.sense == "withhold" else None
    return 1.0 if check_field(path).get("maximum") == 1 else None


def _sampled(scenario: Scenario, path: str, ends: Sequence[float] | None) -> Sampled:
    value = _own(scenario, path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"option fields: {path} = {shorten(write_value(value))} is no number")
    low, high = ends or _around(scenario, path) or (None, None)
    if low is None or high is None:
        raise InputError(f"option fields: {path} = {value} has no range around it; give one in ranges")
    if path == COST:
        if not 0 < low < high or value == 0:
            raise InputError(f"option ranges: {COST} multiplies costs above 0, from a low above 0 to a higher one")
        return Range(COST, low, high, log=True)
    shared = not may_differ(path)
    scale = "log" if low > 0 and _most(scenario, path) is None else "linear"
    span = ranged(path, {"low": _number(low), "high": _number(high), "scale": scale, "levels": LEVELS})
    return Choice(path, tuple(span.grid())) if shared else span


def _number(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def written_out(scenario: Scenario, point: Point) -> Point:
    """A point in fields of the scenario, the cost factor as the two bounds it stands for."""
    if COST not in point:
        return point
    low, high = (own_value(scenario, path) * point[COST] for path in _COSTS)
    return {path: value for path, value in point.items() if path != COST} | dict(zip(_COSTS, (low, high), strict=True))
