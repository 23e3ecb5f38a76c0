"""How long who uses the browser page waits: the page that is drawn in the browser beside the one before it.

    python benchmarks/page.py            print the table (about six minutes; needs Chromium)
    python benchmarks/page.py --write    and put it into docs/results/speed.md

A headless Chromium on this machine, 1280 × 800, without a graphics card, beside the server, which computes on one
thread. The page before is the code of its last commit; where the history does not reach back to it, the new page is
measured alone. Old and new take turns, so that whatever else the machine does falls upon both. Times are taken in the
page: from the click until the picture is painted.
"""

import sys
from collections.abc import Mapping, Sequence
from os import getloadavg
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from results_page import main, markdown
from shared.former_page import former_code
from shared.page_waits import SIZES, FormerPage, Page, Waits, a_browser, frame_work, opened, scenario_file

REPEATS = 2
STEPS, BYTES, PAUSES, SECONDS, POINTED, FRAMES = 6, 3, 3, 3.0, 8, 20
POINTABLE = 1000  # principals among whom one is pointed at

# What, unit, and the budget by principals, where there is one.
MEASURES: Mapping[str, tuple[str, str, Mapping[int, str]]] = {
    "first": ("first tab of a server, opening → picture", "ms", {}),
    "again": ("another tab, opening → picture", "ms", dict.fromkeys(SIZES, "2500")),
    "society": ("Step → painted, Society", "ms", {40: "100", 1000: "100", 10_000: "150"}),
    "dynamics": ("Step → painted, Dynamics", "ms", {40: "100", 1000: "100", 10_000: "150"}),
    "bytes": ("sent for a step", "kB", {}),
    "frame": ("of it the frame", "kB", {1000: "10", 10_000: "35"}),
    "frames": ("frames a second, playing as fast as it goes", "", dict.fromkeys(SIZES, "at least 25")),
    "rounds": ("rounds a second, playing as fast as it goes", "", {}),
    "pause": ("Pause → nothing changes any more", "ms", dict.fromkeys(SIZES, "100")),
    "scrub": ("frames a second, scrubbing", "", dict.fromkeys(SIZES, "60")),
    "hover": ("pointing at a principal → marked", "ms", {1000: "17"}),
    "work society": ("server's work for a frame, Society", "ms", dict.fromkeys(SIZES, "1")),
    "work dynamics": ("server's work for a frame, Dynamics", "ms", dict.fromkeys(SIZES, "1")),
    "work told": ("the same for what is told besides, at most four times a second", "ms", {}),
}


def measure(browser: Any, scenario: Path, principals: int, code: Path | None, waits: Waits) -> None:
    """Open a page at a server of its own and measure all that is waited for."""
    with opened(browser, scenario, code) as (page, server):
        waits.add("first", [page.first])
        page.steps(2)  # what is loaded once
        waits.add("society", page.steps(STEPS))
        whole, frames_alone = page.step_bytes(BYTES)
        waits.add("bytes", [got / 1000 for got in whole])
        if code is None:
            waits.add("frame", [got / 1000 for got in frames_alone])
        if code is None and principals == POINTABLE:
            waits.add("hover", page.hovers(range(0, principals, principals // POINTED)))
        page.turn_to("dynamics")
        waits.add("dynamics", page.steps(STEPS))
        page.turn_to("society")
        frames, rounds = page.pace(SECONDS)
        waits.add("frames", [frames])
        waits.add("rounds", [rounds])
        waits.add("pause", page.pauses(PAUSES))
        waits.add("scrub", [page.scrub(SECONDS)])
        other = (Page if code is None else FormerPage)(browser, server)
        waits.add("again", [other.first])
        other.close()


def work(scenario: Path, code: Path | None, waits: Waits) -> None:
    """Measure the server's work for frames, in a process of its own."""
    found = frame_work(scenario, FRAMES, code)
    for name in ("society", "dynamics"):
        waits.add(f"work {name}", found.get(name) or found["frame"])
    waits.add("work told", found.get("told", []))


def told(values: Sequence[float] | None) -> str:
    """Median and range."""
    if not values:
        return "–"
    middle, low, high = np.median(values), min(values), max(values)
    return figures(middle) if low == high else f"{figures(middle)} ({figures(low)} to {figures(high)})"


def figures(value: float) -> str:
    """A number in two figures, or whole."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def rows(before: Mapping[int, Waits], now: Mapping[int, Waits]) -> list[list[str]]:
    """The lines of the table."""
    found = []
    for name, (what, unit, budgets) in MEASURES.items():
        for principals in SIZES:
            old, new = before[principals].found.get(name), now[principals].found.get(name)
            if new or old:
                budget = " ".join(filter(None, [budgets.get(principals, "–"), unit if principals in budgets else ""]))
                found.append([f"{what}{f', {unit}' if unit else ''}", f"{principals}", told(old), told(new), budget])
    return found


def waits() -> str:
    """Median (range) of the page before and now."""
    before, now = {n: Waits() for n in SIZES}, {n: Waits() for n in SIZES}
    loads = [getloadavg()[0]]
    with former_code() as code, a_browser() as browser, TemporaryDirectory() as folder:
        sides = [(now, None)] if code is None else [(before, code), (now, None)]
        for repeat in range(REPEATS):
            for principals in SIZES:
                scenario = scenario_file(Path(folder), principals)
                for found, place in sides[:: -1 if repeat % 2 else 1]:
                    measure(browser, scenario, principals, place, found[principals])
                    work(scenario, place, found[principals])
                    loads.append(getloadavg()[0])
                    print(f"repeat {repeat + 1}, {principals}", file=sys.stderr, flush=True)
        version = browser.version
    table = markdown(["what", "principals", "before", "now", "budget"], rows(before, now))
    load = f"load average {min(loads):.1f} to {max(loads):.1f}"
    gone = "" if code else " The history does not reach back to the page before."
    return f"{table}\n\nChromium {version}; servers opened by turns, {REPEATS} of each; one thread; {load}.{gone}"


if __name__ == "__main__":
    main(__doc__, {"page-waits": waits})
