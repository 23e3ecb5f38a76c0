"""Compare in a real browser: numbers of a sweep on the same seeds, verdicts, more seeds, a guess, no overlaps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shared.chromium import Server, Tab, served

from commonweal.scenarios.runs.intervals import mean_interval, range_of
from commonweal.scenarios.sweeps.sweep import sweep

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.slow

KINDS = ("credit", "data", "equal")
SMALL = """
name = "small"
description = "Who pays?"
rounds = 16
[task]
kind = "digits"
partition = "dirichlet"
concentration = 1.0
[population]
count = 8
[learning]
hidden = [8]
samples = 4
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compared") / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def server(scenario: Path) -> Iterator[Server]:
    with served(str(scenario)) as running:
        yield running
        assert running.complaints() == []


@pytest.fixture
def tab(chromium_browser: Any, server: Server) -> Iterator[Tab]:
    """A tab that shows Compare with all seeds played, in a context of its own: nothing is kept of the one before."""
    context = chromium_browser.new_context(viewport={"width": 1280, "height": 800})
    tab = Tab(context.new_page(), server.address)
    tab.page.evaluate("commonweal.set({view: 'compare'})")
    wait(tab, "doc.progress?.done && !doc.progress.playing")
    yield tab
    context.close()
    assert (tab.wrong, tab.outside) == ([], [])


def wait(tab: Tab, true: str) -> None:
    """Wait for something that is true of the newest document of Compare, and for it to be drawn."""
    tab.page.wait_for_function(f"(() => {{ const doc = commonweal.docs.compare ?? {{}}; return {true}; }})()",
                               timeout=60_000)
    tab.settle()


def shown(tab: Tab, what: str) -> Any:
    """A part of the newest document of Compare."""
    return tab.page.evaluate(f"commonweal.docs.compare.{what}")


def test_the_page_shows_the_numbers_of_a_sweep_on_the_same_seeds(tab: Tab, scenario: Path) -> None:
    runs = sweep(scenario, {"settlement.kind": KINDS}, seeds=8).runs
    rows = shown(tab, "differences.rows")
    for row, measure in zip(rows, ("share_delegate", "accuracy", "welfare", "gini"), strict=True):
        levels = runs.pivot_table(index="seed", columns="settlement.kind", values=measure)
        for entry in row["entries"]:
            apart = (levels["credit"] - levels[KINDS[entry["rule"]]]).to_numpy()
            found = mean_interval(apart, within=range_of(measure).of_differences)
            np.testing.assert_allclose(entry["dots"], apart, rtol=1e-9, atol=1e-9)
            assert (entry["verdict"] in ("more", "less")) is bool(found.low > 0 or found.high < 0)
    written = tab.page.locator(".cw-differences tbody tr")
    entries = [entry for row in rows for entry in row["entries"]]
    assert written.count() == len(entries)
    for place, entry in enumerate(entries):
        text = written.nth(place).inner_text()
        assert entry["text"] in text
        assert ("no difference seen with 8 seeds" in text) is ("no difference" in entry["verdict"])
    assert tab.page.inner_text("h1") == shown(tab, "sentence")
    assert tab.page.inner_text(".cw-context") == shown(tab, "context")


def test_more_seeds_go_on_and_few_are_told(tab: Tab) -> None:
    before = shown(tab, "differences.rows[0].entries[0].dots")
    tab.page.get_by_role("button", name="16 more seeds").click()
    wait(tab, "doc.seeds.length === 24 && doc.progress.done")
    after = shown(tab, "differences.rows[0].entries[0].dots")
    assert len(after) == 24
    assert after[:8] == before
    assert "72 of 72 runs stored" in tab.page.inner_text(".cw-fields-foot")
    seeds = tab.page.get_by_role("slider", name="Seeds")
    seeds.fill("3")
    wait(tab, "doc.seeds.length === 3")
    assert "3 seeds are few" in tab.page.inner_text(".cw-compare-note")
    assert tab.page.get_by_role("button", name="5 more seeds").is_visible()


