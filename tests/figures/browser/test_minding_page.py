"""Principals who mind their values, in a real browser: cards, value rows and courses show what the run says."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from shared.chromium import Server, Tab

from commonweal.agents.actions import Action
from commonweal.figures.browser.notes.numbers import figure
from tests.helpers.chronicles import chronicle_of

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROUNDS = 12
OFF = {"screening.mode": "off"}


@pytest.fixture(scope="module")
def play(browser: Any, server: Server) -> Iterator[Callable[..., Tab]]:
    """A tab in which a scenario with changed fields was played for some rounds, the same one for all who only look.

    Nothing may have gone wrong in the end.
    """
    opened: dict[str, Tab] = {}

    def playing(scenario: str, fields: dict[str, Any]) -> Tab:
        if scenario not in opened:
            opened[scenario] = Tab(browser.new_page(), server.address)
            begin(opened[scenario].page, scenario, fields)
        return opened[scenario]

    yield playing
    for tab in opened.values():
        tab.page.close(run_before_unload=True)
        assert tab.outside == []
        assert tab.wrong == []


def begin(page: Any, scenario: str, fields: dict[str, Any]) -> None:
    page.evaluate("commonweal.send({do: 'speed', speed: 0})")
    orders = [{"do": "scenario", "name": scenario}]
    orders += [{"do": "set", "values": fields}, {"do": "begin"}] if fields else []
    for order in orders:
        run = page.evaluate("commonweal.store.setup.run")
        page.evaluate("order => commonweal.send(order)", order)
        if order["do"] != "set":
            page.wait_for_function(f"commonweal.store.setup.run > {run}")
    page.evaluate("commonweal.send({do: 'pause'})")
    page.evaluate(f"commonweal.send({{do: 'play', until: {ROUNDS}}})")
    page.wait_for_function(f"commonweal.store.newest >= {ROUNDS} && !commonweal.docs.state.playing", timeout=60_000)


def look(tab: Tab, view: str, kind: str, principal: int | None = None, **more: Any) -> Any:
    wanted = {"view": view, "round": ROUNDS, "principal": principal, **more}
    tab.page.evaluate("wanted => commonweal.set(wanted)", wanted)
    whose = "document.index" if kind == "card" else "principal"
    there = f"""([kind, round, principal]) => {{ const document = commonweal.docs[kind];
        return document?.round === round && {whose} === principal; }}"""
    tab.page.wait_for_function(there, arg=[kind, ROUNDS, principal])
    tab.settle()
    return tab.page.evaluate(f"commonweal.docs.{kind}")


def test_a_card_shows_what_its_values_cost_a_principal(play: Callable[..., Tab]) -> None:
    tab, sight = play("exit-and-voice", OFF), chronicle_of("exit-and-voice", ROUNDS, OFF, seed=0).at(ROUNDS)
    assert sight.violated.any()
    for index in (0, int(sight.value_cost.argmax())):
        look(tab, "society", "card", index)
        text = tab.page.locator(".cw-card").inner_text()
        assert f"utility remembered, money per round\t{figure(sight.utility[index])}: " in text
        number = int(sight.violated[index].sum())
        assert (f"yes, {number} of its 2 limits" in text) == bool(number)
        assert "It imitates those whose pay, less the value cost of doing so" in text
        assert "value cost, money" in text and "exceeds its utility" in text
    assert "costs it in its values" in text  # among what weighs most with the one whose values cost most


def test_value_rows_show_value_costs_the_dearest_first_and_who_left(play: Callable[..., Tab]) -> None:
    tab, sight = play("exit-and-voice", OFF), chronicle_of("exit-and-voice", ROUNDS, OFF, seed=0).at(ROUNDS)
    document = look(tab, "values", "values")
    bars = tab.page.evaluate(
        "[...document.querySelectorAll('.cw-value-row .cw-value-cost')].map((bar) => Number(bar.getAttribute('width')))"
    )
    assert len(bars) == 24 and bars == sorted(bars, reverse=True) and bars[0] == 80
    costs = [row["cost"] for row in document["rows"][:24]]
    assert bars == pytest.approx([max(1, 80 * cost / costs[0]) for cost in costs])
    left = [row["index"] for row in document["rows"] if row["gone"]]
    assert sorted(left) == (sight.actions == Action.ABSTAIN).nonzero()[0].tolist()
    table = tab.page.evaluate("commonweal.shown.table()")
    assert table["headers"][-2] == "value cost"
    assert [row[-2] for row in table["rows"]] == [row["cost_text"] for row in document["rows"]]
    assert "breaks 100" in tab.page.locator(".cw-value-picture").text_content()


def test_a_value_that_is_not_its_own_has_no_mark(play: Callable[..., Tab]) -> None:
    tab, sight = play("two-camps", {}), chronicle_of("two-camps", ROUNDS, {}, seed=0).at(ROUNDS)
    document = look(tab, "values", "values", allRows=True)
    tab.page.wait_for_function("document.querySelectorAll('.cw-value-row').length === 40")
    assert tab.page.locator(".cw-value-row .cw-true, .cw-value-row .cw-fill-defect").count() == 40  # not 80
    assert [sum(row["limits"][k]["true"] is not None for row in document["rows"]) for k in (0, 1)] == [
        (sight.camp == k).sum() for k in (0, 1)]  # fmt: skip
    assert "of camp 0 and " in tab.page.locator("main, .cw-view, .cw").first.inner_text()


def test_courses_name_who_is_violated_and_net_welfare(play: Callable[..., Tab]) -> None:
    tab, row = play("two-camps", {}), chronicle_of("two-camps", ROUNDS, {}, seed=0).row(ROUNDS)
    assert row is not None
    tab.page.evaluate("commonweal.set({view: 'dynamics', round: null})")
    tab.page.wait_for_function("document.body.innerText.includes('principals with a broken limit, share')")
    told = " | ".join(tab.page.evaluate("[...document.querySelectorAll('svg text')].map((each) => each.textContent)"))
    for name in ("violated_camp_0", "violated_camp_1"):
        percent = f"{round(100 * row[name])}\N{NARROW NO-BREAK SPACE}%"
        assert f"camp {name[-1]} {percent}" in told
    assert f"net {row['net_welfare']:.2g}".replace("-", "\N{MINUS SIGN}")[:8] in told


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_names_of_courses_do_not_leave_the_page(play: Callable[..., Tab], theme: str) -> None:
    tab = play("exit-and-voice", OFF)
    tab.page.evaluate(f"document.querySelector('.cw').dataset.theme = '{theme}'")
    tab.page.evaluate("commonweal.set({view: 'dynamics'})")
    tab.page.wait_for_function("document.body.innerText.includes('principals with a broken limit, share')")
    clipped = tab.page.evaluate("""[...document.querySelectorAll("svg")].flatMap((picture) => {
        const edge = picture.getBoundingClientRect().right;
        return [...picture.querySelectorAll("text")].filter((text) => text.getBoundingClientRect().right > edge + 1)
            .map((text) => text.textContent); })""")
    assert clipped == []
