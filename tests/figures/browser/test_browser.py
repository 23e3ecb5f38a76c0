"""The page in a real browser: it plays, shows what was played, shares it, asks nothing of the network, ends quietly."""

import csv
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shared.chromium import Server, Tab, served

from commonweal.economy.runs.cooperative import Cooperative
from commonweal.scenarios.runs.store import save, writing
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.sweeps.sweep import sweep

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

# The measures of a round as the page shows them, and what each principal does, has and how it stands.
SHOWN = """round => ({
  measures: Object.fromEntries(commonweal.store.setup.measures.map(
    (name) => [name, commonweal.store.value(name, round)])),
  actions: [...commonweal.store.marks.get(round).actions],
  sizes: [...commonweal.store.marks.get(round).sizes],
})"""


@pytest.fixture
def open_tab(browser: Any, server: Server) -> Iterator[Callable[..., Tab]]:
    """Opens tabs; in the end nothing may have gone wrong in any."""
    opened: list[Tab] = []

    def opening(at: Server = server, fragment: str = "") -> Tab:
        opened.append(Tab(browser.new_page(), at.address + fragment))
        return opened[-1]

    yield opening
    for tab in opened:
        if not tab.page.is_closed():
            tab.page.close(run_before_unload=True)
        assert tab.outside == [], "asked of the network"
        assert tab.wrong == []


def play(tab: Tab, rounds: int) -> None:
    """Play up to a round as fast as it goes."""
    tab.tell("speed", speed=0)
    tab.tell("play", until=rounds)
    tab.until(lambda: tab.of("commonweal.store.newest") == rounds and not tab.of("commonweal.docs.state.playing"), 60)


def saved(tab: Tab, entry: str, folder: Path) -> Path:
    """The file that an entry of the menu Share saves."""
    tab.button("Share").click()
    with tab.page.expect_download() as download:
        tab.page.locator(f".cw-share-entry:has-text('{entry}')").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    tab.page.keyboard.press("Escape")
    return file


