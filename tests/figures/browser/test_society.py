"""The society in a real browser: all in the right place and colour, named where one points, chosen by key or click.

What is drawn is read from the page's own hook, ``window.commonweal``, and from single pixels.
"""

from collections.abc import Callable
from functools import cache
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from shared.chromium import VISITED, Server

from commonweal.agents.actions import Action
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

INK = {"delegate": (0, 114, 178), "free-ride": (230, 159, 0), "defect": (178, 58, 14), "abstain": (138, 146, 155)}
KEEPS = (244, 208, 144)  # of a large field

COUNTED = """[...document.querySelectorAll('.cw-key[data-action] span')]
  .reduce((sum, each) => sum + Number(each.textContent.replaceAll('\\u202f', '')), 0)
  === commonweal.store.setup.principals"""


@pytest.fixture(scope="module")
def shown(chromium_browser: Any, server: Server) -> Callable[[str, int], Any]:
    """Opens a scenario with so many principals (0: as it says) in a tab; the same tab for the same ones."""

    @cache
    def opening(name: str, count: int) -> Any:
        page = chromium_browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(VISITED)
        page.wrong = []
        page.on("console", lambda message: page.wrong.extend([message.text] * (message.type == "error")))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.goto(f"{server.address}#scenario={name}" + (f"&set.population.count={count}" if count else ""),
                  timeout=120_000)  # a busy machine is long to import what the server needs
        drawn(page, name, count)
        return page

    return opening


def drawn(page: Any, name: str, count: int = 0) -> None:
    """Wait until a scenario with so many principals is shown."""
    there = f"window.commonweal?.store.setup?.name === '{name}' && commonweal.store.newest >= 0"
    there += " && commonweal.shown?.part?.picture.drawn"  # maybe of the run before
    page.wait_for_function(there + (f" && commonweal.store.setup.principals === {count}" if count else ""),
                           timeout=30_000)
    settle(page)


def play(page: Any, rounds: int) -> None:
    """Step until so many rounds are played."""
    while page.evaluate("commonweal.store.newest") < rounds:
        before = page.evaluate("commonweal.store.newest")
        page.evaluate("commonweal.stepOn()")
        page.wait_for_function(f"commonweal.store.newest > {before} && commonweal.round > {before}")
    settle(page)


def settle(page: Any) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def where(page: Any, principal: int) -> tuple[float, float]:
    """Where a principal is drawn, pixels of the window."""
    at = page.evaluate(f"""() => {{
        const {{ field }} = commonweal.shown.part.picture;
        const [box, at] = [field.getBoundingClientRect(), commonweal.shown.part.where({principal})];
        const zoomed = field.currentCSSZoom;
        return [box.left + zoomed * at.x, box.top + zoomed * at.y];
    }}""")
    return float(at[0]), float(at[1])


def colour(page: Any, principal: int) -> tuple[int, int, int]:
    """The colour in the middle of a principal's mark."""
    red, green, blue = page.evaluate(f"""() => {{
        const at = commonweal.shown.part.where({principal});
        const canvas = commonweal.shown.part.picture.field.querySelector("canvas");
        const [x, y] = [at.x * devicePixelRatio, at.y * devicePixelRatio];
        return [...canvas.getContext("2d").getImageData(x, y, 1, 1).data.slice(0, 3)];
    }}""")
    return red, green, blue


def state(page: Any, name: str) -> Any:
    return page.evaluate(f"commonweal.state.{name}")


def tip(page: Any) -> str:
    settle(page)
    return str(page.inner_text(".cw-tip"))


def counts(page: Any) -> list[int]:
    """What the legend counts."""
    return [int(text.replace("\u202f", "")) for text in page.locator(".cw-key[data-action] span").all_inner_texts()]


def let_go(page: Any) -> None:
    page.mouse.move(2, 2)
    page.evaluate("commonweal.set({principal: null, hover: null, eye: true}); commonweal.shown.part.picture.zoomBy(0)")
    settle(page)


