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
from commonweal.figures.browser.documents.cards import COURSE, LIFE, _thinned_life, card_document, thinned
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.browser.notes.reasons import _PROPOSALS, reason
from commonweal.figures.browser.notes.why import _WEIGHED, MOST, parts_of
from commonweal.scenarios.schema.library import library_names
from tests.helpers.chronicles import VALUES, chronicle_of, leaky

MIXED = {"policy.mix": dict.fromkeys(sorted(_PROPOSALS), 1 / len(_PROPOSALS)), "policy.revision": 0.7,
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


@pytest.mark.parametrize("policy", sorted(_WEIGHED))
@pytest.mark.parametrize("reach", ["population", "neighbours"])
def test_the_parts_of_a_chance_add_up_to_the_exact_chance_of_the_action(policy: str, reach: str) -> None:
    fields = {**MIXED, "policy.mix": {policy: 1.0}, "policy.imitation.reach": reach, "population.graph": "ring",
              "policy.learning.exploration": 0.3, "policy.best_response.inertia": 0.2}
    chronicle = leaky(4, **fields)
    before, world = chronicle.newest, chronicle.world
    available, places = world.terms.available.tolist(), range(12)
    chances = np.array([_PROPOSALS[policy](before, i, world).chances for i in places])  # (N, 4)
    keeps = np.eye(4)[before.actions]
    exact = 0.9 * (0.7 * chances + 0.3 * keeps) + 0.1 / len(available) * np.isin(np.arange(4), available)
    for i in places:
        for action in available:
            parts = parts_of(before, i, Action(action), world)
            assert parts is not None
            assert parts.base == pytest.approx(exact[:, action].mean())
            assert parts.chance == pytest.approx(exact[i, action])
            assert parts.base + parts.parts.sum() == pytest.approx(parts.chance)


def test_what_everybody_sees_alike_adds_nothing() -> None:
    chronicle = leaky(4, **{"policy.mix": {"best_response": 1.0}})
    alike = replace(chronicle.newest, foregone=np.tile([np.nan, 1.0, 2.0, 0.5], (12, 1)))
    for i in range(12):
        parts = parts_of(alike, i, Action.FREE_RIDE, chronicle.world)
        assert parts is not None
        assert parts.parts[:-1] == pytest.approx(0)


def test_who_can_meet_nobody_keeps_to_what_it_did() -> None:
    chronicle = leaky(3, **{"policy.imitation.reach": "neighbours", "policy.mix": {"imitation": 1.0},
                            "policy.mutation": 0.0, "policy.revision": 1.0})
    alone = replace(chronicle.world, graph=SparseGraph.from_edges([np.array([[0, 1]])], 12))
    did = Action(int(chronicle.newest.actions[5]))
    parts = parts_of(chronicle.newest, 5, did, alone)
    assert parts is not None and parts.chance == 1.0


def test_a_large_society_is_seen_through_the_eyes_of_some() -> None:
    chronicle = chronicle_of("spatial-public-goods", 2, {"population.count": 144})
    parts = parts_of(chronicle.at(1), 7, Action(int(chronicle.newest.actions[7])), chronicle.world)
    assert parts is not None and parts.eyes == MOST
    assert parts.base + parts.parts.sum() == pytest.approx(parts.chance)
    why = section(card_document(chronicle, 7), "waterfall")
    assert why["note"] == f"exact: 3 things seen, each against what {MOST} of 144 saw"


def test_a_waterfall_runs_from_anybody_to_the_chance_of_what_it_did() -> None:
    chronicle = leaky(6, **MIXED | {"policy.mix": {"imitation": 1.0}})
    for i in range(12):
        card = card_document(chronicle, i)
        why = section(card, "waterfall")
        base, *parts, whole = why["rows"]
        assert (base["is"], base["text"], whole["is"]) == ("base", "anyone here, on average", "whole")
        at = base["high"]
        for part in parts:
            assert at == pytest.approx(part["low"] if part["gain"] else part["high"])
            at = part["high"] if part["gain"] else part["low"]
        assert at == pytest.approx(whole["high"])
        assert why["text"].startswith("It imitates who earns more.")
        pay = float(chronicle.at(5).remembered[i])
        assert parts[0]["text"] == f"its own pay, {figure(pay)}"


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
