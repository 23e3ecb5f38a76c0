"""The card of a principal as a document: its life is the run's, and what it explains adds up to the exact chance."""

import json
from collections import deque
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.graphs import SparseGraph
from commonweal.economy.explaining.decisions import explain_decision
from commonweal.economy.explaining.sights import Decisions, watched
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.browser.documents.cards import COURSE, LIFE, _thinned_life, card_document, thinned
from commonweal.figures.browser.documents.why import SHOWN, points, seen_words
from commonweal.figures.browser.notes import why as notes_why
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.browser.notes.reasons import _WEIGHS, reason
from commonweal.figures.browser.notes.why import law_of, why
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from tests.helpers.chronicles import SMALL, VALUES, chronicle_of, leaky

MIXED = {"policy.mix": dict.fromkeys(sorted(_WEIGHS), 1 / len(_WEIGHS)), "policy.revision": 0.7,
         "policy.mutation": 0.1, "policy.imitation.intensity": 300.0}
PUBLIC = {"population.count": 16}


def section(card: dict[str, Any], kind: str, title: str = "") -> dict[str, Any]:
    return next(each for each in card["sections"] if each["kind"] == kind and title in each["title"])


def has(card: dict[str, Any], kind: str) -> bool:
    return any(each["kind"] == kind for each in card["sections"])


# The life.


@pytest.mark.parametrize("index", range(12))
def test_a_life_is_what_the_principal_did_in_every_round_of_the_run(index: int) -> None:
    chronicle = leaky()
    life = card_document(chronicle, index)["life"]
    assert (life["first"], life["last"]) == (1, 6)
    assert life["actions"] == [int(sight.actions[index]) for sight in list(chronicle.sights)[1:]]


def test_a_life_before_the_first_round_is_empty() -> None:
    assert card_document(leaky(0), 0)["life"] == {"first": 0, "last": 0, "actions": []}


@given(st.integers(LIFE + 1, 5 * LIFE), st.integers(0, 10**6))
def test_a_long_life_is_thinned_and_a_single_round_of_it_still_shows(rounds: int, place: int) -> None:
    actions = np.ones(rounds, dtype=np.int64)
    actions[place % rounds] = Action.DEFECT
    thin = _thinned_life(actions)
    assert len(thin) == LIFE and (thin == Action.DEFECT).sum() == 1


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)), min_size=1, max_size=2000))
def test_a_thinned_course_keeps_its_peaks_and_holes(values: list[float]) -> None:
    course = np.array(values)
    thin = thinned(course)
    assert len(thin) <= 2 * COURSE
    if np.isfinite(course).any():
        assert (np.nanmin(thin), np.nanmax(thin)) == (np.nanmin(course), np.nanmax(course))


def test_the_four_numbers_are_those_of_the_round_and_their_courses_those_of_the_run() -> None:
    chronicle = leaky()
    for round in (2, 6):
        card, sight = card_document(chronicle, 3, round), chronicle.at(round)
        assert [each["title"] for each in card["numbers"]] == ["wealth", "pay a round", "reputation", "credit"]
        told = [each["text"] for each in card["numbers"]]
        exact = [sight.wealth[3], sight.payoffs[3], sight.reputation[3], sight.credit[3]]
        assert told == [figure(value) for value in exact]
        wealth = [each.wealth[3] for each in list(chronicle.sights)[1:]]
        assert card["numbers"][0]["course"] == pytest.approx(wealth, rel=1e-5)


@pytest.mark.parametrize("scenario", library_names())
def test_every_scenario_has_a_card_in_json_without_nan(scenario: str) -> None:
    chronicle = chronicle_of(scenario, 3, seed=1)
    for round in (0, 1, 3):
        card = card_document(chronicle, 1, round)
        json.dumps(card, allow_nan=False)
        assert card["name"] == "Principal 1" and len(card["numbers"]) in (3, 4)
        assert all(each["title"] for each in card["sections"]) and card["asks"]


def test_a_card_of_public_goods_speaks_of_contributing_and_of_no_credit() -> None:
    card = card_document(chronicle_of("public-goods", 3), 0)
    assert "delegat" not in json.dumps([card["does"], card["asks"], card["numbers"]])
    assert [each["title"] for each in card["numbers"]] == ["wealth", "pay a round", "reputation", "pays in"]


# Why.


@pytest.mark.parametrize("policy", sorted(_WEIGHS))
@pytest.mark.parametrize("reach", ["population", "neighbours"])
def test_the_chance_of_an_action_is_its_law_and_the_parts_add_up_to_it(policy: str, reach: str) -> None:
    fields = {**MIXED, "policy.mix": {policy: 1.0}, "policy.imitation.reach": reach, "population.graph": "ring",
              "policy.learning.exploration": 0.3, "policy.best_response.inertia": 0.2}
    chronicle = leaky(6, **fields)
    law = law_of(chronicle, chronicle.at(5))
    assert law is not None
    for i, did in enumerate(chronicle.newest.actions.tolist()):
        found = why(chronicle, i, 6)
        assert found is not None
        assert found.chance == pytest.approx(law[i, did], abs=1e-12)
        assert found.base + found.parts.sum() + found.hidden == pytest.approx(found.chance, abs=1e-12)
    assert law.sum(axis=1) == pytest.approx(1.0)