def actions_of(name: str, rounds: int, **settings: Any) -> Any:
    """(N,) what everybody does after some rounds of seed 0."""
    model = Cooperative(load(name, settings), rng=0)
    for _ in range(rounds):
        model.step()
    return model.people.action[0]


def test_marks_have_the_colours_of_what_everybody_does_and_the_legend_counts_them(shown: Callable[..., Any]) -> None:
    page = shown("commons", 0)
    page.evaluate("commonweal.set({eye: false})")
    play(page, 3)
    let_go(page)
    page.evaluate("commonweal.set({eye: false})")
    settle(page)
    actions = actions_of("commons", 3)
    for principal, action in enumerate(actions.tolist()):
        expected = INK[Action(action).name.lower().replace("_", "-")]
        assert np.abs(np.subtract(colour(page, principal), expected)).max() <= 3
    for action in (Action.DELEGATE, Action.FREE_RIDE, Action.DEFECT):
        key = f".cw-key[data-action='{action.name.lower().replace('_', '-')}'] span"
        assert page.inner_text(key) == str((actions == action).sum())


def test_areas_tell_wealth_from_the_smallest_to_the_largest(shown: Callable[..., Any]) -> None:
    page = shown("commons", 0)
    play(page, 3)  # before the first round nobody owns anything
    sizes = page.evaluate("[...commonweal.store.marksAt(commonweal.round).sizes]")
    radii = page.evaluate("Array.from({length: 40}, (_, i) => commonweal.shown.part.where(i).r)")
    slope = np.polyfit(np.maximum(sizes, 0), np.square(radii), 1)
    assert np.polyval(slope, np.maximum(sizes, 0)) == pytest.approx(np.square(radii), rel=1e-3)
    assert 4 < min(radii) < max(radii) < 18


def test_pointing_at_a_principal_names_it_and_a_click_chooses_it(shown: Callable[..., Any]) -> None:
    page = shown("commons", 0)
    play(page, 3)
    let_go(page)
    wealth = page.evaluate("[...commonweal.store.marksAt(3).sizes]")
    richest = int(np.argmax(wealth))
    page.mouse.move(*where(page, richest))
    action = Action(page.evaluate(f"commonweal.store.marksAt(3).actions[{richest}]")).name.lower().replace("_", "-")
    assert tip(page).startswith(f"principal {richest} {action}s")
    assert f"wealth {float(f'{wealth[richest]:.3g}'):g}" in tip(page) and "reputation 0." in tip(page)
    page.mouse.click(*where(page, 12))
    assert state(page, "principal") == 12
    page.mouse.move(2, 2)
    settle(page)
    assert not page.is_visible(".cw-tip")


def test_arrow_keys_go_to_the_nearest_in_their_direction_and_tell_it(shown: Callable[..., Any]) -> None:
    page = shown("commons", 0)
    let_go(page)
    page.focus(".cw-sheet")
    round = page.evaluate("commonweal.round")
    page.evaluate("commonweal.set({hover: 12})")
    x, y = where(page, 12)
    page.keyboard.press("ArrowRight")
    settle(page)
    found = state(page, "hover")
    right, down = where(page, found)
    assert right > x and abs(down - y) <= right - x
    assert page.inner_text(".cw-said").startswith(f"principal {found} ")
    page.keyboard.press("Enter")
    assert state(page, "principal") == found
    assert page.evaluate("commonweal.round") == round  # arrow keys go through rounds elsewhere


