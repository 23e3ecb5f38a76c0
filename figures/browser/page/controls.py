"""The controls at the left: Reset, Step, Play and speed, and the scenario's fields."""

from functools import partial
from itertools import groupby
from typing import Any

import solara

from commonweal.figures.browser.page.elements import Choice, Row, Text, Typed
from commonweal.figures.browser.tab.parameters import Parameter, mesa_parameter, parameters
from commonweal.figures.browser.tab.session import SPEEDS, Session

_SEED = "the same seed plays the same run, here or anywhere"


@solara.component
def Transport(session: Session) -> None:
    """Reset, Step, Play or Pause, and how fast."""
    playing, shown = session.playing.value, session.shown.value
    other = session.other_scenario
    idle = shown is None or (bool(shown.stored) and not other)
    changed = shown is not None and shown.choice != session.choice.value
    with solara.Div(classes=["cw-transport"]):
        with Row():
            solara.Button("Step", on_click=session.step, disabled=playing or idle, outlined=True)
            if playing:
                solara.Button("Pause", on_click=session.pause, color="primary")
            else:
                solara.Button("Play", on_click=session.play, disabled=idle, color="primary")
            solara.Button("Reset", on_click=session.reset, outlined=True, classes=["cw-changed"] if changed else [])
        Choice("Speed", list(SPEEDS), session.speed.value, session.set_speed)
        begins = f"Play and Step begin {session.choice.value.scenario}." if other and not playing else ""
        Text(begins or ("Press Reset to play with the changed controls." if changed else ""), "cw-hint")


@solara.component
def Controls(session: Session) -> None:
    """Which economy is played at the next reset."""
    choice = session.choice.value
    base = session.opening.scenarios[choice.scenario]
    with solara.Div(classes=["cw-controls"]):
        Choice("Scenario", list(session.opening.scenarios), choice.scenario, session.choose_scenario)
        Control("Seed", {"type": "InputText", "value": choice.seed, "unit": "", "help": _SEED}, session.set_seed)
        for group, members in groupby(parameters(base), key=lambda parameter: parameter.group):
            Text(group, "cw-title")
            with solara.Div(classes=["cw-group"]):
                for parameter in members:
                    Field(session, choice.scenario, parameter, choice.settings[parameter.path])


@solara.component
def Field(session: Session, scenario: str, parameter: Parameter, value: Any) -> None:
    """The control of one field of the scenario."""
    control = Control(parameter.label, mesa_parameter(parameter, value), partial(session.set_parameter, parameter.path))
    control.key(f"{scenario} {parameter.path}")  # so that an input does not keep what was typed for another scenario


@solara.component
def Control(label: str, described: dict[str, Any], on_value: Any) -> None:
    """A slider, a list, or a field to type into, with unit, help, and the value where a slider would not tell it."""
    value, unit = described["value"], described["unit"]
    slides = described["type"] == "SliderFloat"
    shown = f"{value:g} {unit}" if slides else ""
    with solara.Div(classes=["cw-control", "cw-wide" if slides else ""]):
        with solara.Tooltip(described["help"]), Row("cw-label"):
            Text(label)
            Text(shown, "cw-unit")
        if slides:
            bounds = {name: described[name] for name in ("min", "max", "step")}
            solara.SliderFloat("", value=value, on_value=on_value, **bounds)
        elif described["type"] == "Select":
            solara.Select("", values=described["values"], value=value, on_value=on_value)
        else:
            Typed(value, on_value)
