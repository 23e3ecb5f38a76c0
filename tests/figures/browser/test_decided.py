"""What decided a run: the visitor's changes and the luck of episodes are explained as the run was played."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from commonweal.economy.explaining.episodes import LuckGame, explain_luck
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.tree import Outcome
from commonweal.economy.explaining.values import Effort
from commonweal.economy.round.set_up import set_up
from commonweal.figures.browser.documents.decided import LAST, Episode, Measured, answers, outcomes
from commonweal.figures.browser.fields.parameters import economy
from commonweal.figures.browser.tab import deciding
from commonweal.figures.browser.tab.deciding import WAYS, Asked, explained, of_luck
from commonweal.figures.browser.tab.live import Live
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from tests.helpers.tabs import Tab, small, until

SHARE = Measured("share_delegate", "delegate (what principals do, share)", share=True)
MONEY = Measured("welfare", "welfare (money a round)", share=False)


def played(tab: Tab, rounds: int) -> None:
    tab.say("speed", speed=0)
    tab.say("play", until=rounds)
    until(lambda: tab.round == rounds and not tab.docs["state"]["playing"])


def changed(tab: Tab, **values: Any) -> None:
    tab.say("set", values=values)
    tab.say("begin")
    until(lambda: tab.docs["decided"]["intro"].startswith("You changed"))
    tab.say("pause")
    until(lambda: not tab.docs["state"]["playing"])


def answered(tab: Tab, way: str) -> dict[str, Any]:
    tab.say("decided", way=way)
    until(lambda: tab.docs["decided"]["answers"] and not tab.docs["decided"]["busy"], seconds=60)
    return tab.docs["decided"]


def ended(tab: Tab, measure: str) -> float:
    live = tab.session.stage.live
    assert live is not None
    return float(np.mean([row[measure] for row in live.chronicle.rows[-LAST:]]))


# Through a tab.


def test_the_changes_of_a_visitor_are_the_reasons_and_what_is_explained_is_the_run(opened: Callable[..., Tab]) -> None:
    tab = opened()
    assert [each["way"] for each in tab.docs["decided"]["ways"]] == ["luck"]
    changed(tab, **{"settlement.kind": "equal", "market.price": "0.03"})
    played(tab, 11)
    found = answered(tab, "changes")
    assert [each["way"] for each in found["ways"] if each["chosen"]] == ["changes"]
    assert found["outcomes"][0] == {"id": "share_delegate", "name": "delegate (what principals do, share)"}
    answer = found["answers"]["share_delegate"]
    assert [row["text"] for row in answer["rows"]] == [
        "Settlement: equally instead of by credit", "Price of quality: 0.03 instead of 0.01"]
    base = float(np.mean([row["share_delegate"] for row in rows_of(small(), tab.setup["seed"], 11)[-LAST:]]))
    parts = [row["value"] for row in answer["rows"]]
    assert base + sum(parts) == pytest.approx(ended(tab, "share_delegate"), abs=1e-12)
    assert all(row["low"] is None and "±" not in row["said"] for row in answer["rows"])
    assert "exact for this seed: 11 rounds, played from the start with each of 4 combinations" in answer["note"]
    assert "in the last 10 rounds" in answer["sentence"] and "without these changes" in answer["sentence"]
    json.dumps(found, allow_nan=False)


def rows_of(scenario: Any, seed: int, rounds: int) -> list[dict[str, float]]:
    live = Live(scenario, seed)
    for _ in range(rounds):
        live.step()
    live.release()
    return live.chronicle.rows


@pytest.mark.slow
def test_without_changes_episodes_are_the_reasons_and_their_luck_adds_up_to_the_run(opened: Callable[..., Tab]) -> None:
    tab = opened()
    played(tab, 12)
    answer = answered(tab, "luck")["answers"]["share_delegate"]
    rows = answer["rows"]
    assert [row["letter"] for row in rows] == [chr(65 + place) for place in range(len(rows))]
    assert (rows[0]["from"], rows[-1]["to"]) == (1, 12)
    assert all(after["from"] == before["to"] + 1 for before, after in pairwise(rows))
    assert all(row["low"] is None or row["low"] < row["value"] < row["high"] for row in rows)
    assert "with other luck" in answer["sentence"] and "hatched: the interval holds 0" in answer["note"]


def test_what_was_found_is_kept_and_told_to_be_of_fewer_rounds_once_the_run_goes_on(opened: Callable[..., Tab]) -> None:
    tab = opened()
    changed(tab, **{"market.price": "0.03"})
    played(tab, 6)
    first = answered(tab, "changes")
    assert first["stale"] == ""
    tab.say("step")
    until(lambda: tab.docs["decided"]["stale"] == "Of the first 6 rounds; the run has gone on.")
    assert tab.docs["decided"]["answers"] == first["answers"]
    answered(tab, "luck")
    tab.say("decided", way="changes")
    until(lambda: "7 rounds, played from the start" in json.dumps(tab.docs["decided"]["answers"]), seconds=60)
    told = tab.docs["decided"]
    assert told["stale"] == ""
    tab.say("decided", way="changes")  # of as many rounds: known
    until(lambda: tab.docs["decided"] is not told)
    assert tab.docs["decided"]["busy"] == "" and tab.docs["decided"]["answers"] == told["answers"]
    tab.say("again")
    until(lambda: tab.round == 0)
    until(lambda: tab.docs["decided"]["answers"] == {})
    assert not tab.docs["decided"]["played"]


@pytest.mark.slow
def test_it_can_be_stopped_and_the_run_goes_on_meanwhile(
    opened: Callable[..., Tab], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "_seconds_of_a_round", lambda start: 1e-9)  # the largest game
    tab = opened(small(rounds=400))
    played(tab, 40)
    tab.say("decided", way="luck")
    until(lambda: tab.docs["decided"]["busy"].startswith("Playing the run again, "))
    tab.say("step")
    until(lambda: tab.round == 41)
    assert tab.docs["decided"]["busy"]
    until(lambda: tab.docs["decided"]["done"] > 0, seconds=120)
    tab.say("decided stop")
    until(lambda: not tab.docs["decided"]["busy"])
    assert tab.docs["decided"]["answers"] == {} and tab.error == ""


def test_what_cannot_be_asked_is_told(opened: Callable[..., Tab]) -> None:
    tab = opened()
    tab.say("decided", way="fate")
    until(lambda: "must be one of changes, luck" in tab.error)
    tab.say("decided", way="luck")  # nothing was played
    tab.say("step")
    until(lambda: tab.round == 1)
    tab.say("decided", way="luck")
    until(lambda: tab.docs["decided"]["error"] == "Episodes need two rounds or more.")
    assert not tab.docs["decided"]["busy"]


# The games themselves.


def asked(way: str, rounds: int, edits: dict[str, Any], scenario: str = "commons") -> Asked:
    base = load(scenario, {"population.count": 8, "learning.hidden": [8], "learning.samples": 4})
    now = economy(base, edits)
    live = Live(now, 3)
    for _ in range(rounds):
        live.step()
    live.release()
    return Asked(way, now, 3, rounds, base, edits, outcomes(live.chronicle))


def test_luck_is_what_the_luck_game_says(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = asked("luck", 9, {})
    game = LuckGame(3, 2, effort=Effort(together=4))
    start, shares = set_up([wanted.scenario], [3]), []
    ours = of_luck(wanted, start, game, shares.append)
    names = tuple(each.measure for each in wanted.outcomes)
    theirs = explain_luck(start, 9, LuckGame(3, 2, outcome=Outcome(names, LAST)))
    credit = names.index("credit_concentration")  # of products in single precision: of any batch
    np.testing.assert_allclose(np.delete(ours.values, credit, 2), np.delete(theirs.values, credit, 2), atol=1e-9)
    np.testing.assert_allclose(ours.values, theirs.values, atol=1e-7)
    assert shares == sorted(shares) and shares[0] == 0 and 0.9 < shares[-1] < 1
    assert len(shares) == 4 * 9  # parts, rounds that are measured


def test_changes_that_only_go_together_are_one_reason() -> None:
    edits = {"actions.available": "delegate, free_ride", "population.start_defect": "0",
             "population.start_free_ride": "0.4", "population.start_delegate": "0.6"}  # fmt: skip
    found = explained(asked("changes", 4, edits), lambda done: None)
    assert [row["text"] for row in found["share_delegate"]["rows"]] == ["all 4 changes, which only go together"]


@pytest.mark.parametrize(("seconds", "expected"), [(1e-9, (10, 16)), (1e9, (2, 4))])
def test_there_are_as_many_episodes_and_strangers_as_there_is_time_for(
    monkeypatch: pytest.MonkeyPatch, seconds: float, expected: tuple[int, int]
) -> None:
    monkeypatch.setattr(deciding, "_seconds_of_a_round", lambda start: seconds)
    game = deciding.game_for(set_up([small()], [0]), 40)
    assert (game.episodes, game.strangers) == expected
    monkeypatch.setattr(deciding, "_seconds_of_a_round", lambda start: 1e-9)
    assert deciding.game_for(set_up([small()], [0]), 5).episodes == 5


@pytest.mark.slow
@pytest.mark.parametrize("scenario", library_names())
def test_every_outcome_of_every_scenario_can_be_explained(scenario: str) -> None:
    wanted = asked_of(scenario, {"population.count": 12, "population.samples": [], "learning.hidden": [4]})
    assert wanted.outcomes[0].measure == "share_delegate"
    game = LuckGame(2, 2, effort=Effort(together=8))
    found = of_luck(wanted, set_up([wanted.scenario], [3]), game, lambda done: None)
    told = answers(found, wanted.outcomes, [Episode(1, 2), Episode(3, 4)])
    json.dumps(told, allow_nan=False)
    assert list(told) == [each.measure for each in wanted.outcomes]


def asked_of(scenario: str, few: dict[str, Any]) -> Asked:
    now = load(scenario, few)
    live = Live(now, 3)
    for _ in range(4):
        live.step()
    live.release()
    return Asked("luck", now, 3, 4, now, {}, outcomes(live.chronicle))


# What is told.


def luck_of(values: list[float], errors: list[float]) -> Explanation:
    return Explanation(
        "luck", "the end", "other luck", tuple(f"rounds {place}" for place in range(len(values))),
        np.array([[0.4, 1.0]]), np.array([[0.4 + sum(values), 1.0 + sum(values)]]),
        np.array(values)[None, :, None].repeat(2, axis=2), np.array(errors)[None, :, None].repeat(2, axis=2),
        answers=("share_delegate", "welfare"), exact=False, provenance={"rounds": "30", "strangers": "4, seed 0"},
    )  # fmt: skip


def test_only_what_is_clear_of_its_error_is_named_as_a_reason() -> None:
    episodes = [Episode(1, 10), Episode(11, 20), Episode(21, 30)]
    told = answers(luck_of([0.05, -0.2, 0.11], [0.03, 0.04, 0.04]), (SHARE, MONEY), episodes)
    share, money = told["share_delegate"], told["welfare"]
    assert share["sentence"] == (
        "Delegate (what principals do, share): 36\u202f% in the last 10 rounds, 40\u202f% with other luck. "
        "Mostly because of rounds 11–20 (−20 points).")  # fmt: skip
    assert [row["sure"] for row in share["rows"]] == [False, True, False]
    assert share["rows"][1]["said"] == "−20 points ± 13"
    assert share["rows"][1]["low"] == pytest.approx(-0.2 - 3.182446 * 0.04)  # Student's with 3 degrees of freedom
    assert money["rows"][1]["said"] == "−0.2 ± 0.13"
    several = answers(luck_of([0.05, -0.15, 0.11], [0.03, 0.04, 0.04]), (SHARE, MONEY), episodes)["share_delegate"]
    assert several["rows"][1]["sure"]  # as one of three that were tried it is not
    assert several["sentence"].endswith("No episode stands out among all of them.")
    none = answers(luck_of([0.05, 0.0, 0.1], [0.03, 0.0, 0.2]), (SHARE, MONEY), episodes)["share_delegate"]
    assert none["sentence"].endswith("with other luck. No episode stands out among all of them.")
    assert none["rows"][1]["said"] == "0 points" and not none["rows"][1]["sure"]


def test_the_ways_of_asking_are_questions() -> None:
    assert all(text.endswith("?") for text in WAYS.values())