def test_the_why_of_a_run_that_is_watched_is_that_of_the_explanation_of_its_whole_play() -> None:
    fields = SMALL | {"stakes.stake": 0.1, "stakes.audit": 0.5} | MIXED
    decisions = watched(Ensemble(load("leaky", fields), [5]), rounds=8)
    chronicle = leaky(8, **MIXED)
    for i in range(12):
        ours, whole = why(chronicle, i, 7), explain_decision(replaced(decisions, 7), i, 6)
        assert ours is not None
        assert ours.explanation.names == whole.names
        np.testing.assert_array_equal(ours.explanation.values, whole.values)
        np.testing.assert_array_equal(ours.explanation.base, whole.base)


def replaced(decisions: Decisions, rounds: int) -> Decisions:
    """The decisions of the first rounds alone."""
    parts = {name: getattr(decisions, name)[:, :rounds] for name in ("features", "law", "chose", "actions", "utility")}
    return replace(decisions, **parts)


def test_the_why_of_a_round_is_the_same_whatever_was_asked_before() -> None:
    first, second = (chronicle_of("leaky", 9, SMALL | MIXED, seed) for seed in (11, 11))
    second = replace(second, memory={})
    told = {round: card_document(first, 4, round) for round in (9, 5, 6, 7, 3)}
    assert told == {round: card_document(second, 4, round) for round in (3, 5, 6, 7, 9)}


def test_rounds_are_forgotten_beyond_those_that_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    chronicle = replace(leaky(12, **MIXED), memory={})
    monkeypatch.setattr(notes_why, "MOST_ROUNDS", 3)
    for round in (4, 5, 12, 6, 7):
        found = why(chronicle, 2, round)
        assert found is not None and found.rounds == (round - 2, round)
        assert found.explanation.evaluations <= 36
    assert len(chronicle.remembered(notes_why._Laws).known) <= 4


def test_what_everybody_sees_alike_adds_nothing() -> None:
    chronicle = leaky(5, **{"policy.mix": {"fixed": 1.0}, "population.cost_low": 0.001, "population.cost_high": 0.001})
    found = why(chronicle, 3, 2)  # of one round alone, which all saw alike but for their own
    assert found is not None
    parts = dict(zip(found.explanation.names, found.parts, strict=True))
    assert (parts["accuracy"], parts["revenue"], parts["own cost"]) == (0, 0, 0)
    assert parts["last action"] > 0


def test_who_can_meet_nobody_keeps_to_what_it_did() -> None:
    chronicle = leaky(3, **{"policy.imitation.reach": "neighbours", "policy.mix": {"imitation": 1.0},
                            "policy.mutation": 0.0, "policy.revision": 1.0})
    alone = SparseGraph.from_edges([np.array([[0, 1]])], 12)
    seen = replace(chronicle.newest, observed=replace(chronicle.newest.observed, graph=alone))
    law = law_of(Chronicle(chronicle.world), seen)
    assert law is not None and law[5, chronicle.newest.actions[5]] == 1.0


def test_in_a_large_society_fewer_rounds_are_compared_and_in_a_larger_one_none() -> None:
    chronicle = chronicle_of("spatial-public-goods", 3, {"population.count": 2500})
    found = why(chronicle, 7, 3)
    assert found is not None and found.rounds == (2, 3) and found.explanation.evaluations == 5000
    note = section(card_document(chronicle, 7), "waterfall")["note"]
    assert note.startswith("exact: 8 things seen, among 5000 decisions of rounds 2 to 3, ")
    fields = {"population.count": 2500, "policy.imitation.reach": "population"}
    anybody = chronicle_of("spatial-public-goods", 3, fields)
    assert why(anybody, 7, 3) is None and law_of(anybody, anybody.newest) is None
    assert "likely" not in section(card_document(anybody, 7), "text", "Why does it")["text"]


def test_a_waterfall_runs_from_anybody_to_the_chance_of_what_it_did() -> None:
    chronicle = leaky(6, **MIXED | {"policy.mix": {"imitation": 1.0}})
    for i in range(12):
        card = card_document(chronicle, i)
        found = section(card, "waterfall")
        base, *parts, whole = found["rows"]
        assert (base["is"], base["text"], whole["is"]) == ("base", "anyone here, on average", "whole")
        at = base["high"]
        for part in parts:
            assert at == pytest.approx(part["low"] if part["gain"] else part["high"], abs=1e-9)
            at = part["high"] if part["gain"] else part["low"]
        assert at == pytest.approx(whole["high"], abs=1e-9)
        assert len(parts) <= SHOWN + 2
        told = found["text"]
        assert told.startswith(f"This was {whole['said']} likely, against {base['said']} for anyone here on average. ")
        first, second = parts[:2]
        assert f"The largest reasons: {first['text']} ({first['said']} points); {second['text']} (" in told
        assert "It imitates who earns more." in told