def test_step_shows_the_next_round_and_play_goes_on_until_paused(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    for round in (1, 2, 3):
        tab.button("one round on").click()
        tab.until(lambda round=round: tab.round == round)
    tab.button("Play").click()
    tab.until(lambda: tab.round > 8)
    tab.button("Pause").click()
    tab.button("Play").wait_for()
    tab.rest()


def test_what_is_shown_of_chosen_rounds_is_what_was_played(open_tab: Callable[..., Tab]) -> None:
    tab, alone = open_tab(), Cooperative(load("commons"), rng=0)
    play(tab, 30)
    for round in range(1, 31):
        alone.step()
        if round in (1, 17, 30):
            tab.of(f"commonweal.look({round})")
            tab.until(lambda round=round: tab.of(f"commonweal.store.marks.has({round})"))
            told = tab.page.evaluate(SHOWN, round)
            found = {name: value for name, value in told["measures"].items() if name in alone.metrics}
            assert len(found) > 8
            assert found == {name: float(np.float32(alone.metrics[name])) for name in found}
            assert told["actions"] == alone.people.action[0].tolist()
            owned = (alone.state.ledger.owned[0] / 1e6).astype(np.float32)
            np.testing.assert_array_equal(np.array(told["sizes"], dtype=np.float32), owned)
    alone.release()


def test_a_link_opens_the_same_run_at_the_same_look(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    tab.tell("set", path="settlement.kind", value="equal")
    tab.tell("set", path="seed", value="4")
    tab.tell("speed", speed=1)  # so that round 24 is not over before it is asked for
    tab.tell("begin")
    tab.until(lambda: tab.of("commonweal.store.setup.seed") == 4 and tab.round > 0)
    tab.button("Pause").click()
    play(tab, 24)
    tab.turn_to("dynamics")
    tab.of("commonweal.set({principal: 5}); commonweal.look(9)")
    tab.button("Share").click()
    tab.page.locator(".cw-share-entry:has-text('Copy link')").click()
    link = tab.of("commonweal.copied")
    other = open_tab(fragment="#" + link.partition("#")[2])
    other.until(lambda: other.of("commonweal.store.newest") == 24 and other.round == 9, 30)
    assert other.of("[commonweal.state.view, commonweal.state.principal]") == ["dynamics", 5]
    course = "[...commonweal.store.courses.welfare.slice(0, 24)]"
    assert other.of(course) == tab.of(course)


def test_the_run_as_one_file_scrubs_without_a_server(open_tab: Callable[..., Tab], tmp_path: Path) -> None:
    tab = open_tab()
    play(tab, 40)
    file = saved(tab, "Run as one file", tmp_path)
    shown = tab.page.evaluate(SHOWN, 40)
    alone = tab.page.context.new_page()
    asked: list[str] = []
    alone.on("request", lambda request: asked.append(request.url))
    wrong: list[str] = []
    alone.on("pageerror", lambda error: wrong.append(str(error)))
    alone.goto(file.as_uri())
    alone.wait_for_function("window.commonweal?.store.newest === 40")
    assert alone.evaluate(SHOWN, 40) == shown
    alone.evaluate("commonweal.look(7)")
    alone.wait_for_function("document.querySelector('.cw-pill-text').textContent === '7'")
    alone.locator(".cw-tab[data-view=dynamics]").click()
    alone.wait_for_function("document.querySelectorAll('.cw-dynamics .cw-panel-picture').length >= 6")
    alone.keyboard.press("ArrowRight")
    alone.wait_for_function("commonweal.round === 8")
    alone.close()
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    assert wrong == []


def test_pictures_and_numbers_of_a_view_hold_what_it_shows(open_tab: Callable[..., Tab], tmp_path: Path) -> None:
    tab = open_tab()
    play(tab, 12)
    tab.turn_to("dynamics")
    rows = list(csv.DictReader(saved(tab, "Numbers as CSV", tmp_path).open(encoding="utf-8")))
    assert len(rows) == 12
    delegate = next(name for name in rows[0] if name.endswith(": delegate"))
    course = tab.of("[...commonweal.store.courses.share_delegate.slice(0, 12)]")
    np.testing.assert_allclose([float(row[delegate]) for row in rows], course, rtol=1e-6)
    text = saved(tab, "Picture as SVG", tmp_path).read_text(encoding="utf-8")
    picture = tab.page.context.new_page()
    picture.set_content(f"<body>{text}</body>")
    assert picture.locator("svg svg path").count() >= 6
    assert tab.page.text_content(".cw h1").strip() in " ".join(picture.locator("svg text").all_text_contents())
    picture.close()
    assert saved(tab, "Picture as PNG", tmp_path).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_menu_share_keeps_the_focus_when_its_entries_come_anew(open_tab: Callable[..., Tab]) -> None:
    """Entries that came took the focus of one away: Escape went unheard, and the next click closed the menu."""
    tab = open_tab()
    tab.button("Share").click()
    tab.page.locator(".cw-share-entry:has-text('Copy command')").wait_for()  # the server has answered
    tab.page.locator(".cw-share-entry:has-text('Numbers as CSV')").focus()
    tab.of("commonweal.docs.share = { ...commonweal.docs.share, file: false }; commonweal.redraw()")
    tab.page.locator(".cw-share-entry:has-text('Run as one file')").wait_for(state="detached")
    assert "Numbers as CSV" in tab.of("document.activeElement.textContent")
    tab.page.keyboard.press("Escape")
    tab.page.locator(".cw-share-list").wait_for(state="hidden")


def test_two_tabs_are_two_models(open_tab: Callable[..., Tab]) -> None:
    one, other = open_tab(), open_tab()
    one.tell("set", path="seed", value="3")
    one.tell("begin")
    one.until(lambda: one.of("commonweal.store.setup.seed") == 3 and one.round > 0)
    one.button("Pause").click()
    assert other.of("[commonweal.store.setup.seed, commonweal.round]") == [0, 0]


def test_a_first_visit_takes_the_systems_theme_and_the_choice_is_kept(browser: Any, server: Server) -> None:
    context = browser.browser.new_context(color_scheme="dark")
    tab = Tab(context.new_page(), server.address)
    theme = "commonweal.root.dataset.theme"
    assert tab.of(theme) == "dark"
    tab.page.keyboard.press("d")
    assert tab.of(theme) == "light"
    again = Tab(context.new_page(), server.address)
    assert again.of(theme) == "light"
    again.page.keyboard.press("t")
    assert again.of("[commonweal.root.dataset.talk, commonweal.root.dataset.theme]") == ["on", "dark"]
    context.close()
    assert tab.wrong + again.wrong == []


def test_the_pure_functions_of_the_module(open_tab: Callable[..., Tab]) -> None:
    pure = """([name, ...given]) => commonweal.pure[name](...given)"""
    tab = open_tab()

    def of(*call: Any) -> Any:
        return tab.page.evaluate(pure, list(call))

    thousands, minus = "\u202f", "\u2212"
    texts = {41900: f"41{thousands}900", 0.0012345: "0.00123", -0.5: f"{minus}0.5", 0: "0", 1234.5: "1230",
             99.96: "100"}  # fmt: skip
    assert {value: of("figure", value) for value in texts} == texts
    assert of("figure", None) == "–"
    assert of("ticks", 0, 1, 4) == [0, 0.5, 1] or of("ticks", 0, 1, 4) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert of("rounded", 0.03, 0.47)[0] <= 0.03
    spiked = [0.0] * 5000
    spiked[1234] = 9.0
    thin = of("buckets", spiked, 100)
    assert len(thin) <= 200
    assert max(value for _, value in thin) == 9.0  # a peak of one round survives
    places = of("apart", [10, 11, 12, 50], 14, 0, 100)
    assert min(np.diff(sorted(places))) > 13.9
    assert sorted(places) == places


@pytest.mark.slow
def test_a_stored_run_is_scrubbed_and_gone_on_from(open_tab: Callable[..., Tab], tmp_path: Path) -> None:
    with writing(tmp_path / "stored") as partial:
        save(sweep(load("commons", {"population.count": 12, "rounds": 20}), {}, (0, 4)), partial)
    with served("--run", str(tmp_path / "stored" / "1")) as server:
        tab = open_tab(server)
        tab.until(lambda: tab.round == 20 and "stored run" in tab.text)
        assert "Played again and the same" in json.dumps(tab.of("commonweal.docs.state"))
        strip = tab.page.locator(".cw-strip-picture").bounding_box()
        tab.page.mouse.click(strip["x"] + strip["width"] / 2, strip["y"] + strip["height"] / 2)
        tab.until(lambda: tab.round == 10)
        tab.button("Continue from here").click()
        tab.until(lambda: tab.of("commonweal.docs.state.stored") is None and tab.of("commonweal.store.newest") == 10)
        tab.button("one round on").click()
        tab.until(lambda: tab.round == 11)
        tab.page.close()
        assert server.complaints() == []


@pytest.mark.slow
def test_the_server_ends_quietly_while_a_tab_is_open_and_playing(open_tab: Callable[..., Tab]) -> None:
    with served("leaky") as server:
        tab = open_tab(server)
        tab.button("Play").click()
        tab.until(lambda: tab.round > 2)
        tab.page.goto("about:blank")
        assert server.interrupt(signal.SIGINT) in (0, 130)
        assert server.complaints() == []
