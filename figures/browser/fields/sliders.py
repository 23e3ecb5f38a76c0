"""Sliders of fields: which numbers they stop at, so that the browser only counts steps and reckons nothing."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from math import isqrt
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.figures.browser.fields.parameters import typed
from commonweal.scenarios.schema.describe import find_spec
from commonweal.scenarios.schema.field_words import plain
from commonweal.scenarios.schema.notation import split_path
from commonweal.scenarios.schema.relevance import learns
from commonweal.scenarios.schema.scenario import Scenario

STEPS = 100  # of a slider from end to end, at least

_HIGH: Mapping[str, str] = {  # where sliders end that the scenario's own value says nothing about
    "task.drift": "0.1",
    "policy.mutation": "0.1",
    "screening.safeguard": "0.1",
    "screening.step_tolerance": "0.5",
    "settlement.hold_back": "3",
    "stakes.stake": "1",
    "population.endowment": "1",
    "population.outside_option": "0.01",
    "actions.defect_gain": "0.01",
    "values.experience": "1",
    "values.price_low": "0.1",
    "values.price_high": "0.1",
    "market.price": "0.02",
    "market.model_value": "2",
    "tolerance.budget": "0.5",
    "beliefs.cost": "0.01",
    "beliefs.forgetting": "0.2",
    "beliefs.margin": "3",
    "credit.novelty.memory": "20",
    "credit.replication.penalty": "2",
}


def slider(path: str, base: Scenario, own: Any, held: Any) -> dict[str, Any] | None:
    """The slider of a number.

    Args:
        path: of the field.
        base: the scenario as it was chosen.
        own: what that scenario says.
        held: what the field holds, as typed.

    Returns:
        ``at``: the stop of what is held, ``tick``: that of the scenario's own, both between stops where they lie there;
        and ``texts``: what stands at each stop, or for even steps ``low``, ``step``, ``stops`` (how many) and
        ``decimals``; None where no end would make sense.
    """
    if path == "population.count":
        counts = list(_principals(base, own))
        at, tick = (_place(value, counts) for value in (_held(path, held, own), float(own)))
        return {"texts": list(map(plain, counts)), "at": at, "tick": tick}
    spec = find_spec(split_path(path)) or {}
    if "type" not in spec:  # a class or a feature: a name that happens to be a number
        return None
    high = _high(path, spec, base, Decimal(repr(own)))
    if high <= 0:
        return None
    low, step, stops = _even(spec, high)
    even = {"low": float(low), "step": float(step), "stops": stops, "decimals": _decimals(step)}
    places = [(value - even["low"]) / even["step"] for value in (_held(path, held, own), own)]
    at, tick = (round(min(max(place, 0), stops - 1), 3) for place in places)
    return {**even, "at": at, "tick": tick}


def _held(path: str, held: Any, own: Any) -> float:
    """The number a field holds; the scenario's own where it is none."""
    try:
        return float(typed(path, held))
    except InputError:
        return float(own)


def _place(value: float, stops: list[int]) -> float:
    """Where a value lies among stops: 1.5 half-way between the second and the third; at an end if beyond it."""
    below = sum(stop <= value for stop in stops) - 1
    if below < 0 or below == len(stops) - 1:
        return float(max(below, 0))
    return round(below + (value - stops[below]) / (stops[below + 1] - stops[below]), 3)


def _decimals(step: Decimal) -> int:
    return max(0, -int(step.normalize().as_tuple().exponent))


def _even(spec: Mapping[str, Any], high: Decimal) -> tuple[Decimal, Decimal, int]:
    """Even steps from the least that is allowed to an end: where they begin, how wide they are, how many stops."""
    unit = Decimal(10) ** (high / STEPS).adjusted()
    step = max(unit * count for count in (1, 2, 5) if unit * count * STEPS <= high)
    if spec.get("type") == "integer":
        step = max(Decimal(1), step)
    least = Decimal(str(spec.get("minimum", 0)))
    low = (least / step).to_integral_value(rounding=ROUND_CEILING) * step
    low = max(low, step) if "exclusiveMinimum" in spec else low
    return low, step, int((high - low) / step) + (0 if "exclusiveMaximum" in spec else 1)


def _high(path: str, spec: Mapping[str, Any], base: Scenario, own: Decimal) -> Decimal:
    """Where a slider ends; 0 where nothing says so."""
    most = Decimal(str(spec.get("maximum", spec.get("exclusiveMaximum", "Infinity"))))
    if path == "identity.cost":
        return Decimal(repr(base.population.endowment))
    if path in ("population.cost_low", "population.cost_high"):
        own = Decimal(repr(base.population.cost_high))
    if path.endswith(".limit"):
        withheld = base.values.dimensions[int(split_path(path)[2])].sense == "withhold"
        return Decimal(1) if withheld else max(Decimal(4), own)
    if path in _HIGH and 2 * own <= Decimal(_HIGH[path]):
        return Decimal(_HIGH[path])
    return most if most <= 1 else min(_rounded(2 * own), most)


def _rounded(number: Decimal) -> Decimal:
    """The number itself if it has two figures at most, else the next above that has."""
    if not number:
        return number
    unit = Decimal(10) ** (number.adjusted() - 1)
    return (number / unit).to_integral_value(rounding=ROUND_CEILING) * unit


_LADDER = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80)


def _principals(base: Scenario, own: int) -> Iterator[int]:
    """Numbers of principals that an economy can have: whole groups, whole cliques, squares on a lattice."""
    people, market = base.population, base.market
    most = max(own, 400 if learns(base) else 10_000)
    unit = people.degree + 1 if people.graph == "cliques" else 1
    unit = market.group_size if market.groups in ("blocks", "random") and market.kind == "public_goods" else unit
    counts = [rung * 10**tens for tens in range(len(str(most))) for rung in _LADDER if tens == 0 or rung >= 8]
    rounded = {isqrt(count) ** 2 if people.graph == "lattice" else -(-count // unit) * unit for count in counts}
    yield from (count for count in sorted(rounded | {own}) if 1 < count <= most)
