"""Designs: the ways of screening that are compared, and the two cooperatives that they are compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.notation import write_value
from commonweal.scenarios.schema.relevance import matters, minds
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.pluralism.options import PluralismOptions

FREE, UNSCREENED = "without values", "unscreened"  # the references
FIELDS = {
    "modes": "screening.mode", "scopes": "screening.scope", "votes": "screening.vote", "grains": "screening.grain",
    "credits": "credit.kind",
}  # by option; may grow  # fmt: skip
USUAL_CONCERN = 0.05  # money per unit of probe loss and round


@dataclass(frozen=True)
class Design:
    """One cooperative of those compared."""

    name: str
    scenario: Scenario
    fields: Mapping[str, Any] = field(default_factory=dict)  # varied fields that matter in it, by path


def with_concern(scenario: Scenario, concern: float | None) -> Scenario:
    """The scenario in which everybody minds what becomes of its values, and may leave.

    Args:
        scenario: with value dimensions.
        concern: complicity concern; None: the scenario's own, or the usual one where nobody minds.

    Raises:
        InputError: if nothing is valued in it.
    """
    if not scenario.values.dimensions:
        raise InputError("values.dimensions is empty: pluralism asks about values, so there must be one at least")
    if scenario.population.count < 2:
        raise InputError("population.count = 1: pluralism needs at least 2 principals, who may differ")
    if minds(scenario) and concern is None:
        return scenario
    size = USUAL_CONCERN if concern is None else concern
    available = scenario.actions.available
    return revise(scenario, {
        "values.concern": scenario.values.concern if minds(scenario) else "member",
        "values.complicity_low": size,
        "values.complicity_high": size,
        "actions.available": available if "abstain" in available else ("abstain", *available),
    })  # fmt: skip


def references(scenario: Scenario) -> tuple[Design, Design]:
    """The cooperative whose members have no values at stake, and the one that screens nothing though they have."""
    off = {"screening.mode": "off", "tolerance.budget": 0.0}
    return (
        Design(FREE, revise(scenario, off | {"values.concern": "none"})),
        Design(UNSCREENED, revise(scenario, off)),
    )


def designs(scenario: Scenario, options: PluralismOptions) -> tuple[tuple[Design, ...], list[str]]:
    """Every combination of what is varied, each once, and what was left out because the scenario does not allow it.

    Args:
        scenario: in which principals mind their values.
        options: what is varied.

    Raises:
        InputError: if a combination that was asked for is not allowed, or none is left.
    """
    axes = {path: getattr(options, name) for name, path in FIELDS.items() if getattr(options, name)} | options.vary
    usual = not {*FIELDS, "vary"} & options.model_fields_set
    found: dict[str, Design] = {}
    left_out = []
    for values in product(*axes.values()):
        chosen = dict(zip(axes, values, strict=True))
        try:
            own = revise(scenario, chosen)
        except InputError as error:
            if not usual:
                raise
            left_out.append(f"{_named(chosen)} is left out: {error}.")
            continue
        design = _design(own, chosen, axes)
        if own.screening.mode != "off" or _more(design):
            found.setdefault(design.name, design)
    if not found:
        raise InputError("option modes: no design is left to compare; name modes other than off")
    return tuple(found.values()), left_out


def _design(scenario: Scenario, chosen: Mapping[str, Any], axes: Mapping[str, Sequence[Any]]) -> Design:
    """A design by the fields that matter in it; it is named by those of which there are several, or by its mode."""
    fields = {path: value for path, value in chosen.items() if matters(scenario, path)}
    told = {path: value for path, value in fields.items() if len(axes[path]) > 1} or {"": scenario.screening.mode}
    return Design(_named(told), scenario, fields)


def _more(design: Design) -> bool:
    """Whether a design differs from the references in more than screening."""
    return any(not path.startswith("screening.") for path in design.fields)


def _named(fields: Mapping[str, Any]) -> str:
    """``project, all``; a number comes with the name of its field."""
    parts = []
    for path, value in fields.items():
        text = write_value(value).strip("'\"")
        parts.append(text if isinstance(value, str) else f"{path.rpartition('.')[2]} {text}")
    return ", ".join(parts)
