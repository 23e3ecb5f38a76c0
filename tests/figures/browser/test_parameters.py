"""What can be set on the page, and the economy that it describes."""

from typing import Any

import pytest

from commonweal.agents.errors import InputError
from commonweal.figures.browser.fields.parameters import changed, choices, economy, settable, settings_of, typed
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load


@pytest.mark.parametrize("name", library_names())
def test_the_fields_of_a_scenario_give_that_scenario_back(name: str) -> None:
    scenario = load(name)
    assert economy(scenario, settings_of(scenario)) == scenario


@pytest.mark.parametrize("name", library_names())
def test_what_is_typed_as_it_stands_there_changes_nothing(name: str) -> None:
    scenario = load(name)
    typed_in = {path: str(value).lower() if isinstance(value, bool) else str(value)
                for path, value in settings_of(scenario).items()}
    assert changed(scenario, typed_in) == {}
    assert economy(scenario, typed_in) == scenario


@pytest.mark.parametrize(("path", "text", "value"), [
    ("population.count", "10\u202f000", 10_000),
    ("market.multiplication", " 4.4 ", 4.4),
    ("policy.imitation.intensity", "1 000.5", 1000.5),
    ("screening.gate", "false", False),
    ("learning.hidden", "16, 8", [16, 8]),
    ("learning.hidden", "", []),
    ("population.cost_types", "[0.5, 0.25]", [0.5, 0.25]),
    ("actions.available", "delegate, free_ride", ["delegate", "free_ride"]),
    ("policy.mix", "fixed", {"fixed": 1.0}),
    ("policy.mix", "{fixed = 0.5, imitation = 0.5}", {"fixed": 0.5, "imitation": 0.5}),
    ("settlement.kind", "equal", "equal"),
    ("rewards.accuracy.options", "correlation = 0.5", {"correlation": 0.5}),
    ("rewards.accuracy.options", "{a = 1, b = [1, 2]}", {"a": 1, "b": [1, 2]}),
    ("rewards.accuracy.options", "", {}),
])
def test_text_becomes_the_value_that_a_field_wants(path: str, text: str, value: Any) -> None:
    assert typed(path, text) == value


@pytest.mark.parametrize(("path", "value", "told"), [
    ("population.count", "many", "must be a whole number"),
    ("population.count", "-1", "must be a whole number from 0"),
    ("market.multiplication", "4,4", "must be a number"),
    ("market.multiplication", "nan", "must be a number"),
    ("market.multiplication", "1e999", "must be a number"),
    ("settlement.kind", "nobody", "must be one of"),
    ("settlement.kind", 3, "must be one of"),
    ("task.kind", "openml:credit-g", "must be one of"),
    ("population.graph", "file", "must be one of"),
    ("negotiation.negotiator", "endpoint", "must be one of"),
    ("policy.mix", "{nobody = 1.0}", "must be one of"),
    ("policy.mix", "{fixed", "is not a value"),
    ("rewards.accuracy.options", "correlation", "must be values by name, like x = 0.5"),
])
def test_what_is_no_value_of_a_field_is_refused_in_a_line(path: str, value: Any, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        typed(path, value)
    assert "\n" not in str(caught.value)


def test_a_table_of_numbers_stands_in_its_field_with_its_values() -> None:
    scenario, path = load("data-leak"), "rewards.accuracy.options"
    assert settings_of(scenario)[path] == "correlation = 0.8"
    assert economy(scenario, {path: "correlation = 0.5"}).rewards.accuracy.options == {"correlation": 0.5}


def test_the_page_can_name_no_file_and_no_address() -> None:
    paths = settable(load("commons"))
    assert "population.edges" not in paths and "population.graph" in paths
    assert "file" not in choices("population.graph")
    assert not {"endpoint", "replay"} & set(choices("negotiation.negotiator"))
    assert "population.table" not in paths
    assert not any(":" in name for name in choices("task.kind"))  # of openml.org, and of files


def test_a_scenario_that_holds_what_the_page_cannot_choose_keeps_it() -> None:
    scenario = load("commons", {"task.kind": "openml:credit-g"})
    assert economy(scenario, settings_of(scenario)) == scenario
    assert economy(scenario, {"task.kind": "openml:credit-g", "population.count": "9"}).population.count == 9
