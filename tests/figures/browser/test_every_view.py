"""Every view of every library scenario in a browser: nothing clipped or overlapping, names and contrast for all."""

from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from shared.chromium import Server, Tab

from commonweal.scenarios.schema.library import library_names

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

FEW = ("commons", "value-conflict", "public-goods")  # a market of each kind, looked at in the fast tests
COMPARED = 40  # rounds: as many texts as two hundred
SIZES = {"1280": (1280, 800), "1920": (1920, 1080), "talk": (1280, 800), "200 %": (640, 400)}
THEMES = ("light", "dark")
LEARNED = ("accuracy", "accurate", "screen", "model", "sample")  # never said of a public good

HERE = Path(__file__).parent
TEXTS, CONTROLS = ((HERE / name).read_text(encoding="utf-8").partition("\n")[2] for name in ("texts.js", "controls.js"))


@pytest.fixture(scope="module")
def tab(chromium_browser: Any, server: Server) -> Iterator[Tab]:
    opened = Tab(chromium_browser.new_page(viewport={"width": 1280, "height": 800}), server.address)
    yield opened
    assert opened.outside == []
    assert opened.wrong == []


def play(tab: Tab, name: str, rounds: int = 12) -> None:
    """Open a scenario, small, and play some rounds."""
    page = tab.page
    run = page.evaluate("commonweal.store.setup.run")
    page.evaluate("name => commonweal.send({do: 'scenario', name})", name)
    other = "([name, run]) => (({ setup }) => setup.name === name && setup.run !== run)(commonweal.store)"
    page.wait_for_function(other, arg=[name, run], timeout=30_000)
    page.evaluate("commonweal.send({do: 'speed', speed: 0})")
    page.evaluate("rounds => commonweal.send({do: 'play', until: rounds})", rounds)
    page.wait_for_function("rounds => commonweal.store.newest >= rounds && !commonweal.docs.state.playing", arg=rounds,
                           timeout=60_000)


def show(tab: Tab, view: str, theme: str, size: str) -> None:
    """Look at a view, with a principal chosen, in a theme and size."""
    width, height = SIZES[size]
    tab.page.set_viewport_size({"width": width, "height": height})
    tab.page.evaluate("""([view, theme, talk]) => {
      commonweal.root.dataset.theme = theme;
      commonweal.root.dataset.talk = talk ? 'on' : 'off';
      commonweal.set({ view, principal: 1 });
      commonweal.redraw();
    }""", [view, theme, size == "talk"])
    tab.page.wait_for_function("view => commonweal.showing === view", arg=view)  # some are sent when they are wanted
    if view == "compare":
        done = "(({ sentence, context }) => sentence && !context.startsWith('Not all'))(commonweal.docs.compare ?? {})"
        tab.page.wait_for_function(done, timeout=180_000)
    tab.page.wait_for_timeout(100)
    tab.settle()


def faults(texts: list[list[Any]], width: int) -> list[str]:
    """Texts that overlap another, leave the window at a side, or are too pale."""
    found = []
    for place, (text, left, top, right, bottom, contrast, where) in enumerate(texts):
        if left < -1 or right > width + 1:
            found.append(f"clipped: {text!r} {where} {left:.0f}–{right:.0f}")
        if contrast is not None and contrast < 4.45:
            found.append(f"pale: {text!r} {where} {contrast:.2f}")
        for other, l2, t2, r2, b2, _, at in texts[:place]:
            across, down = min(right, r2) - max(left, l2), min(bottom, b2) - max(top, t2)
            if across > 1.5 and down > 4 and (text, left, top) != (other, l2, t2):
                found.append(f"overlap: {text!r} {where} and {other!r} {at} at {left:.0f}, {top:.0f}")
    return found


def look_at_all(tab: Tab, name: str, looks: Iterable[tuple[str, str]]) -> list[str]:
    """What is wrong in any view of a scenario, by size and theme; most compare their rules over fewer rounds."""
    play(tab, name)
    if name not in FEW:
        tab.tell("compare", rounds=COMPARED)
    looks = list(looks)
    views = [view["id"] for view in tab.page.evaluate("commonweal.store.setup.views")]
    wrong = []
    for view in views:
        for size, theme in looks:
            show(tab, view, theme, size)
            found = faults(tab.page.evaluate(TEXTS), SIZES[size][0])
            wrong += [f"{name} {view} {size} {theme}: {fault}" for fault in found]
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("name", FEW)
def test_no_text_of_a_view_is_clipped_overlaps_or_is_pale(name: str, tab: Tab) -> None:
    wrong = look_at_all(tab, name, product(("1280",), THEMES))
    assert not wrong, "\n".join(wrong[:40])


@pytest.mark.slow
@pytest.mark.parametrize("name", library_names())
def test_every_view_of_every_scenario_at_every_size(name: str, tab: Tab) -> None:
    all_looks = product(SIZES, THEMES)
    wrong = look_at_all(tab, name, all_looks if name in FEW else (("1280", "light"), ("200 %", "dark")))
    assert not wrong, "\n".join(wrong[:40])


@pytest.mark.slow
@pytest.mark.parametrize("name", FEW)
def test_every_view_has_a_sentence_and_a_table_in_the_words_of_its_market(name: str, tab: Tab) -> None:
    play(tab, name)
    for view in tab.page.evaluate("commonweal.store.setup.views.map((view) => view.id)"):
        show(tab, view, "light", "1280")
        assert tab.page.evaluate("document.querySelectorAll('.cw h1').length") == 1
        assert tab.page.text_content(".cw h1").strip(), view
        if view not in ("compare", "sweeps"):
            tab.page.wait_for_function("commonweal.shown.table().headers.length")  # some are sent when they are wanted
        if name == "public-goods" and view != "sweeps":
            said = tab.page.inner_text(".cw-view").lower()
            assert not [word for word in LEARNED if word in said], view


@pytest.mark.slow
def test_every_control_has_a_name_and_is_large_enough_and_the_page_has_its_landmarks(tab: Tab) -> None:
    play(tab, "commons")
    session = tab.page.context.new_cdp_session(tab.page)
    used = {"button", "textbox", "searchbox", "slider", "combobox", "checkbox", "link", "spinbutton", "radio", "switch",
            "listbox", "img"}
    for view in tab.page.evaluate("commonweal.store.setup.views.map((view) => view.id)"):
        show(tab, view, "light", "1280")
        nodes = [node for node in session.send("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")]
        roles = [node["role"]["value"] for node in nodes]
        nameless = [role for node, role in zip(nodes, roles, strict=True)
                    if role in used and not node.get("name", {}).get("value", "").strip()]
        assert not nameless, view
        assert {"banner", "main", "navigation"} <= set(roles), view
        assert "complementary" in roles or view == "sweeps", view  # which has no fields beside it
        small = [each for each in tab.page.evaluate(CONTROLS) if min(each[2], each[3]) < 23.5]
        assert not small, view
