"""What can be set on the page, and the economy that it describes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import fields as parts
from decimal import Decimal
from math import isfinite, nan
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.figures.browser.tab.field_words import plain
from commonweal.scenarios.schema.describe import fields, find_spec, registries
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.notation import parse_value, shorten, split_path, value_at, write_value
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


def settable(scenario: Scenario) -> tuple[str, ...]:
    """The paths of all fields that the page can set, in the order of the schema.

    Not among them are names and descriptions, what stands nowhere yet, and files, which the page may not name.
    """
    paths = [path for entry in fields() for path in _placed(entry.path, scenario)]
    own = [f"mechanisms.{name}.{part.name}" for name, section in scenario.mechanisms.items() for part in parts(section)]
    return tuple(path for path in (*paths, *own) if path not in _NOT_SET and value_at(scenario, path) is not None)


_NOT_SET = ("name", "description", "population.edges", "policy.options", "values.dimensions", "mechanisms")
_NOT_HERE: Mapping[str, tuple[str, ...]] = {  # what needs a file, an address or a download stays with the command line
    "population.graph": ("file",), "task.kind": ("openml:NAME",), "negotiation.negotiator": ("endpoint", "replay"),
}  # fmt: skip


def _placed(path: str, scenario: Scenario) -> list[str]:
    """The path for each dimension that there is, where it is that of a field of dimensions."""
    if "[0]" not in path:
        return [path]
    return [path.replace("[0]", f"[{place}]") for place in range(len(scenario.values.dimensions))]


def setting(value: Any) -> Any:
    """A value as the page holds it: names, numbers and switches as they are; lists and mixes as text."""
    if isinstance(value, Mapping):
        return next(iter(value)) if len(value) == 1 else write_value(value)
    return plain(value) if isinstance(value, tuple | list) else value


def settings_of(scenario: Scenario) -> dict[str, Any]:
    """What the fields show for a scenario."""
    return {path: setting(value_at(scenario, path)) for path in settable(scenario)}


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


def choices(path: str) -> tuple[str, ...]:
    """The names a field may hold: a closed list of the schema, or what is registered."""
    names = _names(path, find_spec(split_path(path)) or {})
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
