"""Sweeps in a real browser: maps by pointer and by keys, points not played and failed, a seed opened in Society."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from shared.chromium import Server, Tab, served

from commonweal.scenarios.sweeps.plan import plan_of
from tests.helpers.swept import BASE, failing, swept

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

GRID = plan_of(BASE, {"market.leak": [0.1, 0.2, 0.3], "stakes.stake": [0.0, 0.5]}, seeds=3)
KINDS = plan_of(BASE, {"settlement.kind": ["equal", "data", "credit"], "market.leak": [0.1, 0.2]}, seeds=3)
LINE = plan_of(BASE, {"market.leak": [0.1, 0.2, 0.3]}, seeds=3)
ALONE = plan_of(BASE, {"market.leak": [0.1]}, seeds=2)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results: one that is finished, one with failures, one that was stopped, a line and a point."""
    place: Path = tmp_path_factory.mktemp("sweeps")
    failing(swept(place / "fails", GRID), [(2, 0), (2, 1), (2, 2), (4, 1)], "ValueError: a bad day")
    for name, plan, chunks in (("whole", GRID, None), ("line", LINE, None), ("alone", ALONE, None), ("half", KINDS, 1)):
        swept(place / name, plan, chunks)
    return place


@pytest.fixture(scope="module")
def server(browser: Any, results: Path) -> Iterator[Server]:
    with served(str(results)) as running:
        yield running
        assert running.complaints() == []


@pytest.fixture
def opened(browser: Any, server: Server) -> Iterator[Callable[[str], Tab]]:
    """Opens a folder in a new tab; in the end nothing may have gone wrong."""
    tabs: list[Tab] = []

    def opening(name: str) -> Tab:
        tab = Tab(browser.new_page(), server.address)
        tabs.append(tab)
        tab.page.click("[data-view=sweeps]")
        tab.page.locator(".sw-folder", has_text=f"/{name}").click()
        there = f"window.commonweal.docs.point && window.commonweal.docs.sweep.place.endsWith('/{name}')"
        tab.page.wait_for_function(there)
        tab.page.wait_for_selector(".sw-parts")
        return tab

    yield opening
    for tab in tabs:
        tab.page.close(run_before_unload=True)
        assert tab.outside == []
        assert tab.wrong == []


def view(tab: Tab) -> dict[str, Any]:
    found: dict[str, Any] = tab.page.evaluate("window.commonweal.docs.sweep.view")
    return found


def numbers(tab: Tab) -> list[str]:
    found: list[str] = tab.page.locator(".sw-map .sw-cell").all_text_contents()
    return found


def choose(tab: Tab, name: str, option: str) -> None:
    tab.page.locator("label", has_text=name).locator("select").select_option(label=option)


@pytest.mark.slow
def test_the_map_shows_the_numbers_of_the_table(opened: Callable[[str], Tab], results: Path) -> None:
    tab = opened("whole")
    runs = pd.read_parquet(results / "whole" / "runs.parquet")
    means = runs.pivot_table(index="stakes.stake", columns="market.leak", values="share_delegate")
    assert numbers(tab) == [f"{value:.2f}" for value in means.to_numpy().ravel()]  # row by row from below
    assert tab.page.text_content("button.cw-chip").endswith("/whole · 18 of 18 runs")
    assert tab.page.text_content(".cw-sentence")
    assert tab.page.locator(".sw-sister").count() >= 1
    assert tab.page.locator(".sw-lines .sw-line").count() == 2


def test_a_click_and_the_arrow_keys_choose_a_point(opened: Callable[[str], Tab]) -> None:
    tab = opened("whole")
    tab.page.locator(".sw-map [data-cell='0']").click()
    tab.page.wait_for_function("window.commonweal.docs.point.title === 'Leak 0.1, stake 0'")
    tab.page.focus(".sw-map")
    steps = {"ArrowRight": "0.2, stake 0", "ArrowUp": "0.2, stake 0.5", "ArrowLeft": "0.1, stake 0.5"}
    for key, title in steps.items():
        tab.page.keyboard.press(key)
        tab.page.wait_for_function(f"window.commonweal.docs.point.title === 'Leak {title}'")
    assert tab.page.text_content(".sw-left [role=status]").startswith("leak 0.1, stake 0.5: delegate 0.")
    tab.page.keyboard.press("ArrowLeft")  # nothing lies there
    tab.page.wait_for_timeout(200)
    assert tab.page.text_content(".sw-point h2") == "Leak 0.1, stake 0.5"
    assert tab.page.evaluate("document.activeElement.className") == "sw-map"  # a single stop, whatever is drawn in it


def test_keys_pressed_quickly_all_count(opened: Callable[[str], Tab]) -> None:
    tab = opened("whole")
    tab.page.locator(".sw-map [data-cell='0']").click()
    tab.page.focus(".sw-map")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        tab.page.keyboard.press(key)
    tab.page.wait_for_function("window.commonweal.docs.point.title === 'Leak 0.3, stake 0.5'")


def test_a_small_map_becomes_the_large_one(opened: Callable[[str], Tab]) -> None:
    tab = opened("whole")
    before = numbers(tab)
    tab.page.locator(".sw-sister").first.click()
    tab.page.wait_for_function("window.commonweal.docs.sweep.view.measure === 'accuracy'")
    tab.page.wait_for_function("document.querySelector('.sw-left h3').textContent.startsWith('right on test samples')")
    assert numbers(tab) != before
    assert "delegate" in tab.page.locator(".sw-sister").first.text_content()


