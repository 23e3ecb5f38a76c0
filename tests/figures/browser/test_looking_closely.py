"""Cards, values and ledger of a tab, without a browser: they follow the run, and wrong wishes are told."""

from collections.abc import Callable
from threading import enumerate as enumerate_threads
from typing import Any

import pytest

from commonweal.agents.actions import Action
from commonweal.figures.browser.documents.cards import card_document
from commonweal.figures.browser.documents.ledger import ledger_document
from commonweal.figures.browser.documents.values import values_document
from commonweal.scenarios.schema.loading import load
from tests.helpers.tabs import Tab, small, until


def played(tab: Tab, rounds: int) -> None:
    tab.say("speed", speed=0)
    tab.say("play", until=rounds)
    until(lambda: tab.round == rounds and not tab.docs["state"]["playing"])


def test_a_card_is_that_of_the_run_and_follows_it(opened: Callable[..., Tab]) -> None:
    tab = opened()
    played(tab, 4)
    tab.say("card", principal=2, round=None)
    until(lambda: "card" in tab.docs)
    live = tab.session.stage.live
    assert live is not None
    assert tab.docs["card"] == card_document(live.chronicle, 2, None, live.glances)
    assert tab.docs["card"]["life"]["actions"] == card_document(live.chronicle, 2)["life"]["actions"]
    tab.say("step")
    until(lambda: tab.docs["card"]["round"] == 5)
    tab.say("card", principal=2, round=3)
    until(lambda: tab.docs["card"]["round"] == 3)
    tab.say("step")
    until(lambda: tab.round == 6)
    assert tab.docs["card"]["round"] == 3


def test_cards_are_told_no_more_than_four_times_a_second_while_the_run_is_played(opened: Callable[..., Tab]) -> None:
    tab = opened(small(rounds=400))
    tab.say("card", principal=1)
    before = len(tab.sent)
    tab.say("speed", speed=0)
    tab.say("play", until=300)
    until(lambda: tab.round == 300 and not tab.docs["state"]["playing"], seconds=30)
    kinds = [document["kind"] for document, _ in tab.sent[before:]]
    assert kinds.count("card") <= kinds.count("told") + 1


@pytest.mark.parametrize(("order", "said", "told"), [
    ("card", {"principal": None}, "principal: say which"),
    ("card", {"principal": 99}, "principal = 99: must be below 8"),
    ("ledger", {"principal": -1}, "principal = -1: must be below 8"),
    ("values", {"sort": "price"}, "sort = 'price': must be one of"),
    ("values", {"axes": "7,x"}, "must be two numbers of value dimensions"),
])
def test_what_does_not_exist_is_told_and_the_run_goes_on(
    opened: Callable[..., Tab], order: str, said: dict[str, Any], told: str
) -> None:
    tab = opened()
    tab.say(order, **said)
    until(lambda: told in tab.error)
    tab.say("step")
    until(lambda: tab.round == 1)


def test_values_and_ledger_are_those_of_the_run_with_what_was_chosen(opened: Callable[..., Tab]) -> None:
    tab = opened(load("value-conflict", {"population.count": 12, "rounds": 8}))
    played(tab, 2)
    live = tab.session.stage.live
    assert live is not None
    tab.say("values", round=1, sort="number", principal=3, axes="0,1")
    until(lambda: "values" in tab.docs)
    assert tab.docs["values"] == values_document(live.chronicle, 1, sort="number", principal=3, axes=(0, 1))
    tab.say("ledger", principal=3, stretch={"from": 1, "to": 2})
    until(lambda: "ledger" in tab.docs)
    assert tab.docs["ledger"] == ledger_document(live.chronicle, None, 3, (1, 2))


def test_both_futures_are_told_while_the_run_goes_on_and_not_of_another_run(opened: Callable[..., Tab]) -> None:
    tab = opened()
    played(tab, 2)
    tab.say("ask", principal=1, action=int(Action.FREE_RIDE), line=None)
    assert tab.docs["answer"]["busy"]
    tab.say("step")
    until(lambda: tab.round == 3)
    until(lambda: "lines" in tab.docs["answer"], seconds=60)
    assert (tab.docs["answer"]["principal"], tab.docs["answer"]["first"]) == (1, 3)
    tab.say("ask", principal=1, action=int(Action.DEFECT), line=None)
    tab.say("again")
    until(lambda: tab.round == 0)
    weighing = [each for each in enumerate_threads() if each.name == "commonweal what-if"]
    for each in weighing:
        each.join(60)
    assert "lines" not in tab.docs["answer"]
    assert tab.error == ""
