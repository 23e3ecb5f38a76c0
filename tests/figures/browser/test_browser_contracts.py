"""The page in economies of contracts: what it lets one set, and what it shows of lines, samples and models."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

pytest.importorskip("solara", reason="the extra 'browser' is not installed")

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.money.ledger import Reason
from commonweal.economy.money.membership import NEVER
from commonweal.figures.browser.documents.ledger import ledger_document
from commonweal.figures.browser.documents.panels import measures, panels
from commonweal.figures.browser.fields.fields import fields_document
from commonweal.figures.browser.fields.parameters import economy, settings_of
from commonweal.figures.browser.notes.bargain import why_so_many
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.browser.notes.tables import principal_card
from commonweal.figures.browser.tab.live import Live
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario

SMALL = {"learning.hidden": [8], "task.kind": "synthetic", "task.samples": 1200, "task.features": 6}
CHANGES: dict[str, dict[str, Any]] = {
    "big-and-small": {}, "catastrophe": {}, "wait-and-see": {},
    "paid-with-models": SMALL | {"menu.term": 3},
    "robust": SMALL | {"population.count": 12, "stakes.audit": 1.0, "settlement.hold_back": 0.5,
                       "population.start_delegate": 0.5, "population.start_defect": 0.3},
    "tolerance-for-sale": {"population.count": 12, "learning.hidden": [8]},
}


@cache
def played(name: str, rounds: int = 6) -> Live:
    live = Live(load(name, CHANGES[name]), 2)
    for _ in range(rounds):
        live.step()
    return live


def card(name: str, index: int, rounds: int = 6) -> dict[str, str]:
    return told_of(played(name, rounds).chronicle, index)


def told_of(chronicle: Chronicle, index: int) -> dict[str, str]:
    return {row[0]: row[1] for row in principal_card(chronicle, index).rows}


def titles(name: str) -> set[str]:
    return {panel.title for panel in panels(played(name).chronicle.world)}


def labels(scenario: Scenario) -> set[str]:
    document = fields_document(scenario, scenario, {}, {})
    return {field["label"] for group in document["groups"] for field in group["fields"]}


# Fields.


def test_the_terms_of_contracts_have_fields_where_they_mean_something() -> None:
    everywhere = {"Model given", "Samples asked for", "Value of the model", "Content asked for"}
    for name in ("commons", "big-and-small", "robust"):
        assert everywhere <= labels(load(name))
    assert not everywhere & labels(load("public-goods"))
    money = {"Settlement", "Stake", "Clawback"}
    assert money <= labels(load("commons")) and not money & labels(load("wait-and-see"))
    assert "Audits a round" in labels(load("robust")) and "Audits a round" not in labels(load("commons"))
    assert not {"Credit", "Mode", "Drift a round", "Data deals", "Cost a sample"} & labels(load("big-and-small"))
    assert "Hold-back" in labels(load("commons")) and "Hold-back" not in labels(load("big-and-small"))
    assert "Price of a name" in labels(load("robust")) and "Price of a name" not in labels(load("commons"))
    assert "Money for limits" in labels(load("tolerance-for-sale"))
    assert "Money for limits" not in labels(load("commons"))


@pytest.mark.parametrize(("name", "settings", "told"), [
    ("catastrophe", {"rewards.kind": "menu"}, "menu.offer must be menu for rewards.kind = 'menu'"),
    ("commons", {"menu.offer": "amounts"}, "market.model_value must be above 0"),
    ("commons", {"menu.offer": "menu", "market.model_value": 1.0}, "population.cost_types must be given"),
    ("tolerance-for-sale", {"screening.mode": "off"}, "screening.mode must be project"),
])
def test_terms_that_do_not_go_together_are_one_line(name: str, settings: dict[str, Any], told: str) -> None:
    scenario = load(name)
    with pytest.raises(InputError, match=told) as caught:
        economy(scenario, settings_of(scenario) | settings)
    assert "\n" not in str(caught.value)


# What a principal is told.


def test_a_card_tells_the_line_the_samples_and_the_model_of_a_menu() -> None:
    live = played("big-and-small")
    sight, tariff = live.chronicle.newest, live.model.state.mechanisms["menu"]
    for i in range(10):
        told = card("big-and-small", i)
        line = int(sight.line[i])
        assert told["line of the menu"].startswith(f"{line + 1} of 5")
        asked = tariff.amounts[0, line]
        assert told["samples put in"] == f"{figure(asked, 5)} in the round, {figure(6 * asked, 5)} so far"
        assert told["puts samples in since"] == "round 1"
        assert told["accuracy of its own model"] == f"{sight.given[i]:.3f}; shared model {sight.quality:.3f}"
        assert float(told["a model trained alone, money per round"]) == pytest.approx(tariff.alone[0, i], rel=1e-3)


def test_without_money_a_card_tells_of_none_and_without_a_task_of_no_labels() -> None:
    assert not {"balance, money", "samples held", "credit of the round, loss"} & set(card("big-and-small", 0))
    assert {"samples held", "credit of the round, loss"} <= set(card("paid-with-models", 0))
    assert "balance, money" in card("robust", 0)


def test_a_copy_that_misses_what_was_owed_is_told_on_the_card() -> None:
    live = played("paid-with-models")
    sight = replace(live.chronicle.newest, owed=np.full(10, 0.5), given=np.full(10, 0.4),
                    kept_promise=np.arange(10) == 0)
    chronicle = Chronicle(live.chronicle.world, live.chronicle.rows)
    chronicle.sights.append(sight)
    told = [told_of(chronicle, i)["accuracy of its own model"] for i in (0, 1)]
    assert told[0].startswith("0.400 for 0.500 owed (kept)")
    assert told[1].startswith("0.400 for 0.500 owed (missed)")


def test_who_has_not_joined_has_no_round_since_when_and_no_model() -> None:
    sight = played("wait-and-see", 0).chronicle.newest
    (waiting, *_) = np.flatnonzero(sight.actions == Action.ABSTAIN)
    after = card("wait-and-see", int(waiting), 1)
    assert after["puts samples in since"] == "not yet"
    assert after["accuracy of its own model"] == "none given"


def test_a_seller_is_told_its_price_and_down_to_where_it_sold() -> None:
    live = played("tolerance-for-sale")
    sight = live.chronicle.newest
    assert sight.sold.sum() > 0
    assert sight.sold.sum() == pytest.approx(live.chronicle.rows[-1]["tolerance_paid"])
    seller = int(sight.loosened[:, 1].argmax())
    told = card("tolerance-for-sale", seller)
    lowered = sight.limits[seller, 1] * (1 - sight.loosened[seller, 1])
    assert f"for this round sold down to {lowered:.3f}" in told["withholds class 9: loss at least, bounded by 1"]


def test_the_reason_for_a_line_is_that_it_leaves_most() -> None:
    live = played("big-and-small")
    sight, world = live.chronicle.newest, live.chronicle.world
    for i in range(10):
        words = why_so_many(sight, i, world)
        assert f"takes line {sight.line[i] + 1} of the menu" in words
        assert sight.worth[i, sight.line[i]] >= sight.worth[i].max() - 1e-4
    refused = replace(sight, line=np.full(10, NEVER))
    assert why_so_many(refused, 0, world).startswith("It takes no line of the menu: the best is expected to leave it")


def test_amounts_of_ones_own_choice_are_explained_and_fixed_ones_are_not() -> None:
    live = played("catastrophe")
    assert "best for it, the others given" in why_so_many(live.chronicle.newest, 0, live.chronicle.world)
    waiting = played("wait-and-see")
    assert why_so_many(waiting.chronicle.newest, 0, waiting.chronicle.world) == ""


# What the run is told to be like.


def test_panels_are_those_that_an_economy_is_about() -> None:
    assert {"samples put in", "welfare, money a round"} <= titles("big-and-small")
    assert not {"updates taken off, share", "wealth, Gini index", "promises kept, share"} & titles("big-and-small")
    assert "promises kept, share" in titles("paid-with-models")
    assert {"taken, money a round", "credit held back, share", "money a round"} <= titles("robust")
    assert "limits given up, share" in titles("tolerance-for-sale")
    assert not {"taken, money a round", "samples put in"} & titles("wait-and-see")


def test_measures_that_must_be_zero_are_left_out() -> None:
    told = {name: set(measures(played(name).chronicle.world)) for name in CHANGES}
    assert "samples" in told["big-and-small"] and "samples" not in told["robust"]
    assert {"clawed", "fees", "held_share"} <= told["robust"]
    assert not {"clawed", "revenue"} & told["big-and-small"]
    assert "loosened" in told["tolerance-for-sale"]


def test_what_is_taken_is_what_the_books_say() -> None:
    chronicle = played("robust", 12).chronicle
    columns = chronicle.transfers()
    for metric, reason in (("clawed", Reason.CLAWBACK), ("fees", Reason.IDENTITY), ("slashed", Reason.SLASH)):
        booked = columns["amount"][columns["reason"] == str(reason)].sum() / 1e6
        assert sum(row[metric] for row in chronicle.rows) == pytest.approx(booked)
    assert chronicle.rows[0]["fees"] == pytest.approx(12 * 0.02)
    assert sum(row["slashed"] for row in chronicle.rows) > 0
    assert all(0 <= row["held_share"] <= 1 for row in chronicle.rows)
    assert chronicle.rows[0]["held_share"] > 0


def test_the_ledger_names_reasons_in_words() -> None:
    document = ledger_document(played("robust", 12).chronicle)
    reasons = {row[0] for row in document["sums"]["rows"]}
    assert {row[4] for row in document["transfers"]["rows"]} <= reasons
    assert {"price of a name", "stake put in escrow", "stake slashed", "revenue"} <= reasons
    assert not {str(Reason.IDENTITY), str(Reason.STAKE), str(Reason.CLAWBACK)} & reasons
