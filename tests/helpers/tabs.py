"""A tab of the page without a browser: what its session sends is kept, and what a browser would say is said to it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from commonweal.figures.browser.tab.opening import Opening
from commonweal.figures.browser.tab.session import Session
from commonweal.figures.browser.tab.topics import TOPICS
from commonweal.scenarios.reading.replaying import StoredRun
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import Scenario


def small(**changes: Any) -> Scenario:
    """An economy of eight that plays a round in a millisecond."""
    base = {"population.count": 8, "learning.hidden": [8], "learning.samples": 4, "rounds": 12}
    return load("commons", base | {path.replace("__", "."): value for path, value in changes.items()})


def until(true: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait for something that a worker brings about."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


class Tab:
    """A session, and the newest document of each kind that it sent.

    Args:
        scenario: that it begins with, as small.toml.
        stored: run that it begins with instead.
        opening: all that it begins with, instead of these.
    """

    def __init__(
        self, scenario: Scenario | None = None, stored: StoredRun | None = None, opening: Opening | None = None
    ) -> None:
        self.docs: dict[str, dict[str, Any]] = {}
        self.sent: list[tuple[dict[str, Any], tuple[bytes, ...]]] = []
        self.session = Session(opening or Opening("small.toml", scenario or small(), stored), TOPICS)
        self.session.connect(self._take)
        self.say("hello")
        until(lambda: self.round >= 0)

    def _take(self, document: Mapping[str, Any], *buffers: bytes) -> None:
        kept = dict(document)  # as it is now: the session goes on changing its state
        self.sent.append((kept, buffers))
        self.docs[kept["kind"]] = kept
        if kept["kind"] == "frame":
            self.say("seen", frames=1)

    def say(self, order: str, **said: Any) -> None:
        """Say to the session what a browser would."""
        self.session.receive({"do": order, **said})

    @property
    def round(self) -> int:
        """The newest round that was sent; −1 before any."""
        return int(self.docs["frame"]["round"]) if "frame" in self.docs else -1

    @property
    def setup(self) -> dict[str, Any]:
        """Of the run that is shown."""
        return self.docs["setup"]

    @property
    def error(self) -> str:
        """What went wrong last; "" if nothing did."""
        error = self.docs.get("state", {}).get("error")
        return str(error["text"]) if error else ""

    def close(self) -> None:
        """Close it, and wait until all is released."""
        self.session.close()
        assert self.session.ended()
