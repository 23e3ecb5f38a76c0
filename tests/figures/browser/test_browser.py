"""The page in a real browser: every control does what it says, nothing is asked of the network, nothing goes wrong."""

import csv
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from shared.chromium import FLAGS, Server, Tab, chromium, served

from commonweal.scenarios.runs.store import save, writing
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.sweeps.sweep import sweep

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

FAST = "as fast as it goes"  # of the speeds


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = chromium()
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=FLAGS)
        # One context for all: a page that takes its context along when it closes cannot tell the server.
        yield opened.new_context(viewport={"width": 1280, "height": 800})
        opened.close()


@pytest.fixture(scope="module")
def server(browser: Any) -> Iterator[Server]:
    with served() as running:
        yield running
        assert running.complaints() == []


@pytest.fixture
def open_tab(browser: Any, server: Server) -> Iterator[Callable[..., Tab]]:
    """Opens tabs; in the end nothing may have gone wrong in any."""
    opened: list[Tab] = []

    def opening(at: Server = server) -> Tab:
        opened.append(Tab(browser.new_page(), at.address))
        return opened[-1]

    yield opening
    for tab in opened:
        if not tab.page.is_closed():
            tab.page.close(run_before_unload=True)
        assert tab.outside == [], "asked of the network"
        assert tab.wrong == []