def test_rules_come_and_go_and_the_first_is_what_others_are_compared_with(tab: Tab) -> None:
    tab.page.get_by_role("button", name="without data").click()
    wait(tab, "doc.rules.length === 2 && doc.progress.done")
    assert tab.page.inner_text(".cw-differences h2") == "Credit minus equal, seed by seed"
    tab.page.get_by_role("button", name="equal", exact=True).click()
    wait(tab, "doc.rules[0].name === 'equal' && doc.progress.done")
    assert tab.page.inner_text(".cw-differences h2") == "Equal minus credit, seed by seed"
    tab.page.get_by_label("one more rule").select_option(label="by quotas")
    wait(tab, "doc.rules.length === 3 && doc.progress.done && !doc.progress.playing")
    assert [rule["name"] for rule in shown(tab, "rules")] == ["equal", "credit", "quota"]
    tab.page.get_by_role("button", name="Table").click()
    table = tab.page.locator(".cw-differences .cw-table")
    table.wait_for()
    assert table.locator("tbody tr").count() == len(shown(tab, "table.rows"))
    tab.page.get_by_label("Single seeds").check()
    wait(tab, "doc.shape[2] === 3 + 8")


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_a_guess_is_drawn_before_the_result_is_seen(tab: Tab, by: str) -> None:
    if by == "pointer":
        tab.page.get_by_role("button", name="Guess first").click()
    else:
        tab.page.keyboard.press("g")
    tab.page.get_by_role("button", name="Show the result").wait_for()
    assert tab.page.locator(".cw-differences table").count() == 0
    assert tab.page.locator(".cw-panel:not([hidden]) .cw-line").count() == 1
    assert "credit" not in tab.page.locator(".cw-compare-panels").inner_text()
    picture = tab.page.locator(".cw-compare-panels svg").first
    begin, value = tab.page.evaluate("""() => { const { scale } = document.querySelector('.cw-compare-panels svg');
        return [[scale.right, scale.y(0.25)], 0.25]; }""")
    if by == "pointer":
        box = picture.bounding_box()
        tab.page.mouse.move(box["x"] + begin[0] - 200, box["y"] + begin[1])
        tab.page.mouse.down()
        tab.page.mouse.move(box["x"] + begin[0], box["y"] + begin[1], steps=4)
        tab.page.mouse.up()
    else:
        picture.focus()
        for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
            tab.page.keyboard.press(key)
        tab.page.locator(".cw-compare-panels svg[aria-label*='place 2 of 25']").wait_for()  # on the next frame
    tab.page.get_by_role("button", name="Show the result").click()
    wait(tab, "doc.guess && doc.guess.text")
    guess = shown(tab, "guess")
    if by == "pointer":
        assert guess["values"][-1] == pytest.approx(value, abs=0.02)
    else:
        assert guess["values"][1] == pytest.approx(guess["values"][0] - 0.06, abs=1e-6)
        assert len(set(guess["values"][1:])) == 1
    assert tab.page.inner_text(".cw-compare-note").startswith(f"You drew {guess['values'][-1]:.2f} for credit; it is ")
    assert "your guess" in tab.page.locator(".cw-compare-panels").inner_text()
    assert tab.page.locator(".cw-differences table").count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_label_overlaps_another_or_leaves_the_view(tab: Tab, theme: str) -> None:
    if theme == "dark":
        tab.page.evaluate("commonweal.turnDark()")
    boxes = tab.page.evaluate("""() => [...document.querySelectorAll('.cw-compare-panels svg')].map((picture) =>
        [...picture.querySelectorAll('text')].map((text) => { const { left, right, top, bottom } =
        text.getBoundingClientRect(); return [left, right, top, bottom]; }))""")
    for panel in boxes:
        assert len(panel) > 4
        for place, (left, right, top, bottom) in enumerate(panel):
            assert right <= 1280
            for other in panel[place + 1 :]:
                assert right <= other[0] or other[1] <= left or bottom - 3 <= other[2] or other[3] - 3 <= top
    clipped = tab.page.evaluate("""() => [...document.querySelectorAll('.cw-differences td, .cw-differences th')]
        .filter((cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.textContent)""")
    assert clipped == []
