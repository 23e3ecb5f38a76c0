"""Rules played beside each other: the same numbers as a sweep, nothing played twice, nothing that stops the tab."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("solara", reason="the extra 'browser' is not installed")

from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.browser.compared.compare_plan import Plan, changed, first_plan
from commonweal.figures.browser.compared.rules import choices_document, first_rules, named, telling_field
from commonweal.figures.browser.tab import comparison
from commonweal.figures.browser.tab.comparison import Comparison
from commonweal.scenarios.runs.intervals import mean_interval, range_of
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.sweep import sweep
from tests.helpers.tabs import Tab, small, until

KINDS = ("credit", "data", "equal")


@pytest.fixture
def made() -> Iterator[Callable[[], Comparison]]:
    """Makes comparisons and ends them after the test."""
    all_made: list[Comparison] = []

    def make() -> Comparison:
        all_made.append(Comparison(lambda: None))
        return all_made[-1]

    yield make
    for each in all_made:
        each.forget()
        assert each.join(20)


def document_of(played: Comparison) -> dict[str, Any]:
    """The document once all is played."""
    assert played.join(60)
    found = played.document()
    assert found is not None
    return found[0]


@pytest.mark.parametrize("name", library_names())
def test_every_scenario_has_a_comparison_to_begin_with(name: str, made: Callable[[], Comparison]) -> None:
    plan = first_plan(load(name), seeds=range(2))
    assert len(plan.rules) > 1
    played = made()
    played.compare(replace(plan, rounds=3))
    document = document_of(played)
    assert [rule["error"] for rule in document["rules"]] == [""] * len(plan.rules)
    assert document["progress"]["done"]
    assert len(document["panels"]) == 3
    assert document["sentence"].endswith(".")
    text = json.dumps(document, allow_nan=False)
    if plan.scenario.market.kind == "public_goods":
        assert "accuracy" not in text.replace("own_accuracy", "")
        assert "contribute" in text
    assert all(len(each["values"]) > 1 for each in document["fields"])


@pytest.mark.parametrize(
    ("name", "path"),
    [("commons", "settlement.kind"), ("leaky", "stakes.audit"), ("poisoners", "screening.gate"),
     ("data-deals", "negotiation.kind"), ("value-conflict", "screening.mode"), ("catastrophe", "rewards.kind"),
     ("spatial-public-goods", "market.multiplication"), ("tolerance-for-sale", "tolerance.budget")],
)  # fmt: skip
def test_a_comparison_begins_with_what_its_scenario_is_about(name: str, path: str) -> None:
    scenario = load(name)
    assert telling_field(scenario) == path
    assert choices_document(scenario)[0]["path"] == path


def test_numbers_are_those_of_a_sweep_over_the_same_seeds(made: Callable[[], Comparison]) -> None:
    played = made()
    plan = first_plan(small(), seeds=range(4))
    assert [rule.changes["settlement.kind"] for rule in plan.rules] == list(KINDS)
    played.compare(plan)
    document = document_of(played)
    runs = sweep(small(), {"settlement.kind": KINDS}, seeds=4).runs
    for place, measure in enumerate(("share_delegate", "accuracy", "welfare", "gini")):
        levels = runs.pivot_table(index="seed", columns="settlement.kind", values=measure)
        for entry in document["differences"]["rows"][place]["entries"]:
            apart = (levels["credit"] - levels[KINDS[entry["rule"]]]).to_numpy()
            found = mean_interval(apart, within=range_of(measure).of_differences)
            np.testing.assert_allclose(entry["dots"], apart, rtol=1e-9, atol=1e-9)
            ends = [entry["value"], entry["low"], entry["high"]]
            np.testing.assert_allclose(ends, [found.value, found.low, found.high], rtol=1e-6, atol=1e-9)


def test_courses_are_those_of_an_ensemble(made: Callable[[], Comparison]) -> None:
    played = made()
    plan = changed(first_plan(small(), seeds=range(3)), {"single": True, "rounds": 6})
    played.compare(plan)
    assert played.join(60)
    found = played.document()
    assert found is not None
    document, sent = found
    lines = np.frombuffer(sent, dtype=np.float32).reshape(document["shape"])
    rounds = Ensemble(small(**{"settlement.kind": "data"}), range(3)).run(6).rounds
    for place, measure in enumerate(("share_delegate", "accuracy", "welfare")):
        courses = rounds.pivot_table(index="run", columns="round", values=measure).to_numpy()
        np.testing.assert_allclose(lines[place, 1, 3:], courses, rtol=1e-6, atol=1e-7)


def test_more_seeds_rules_and_fewer_rounds_play_only_what_is_missing(
    made: Callable[[], Comparison], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up: list[tuple[str, tuple[int, ...]]] = []

    def counted(scenario: Scenario, seeds: tuple[int, ...]) -> Ensemble:
        set_up.append((scenario.settlement.kind, seeds))
        return Ensemble(scenario, seeds)

    monkeypatch.setattr(comparison, "Ensemble", counted)
    played = made()
    plan = changed(first_plan(small()), {"seeds": 3, "rules": [{"settlement.kind": kind} for kind in KINDS[:2]]})

    def after(plan: Plan) -> list[tuple[str, tuple[int, ...]]]:
        set_up.clear()
        played.compare(plan)
        assert document_of(played)["progress"]["done"]
        return list(set_up)

    assert after(plan) == [("credit", (0, 1, 2)), ("data", (0, 1, 2))]
    assert after(changed(plan, {"seeds": 5})) == [("credit", (3, 4)), ("data", (3, 4))]
    third = changed(plan, {"seeds": 5, "rules": [{"settlement.kind": kind} for kind in KINDS]})
    assert after(third) == [("equal", (0, 1, 2, 3, 4))]
    assert after(changed(third, {"seeds": 4, "rounds": 7})) == []
    assert document_of(played)["rounds"] == 7


@pytest.mark.slow
def test_it_can_be_stopped_and_goes_on_where_all_seeds_were_played(made: Callable[[], Comparison]) -> None:
    played = made()
    plan = changed(first_plan(small()), {"seeds": 10, "rounds": 150})
    played.compare(plan)
    while not played._kept:  # the first eight seeds
        time.sleep(0.01)
    played.stop()
    document = document_of(played)
    assert not document["progress"]["playing"]
    if not document["progress"]["done"]:
        assert document["progress"]["text"].startswith("24 of 30 runs stored, stopped")
        assert document["seeds"] == list(range(8))
    assert document["sentence"].endswith(".")
    played.compare(plan)
    assert document_of(played)["progress"]["done"]


def test_a_rule_that_cannot_be_played_is_told_and_the_others_go_on(made: Callable[[], Comparison]) -> None:
    played = made()
    plan = changed(first_plan(small()), {"rules": [{"population.count": 8}, {"population.count": "5000"}], "seeds": 2})
    played.compare(plan)
    document = document_of(played)
    assert document["rules"][0]["error"] == ""
    assert "exceed the 1797 samples of digits" in document["rules"][1]["error"]
    assert document["differences"]["rows"] == []


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({"rules": [{"settlement.kind": "nobody"}]}, "settlement.kind = 'nobody': must be one of"),
        ({"rules": []}, "0 rules: must be from 1 to 4"),
        ({"rules": [{"population.count": count} for count in range(8, 13)]}, "5 rules: must be from 1 to 4"),
        ({"seeds": 0}, "seeds = 0: must be a whole number from 1 to 64"),
        ({"rounds": "many"}, "rounds = many: must be a whole number from 1 to 5000"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_refused_in_a_line(order: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        changed(first_plan(small()), order)


def test_a_rule_may_change_several_fields_and_is_there_once() -> None:
    plan = changed(first_plan(small()), {"rules": [{"settlement.kind": "equal", "stakes.stake": "0.5"}] * 2})
    assert [dict(rule.changes) for rule in plan.rules] == [{"settlement.kind": "equal", "stakes.stake": 0.5}]
    assert plan.rules == named(small(), [{"settlement.kind": "equal", "stakes.stake": 0.5}])
    assert first_rules(small(), "stakes.stake")[0] == {"stakes.stake": 0.0}


def test_a_tab_compares_beside_its_run_and_forgets_with_another_scenario() -> None:
    tab = Tab()

    def newest() -> dict[str, Any]:
        return tab.docs.get("compare", {"progress": {}})

    try:
        tab.say("compare", seeds=2)
        until(lambda: newest()["progress"].get("done") and not newest()["progress"]["playing"], 20)
        assert newest()["more"] == {"seeds": 6, "text": "6 more seeds"}
        assert newest()["note"].startswith("2 seeds are few")
        tab.say("compare more", seeds=6)
        until(lambda: newest()["seeds"] == list(range(8)) and newest()["progress"]["done"], 20)
        tab.say("compare guess", rule=0, first=3, values=[0.5, 0.2])
        until(lambda: newest()["guess"])
        assert newest()["guess"]["text"].startswith("You drew 0.20 for credit; it is ")
        tab.say("compare", seeds=99)
        assert tab.error.startswith("seeds = 99")
        tab.say("scenario", name="public-goods")
        until(lambda: newest().get("stale"))
        tab.say("compare", seeds=2)
        until(lambda: newest().get("scenario") == "Public goods")
    finally:
        tab.close()