def test_the_wheel_zooms_around_the_pointer_dragging_moves_and_a_double_click_resets(shown: Callable[..., Any]) -> None:
    page = shown("commons", 0)
    let_go(page)
    before = at = where(page, 20)
    page.mouse.move(*at)
    page.mouse.wheel(0, -600)
    page.wait_for_function("commonweal.shown.part.picture.zoom > 2")
    settle(page)
    assert where(page, 20) == pytest.approx(at, abs=0.5 * 2.5)  # the wheel says where it is in whole pixels
    at = where(page, 20)
    page.mouse.down()
    page.mouse.move(before[0] + 30, before[1] + 20, steps=3)
    page.mouse.up()
    settle(page)
    assert where(page, 20) == pytest.approx((at[0] + 30, at[1] + 20), abs=1)
    assert state(page, "principal") is None  # a drag is no click
    page.evaluate("commonweal.shown.part.picture.field.dispatchEvent(new MouseEvent('dblclick'))")
    settle(page)
    assert where(page, 20) == pytest.approx(before, abs=0.01)


def test_what_rings_show_is_chosen_in_the_line_beneath(shown: Callable[..., Any]) -> None:
    page = shown("commons", 0)
    play(page, 3)
    before = page.evaluate("[...commonweal.store.marksAt(3).rings]")
    page.select_option(".cw-ring", "credit")
    page.wait_for_function("commonweal.store.marksAt(3).rings.some((ring, i) => ring !== " + str(before) + "[i])")
    settle(page)
    page.mouse.move(*where(page, 31))
    assert "credit" in tip(page) and "of the most" in tip(page)
    page.select_option(".cw-ring", "reputation")
    page.wait_for_function(f"commonweal.store.marksAt(3).rings.every((ring, i) => ring === {before}[i])")


def test_who_was_dropped_by_the_gate_is_crossed_over_until_the_eye_is_closed(shown: Callable[..., Any]) -> None:
    page = shown("poisoners", 0)
    play(page, 2)
    let_go(page)
    struck = page.evaluate("[...commonweal.store.marksAt(2).struck]")
    assert 0 < sum(struck) < len(struck)
    assert page.inner_text(".cw-eye").endswith(str(sum(struck)))
    crossed = struck.index(1)
    over = colour(page, crossed)
    page.click(".cw-eye")
    settle(page)
    assert colour(page, crossed) != over and colour(page, crossed) in INK.values()


def test_a_click_on_the_lattice_names_the_right_cell(shown: Callable[..., Any]) -> None:
    page = shown("spatial-public-goods", 0)
    play(page, 1)
    let_go(page)
    actions = actions_of("spatial-public-goods", 1)
    for principal in (0, 99, 4359, 9_999):
        page.mouse.move(*where(page, principal))
        assert f"row {principal // 100}, column {principal % 100}" in tip(page)
        page.mouse.click(*where(page, principal))
        assert state(page, "principal") == principal
    for principal in range(0, 10_000, 371):
        expected = INK["delegate"] if actions[principal] == Action.DELEGATE else KEEPS
        assert colour(page, principal) == expected
    assert counts(page) == [(actions == Action.DELEGATE).sum(), (actions == Action.FREE_RIDE).sum()]


def test_the_frame_is_dragged_and_led_by_keys_and_the_piece_beside_follows(shown: Callable[..., Any]) -> None:
    page = shown("spatial-public-goods", 0)
    let_go(page)
    assert page.inner_text(".cw-piece p").startswith("Rows 43–54, columns 59–70.")
    x, y = where(page, 48 * 100 + 64)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(*where(page, 20 * 100 + 30), steps=4)
    page.mouse.up()
    settle(page)
    assert page.inner_text(".cw-piece p").startswith("Rows 15–26, columns 25–36.")
    box = page.locator(".cw-piece canvas").bounding_box()
    page.mouse.move(box["x"] + 2 + 3 + 14 * 2.5, box["y"] + 2 + 3 + 14 * 1.5)  # the second row, the third column
    settle(page)
    assert state(page, "hover") == 16 * 100 + 27
    let_go(page)
    page.focus(".cw-sheet")
    page.evaluate("commonweal.set({hover: 2636})")  # row 26, column 36: the corner of the frame
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    settle(page)
    assert state(page, "hover") == 2737
    assert page.inner_text(".cw-piece p").startswith("Rows 16–27, columns 26–37.")
    page.evaluate("document.activeElement.blur()")


