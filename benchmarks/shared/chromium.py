"""A real browser and a real server for the tests of the page."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--disable-quic",
]

FAST = "as fast as it goes"  # of the speeds


def chromium() -> str:
    """Where the system's Chromium is; without one tests are skipped, but never in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        reason = "no chromium here: apt-get install chromium"
        if os.environ.get("CI_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Server:
    """``commonweal serve`` in a process of its own.

    Args:
        words: of the command line, after ``serve``.
    """

    def __init__(self, *words: str) -> None:
        command = [sys.executable, "-m", "commonweal.commands.cli", "serve", *words, "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, "OMP_NUM_THREADS": "1"})
        self.log: list[str] = []
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first.startswith("serving"), first + (self.process.stderr.read() if self.process.stderr else "")
        self.address = first.split()[1]
        for stream in (self.process.stdout, self.process.stderr):
            threading.Thread(target=lambda stream=stream: self.log.extend(stream), daemon=True).start()

    @property
    def resident(self) -> float:
        """Megabytes of memory it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1000

    @property
    def threads(self) -> int:
        """How many threads it has."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def interrupt(self, signal: int) -> int:
        """Send a signal; its exit status."""
        self.process.send_signal(signal)
        return self.process.wait(10)

    def complaints(self) -> list[str]:
        """Lines of its log that tell of trouble."""
        return [line for line in self.log if any(word in line for word in ("Traceback", "Error", "rror:", "failed"))]


@contextmanager
def served(*words: str) -> Iterator[Server]:
    """A server while the block lasts."""
    server = Server(*words)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


class Tab:
    """A tab of the browser that takes note of whatever goes wrong in it.

    Args:
        page: a new page of playwright.
        address: of the server.
    """

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.wrong = page, []
        self.outside: list[str] = []
        home = address.partition("?")[0]
        page.on("console", lambda message: self.wrong.extend([message.text] * (message.type == "error")))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        page.on("response", lambda reply: self.wrong.extend([f"{reply.status} {reply.url}"] * (reply.status >= 400)))
        page.on("request", lambda request: self._judge(request.url, home))
        page.on("websocket", lambda socket: self._judge(socket.url.replace("ws://", "http://"), home))
        page.goto(address)
        page.wait_for_function("window.commonweal && window.commonweal.store.newest >= 0", timeout=30_000)

    def _judge(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            self.outside.append(url)

    def button(self, name: str) -> Any:
        """A button by its words."""
        return self.page.locator(f".v-btn:has(.v-btn__content:text-is('{name}'))")

    def turn_to(self, tab: str) -> None:
        """Choose a tab of the page."""
        self.page.locator(f".v-tab:text-is('{tab}')").click()
        self.page.wait_for_selector(f".cw-{tab.lower().replace(' ', '-')}")

    def field(self, label: str) -> Any:
        """What stands beneath a label."""
        return self.page.locator(f":is(.cw-choice, .cw-control):has(:text-is('{label}'))").first

    def choose(self, label: str, name: str) -> None:
        """Choose from the list with that label."""
        self.field(label).locator(".v-select").click()
        self.page.locator(f".menuable__content__active .v-list-item:has(:text-is('{name}'))").first.click()

    def type(self, label: str, text: str) -> None:
        """Type into the field with that label."""
        field = self.field(label).locator("input").first
        field.fill(text)
        field.press("Tab")

    @property
    def text(self) -> str:
        """All that can be read."""
        return str(self.page.inner_text(".cw-page"))

    @property
    def round(self) -> int:
        """The round that is shown."""
        return int(self.page.text_content(".cw-number .cw-value"))

    def rest(self, quiet: float = 1.0) -> float:
        """Wait until the round has not changed for a while; how long it went on changing."""
        began = changed = monotonic()
        last = self.round
        while monotonic() - changed < quiet:
            if self.round != last:
                last, changed = self.round, monotonic()
            sleep(0.005)
        return changed - began

    def until(self, true: Any, seconds: float = 15.0) -> float:
        """Wait for something; how long it took."""
        began = monotonic()
        while not true():
            assert monotonic() - began < seconds, f"waited in vain; the page says {self.text}"
            sleep(0.005)
        return monotonic() - began
