"""Names in a real browser: bars through bad ones, arrows of requests, cards, courses and tables."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from shared.chromium import Server, Tab

from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.numbers import percent
from commonweal.figures.browser.notes.requests import Requests
from tests.helpers.chronicles import chronicle_of

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROUNDS = 24
SCENARIO = "reciprocity"

# At each place of the picture, or of what is drawn over it: the colours of the nine pixels there.
PIXELS = """([places, above]) => {
  const [canvas, over] = document.querySelectorAll('.cw-sheet canvas');
  const from = above ? over : canvas;
  const ratio = from.width / from.clientWidth;
  const pen = from.getContext('2d');
  return places.map(([x, y]) => [...pen.getImageData(Math.round(x * ratio) - 1, Math.round(y * ratio) - 1, 3, 3).data]);
}"""


@pytest.fixture(scope="module")
def tab(browser: Any, server: Server) -> Iterator[Tab]:
    """A tab in which the scenario has been played; nothing may have gone wrong in the end."""
    opened = Tab(browser.new_page(), server.address)
    page = opened.page
    page.evaluate("commonweal.send({do: 'speed', speed: 0})")
    run = page.evaluate("commonweal.store.setup.run")
    page.evaluate(f"commonweal.send({{do: 'scenario', name: '{SCENARIO}'}})")
    page.wait_for_function(f"commonweal.store.setup.run > {run}")
    page.evaluate("commonweal.send({do: 'pause'})")
    page.evaluate(f"commonweal.send({{do: 'play', until: {ROUNDS}}})")
    page.wait_for_function(f"commonweal.store.newest >= {ROUNDS} && !commonweal.docs.state.playing", timeout=60_000)
    page.wait_for_selector(".cw-named")
    yield opened
    page.close(run_before_unload=True)
    assert opened.outside == []
    assert opened.wrong == []


@pytest.fixture(scope="module")
def chronicle() -> Chronicle:
    return chronicle_of(SCENARIO, ROUNDS, {}, seed=0)


@pytest.fixture(scope="module")
def told(chronicle: Chronicle) -> Requests:
    found = chronicle.at(ROUNDS).requests
    assert found is not None and 0 < (found.after == 0).sum() < 40
    return found


def look(tab: Tab, **state: Any) -> None:
    wanted = {"view": "society", "round": ROUNDS, "principal": None, "hover": None} | state
    tab.page.evaluate("wanted => commonweal.set(wanted)", wanted)
    tab.page.wait_for_function("view => commonweal.showing === view", arg=wanted["view"])  # some are sent when wanted
    tab.settle()


def placed(tab: Tab, index: int) -> list[float]:
    """Where a principal's mark is, and its radius."""
    found = tab.page.evaluate(f"commonweal.shown.part.where({index})")
    return [found[name] for name in "xyr"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_bar_in_ink_goes_through_bad_names_alone(tab: Tab, told: Requests, theme: str) -> None:
    tab.page.evaluate(f"document.querySelector('.cw').dataset.theme = '{theme}'; commonweal.redraw()")
    look(tab)
    ink = tab.page.evaluate("commonweal.colour('ink')")
    wanted = [int(ink[k : k + 2], 16) for k in (1, 3, 5)]
    places = [placed(tab, i) for i in range(40)]
    middles = [[x + 0.45 * r, y - 0.45 * r] for x, y, r in places]
    found = np.array(tab.page.evaluate(PIXELS, [middles, False])).reshape(40, 9, 4)[..., :3]
    barred = np.abs(found - wanted).max(axis=2).min(axis=1) < 40
    struck = np.array(tab.page.evaluate(f"[...commonweal.store.marksAt({ROUNDS}).struck]")) > 0  # its × is there too
    np.testing.assert_array_equal(barred[~struck], (told.after == 0)[~struck])
    assert tab.page.inner_text(".cw-named .cw-key").split() == ["bad", "name", str((told.after == 0).sum())]


def test_the_read_out_says_the_name_and_the_request(tab: Tab, told: Requests) -> None:
    for index in (0, int((told.after == 0).argmax()), int(told.gave.argmax())):
        look(tab, hover=index)
        text = tab.page.inner_text(".cw-tip")
        did = "gave to" if told.gave[index] else "refused"
        name, whose = (("bad", "good")[int(each)] for each in (told.after[index], told.other[index]))
        assert text.endswith(f"{name} name · {did} {told.counterpart[index]}, whose name was {whose}")


@pytest.mark.parametrize("chosen", [True, False])
def test_an_arrow_leads_to_whose_request_one_had_dashed_where_it_refused(
    tab: Tab, told: Requests, chosen: bool
) -> None:
    lengths = {}
    for gave in (True, False):
        index = int(np.flatnonzero(told.gave == gave)[2])
        look(tab, **{"principal" if chosen else "hover": index})
        (x, y, r), (u, v, s) = placed(tab, index), placed(tab, int(told.counterpart[index]))
        far = float(np.hypot(u - x, v - y))
        along = [(r + 22 + k) / far for k in range(int(far - r - s - 52))]
        pixels = tab.page.evaluate(PIXELS, [[[x + t * (u - x), y + t * (v - y)] for t in along], True])
        lengths[gave] = np.mean(np.array(pixels).reshape(-1, 9, 4)[:, 4, 3] > 100)  # the middle one's opacity
    assert lengths[True] == 1.0
    assert 0.3 < lengths[False] < 0.9


def test_the_card_tells_the_name_its_judge_and_how_a_learner_gives(
    tab: Tab, chronicle: Chronicle, told: Requests
) -> None:
    names = chronicle.world.terms.policy.names
    before = chronicle.at(ROUNDS - 1).requests
    assert before is not None and before.giving is not None
    learner = int(np.flatnonzero(chronicle.newest.policy == names.index("reciprocity"))[0])
    look(tab, principal=learner)
    tab.page.wait_for_function(f"commonweal.docs.card?.round === {ROUNDS} && commonweal.docs.card.index === {learner}")
    tab.settle()
    text = tab.page.locator(".cw-card").inner_text()
    assert f"Judge {told.judges[learner, 0]} called it {('bad', 'good')[int(told.verdicts[learner, 0])]} " in text
    assert f"principal {told.counterpart[learner]}, whose name was " in text
    rows = tab.page.evaluate("[...document.querySelectorAll('.cw-section-table tbody tr')].map((row) => row.innerText)")
    assert [row.split("\t")[2] for row in rows] == [percent(float(p)) for p in before.giving[learner].ravel()]
    assert "marked beneath: bad name" in text
    assert tab.page.evaluate("document.querySelector('.cw-life').height / devicePixelRatio") == 26  # 18 without names
    look(tab)


def test_the_table_and_the_courses_hold_names(tab: Tab, chronicle: Chronicle, told: Requests) -> None:
    look(tab)
    table = tab.page.evaluate("commonweal.shown.table()")
    assert table["headers"][-2:] == ["name", "request of"]
    assert [row[-2] for row in table["rows"]] == [("bad", "good")[int(each)] for each in told.after]
    assert [row[-1] for row in table["rows"]] == told.counterpart.tolist()
    look(tab, view="dynamics")
    tab.page.wait_for_function("commonweal.shown.table().headers.length")  # its courses are sent when they are wanted
    table = tab.page.evaluate("commonweal.shown.table()")
    place = table["headers"].index("requests fulfilled and good names, share: good names")
    courses = chronicle.metrics()["good_names"]
    np.testing.assert_allclose([row[place] for row in table["rows"]], courses, rtol=1e-5)
    assert "good names" in tab.page.locator("main").text_content()


def test_a_narrow_page_shows_the_whole_card(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 390, "height": 844})
    look(tab, principal=3)
    tab.page.wait_for_selector(".cw-card .cw-section")
    box = tab.page.locator(".cw-card").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    wider = "(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)(document.querySelector('.cw-card'))"
    assert tab.page.evaluate(wider) <= 0
    tab.page.set_viewport_size({"width": 1280, "height": 800})
