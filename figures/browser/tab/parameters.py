"""What can be set on the page: fields of a scenario as Mesa model parameters, with unit and help from the schema."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.describe import find_spec, registries
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.notation import split_path, value_at
from commonweal.scenarios.schema.relevance import learns, matters, pays_money
from commonweal.scenarios.schema.scenario import Dimension, Scenario

Settings = Mapping[str, Any]  # values by path, as the controls hold them

_FINEST = Decimal("0.000001")  # step of a slider: browsers write smaller numbers with an exponent, which it cannot read


@dataclass(frozen=True)
class Parameter:
    """One field that has a control; scalars only."""

    path: str  # of the field
    label: str  # what stands beside the control
    group: str  # heading under which it stands
    high: float = 0.0  # end of its slider, which begins at 0; no slider where 0
    step: float = 0.0  # of its slider
    unit: str | None = None  # the schema's if None
    beside: str = ""  # field where this one is shown, though it may change nothing until that one is set


_MOST_VALUE = 2.0  # end of the slider for what a model is worth, where it is worth less than half of that


def parameters(scenario: Scenario) -> tuple[Parameter, ...]:
    """The fields of a scenario that have a control: the ones that change something in its kind of market."""
    found = (*_rules(), *_people(), *_contract(scenario), *_tolerances(scenario))
    return tuple(_fitted(each, scenario) for each in found if matters(scenario, each.beside or each.path))


def rules_of(scenario: Scenario) -> str:
    """The rules by which an economy pays, in a few words."""
    rules = [(pays_money(scenario), f"{scenario.settlement.kind} settlement"),
             (learns(scenario), f"{scenario.credit.kind} credit"),
             (scenario.market.model_value > 0, f"{scenario.rewards.kind} model reward")]
    return ", ".join(rule for applies, rule in rules if applies)


def _rules() -> Iterator[Parameter]:
    yield Parameter("settlement.kind", "Settlement rule", "Rules")
    yield Parameter("rewards.kind", "Model reward rule", "Rules")
    yield Parameter("credit.kind", "Credit rule", "Rules")
    yield Parameter("screening.mode", "Screening mode", "Rules", beside="screening")
    yield Parameter("screening.scope", "Screening scope", "Rules", beside="screening")


def _people() -> Iterator[Parameter]:
    yield Parameter("population.count", "Principals", "Population")
    yield Parameter("population.cost_low", "Lowest cost", "Population", 0.005, 0.00005)
    yield Parameter("population.cost_high", "Highest cost", "Population", 0.005, 0.00005)
    yield Parameter("task.drift", "Drift", "Data", 0.2, 0.005)


def _contract(scenario: Scenario) -> Iterator[Parameter]:
    """What is agreed; names cost no more than there is money."""
    endowment, high = scenario.population.endowment, max(_MOST_VALUE, 2 * scenario.market.model_value)
    yield Parameter("menu.offer", "Samples asked for", "Contract")
    yield Parameter("market.model_value", "Value of the model", "Contract", high, high / 100)
    yield Parameter("rewards.content", "Content asked for", "Contract", 1.0, 0.01)
    yield Parameter("stakes.stake", "Stake", "Contract", 1.0, 0.01)
    yield Parameter("stakes.audit", "Audits", "Contract", 1.0, 0.01, beside="stakes.stake")
    yield Parameter("clawback.share", "Clawback", "Contract", 1.0, 0.01)
    yield Parameter("settlement.hold_back", "Hold-back", "Contract", 3.0, 0.05)
    yield Parameter("identity.cost", "Identity cost", "Contract", endowment, 0.01 if endowment >= 1 else 0.001)
    yield Parameter("tolerance.budget", "Admissibility budget", "Contract", 0.5, 0.005)
    yield Parameter("negotiation.kind", "Data deals", "Contract")


def _fitted(parameter: Parameter, scenario: Scenario) -> Parameter:
    """A slider that holds the scenario's value, since it would round it unasked; no slider where that cannot be."""
    if not parameter.high:
        return parameter
    value = Decimal(str(value_at(scenario, parameter.path)))
    steps = (Decimal(str(parameter.step)) / divisor for divisor in (1, 2, 5, 10, 20, 50, 100, 1000))
    step = next((float(step) for step in steps if value % step == 0 and step >= _FINEST), 0.0)
    return replace(parameter, high=max(parameter.high, float(value)) if step else 0.0, step=step)