def test_step_shows_the_next_round_and_play_goes_on_until_paused(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    for round in (1, 2, 3):
        tab.button("Step").click()
        tab.until(lambda round=round: tab.round == round)
    tab.button("Play").click()
    tab.until(lambda: tab.round > 8)
    tab.button("Pause").click()
    tab.button("Play").wait_for()
    tab.rest()


def test_a_changed_parameter_is_played_after_reset_and_a_wrong_one_is_told(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    assert "Press Reset" not in tab.text
    tab.choose("Settlement rule", "equal")
    tab.page.wait_for_selector("text=Press Reset")
    tab.type("Seed", "7")
    tab.button("Reset").click()
    tab.until(lambda: "seed 7 · equal settlement" in tab.text and "Press Reset" not in tab.text)
    tab.type("Principals", "5000")
    tab.button("Reset").click()
    tab.page.wait_for_selector(".cw-error")
    assert "exceed the 1797 samples of digits" in tab.page.text_content(".cw-error")
    tab.button("Step").click()
    tab.until(lambda: tab.round == 1)
    tab.type("Principals", "12")
    tab.button("Reset").click()
    tab.until(lambda: "12 principals" in tab.text and tab.round == 0)
    assert tab.page.locator(".cw-error").count() == 0


def test_what_is_typed_while_a_round_is_drawn_is_what_the_next_click_plays(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    for principals in (12, 13, 14, 15):
        tab.button("Step").click()
        tab.until(lambda: tab.round == 1)
        tab.type("Principals", str(principals))
        tab.button("Reset").click()
        tab.until(lambda principals=principals: f"{principals} principals" in tab.text and tab.round == 0)


def test_a_click_on_a_principal_tells_what_it_has_and_why_it_acts(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    tab.button("Step").click()
    tab.until(lambda: tab.round == 1)
    picture = tab.page.locator(".cw-clickable")
    box = picture.bounding_box()
    # Principals of a complete graph stand as seeds in a sunflower, the first one near the middle.
    tab.page.mouse.click(box["x"] + 0.545 * box["width"], box["y"] + 0.46 * box["height"])
    tab.page.wait_for_selector("text=Principal 0")
    tab.button("Step").click()
    tab.until(lambda: "In round 2 it" in tab.text)
    for told in ("last payments, money", "samples held", "cost of delegating", "imitation"):
        assert told in tab.text


def test_a_what_if_tells_the_gain_with_its_interval(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    tab.button("Step").click()
    tab.turn_to("What if")
    tab.type("Principal", "3")
    tab.choose("does in every round", "free-ride")
    tab.button("Play both futures").click()
    tab.page.wait_for_selector(".cw-what-if .cw-words")
    words = tab.page.text_content(".cw-what-if .cw-words")
    assert words.startswith("Principal 3, if it free-rides from round 2 on")
    assert " [" in words
    assert tab.round == 1


def test_every_tab_shows_what_it_is_for(open_tab: Callable[..., Tab], tmp_path: Path) -> None:
    tab = open_tab()
    tab.choose("Scenario", "value-conflict")
    tab.button("Reset").click()
    tab.until(lambda: "value-conflict" in tab.page.text_content(".cw-what"))
    for round in (1, 2):
        tab.button("Step").click()
        tab.until(lambda round=round: tab.round == round)
    told = {"Society": "Click a principal", "Dynamics": "accuracy", "Values": "principal", "Ledger": "treasury",
            "What if": "Play both futures", "Compare": "stepped together"}
    for name, words in told.items():
        tab.turn_to(name)
        tab.until(lambda words=words: words in tab.text)
        if name in ("Society", "Dynamics", "Values"):
            picture = tab.page.locator(".cw-content .cw-picture").first
            assert picture.evaluate("image => image.complete && image.naturalWidth") > 1000
            assert picture.get_attribute("alt")
    tab.turn_to("Ledger")
    with tab.page.expect_download() as download:
        tab.page.locator("text=All transfers as CSV").click()
    download.value.save_as(tmp_path / "ledger.csv")
    rows = list(csv.DictReader((tmp_path / "ledger.csv").open(encoding="utf-8")))
    assert {row["round"] for row in rows} == {"1", "2"}
    assert "add up to 0.000000" in tab.text


def test_two_rules_are_compared_on_the_same_seed_and_stepped_together(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    tab.button("Step").click()
    tab.turn_to("Compare")
    tab.choose("to", "equal")
    tab.page.locator(".cw-compare .v-btn:has-text('Compare')").click()
    tab.page.wait_for_selector(".cw-compare .cw-picture")
    tab.choose("Show", "principals")
    tab.until(lambda: tab.page.locator(".cw-pair .cw-picture").count() == 2)
    assert "Settlement rule: credit" in tab.text
    assert "Settlement rule: equal" in tab.text
    drawn = [tab.page.locator(".cw-pair .cw-picture").nth(k).get_attribute("src") for k in (0, 1)]
    tab.button("Step").click()
    tab.until(lambda: tab.round == 2)
    tab.until(lambda: all(tab.page.locator(".cw-pair .cw-picture").nth(k).get_attribute("src") != drawn[k]
                          for k in (0, 1)))


def test_two_tabs_are_two_models(open_tab: Callable[..., Tab]) -> None:
    one, other = open_tab(), open_tab()
    one.type("Seed", "3")
    one.button("Reset").click()
    one.until(lambda: "seed 3" in one.text)
    one.button("Step").click()
    one.until(lambda: one.round == 1)
    assert other.round == 0
    assert "seed 0" in other.text


@pytest.mark.slow
def test_a_stored_run_is_scrubbed_and_gone_on_from(open_tab: Callable[..., Tab], tmp_path: Path) -> None:
    with writing(tmp_path / "stored") as partial:
        save(sweep(load("commons", {"population.count": 12, "rounds": 20}), {}, (0, 4)), partial)
    with served("--run", str(tmp_path / "stored" / "1")) as server:
        tab = open_tab(server)
        tab.until(lambda: "Played again and the same" in tab.text and tab.round == 20)
        assert "Press Reset" not in tab.text
        assert tab.button("Step").is_disabled()
        slider = tab.page.locator(".cw-scrub .v-slider").bounding_box()
        tab.page.mouse.click(slider["x"] + slider["width"] / 2, slider["y"] + slider["height"] / 2)
        tab.until(lambda: tab.round == 10)
        tab.button("Continue from here").click()
        tab.until(lambda: tab.button("Step").is_enabled() and tab.round == 10)
        tab.button("Step").click()
        tab.until(lambda: tab.round == 11)
        tab.button("Stored run").click()
        tab.until(lambda: tab.button("Continue from here").is_visible() and tab.round == 20)
        tab.page.close()
        assert server.complaints() == []


@pytest.mark.slow
def test_play_at_a_thousand_principals_pauses_after_the_click(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    tab.type("Principals", "1000")
    tab.button("Reset").click()
    tab.until(lambda: "1000 principals" in tab.page.text_content(".cw-what"))
    tab.choose("Speed", FAST)
    tab.button("Play").click()
    tab.until(lambda: tab.round > 5)
    tab.button("Pause").click()
    tab.rest()
    assert tab.button("Play").is_visible()


@pytest.mark.slow
def test_the_server_ends_quietly_while_a_tab_is_open_and_playing(open_tab: Callable[..., Tab]) -> None:
    with served("leaky") as server:
        tab = open_tab(server)
        tab.button("Play").click()
        tab.until(lambda: tab.round > 2)
        tab.page.goto("about:blank")
        assert server.interrupt(signal.SIGINT) in (0, 130)
        assert server.complaints() == []
