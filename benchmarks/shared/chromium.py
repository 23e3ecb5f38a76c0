"""A real browser and a real server for the tests of the page."""

import os
import re
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
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


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
        code: folder to import ``commonweal`` from; as installed if not given.
        place: folder to start it in; that of the code, or this one, if not given.
    """

    def __init__(self, *words: str, code: Path | None = None, place: Path | None = None) -> None:
        command = [sys.executable, "-m", "commonweal.commands.cli", "serve", *words, "--port", "0"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(code), cwd=place or code
        )
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


def environment(code: Path | None) -> dict[str, str]:
    """Of a process that computes on one thread, with the code from a folder before that which is installed."""
    first = {} if code is None else {"PYTHONPATH": str(code)}
    return {**os.environ, "OMP_NUM_THREADS": "1", **first}


@contextmanager
def served(*words: str, code: Path | None = None, place: Path | None = None) -> Iterator[Server]:
    """A server while the block lasts."""
    server = Server(*words, code=code, place=place)
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
        shows: what is true in the browser once the page shows a run.
    """

    def __init__(self, page: Any, address: str, shows: str = "window.commonweal?.store.newest >= 0") -> None:
        self.page, self.wrong = page, []
        self.outside: list[str] = []
        self.got: list[tuple[str, int]] = []  # kind of each message from the server, empty where it has none, and bytes
        self.said: list[str] = []  # orders to the server
        home = re.split("[?#]", address)[0]
        page.on("console", lambda message: self.wrong.extend([message.text] * (message.type == "error")))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))
        page.on("response", lambda reply: self.wrong.extend([f"{reply.status} {reply.url}"] * (reply.status >= 400)))
        page.on("request", lambda request: self._judge(request.url, home))
        page.on("websocket", lambda socket: self._listen(socket, home))
        page.add_init_script(VISITED)
        page.goto(address, timeout=120_000)  # a busy machine is long to import what the server needs
        page.wait_for_function(shows, timeout=60_000)

    def _judge(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            self.outside.append(url)

    def _listen(self, socket: Any, address: str) -> None:
        self._judge(socket.url.replace("ws://", "http://"), address)
        socket.on("framereceived", lambda payload: self.got.append((kind_of(payload), len(payload))))
        socket.on("framesent", lambda payload: self.said.extend(orders(payload)))

    def of(self, expression: str) -> Any:
        """What JavaScript says of the page."""
        return self.page.evaluate(expression)

    def settle(self) -> None:
        """Wait until what was asked for is drawn."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def button(self, name: str) -> Any:
        """A button by what it is called."""
        return self.page.get_by_role("button", name=name)

    def turn_to(self, view: str) -> None:
        """Choose a view by its id."""
        self.page.locator(f".cw-tab[data-view={view}]").click()
        self.page.wait_for_selector(f".cw[data-view={view}]")

    def tell(self, order: str, **said: Any) -> None:
        """Say an order to the server, as the page does."""
        self.page.evaluate("document => commonweal.send(document)", {"do": order, **said})

    @property
    def text(self) -> str:
        """All that can be read."""
        return str(self.page.inner_text("body"))

    @property
    def round(self) -> int:
        """The round that is shown."""
        return int(self.of("commonweal.round"))

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
            self.page.wait_for_timeout(10)  # also hears what goes over the wire
        return monotonic() - began


# A first visit plays by itself.
VISITED = "try { localStorage.setItem('commonweal visited', 'yes'); } catch { }"


def orders(payload: str | bytes) -> list[str]:
    """What the page asks for in a message to the server."""
    return re.findall(r'"do": ?"(\w+)"', text_of(payload))


def kind_of(payload: str | bytes) -> str:
    """The kind of the document in a message from the server; empty where it is none of the page's."""
    found = re.search(r'"kind": ?"(\w+)"', text_of(payload))
    return found.group(1) if found else ""


def text_of(payload: str | bytes) -> str:
    """A message as text, whatever bytes come with it."""
    return payload if isinstance(payload, str) else payload.decode(errors="ignore")