def label_of(scenario: Scenario, path: str) -> str:
    """What stands beside the control of a field."""
    return next(each.label for each in parameters(scenario) if each.path == path)


def _tolerances(scenario: Scenario) -> Iterator[Parameter]:
    for place, dimension in enumerate(scenario.values.dimensions):
        high, unit = (1.0, "loss, 0 to 1") if dimension.sense == "withhold" else (4.0, "loss, nat")
        name = dimension_name(dimension).capitalize()
        path = f"values.dimensions[{place}].limit"
        yield Parameter(path, name, "Tolerance", high, 0.01, unit, beside="values.dimensions")
    yield Parameter("screening.step_tolerance", "Harm allowed", "Tolerance", 0.5, 0.005)


def dimension_name(dimension: Dimension) -> str:
    """A value dimension in two or three words."""
    what = f"class {dimension.label}" if dimension.label is not None else f"feature {dimension.feature}"
    return f"{dimension.sense} {what}"


def settings_of(scenario: Scenario) -> dict[str, Any]:
    """What the controls show for a scenario."""
    return {parameter.path: value_at(scenario, parameter.path) for parameter in parameters(scenario)}


def economy(base: Scenario, settings: Settings) -> Scenario:
    """The scenario that the controls describe.

    Args:
        base: what they started from.
        settings: values by path; texts stand for whole numbers where a number was typed.

    Raises:
        InputError: if a value is not allowed.
    """
    held = settings_of(base)
    given = {path: typed(path, value) for path, value in settings.items()}
    return revise(base, {path: value for path, value in given.items() if value != held.get(path)})


def typed(path: str, value: Any) -> Any:
    """The value of a control as the field wants it: what is typed comes as text.

    Raises:
        InputError: if it is no number where one is wanted.
    """
    kind = (find_spec(split_path(path)) or {}).get("type")
    if isinstance(value, str) and kind == "integer":
        return whole_number(path, value)
    if isinstance(value, str) and kind == "number":
        return _number(path, value)
    return value


def _number(path: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{path} = {text.strip()[:40]!r}: must be a number") from None


def whole_number(name: str, text: Any) -> int:
    """What was typed into a field for whole numbers.

    Raises:
        InputError: if it is none, or negative.
    """
    cleaned = str(text).strip()
    if not (cleaned.isascii() and cleaned.isdigit() and len(cleaned) < 19):
        raise InputError(f"{name} = {cleaned[:40]!r}: must be a whole number from 0")
    return int(cleaned)


def mesa_parameter(parameter: Parameter, value: Any) -> dict[str, Any]:
    """The parameter as a control: type, bounds or choices, the value it has, and unit and help."""
    spec = find_spec(split_path(parameter.path)) or {}
    unit = spec.get("unit", "") if parameter.unit is None else parameter.unit
    described = {"value": value, "unit": unit, "help": spec.get("description", "")}
    if parameter.high:
        return described | {"type": "SliderFloat", "min": 0.0, "max": parameter.high, "step": parameter.step}
    if names := _names(parameter.path, spec):
        return described | {"type": "Select", "values": names}
    return described | {"type": "InputText", "value": str(value)}


def _names(path: str, spec: Mapping[str, Any]) -> list[str]:
    """The names a field may hold: a closed list of the schema, or what is registered."""
    registry = registries().get(path)
    return list(spec.get("enum", [])) if registry is None else list(registry)


def other_value(scenario: Scenario, parameter: Parameter) -> Any:
    """A value to compare with: the next name of a list, or another number; one that is allowed where there is one."""
    value, high = value_at(scenario, parameter.path), parameter.high
    if names := _names(parameter.path, find_spec(split_path(parameter.path)) or {}):
        place = names.index(value)
        others: tuple[Any, ...] = (*names[place + 1 :], *names[:place])
    elif high:
        others = tuple(each for each in (min(2 * value, high), high / 2, value / 2) if each != value)
    else:
        others = (2 * value,)
    return next((each for each in others if _allows(scenario, parameter.path, each)), others[0])


def _allows(scenario: Scenario, path: str, value: Any) -> bool:
    """Whether the scenario may hold a value."""
    try:
        revise(scenario, {path: value})
    except InputError:
        return False
    return True