def test_every_thing_that_is_seen_is_said_with_its_value() -> None:
    world = leaky().world
    said = {("last action", 1.0): "what it did last, delegate", ("own payoff", -0.0017): "its own pay, −0.0017",
            ("reputation", 0.5): "its reputation, 0.5",
            ("neighbours delegating", 0.25): "others who delegate, 25\u202f%",
            ("neighbours' payoff", 2.0): "mean pay of others, 2", ("own name", 0.0): "its own name, bad",
            ("is asked", 1.0): "somebody asks it", ("kind", 0.0): "its kind, cooperator",
            ("foregone payoff of free_ride", 0.1): "free-riding would have paid 0.1",
            ("value cost of delegate", 0.1): "delegating costs it in its values 0.1",
            ("something registered", 3.0): "something registered, 3"}  # fmt: skip
    assert {seen: seen_words(*seen, world) for seen in said} == said


def test_parts_are_told_in_points_and_small_ones_are_not_nothing() -> None:
    assert [points(each) for each in (0.123, -0.0412, 0.004, 0.0004, 1.0)] == ["+12", "−4", "+0.4", "0", "+100"]


@pytest.mark.parametrize("round", [0, 1])
def test_rounds_in_which_nothing_was_decided_have_a_sentence_alone(round: int) -> None:
    chronicle = leaky()
    card = card_document(chronicle, 0, round)
    assert not has(card, "waterfall")
    assert section(card, "text", "Why does it")["text"] == reason(chronicle, 0, round)


def test_without_the_round_before_there_is_a_sentence_alone() -> None:
    chronicle = leaky(6, **{"policy.mix": {"imitation": 1.0}})
    late = Chronicle(chronicle.world, chronicle.rows, deque([chronicle.newest]), chronicle.books)
    assert "no longer kept" in section(card_document(late, 0), "text")["text"]


def test_what_the_policy_cannot_have_led_to_has_no_waterfall() -> None:
    chronicle = leaky(6, **{"policy.mix": {"best_response": 1.0}, "policy.mutation": 0.0, "policy.revision": 1.0})
    before, after = list(chronicle.sights)[-2:]
    worst = int(np.nanargmin(before.foregone[0]))
    forced = replace(after, actions=np.where(np.arange(12) == 0, worst, after.actions))
    card = card_document(Chronicle(chronicle.world, chronicle.rows, deque([before, forced])), 0)
    assert not has(card, "waterfall") and "something else made it act" in section(card, "text")["text"]


# What else would have paid.


@pytest.mark.parametrize(("fields", "note"), [({}, "to first order"), ({"market.kind": "curve"}, "exact")])
def test_alternatives_are_what_the_economy_worked_out_and_what_it_did_is_marked(
    fields: dict[str, Any], note: str
) -> None:
    compares: dict[str, Any] = {"policy.mix": {"best_response": 1.0}}
    chronicle = chronicle_of("big-firms", 3, fields | compares) if fields else leaky(5, **compares)
    sight = chronicle.newest
    for i in range(len(sight.actions)):
        bars = section(card_document(chronicle, i), "bars")
        assert note in bars["note"] and bars["title"] == f"What else would have paid in round {sight.round}?"
        values = {row["action"]: row["value"] for row in bars["rows"]}
        known = np.flatnonzero(np.isfinite(sight.foregone[i]))
        assert values == {code: sight.foregone[i, code] for code in known.tolist()}
        assert [row["action"] for row in bars["rows"] if row["did"]] == [sight.actions[i]]
        assert list(values.values()) == sorted(values.values(), reverse=True)


def test_what_was_not_worked_out_is_not_shown() -> None:
    assert not has(card_document(leaky(6, **{"policy.mix": {"imitation": 1.0}}), 0), "bars")


# The rest.


def test_limits_and_wrong_labels_are_marked_as_known_to_the_simulation_alone() -> None:
    chronicle = leaky(4, **VALUES, **{"task.noisy_share": 0.5, "task.label_noise": 0.4})
    card = card_document(chronicle, 0)
    assert [row[2] for row in section(card, "rows", "What it values")["rows"]] == ["simulation"] * 2
    data = {row[0]: row[2:] for row in section(card, "rows", "Its data")["rows"]}
    assert data["wrong labels among them"] == ["simulation"] and data["samples held"] == []


def test_everything_known_stands_folded_at_the_end() -> None:
    card = card_document(leaky(), 3)
    last = card["sections"][-1]
    assert last["folded"] and last["rows"][0] == ["why, in words", reason(leaky(), 3)]
    rows = dict(row[:2] for row in last["rows"])
    balance = Decimal(rows["balance, money"]) + Decimal(rows["stake in escrow, money"])
    assert float(balance) == pytest.approx(leaky().newest.wealth[3])


def test_every_action_can_be_asked_for_and_every_line_of_a_menu() -> None:
    assert [each["text"] for each in card_document(leaky(), 0)["asks"]] == [
        "What if it delegated?", "What if it rode free?", "What if it leaked?", "What if it abstained?"]
    chronicle = chronicle_of("big-and-small", 1)
    lines = [each["line"] for each in card_document(chronicle, 0)["asks"] if "line" in each]
    assert lines == list(range(chronicle.newest.worth.shape[1]))
