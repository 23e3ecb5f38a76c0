"""What can be set on the page."""

import pytest

from commonweal.figures.browser.tab.parameters import economy, mesa_parameter, other_value, parameters, settings_of
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load


@pytest.mark.parametrize("name", library_names())
def test_the_controls_of_a_scenario_give_that_scenario_back(name: str) -> None:
    scenario = load(name)
    assert economy(scenario, settings_of(scenario)) == scenario


@pytest.mark.parametrize("name", library_names())
def test_a_slider_holds_the_scenarios_value_exactly(name: str) -> None:
    # Vuetify's slider rounds to its step and says so to the server, which would change the economy unasked.
    scenario = load(name, {"population.cost_low": 0.000125})
    for parameter in parameters(scenario):
        described = mesa_parameter(parameter, settings_of(scenario)[parameter.path])
        if described["type"] == "SliderFloat":
            value, step = described["value"], described["step"]
            assert round(value / step) * step == pytest.approx(value, rel=1e-12, abs=0)
            assert described["min"] <= value <= described["max"]
            assert 1e-6 <= step < described["max"] / 10


def test_every_parameter_has_help_and_numbers_have_units() -> None:
    scenario = load("value-conflict")
    for parameter in parameters(scenario):
        described = mesa_parameter(parameter, settings_of(scenario)[parameter.path])
        assert described["help"]
        assert described["unit"]


def test_another_value_to_compare_with_is_always_allowed_and_different() -> None:
    for name in library_names():
        scenario = load(name)
        for parameter in parameters(scenario):
            value = other_value(scenario, parameter)
            assert value != settings_of(scenario)[parameter.path]