def test_the_society_is_saved_as_shapes_and_told_as_a_table(shown: Callable[..., Any]) -> None:
    page = shown("commons", 0)
    play(page, 3)
    page.evaluate("commonweal.set({eye: false})")
    settle(page)
    page.keyboard.press("s")
    with page.expect_download() as saved:
        page.locator(".cw-share-entry:has-text('Picture as SVG')").click()
    page.keyboard.press("Escape")
    drawing = ElementTree.parse(saved.value.path()).find(".//{*}svg[@width='100%']")
    paths = {path.get("fill"): path.get("d") for path in drawing}
    for action, count in zip(("delegate", "free-ride", "defect"), counts(page), strict=True):
        fill = "#{:02X}{:02X}{:02X}".format(*INK[action])
        assert paths[fill].count("a" if action == "delegate" else "Z") == count * (2 if action == "delegate" else 1)
    table = page.evaluate("commonweal.shown.table()")
    assert table["headers"] == ["principal", "does", "wealth, money", "reputation"]
    assert [row[1] for row in table["rows"]].count("delegate") == counts(page)[0]
    assert np.array([row[2] for row in table["rows"]], dtype=float) == pytest.approx(
        page.evaluate("[...commonweal.store.marksAt(3).sizes]"), rel=1e-6)  # fmt: skip


def test_on_a_wide_enlarged_page_pointing_finds_the_same(shown: Callable[..., Any]) -> None:
    page = shown("spatial-public-goods", 0)
    let_go(page)
    page.set_viewport_size({"width": 1920, "height": 1080})
    settle(page)
    settle(page)
    for principal in (0, 4359, 9_999):
        page.mouse.move(*where(page, principal))
        assert f"row {principal // 100}, column {principal % 100}" in tip(page)
    wide = page.evaluate("commonweal.shown.part.picture.field.querySelector('canvas').width")
    assert wide % 100 == 0 and wide >= 700
    page.set_viewport_size({"width": 1280, "height": 800})
    settle(page)


@pytest.mark.slow
def test_every_scenario_opens_its_society_without_a_word_of_trouble(shown: Callable[..., Any]) -> None:
    page = shown("commons", 0)
    let_go(page)
    for name in library_names():
        page.evaluate(f"commonweal.send({{do: 'scenario', name: '{name}'}})")
        there = f"commonweal.store.setup.name === '{name}' && commonweal.store.marks.size && commonweal.shown.part"
        page.wait_for_function(there, timeout=30_000)
        page.wait_for_function(COUNTED, timeout=30_000)  # a part that is loaded later takes the place of another
        settle(page)
        assert sum(counts(page)) == page.evaluate("commonweal.store.setup.principals")
        assert page.evaluate("commonweal.shown.part.picture.wide") > 200
    assert page.wrong == []


def test_the_dark_page_is_drawn_in_its_own_colours(shown: Callable[..., Any]) -> None:
    page = shown("spatial-public-goods", 0)
    light = [colour(page, i) for i in (0, 1, 2, 3)]
    page.evaluate("commonweal.turnDark()")
    settle(page)
    assert all(one != other for one, other in zip(light, [colour(page, i) for i in (0, 1, 2, 3)], strict=True))
    page.evaluate("commonweal.turnDark()")
    settle(page)


def test_a_cell_is_a_whole_number_of_the_screens_pixels(chromium_browser: Any, shown: Callable[..., Any]) -> None:
    address = shown("spatial-public-goods", 0).url
    page = chromium_browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=1.5)
    page.goto(address)
    drawn(page, "spatial-public-goods")
    across, seen = page.wait_for_function("""() => {
        const canvas = commonweal.shown?.part?.picture.field.querySelector("canvas"); // none while a run is shown anew
        return canvas && [canvas.width, canvas.getBoundingClientRect().width * devicePixelRatio]; }""").json_value()
    assert across % 100 == 0 and across == pytest.approx(seen, abs=0.05)  # layout rounds to 1/64
    page.close()
