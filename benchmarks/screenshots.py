"""Pictures of the browser page for the README, ``make screenshots``: ``benchmarks/screenshots.py docs/images``."""

import sys
from pathlib import Path
from time import sleep

from playwright.sync_api import sync_playwright
from shared.chromium import FLAGS, Tab, chromium, served

ROUNDS = 60


def take(folder: Path) -> None:
    """Play the leaky commons and take pictures of four tabs.

    Args:
        folder: where ``browser-*.png`` are written.
    """
    with served("leaky") as server, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium(), args=FLAGS)
        tab = Tab(browser.new_page(viewport={"width": 1280, "height": 800}), server.address)
        for _ in range(ROUNDS):  # not played: the picture shall be the same every time
            tab.button("Step").click()
        tab.until(lambda: tab.round == ROUNDS)
        tab.type("Principal", "0")
        for name, prepare in (("Society", None), ("Dynamics", None), ("What if", _ask), ("Compare", _compare)):
            tab.turn_to(name)
            if prepare is not None:
                prepare(tab)
            tab.page.mouse.move(640, 790)
            sleep(1)
            tab.page.screenshot(path=folder / f"browser-{name.lower().replace(' ', '-')}.png")
        browser.close()


def _ask(tab: Tab) -> None:
    tab.choose("does in every round", "defect")
    tab.button("Play both futures").click()
    tab.page.wait_for_selector(".cw-what-if .cw-picture")


def _compare(tab: Tab) -> None:
    tab.choose("to", "equal")
    tab.page.locator(".cw-compare .v-btn:has-text('Compare')").click()
    tab.page.wait_for_selector(".cw-compare .cw-picture")


if __name__ == "__main__":
    take(Path(sys.argv[1]))
