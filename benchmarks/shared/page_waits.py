"""What who uses the page waits for, measured in a headless Chromium by ``watch.js``: times in milliseconds."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w
from playwright.sync_api import sync_playwright

from commonweal.scenarios.schema.library import LIBRARY
from shared.chromium import FLAGS, Server, Tab, chromium, environment, served

WORK = Path(__file__).with_name("frame_work.py")
WATCH = Path(__file__).with_name("watch.js").read_text(encoding="utf-8")
SIZES: Mapping[int, tuple[str, Mapping[str, int]]] = {  # principals: scenario, and what is changed in its population
    40: ("commons", {}),
    1000: ("commons", {"count": 1000}),
    10_000: ("spatial-public-goods", {}),
}
QUIET = ("here", "seen")  # orders that are no question


@dataclass
class Waits:
    """What was measured, a list for each; only that which the page has."""

    found: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, values: Sequence[float]) -> None:
        """Note more values of one kind."""
        self.found.setdefault(name, []).extend(float(value) for value in values)


@contextmanager
def a_browser() -> Iterator[Any]:
    """A headless Chromium."""
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


def scenario_file(folder: Path, principals: int) -> Path:
    """A scenario with so many principals, as a file that old and new page read."""
    name, changes = SIZES[principals]
    document = tomllib.loads((LIBRARY / f"{name}.toml").read_text(encoding="utf-8"))
    document["population"] |= changes
    file = folder / f"{name}-{principals}.toml"
    file.write_text(tomli_w.dumps(document), encoding="utf-8")
    return file


def frame_work(scenario: Path, rounds: int, code: Path | None = None) -> dict[str, list[float]]:
    """Milliseconds of the server's processor for a frame, by kind of work, in a process of its own."""
    asked = [sys.executable, str(WORK), str(scenario), str(rounds)]
    printed = subprocess.run(asked, cwd=scenario.parent, env=environment(code), stdout=subprocess.PIPE, check=True)
    found: dict[str, list[float]] = json.loads(printed.stdout)
    return found


class Page:
    """The page in a tab of its own, watched.

    Args:
        browser: of playwright.
        server: of the page.
    """

    def __init__(self, browser: Any, server: Server) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = self.context.new_page()
        page.add_init_script(WATCH)
        self.tab = self._open(page, server)
        self.first = float(self.tab.of("watch.first"))

    def _open(self, page: Any, server: Server) -> Tab:
        return Tab(page, server.address)

    def turn_to(self, view: str) -> None:
        """Choose a view by its id."""
        self.tab.turn_to(view)

    def unleash(self) -> None:
        """Play as fast as it goes."""
        self.tab.tell("speed", speed=0)

    def steps(self, count: int) -> list[float]:
        """Milliseconds from a click on Step until the next round is painted."""
        found = []
        for _ in range(count):
            found.append(self.tab.of("watch.step()"))
            self.tab.page.wait_for_timeout(200)
        return found

    def step_bytes(self, count: int) -> tuple[list[float], list[float]]:
        """Bytes that arrive for a step: all, and those of frames."""
        whole, frames = [], []
        for _ in range(count):
            begin = len(self.tab.got)
            self.tab.of("watch.step()")
            self.tab.page.wait_for_timeout(400)
            whole.append(float(sum(size for _, size in self.tab.got[begin:])))
            frames.append(float(sum(size for kind, size in self.tab.got[begin:] if kind == "frame")))
        return whole, frames

    def pace(self, seconds: float) -> tuple[float, float]:
        """Frames and rounds a second while it plays as fast as it goes."""
        self.unleash()
        self.tab.of("watch.play()")
        self.tab.page.wait_for_timeout(500)
        frames, rounds = self.tab.of(f"watch.pace({seconds})")
        self.pause()
        return frames, rounds

    def pause(self) -> float:
        """Milliseconds from a click on Pause until nothing changes any more."""
        return float(self.tab.of("watch.pause()"))

    def pauses(self, count: int) -> list[float]:
        """The same, several times."""
        found = []
        for _ in range(count):
            self.tab.of("watch.play()")
            self.tab.page.wait_for_timeout(700)
            found.append(self.pause())
        return found

    def scrub(self, seconds: float) -> float:
        """Frames a second while the round shown is dragged back and forth."""
        box = self.tab.page.locator(self.slider).bounding_box()
        self.tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.6 * box["height"])
        self.tab.page.mouse.down()
        frames = float(self.tab.of(f"watch.scrub({seconds})"))
        self.tab.page.mouse.up()
        return frames

    slider = ".cw-strip-picture"

    def hovers(self, principals: Sequence[int]) -> list[float]:
        """Milliseconds from pointing at principals until they are marked."""
        return [float(self.tab.of(f"watch.hover({i})")) for i in principals]

    def questions(self, during: Callable[[], Any]) -> list[str]:
        """Orders sent while something is done, but those that say that the page is there and what it has painted."""
        before = len(self.tab.said)
        during()
        return [order for order in self.tab.said[before:] if order not in QUIET]

    def close(self) -> None:
        """Close the tab."""
        self.tab.page.close(run_before_unload=True)
        self.context.close()


class FormerPage(Page):
    """The page before, which shows pictures made by the server."""

    slider = ".cw-scrub .v-slider__thumb"

    def _open(self, page: Any, server: Server) -> Tab:
        return Tab(page, server.address, "document.querySelector('.cw-picture')?.complete")

    def turn_to(self, view: str) -> None:
        """Choose a view by its id."""
        self.tab.page.locator(f".v-tab:text-is('{view.capitalize()}')").click()
        self.tab.page.wait_for_selector(f".cw-{view} .cw-picture")

    def unleash(self) -> None:
        """Play as fast as it goes."""
        page = self.tab.page
        page.locator(":is(.cw-choice, .cw-control):has(:text-is('Speed')) .v-select").first.click()
        page.locator(".menuable__content__active .v-list-item:has(:text-is('as fast as it goes'))").first.click()
        page.wait_for_timeout(300)


@contextmanager
def opened(browser: Any, scenario: Path, code: Path | None = None) -> Iterator[tuple[Page, Server]]:
    """A page at a server of its own, under the former code where that is given."""
    with served(str(scenario), code=code) as server:
        page = (Page if code is None else FormerPage)(browser, server)
        try:
            yield page, server
        finally:
            page.close()
