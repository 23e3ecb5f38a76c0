"""Pictures of the browser page for the README: ``benchmarks/screenshots.py docs/images [NAME …]``.

A real server and a headless Chromium play some runs to a round, always with the same seeds, and take pictures once
nothing moves any more; so the same code gives the same pictures. ``make screenshots`` makes all, in two minutes where
nothing else runs.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright
from shared.chromium import FLAGS, Server, Tab, chromium, environment, served

from commonweal.agents.arrays import Ints

SIZE, WIDE = (1280, 800), (1920, 1080)  # pixels of a page; of one with maps
QUIET = 250  # milliseconds between two pictures that must be equal
COMMON = 96  # colours of a palette that are the commonest of a picture; the other 160 are spread over all

# The animation: the commons, round by round.
FILMED, FILM_SIZE, FILM_WIDE = 60, (1120, 728), 800  # rounds, pixels of the page and of the film's width
FRAME, LAST = 140, 2500  # milliseconds of a frame, and of the last

# The sweep that is played for its picture.
SWEPT = "results/leaky"
SWEEP = ("leaky", "--vary", "stakes.audit=0,0.05,0.1,0.2,0.3", "--vary", "stakes.stake=0,0.1,0.5", "--seeds", "4",
         "--rounds", "60")  # fmt: skip

# When and how fast runs were played is not the same every time.
TIMELESS = r"""() => {
  const { docs } = commonweal;
  const told = (document, name, without) => ({ ...document, [name]: document[name].replace(without, "") });
  if (docs.compare?.progress)
    docs.compare = { ...docs.compare, progress: told(docs.compare.progress, "text", /, \d+ s$/) };
  if (docs.sweep) docs.sweep = told(docs.sweep, "context", /(?<=Stored) \d+ \w+/);
  if (docs.sweep?.more) docs.sweep = { ...docs.sweep, more: told(docs.sweep.more, "told", /, about.*/) };
  commonweal.redraw();
}"""


@dataclass(frozen=True)
class Shot:
    """What a picture shows.

    Attributes:
        looked_at: what the link says: scenario, seed, newest round, round, view and principal.
        size: of the page in pixels.
        dark: whether in dark colours.
        until: what is true in the browser once it is all there.
    """

    looked_at: Mapping[str, Any]
    size: tuple[int, int] = SIZE
    dark: bool = False
    until: str = "true"


# The newest round is that of the link, so a link to an earlier one is a run scrubbed back.
SHOTS: Mapping[str, Shot] = {
    "society": Shot({"scenario": "leaky", "newest": 200, "round": 200, "principal": 12},
                    until="commonweal.docs.card?.round === 200"),
    "lattice": Shot({"scenario": "spatial-public-goods", "newest": 120, "round": 120}),
    "dynamics": Shot({"scenario": "leaky", "newest": 200, "round": 137, "view": "dynamics"}, dark=True),
    "values": Shot({"scenario": "value-conflict", "newest": 120, "round": 120, "view": "values"},
                   until="commonweal.docs.values?.round === 120"),
    "compare": Shot({"scenario": "commons", "newest": 40, "round": 40, "view": "compare"},
                    until="commonweal.docs.compare?.progress?.done && !commonweal.docs.compare.progress.playing"),
}  # fmt: skip


@contextmanager
def opened(browser: Any, address: str, size: tuple[int, int] = SIZE, dark: bool = False) -> Iterator[Tab]:
    """A page of its own, that nothing moves in by itself; what went wrong in it ends the making of pictures."""
    scheme = "dark" if dark else "light"
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme,
                                  reduced_motion="reduce")  # fmt: skip
    tab = Tab(context.new_page(), address)
    if tab.of("document.querySelector('.cw').dataset.theme") != scheme:
        tab.of("commonweal.turnDark()")
    yield tab
    context.close()
    if tab.wrong or tab.outside:
        raise SystemExit(f"went wrong in the page: {[*tab.wrong, *tab.outside]}")


def still(tab: Tab) -> bytes:
    """A picture of the page once it is twice the same, with the pointer out of the way."""
    tab.page.evaluate(TIMELESS)
    tab.page.mouse.move(0, 0)
    tab.of("document.activeElement?.blur()")
    tab.of("document.fonts.ready.then(() => true)")
    size = tab.page.viewport_size
    for high in (size["height"] + 8, size["height"]):  # whatever was drawn before all words were there is drawn again
        tab.page.set_viewport_size({"width": size["width"], "height": high})
        tab.page.wait_for_timeout(QUIET)
    before, now = b"", tab.page.screenshot()
    while now != before:
        tab.page.wait_for_timeout(QUIET)
        before, now = now, tab.page.screenshot()
    return now


def take(browser: Any, address: str, shot: Shot) -> bytes:
    """Play a run by its link and take a picture."""
    link = {"seed": 0, "view": "society", **shot.looked_at}
    with opened(browser, f"{address}#{urlencode(link)}", shot.size, shot.dark) as tab:
        there = (
            f"commonweal.store.newest >= {link['newest']} && commonweal.round === {link['round']}"
            f" && commonweal.state.view === '{link['view']}' && commonweal.docs.told?.round === {link['newest']}"
        )
        tab.page.wait_for_function(there, timeout=120_000)
        tab.page.wait_for_function(shot.until, timeout=120_000)
        return still(tab)


@contextmanager
def sweeping() -> Iterator[Callable[[Any], bytes]]:
    """Play a small sweep beside what else is done; a function that takes a picture of its maps once it is played."""
    with TemporaryDirectory() as place:
        words = [sys.executable, "-m", "commonweal.commands.cli", "sweep", *SWEEP, "--workers", "1", "--out", SWEPT]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        sweep = subprocess.Popen(words, env=environment(None), cwd=place, **silent)
        try:
            yield partial(_take_sweep, sweep, Path(place))
        finally:
            sweep.kill()
            sweep.wait()


def _take_sweep(sweep: "subprocess.Popen[bytes]", place: Path, browser: Any) -> bytes:
    if sweep.wait() != 0:
        raise SystemExit(f"this sweep cannot be played: {' '.join(SWEEP)}")
    with served(SWEPT, place=place) as server, opened(browser, server.address, WIDE) as tab:
        tab.page.wait_for_selector(".sw-parts")
        tab.page.wait_for_function("commonweal.docs.point")
        return still(tab)


def film(browser: Any, address: str, into: Path) -> None:
    """Step through the first rounds of the commons, and make one moving picture of them."""
    frames = []
    link = urlencode({"scenario": "commons", "seed": 0, "view": "society", "newest": 0, "round": 0})
    with opened(browser, f"{address}#{link}", FILM_SIZE) as tab:
        tab.page.wait_for_function("commonweal.store.setup.name === 'commons' && commonweal.docs.told")
        tab.of("commonweal.hideFields()")
        still(tab)
        for round in range(1, FILMED + 1):
            tab.tell("step")
            tab.page.wait_for_function(f"commonweal.round === {round} && commonweal.docs.told.round === {round}")
            tab.of("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            frames.append(_smaller(tab.page.screenshot()))
    times = [FRAME] * (len(frames) - 1) + [LAST]
    frames[0].save(into, save_all=True, append_images=frames[1:], duration=times, loop=0, quality=80, method=4)


def _smaller(picture: bytes) -> Image.Image:
    wide, high = FILM_SIZE
    found = Image.open(BytesIO(picture)).convert("RGB")
    return found.resize((FILM_WIDE, FILM_WIDE * high // wide), Image.Resampling.LANCZOS)


def keep(picture: bytes, into: Path) -> None:
    """Write a picture with a palette, a third of the size: what is common keeps its colour, edges get a near one."""
    found = Image.open(BytesIO(picture)).convert("RGB")
    colours, place, counts = _colours(found)
    common = colours[np.argsort(-counts, kind="stable")[:COMMON]]
    spread = found.quantize(256 - COMMON, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).getpalette()
    palette = np.concatenate([common, np.reshape(spread, (-1, 3))])
    nearest = np.array([((palette - colour) ** 2).sum(axis=1).argmin() for colour in colours], dtype=np.uint8)
    kept = Image.fromarray(nearest[place].reshape(found.height, found.width)).convert("P")
    kept.putpalette(palette.astype(np.uint8).tobytes())
    kept.save(into, optimize=True)


def _colours(picture: Image.Image) -> tuple[Ints, Ints, Ints]:
    """(C, 3) different colours, which of them each pixel has, and (C,) how many pixels have each."""
    numbers = np.asarray(picture).astype(np.int64) @ np.array([65536, 256, 1])
    found, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1), place, counts


def main(folder: Path, names: list[str]) -> None:
    """Make the pictures.

    Args:
        folder: where ``page-*`` are written.
        names: of pictures; all if none is given.
    """
    began = monotonic()
    with served() as server, sweeping() as swept, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium(), args=FLAGS)
        for name, make in _makers(browser, server, swept).items():
            if not names or name in names:
                file = make(folder)
                print(f"{monotonic() - began:4.0f} s  {file}, {file.stat().st_size / 1000:.0f} kB", flush=True)
        browser.close()


def _makers(browser: Any, server: Server, swept: Callable[[Any], bytes]) -> Mapping[str, Callable[[Path], Path]]:
    def picture(name: str, taken: Callable[[], bytes], folder: Path) -> Path:
        keep(taken(), folder / f"page-{name}.png")
        return folder / f"page-{name}.png"

    def moving(folder: Path) -> Path:
        film(browser, server.address, folder / "page-run.webp")
        return folder / "page-run.webp"

    shots = {name: partial(picture, name, partial(take, browser, server.address, shot)) for name, shot in SHOTS.items()}
    return {**shots, "run": moving, "sweep": partial(picture, "sweep", partial(swept, browser))}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
