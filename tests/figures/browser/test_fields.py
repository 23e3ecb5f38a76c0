"""The fields of the page as a document, and what is said of what is wrong."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from commonweal.figures.browser.fields.fields import fields_document, labels_of, leading_labels, problems
from commonweal.figures.browser.fields.parameters import settings_of, typed
from commonweal.figures.browser.fields.scenarios import question_of, scenarios_document
from commonweal.scenarios.schema.describe import fields as schema_fields
from commonweal.scenarios.schema.field_words import LABELS, LONGEST, plain
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.relevance import matters
from commonweal.scenarios.schema.scenario import Scenario

KINDS = {"choice", "number", "whole", "yes-no", "list", "text"}


def document(scenario: Scenario, **settings: Any) -> dict[str, Any]:
    given = {path.replace("__", "."): value for path, value in settings.items()}
    return fields_document(scenario, scenario, given, problems(scenario, given))


def rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [field for group in told["groups"] for field in group["fields"]]


def leaves(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {leaf["path"]: leaf for row in rows(told) for leaf in row.get("parts", [row])}


@pytest.mark.parametrize("name", library_names())
def test_every_field_that_matters_is_there_once_and_says_what_it_is(name: str) -> None:
    scenario = load(name)
    told = document(scenario)
    json.dumps(told, allow_nan=False)
    found = leaves(told)
    assert set(found) == {path for path in settings_of(scenario) if matters(scenario, path)}
    assert told["changes"] == 0 and told["more"] == sum(not row["first"] for row in rows(told))
    for path, field in found.items():
        assert field["kind"] in KINDS and field["help"] and field["allowed"]
        assert (field["changed"], field["differs"], field["error"]) == (False, False, "")
        assert field["text"] == field["own"] and typed(path, field["text"]) == typed(path, settings_of(scenario)[path])
        if field["choices"]:
            assert field["text"] in [value for value, _ in field["choices"]]
            assert len({words for _, words in field["choices"]}) == len(field["choices"])


@pytest.mark.parametrize("name", library_names())
def test_labels_are_short_and_no_two_are_the_same(name: str) -> None:
    scenario = load(name)
    labels = list(labels_of(scenario).values()) + [row["label"] for row in rows(document(scenario)) if "parts" in row]
    assert len(set(labels)) == len(labels)
    assert all(0 < len(label) <= LONGEST and label[:1].isupper() for label in labels)


def test_every_field_of_the_schema_has_a_label_of_its_own() -> None:
    paths = {entry.path for entry in schema_fields() if "[0]" not in entry.path}
    nowhere = {"name", "description", "population.edges", "policy.options", "values.dimensions", "values.camps",
               "mechanisms"}  # fmt: skip
    assert paths - nowhere <= set(LABELS)
    assert set(LABELS) <= paths


@pytest.mark.parametrize(("name", "first"), [
    ("commons", ("Settlement", "Horizon", "Model given", "Gate", "Principals", "Cost a sample", "Policy", "Task",
                 "Drift a round", "Stake", "Data deals")),
    ("spatial-public-goods", ("Kind", "Multiplication", "Contribution", "Groups", "Principals", "Who knows whom",
                              "Policy", "Reconsider")),
    ("value-conflict", ("Influence", "Stubborn", "Protect class 3", "Withhold class 9", "Mode", "Limits held",
                        "Budget", "Principals", "Cost a sample", "Policy", "Task", "Drift a round")),
    ("big-and-small", ("Model given", "Train alone", "Principals", "Costs of the types", "Policy",
                       "Samples asked for", "Kind", "Price of quality", "Value of the model")),
])  # fmt: skip
def test_what_matters_most_stands_first(name: str, first: tuple[str, ...]) -> None:
    assert tuple(row["label"] for row in rows(document(load(name))) if row["first"]) == first
    assert set(leading_labels(load(name))) <= set(settings_of(load(name)))


def test_a_change_is_marked_until_it_is_played_and_is_told_apart_from_the_scenarios_own() -> None:
    scenario = load("spatial-public-goods")
    told = document(scenario, market__multiplication="4.4")
    field = leaves(told)["market.multiplication"]
    assert (field["text"], field["own"]) == ("4.4", "4")
    assert (field["changed"], field["differs"], told["changes"]) == (True, True, 1)
    assert field["slider"]["at"] > field["slider"]["tick"]
    played = revise(scenario, {"market.multiplication": 4.4})
    told = fields_document(played, scenario, {"market.multiplication": "4.4"}, {})
    field = leaves(told)["market.multiplication"]
    assert (field["changed"], field["differs"], told["changes"]) == (False, True, 0)
    back = fields_document(played, scenario, {"market.multiplication": "4"}, {})
    assert back["changes"] == 1 and not leaves(back)["market.multiplication"]["differs"]


def test_a_change_brings_the_fields_that_it_makes_matter() -> None:
    scenario = load("commons")
    assert "stakes.audit" not in leaves(document(scenario))
    assert leaves(document(scenario, stakes__stake="0.1"))["stakes.audit"]["text"] == "0"
    assert "settlement.horizon" not in leaves(document(scenario, settlement__kind="equal"))
    kept = leaves(document(scenario, settlement__kind="equal", settlement__horizon="20"))
    assert kept["settlement.horizon"]["changed"]  # a change is never lost


def test_the_seed_is_a_field_too() -> None:
    scenario = load("commons")
    told = fields_document(scenario, scenario, {}, {}, ("7", "0"))
    assert told["seed"]["changed"] and told["changes"] == 1
    wrong = problems(scenario, {}, "x")
    assert wrong == {"seed": "Seed = 'x': must be a whole number from 0"}


@pytest.mark.parametrize(("name", "settings", "field", "told"), [
    ("commons", {"population.count": "0"}, "population.count", "Principals = 0: must be a whole number between 1"),
    ("commons", {"rounds": "0"}, "rounds", "Rounds = 0: must be a whole number between 1 and 10\u202f000\u202f000"),
    ("commons", {"population.count": "x"}, "population.count", "Principals = 'x': must be a whole number"),
    ("commons", {"settlement.kind": "nobody"}, "settlement.kind", "Settlement = 'nobody': must be one of"),
    ("commons", {"population.cost_low": "0.1"}, "population.cost_low", "Lowest cost = 0.1 exceeds Highest cost"),
    ("commons", {"population.start_defect": "0.5"}, "population.start_defect", "the shares must sum to 1"),
    ("commons", {"menu.offer": "amounts"}, "market.model_value", "Value of the model must be above 0"),
    ("catastrophe", {"rewards.kind": "menu"}, "menu.offer", "Samples asked for must be menu for Model given = 'menu'"),
    ("tolerance-for-sale", {"screening.mode": "off"}, "screening.mode", "Screening mode must be project"),
    ("tolerance-for-sale", {"values.dimensions[1].limit": "0.99"}, "values.dimensions[1].limit", "exceeds 1"),
    ("commons", {"tolerance.budget": "0.1"}, "screening.mode", "Screening mode must be project"),
    ("commons", {"actions.available": "delegate"}, "population.start_free_ride", "Start: free-ride must be 0"),
    ("commons", {"device": "gpu"}, "device", "Computed on = 'gpu': must be"),
])
def test_an_error_is_one_line_at_the_field_that_it_is_about(
    name: str, settings: dict[str, str], field: str, told: str
) -> None:
    scenario = load(name)
    wrong = problems(scenario, settings)
    assert len(wrong) == 1
    (path, text), = wrong.items()
    assert told in text and "\n" not in text
    assert path == field
    shown = fields_document(scenario, scenario, settings, wrong)
    assert leaves(shown)[path]["error"] == text
    assert any(row["first"] for row in rows(shown) if row["error"] == text)


@pytest.mark.parametrize("name", library_names())
def test_every_field_refuses_what_is_no_value_by_its_own_name(name: str) -> None:
    scenario = load(name)
    for path, field in leaves(document(scenario)).items():
        wrong = problems(scenario, {path: "no such value, ever"})
        assert list(wrong) == [path], (path, wrong)
        assert field["label"] in wrong[path] or path in ("screening.mode", "screening.budget", "market.kind")


def stops(slider: dict[str, Any]) -> Iterator[str]:
    if "texts" in slider:
        yield from slider["texts"]
    else:
        for count in range(slider["stops"]):
            yield f"{slider['low'] + count * slider['step']:.{slider['decimals']}f}"


@pytest.mark.slow
@pytest.mark.parametrize("name", library_names())
def test_sliders_stop_at_values_that_their_field_can_hold(name: str) -> None:
    scenario = load(name)
    for path, field in leaves(document(scenario)).items():
        if field["slider"] is None:
            continue
        values = [typed(path, text) for text in stops(field["slider"])]
        assert len(set(values)) == len(values) > 1
        assert field["slider"]["at"] == field["slider"]["tick"] and 0 <= field["slider"]["at"] <= len(values) - 1
        for value in (values[0], values[-1]):
            wrong = problems(scenario, {path: value}).get(path, "")
            assert ": must be" not in wrong or "exceeds" in wrong


def test_numbers_stand_there_exactly() -> None:
    assert [plain(value) for value in (0.00025, 2000.0, 1e-7, 10_000, -0.5, True, (32, 16), 1e9)] == [
        "0.00025", "2000", "0.0000001", "10\u202f000", "\u22120.5", "true", "32, 16", "1\u202f000\u202f000\u202f000"]


def test_the_menu_says_what_each_scenario_asks_and_puts_what_was_opened_on_top() -> None:
    scenarios = {name: load(name) for name in library_names()} | {"mine.toml": load("leaky")}
    told = scenarios_document(scenarios, "commons", ["mine.toml"])
    entries = {entry["name"]: entry for entry in told["entries"]}
    assert told["entries"][0]["name"] == "mine.toml" and told["entries"][0]["opened"]
    assert entries["commons"]["title"] == "The commons"
    assert entries["commons"]["question"] == "Who pays for data that is shared by all?"
    assert entries["spatial-public-goods"]["title"] == "Public goods on a lattice"
    assert entries["value-conflict"]["title"] == "Value conflict" and entries["mine.toml"]["title"] == "mine.toml"
    assert entries["big-and-small"]["market"] == "a learning curve"
    assert all(len(question_of(scenario)) > 10 for scenario in scenarios.values())
    assert "2025" not in " ".join(entry["question"] for entry in told["entries"])