def test_lists_choose_what_is_shown(opened: Callable[[str], Tab]) -> None:
    tab = opened("whole")
    choose(tab, "Minus", "leak 0.1")
    tab.page.wait_for_function("window.commonweal.docs.sweep.view.minus === 'across 0'")
    tab.page.wait_for_selector(".sw-cell:text-is('0.00')")
    assert "0.00" in numbers(tab)
    choose(tab, "Minus", "nothing")
    choose(tab, "Across", "stake")
    tab.page.wait_for_function("window.commonweal.docs.sweep.view.across === 1")
    assert view(tab)["up"] == 0
    choose(tab, "Shows", "spread of seeds")
    tab.page.wait_for_function("window.commonweal.docs.sweep.map.title.startsWith('spread of seeds')")


def test_points_not_played_are_hatched(opened: Callable[[str], Tab]) -> None:
    tab = opened("half")
    states = tab.page.evaluate("window.commonweal.docs.sweep.map.cells.map((cell) => cell.state)")
    assert states.count("waiting") >= 2
    assert tab.page.locator(".sw-map .sw-waiting svg path").count() == states.count("waiting")
    assert "runs are stored; the same command plays the rest." in tab.page.text_content(".cw-context")
    tab.page.locator(f".sw-map [data-cell='{states.index('waiting')}']").click()
    tab.page.wait_for_selector(".sw-why:text-is('not played yet')")
    assert tab.page.locator(".sw-seeds button:text-is('open ▸')").count() == 0


def test_failed_points_are_crossed_and_say_why(opened: Callable[[str], Tab]) -> None:
    tab = opened("fails")
    assert tab.page.locator(".sw-map .sw-failed svg path").count() == 1
    assert tab.page.locator(".sw-map .sw-partly small").all_text_contents() == ["2 of 3"]
    tab.page.locator(".sw-map .sw-failed").hover()
    said = tab.page.text_content(".sw-left [role=status]")
    assert said.endswith("3 failed; failed at round 2: ValueError: a bad day")
    tab.page.locator(".sw-map .sw-failed").click()
    tab.page.wait_for_selector(".sw-why:text-is('× failed at round 2: ValueError: a bad day')")


def test_two_points_are_compared(opened: Callable[[str], Tab]) -> None:
    tab = opened("whole")
    tab.page.click("text=Compare with another cell")
    tab.page.wait_for_selector("text=Choose the other cell")
    tab.page.locator(".sw-map [data-cell='3']").click()
    tab.page.wait_for_selector(".sw-compared")
    assert tab.page.locator(".sw-map svg.sw-other").count() == 1
    assert "seeds" in tab.page.text_content(".sw-compared strong")
    tab.page.click("[aria-label='end the comparison']")
    tab.page.wait_for_selector(".sw-compared", state="detached")


@pytest.mark.parametrize(("name", "shape"), [("line", "line"), ("alone", "point")])
def test_one_factor_is_a_line_and_none_is_a_point(name: str, shape: str, opened: Callable[[str], Tab]) -> None:
    tab = opened(name)
    assert tab.page.get_attribute(".sw-parts", "data-shape") == shape
    assert tab.page.locator(".sw-map .sw-line").count() == (1 if shape == "line" else 0)
    assert tab.page.locator(".sw-course .sw-line-mine").first.is_visible()


def test_a_seed_opens_in_society_and_was_checked(opened: Callable[[str], Tab]) -> None:
    tab = opened("whole")
    run = tab.page.evaluate("window.commonweal.docs.point.seeds[1].run")
    tab.page.click("[aria-label='open seed 1 in Society']")
    tab.page.wait_for_function("window.commonweal.docs.state.stored")
    assert tab.page.evaluate("window.commonweal.docs.state.stored.agreement").startswith("Played again and the same")
    tab.page.wait_for_function("window.commonweal.store.newest === 4 && window.commonweal.state.view === 'society'")
    tab.page.wait_for_function("document.querySelector('button.cw-chip').textContent.startsWith('stored run · ')")
    assert run[:8] in tab.page.text_content("button.cw-chip")


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_overlaps_or_is_cut_off(size: tuple[int, int], dark: bool, opened: Callable[[str], Tab]) -> None:
    tab = opened("whole")
    tab.page.set_viewport_size({"width": size[0], "height": size[1]})
    if dark:
        tab.page.evaluate("window.commonweal.turnDark()")
    tab.page.wait_for_timeout(400)
    boxes = tab.page.evaluate("""
        [...document.querySelectorAll('.sw-parts :is(svg text, h2, h3, .sw-cell, .sw-grid > span)')]
        .filter((each) => each.textContent).map((each) => [each.textContent, each.getBoundingClientRect()])
        .map(([text, { left, top, right, bottom }]) => ({ text, left, top, right, bottom }))""")
    clashes = [(a["text"], b["text"]) for k, a in enumerate(boxes) for b in boxes[:k]
               if min(a["right"], b["right"]) - max(a["left"], b["left"]) > 1
               and min(a["bottom"], b["bottom"]) - max(a["top"], b["top"]) > 4]  # fmt: skip
    assert clashes == []
    assert all(box["left"] >= 0 and box["right"] <= size[0] for box in boxes)
    tab.page.set_viewport_size({"width": 1280, "height": 800})


def test_every_control_has_a_name_and_room_for_a_finger(opened: Callable[[str], Tab]) -> None:
    tab = opened("whole")
    controls = tab.page.evaluate("""
        [...document.querySelectorAll('.sw-parts :is(button, select, summary)')].map((each) => [
            each.getAttribute('aria-label') || each.labels?.[0]?.textContent || each.textContent,
            each.getBoundingClientRect().width, each.getBoundingClientRect().height])""")
    assert controls
    assert all(name.strip() and width >= 23.9 and height >= 23.9 for name, width, height in controls), controls
