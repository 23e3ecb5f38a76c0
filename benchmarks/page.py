"""How long who uses the browser page waits: for a step's picture, for Pause, and for the answer to a what-if.

    python benchmarks/page.py            print the table (about a minute; needs Chromium)
    python benchmarks/page.py --write    and put it into docs/results.md

A headless Chromium on this machine, 1280 × 800, beside the server. Waits are read off the page every few milliseconds.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import getloadavg

import numpy as np
from playwright.sync_api import sync_playwright
from results_page import main, markdown
from shared.chromium import FAST, FLAGS, Tab, chromium, served

STEPS, PAUSES, QUESTIONS = 20, 10, 6


@contextmanager
def opened() -> Iterator[Tab]:
    """A tab of a server of its own."""
    with served() as server, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield Tab(browser.new_page(viewport={"width": 1280, "height": 800}), server.address)
        browser.close()


def steps(tab: Tab) -> list[float]:
    """Seconds from a click on Step to the picture of the next round."""
    waits = []
    for number in range(1, STEPS + 1):
        tab.button("Step").click()
        waits.append(tab.until(lambda number=number: tab.round == number))
    return waits


def questions(tab: Tab) -> list[float]:
    """Seconds from the click that asks what if to the answer."""
    tab.turn_to("What if")
    tab.type("Principal", "3")
    tab.choose("does in every round", "free-ride")
    ask, waits = tab.button("Play both futures"), []
    for _ in range(QUESTIONS):
        ask.click()
        tab.until(ask.is_disabled)
        waits.append(tab.until(lambda: ask.is_enabled() and tab.page.locator(".cw-what-if .cw-picture").count() > 0))
    return waits


def pauses(tab: Tab) -> list[float]:
    """Seconds from a click on Pause to the last change of the round."""
    tab.type("Principals", "1000")
    tab.button("Reset").click()
    tab.until(lambda: "1000 principals" in tab.page.text_content(".cw-what"))
    tab.choose("Speed", FAST)
    waits = []
    for _ in range(PAUSES):
        began = tab.round
        tab.button("Play").click()
        tab.until(lambda began=began: tab.round > began + 20, seconds=60)
        tab.button("Pause").click()
        waits.append(tab.rest())
    return waits


PARTS: Sequence[tuple[str, Callable[[Tab], list[float]], float]] = (
    ("Step to picture, 40 principals", steps, 0.5),
    ("What if, 16 futures × 2 × 20 rounds, 40 principals", questions, 2.0),
    ("Pause to the last change, 1000 principals", pauses, 0.5),
)


def waits() -> str:
    """Median and range of what is waited for, and how busy the machine was."""
    rows = []
    for what, measure, asked in PARTS:
        with opened() as tab:
            found = np.array(measure(tab))
        seconds = f"{np.median(found):.2f} s ({found.min():.2f} to {found.max():.2f})"
        rows.append([what, f"{len(found)}", seconds, f"{asked:g} s", f"{getloadavg()[0]:.1f}"])
    return markdown(["what", "times", "median (range)", "asked for", "load"], rows)


if __name__ == "__main__":
    main(__doc__, {"page-waits": waits})
