"""Card, futures, value rows and ledger in a real browser: what they show is what the run's tables say."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from shared.chromium import Server, Tab

from commonweal.agents.actions import Action
from commonweal.economy.money.ledger import MICRO
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.browser.notes.shown import action_words
from commonweal.figures.browser.notes.tables import conservation
from commonweal.scenarios.schema.loading import load
from tests.helpers.chronicles import chronicle_of

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROUNDS = 8
SCENARIOS = ("leaky", "public-goods", "value-conflict", "tolerance-for-sale", "wait-and-see")


@pytest.fixture(scope="module")
def tab(browser: Any, server: Server) -> Iterator[Tab]:
    """One tab for all tests; nothing may have gone wrong in the end."""
    opened = Tab(browser.new_page(), server.address)
    yield opened
    opened.page.close(run_before_unload=True)
    assert opened.outside == []
    assert opened.wrong == []


FIRST_LOOK = """commonweal.set({view: 'society', round: null, principal: null, hover: null, stretch: null,
  allRows: false, sort: '', axes: null, eye: true})"""


@pytest.fixture
def play(tab: Tab) -> Callable[..., Tab]:
    """Plays a scenario from its start for some rounds, in a tab that looks at nothing in particular."""

    def playing(scenario: str, rounds: int = ROUNDS) -> Tab:
        tab.page.evaluate(FIRST_LOOK)
        run = tab.page.evaluate("commonweal.store.setup.run")
        tab.page.evaluate(f"commonweal.send({{do: 'scenario', name: '{scenario}'}})")
        tab.page.wait_for_function(f"commonweal.store.setup.run > {run} && commonweal.store.newest === 0")
        tab.page.evaluate("commonweal.send({do: 'speed', speed: 0})")
        tab.page.evaluate(f"commonweal.send({{do: 'play', until: {rounds}}})")
        there = f"commonweal.store.newest === {rounds} && !commonweal.docs.state.playing"
        tab.page.wait_for_function(there, timeout=60_000)
        return tab

    return playing


def look(tab: Tab, view: str, kind: str, round: int | None = None, principal: int | None = None, **more: Any) -> Any:
    """Choose a view, a round and a principal; the document that comes."""
    wanted = {"view": view, "round": round, "principal": principal, **more}
    tab.page.evaluate("wanted => commonweal.set(wanted)", wanted)
    whose = {"card": "document.index", "ledger": "document.principal"}.get(kind, "principal")
    there = f"""([kind, round, principal, sort]) => {{ const document = commonweal.docs[kind];
        return document?.round === round && {whose} === principal && (!sort || document.sort === sort); }}"""
    asked = [kind, ROUNDS if round is None else round, principal, more.get("sort")]
    tab.page.wait_for_function(there, arg=asked)
    tab.settle()
    return tab.page.evaluate(f"commonweal.docs.{kind}")


def run(scenario: str) -> Chronicle:
    """The same run, played here."""
    return chronicle_of(scenario, ROUNDS, seed=0)


def texts(tab: Tab, selector: str) -> list[str]:
    return list(tab.page.locator(selector).all_inner_texts())


@pytest.mark.parametrize("scenario", ["leaky", "public-goods"])
def test_the_card_shows_what_the_run_says_of_the_principal_in_the_round(
    play: Callable[..., Tab], scenario: str
) -> None:
    tab, chronicle = play(scenario), run(scenario)
    for principal, round in ((0, None), (7, None), (7, 3), (11, 1)):
        card = look(tab, "society", "card", round, principal)
        sight = chronicle.newest if round is None else chronicle.at(round)
        assert card["life"]["actions"] == [int(each.actions[principal]) for each in list(chronicle.sights)[1:]]
        assert tab.page.inner_text(".cw-card-name") == f"Principal {principal}"
        verb = action_words(chronicle.world, int(sight.actions[principal]))
        assert tab.page.inner_text(".cw-card-does").strip() == verb.does
        exact = [sight.wealth, sight.payoffs, sight.reputation, sight.credit]
        assert texts(tab, ".cw-number-text") == [figure(float(values[principal])) for values in exact]
        assert texts(tab, ".cw-life-ends span") == ["round 1", str(ROUNDS)]


def test_the_bars_show_what_else_would_have_paid(play: Callable[..., Tab]) -> None:
    tab, sight = play("wait-and-see"), run("wait-and-see").newest
    look(tab, "society", "card", None, 4)
    paid = sorted((value for value in sight.foregone[4].tolist() if value == value), reverse=True)
    shown = texts(tab, ".cw-bars > span:nth-child(2n)")
    assert [text.split()[0] for text in shown] == [figure(value).split()[0] for value in paid]
    assert sum("what it did" in text for text in shown) == 1


def test_the_card_follows_the_run_and_steps_from_principal_to_principal(play: Callable[..., Tab]) -> None:
    tab = play("leaky")
    look(tab, "society", "card", None, 39)
    tab.page.get_by_label("principal after").click()
    tab.page.wait_for_function("commonweal.docs.card?.index === 0")
    tab.page.evaluate("commonweal.send({do: 'step'})")
    tab.page.wait_for_function(f"commonweal.docs.card?.round === {ROUNDS + 1}")
    assert texts(tab, ".cw-life-ends span")[1] == str(ROUNDS + 1)


def test_a_principal_is_shown_at_once_by_what_is_known_of_it(play: Callable[..., Tab]) -> None:
    tab, chronicle = play("leaky"), run("leaky")
    tab.page.evaluate("commonweal.set({hover: 4})")  # the card comes with the first who is pointed at
    tab.page.wait_for_selector(".cw-card", state="attached")
    deaf = "commonweal.kept = commonweal.send; commonweal.send = () => {}"
    tab.page.evaluate(f"{deaf}; commonweal.set({{view: 'society', principal: 5}})")
    tab.page.wait_for_function("document.querySelector('.cw-card-name')?.textContent === 'Principal 5'")
    verb = action_words(chronicle.world, int(chronicle.newest.actions[5]))
    assert tab.page.inner_text(".cw-card-does").strip() == verb.does
    assert texts(tab, ".cw-life-ends span") == ["round 1", str(ROUNDS)]
    assert texts(tab, ".cw-number-text") == []
    tab.page.evaluate("void (commonweal.send = commonweal.kept)")  # else the function would be called


def test_a_fold_stays_open_and_the_focus_stays_while_the_run_goes_on(play: Callable[..., Tab]) -> None:
    tab = play("leaky")
    look(tab, "society", "card", None, 2)
    tab.page.get_by_text("Everything known of it").click()
    tab.page.get_by_text("Everything known of it").focus()
    before = tab.page.evaluate("document.activeElement.textContent")
    tab.page.evaluate("commonweal.send({do: 'step'})")
    tab.page.wait_for_function(f"commonweal.docs.card?.round === {ROUNDS + 1}")
    tab.settle()
    assert tab.page.locator("details[open]").count() == 1
    assert tab.page.evaluate("document.activeElement.textContent") == before == "Everything known of it"


def test_both_futures_come_into_the_card_while_the_page_goes_on(play: Callable[..., Tab]) -> None:
    tab = play("leaky")
    look(tab, "society", "card", None, 3)
    tab.page.get_by_role("button", name="What if it leaked?").click()
    tab.page.wait_for_selector("text=Playing both futures, 16 times 20 rounds")
    assert all(button.is_disabled() for button in tab.page.locator(".cw-asks button").all())
    tab.page.evaluate("commonweal.send({do: 'step'})")
    tab.page.wait_for_function(f"commonweal.store.newest === {ROUNDS + 1}")
    tab.page.wait_for_selector(".cw-futures", timeout=60_000)
    answer = tab.page.evaluate("commonweal.docs.answer")
    assert (answer["principal"], answer["action"], answer["first"]) == (3, Action.DEFECT, ROUNDS + 1)
    assert tab.page.inner_text(".cw-answer h3") == "What if it leaked?"
    assert tab.page.locator(".cw-answer p").first.inner_text() == answer["sentence"]
    names = tab.page.locator(".cw-futures .cw-name").all_text_contents()
    assert names == ["if it leaked", "as it is"]
    assert not any(button.is_disabled() for button in tab.page.locator(".cw-asks button").all())
    tab.page.evaluate("commonweal.set({principal: 4})")
    tab.page.wait_for_function("commonweal.docs.card?.index === 4")
    tab.settle()
    assert tab.page.locator(".cw-futures").count() == 0


@pytest.mark.parametrize("scenario", ["value-conflict", "tolerance-for-sale"])
def test_value_rows_show_the_limits_of_the_run(play: Callable[..., Tab], scenario: str) -> None:
    tab, chronicle = play(scenario), run(scenario)
    for round in (None, 2):
        document = look(tab, "values", "values", round, 5, sort="number", axes=None)
        sight = chronicle.newest if round is None else chronicle.at(round)
        for row in document["rows"]:
            assert [limit["true"] for limit in row["limits"]] == sight.limits[row["index"]].tolist()
        assert tab.page.locator(".cw-value-row").count() == 24
        assert tab.page.locator(".cw-chosen-row").count() == 1
        told = tab.page.locator(".cw-value-row title").all_text_contents()
        assert told[5].startswith("principal 5: true limit ")
        sold = sum(limit["declared"] is not None for row in document["rows"][:24] for limit in row["limits"])
        assert tab.page.locator(".cw-value-row .cw-declared").count() == sold == (sight.loosened[:24] > 0).sum()
        broken = sum(limit["broken"] for row in document["rows"][:24] for limit in row["limits"])
        assert tab.page.locator(".cw-value-row .cw-fill-defect").count() == broken


def test_limits_stand_where_the_axis_says(play: Callable[..., Tab]) -> None:
    tab = play("value-conflict")
    document = look(tab, "values", "values", None, None, sort="number", axes=None)
    marks = tab.page.evaluate("""[...document.querySelectorAll(".cw-value-row")].map((row) =>
        [...row.querySelectorAll(".cw-true")].map((mark) => Number(mark.getAttribute("cx"))))""")
    for k, dimension in enumerate(document["dimensions"]):
        pairs = [(row["limits"][k]["true"], mark[k]) for row, mark in zip(document["rows"], marks, strict=False)]
        (a, x), (b, y) = min(pairs), max(pairs)
        for value, place in pairs:
            assert place == pytest.approx(x + (y - x) * (value - a) / (b - a), abs=0.01)
        assert dimension["low"] < a and b < dimension["high"]


def test_rows_are_chosen_sorted_hidden_and_turned_into_a_map(play: Callable[..., Tab]) -> None:
    tab = play("tolerance-for-sale")
    look(tab, "values", "values", None, None, sort="number", axes=None)
    tab.page.locator(".cw-value-row").nth(3).click()
    tab.page.wait_for_selector(".cw-chosen-row", state="attached")
    assert tab.page.evaluate("commonweal.state.principal") == 3
    tab.page.get_by_text("show all").click()
    tab.page.wait_for_function("document.querySelectorAll('.cw-value-row').length === 40")
    tab.page.get_by_title("what only the simulation knows").click()
    tab.page.wait_for_function("!document.querySelector('.cw-value-row .cw-true')")
    assert tab.page.locator(".cw-value-row .cw-declared").count() == 80
    tab.page.get_by_label("rows or map").select_option("0,1")
    tab.page.wait_for_function("commonweal.docs.values.map?.axes === '0,1'")
    tab.page.get_by_label("sort by").select_option("limit-1")
    tab.page.wait_for_function("commonweal.docs.values.sort === 'limit-1'")


def test_the_ledger_shows_exact_money_of_everybody_or_one(play: Callable[..., Tab]) -> None:
    tab, chronicle = play("leaky"), run("leaky")
    look(tab, "ledger", "ledger", None, None, stretch=None)
    minus = str.maketrans("-", "−")
    assert tab.page.inner_text(".cw-proof") == f"✓ {conservation(chronicle)}".translate(minus)
    rows = [row.split("\t") for row in texts(tab, ".cw-accounts tbody tr")]
    for i in range(40):
        name, balance, escrow = rows[3 + i]
        assert name == f"principal {i}"
        assert Decimal(balance.replace("−", "-")) * MICRO == int(chronicle.newest.balances[i])
        assert Decimal(escrow) * MICRO == int(chronicle.newest.balances[40 + i])
    tab.page.locator(".cw-accounts").get_by_text("principal 7", exact=True).click()
    tab.page.wait_for_function("commonweal.docs.ledger.principal === 7")
    tab.page.evaluate("commonweal.set({stretch: {from: 2, to: 4}})")
    tab.page.wait_for_function("commonweal.docs.ledger.stretch?.[1] === 4")
    tab.settle()
    assert "Principal 7, rounds 2 to 4" in tab.page.inner_text(".cw-ledger")
    books = chronicle.transfers()
    own = [at for at in range(len(books["round"])) if 2 <= books["round"][at] <= 4
           and {int(books["source"][at]), int(books["target"][at])} & {7, 47}]
    shown = [row.split("\t") for row in texts(tab, ".cw-transfers tbody tr")]
    assert [Decimal(row[3]) * MICRO for row in shown] == [int(books["amount"][at]) for at in own][::-1]
    tab.page.get_by_text("show all").click()
    tab.page.wait_for_function("commonweal.docs.ledger.principal === null")


def test_all_transfers_are_saved_as_csv(play: Callable[..., Tab], tmp_path: Path) -> None:
    tab, chronicle = play("leaky"), run("leaky")
    look(tab, "ledger", "ledger")
    with tab.page.expect_download() as waiting:
        tab.page.get_by_text("All transfers as CSV").click()
    waiting.value.save_as(tmp_path / "ledger.csv")
    lines = (tmp_path / "ledger.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "round,source,target,amount,reason"
    assert len(lines) == 1 + len(chronicle.transfers()["round"])


def test_another_run_forgets_what_was_looked_at(play: Callable[..., Tab]) -> None:
    tab = play("leaky")
    look(tab, "ledger", "ledger", None, 3)
    tab.page.evaluate("commonweal.send({do: 'scenario', name: 'value-conflict'})")
    other = "commonweal.store.setup.name === 'value-conflict' && commonweal.docs.ledger?.round === 0"
    tab.page.wait_for_function(other)
    assert tab.page.evaluate("commonweal.docs.ledger.principal") is None


def test_the_library_holds_the_scenarios_that_are_looked_at_here() -> None:
    assert [load(name).name for name in SCENARIOS] == list(SCENARIOS)
