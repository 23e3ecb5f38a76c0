"""Topics: what a tab can be asked for. Each has its orders from the browser and tells of its own when a run moves."""

from collections.abc import Callable, Mapping
from threading import Event
from typing import Any, Protocol

from commonweal.figures.browser.tab.opening import Opening
from commonweal.figures.browser.tab.stage import Stage
from commonweal.figures.browser.tab.worker import Worker

Document = Mapping[str, Any]  # as it came from the browser
Order = Callable[[Document], None]  # called where messages arrive: returns at once


class Host(Protocol):
    """What a topic may use of its tab."""

    opening: Opening  # what the tab began with
    stage: Stage  # the run that is shown; only for the worker's thread
    worker: Worker
    state: dict[str, Any]  # what the browser shows of the tab: changed by ``tell``
    sent: dict[str, Mapping[str, Any]]  # the last document of each kind that was sent
    ring: str  # what rings show
    interrupted: Event  # set to make what takes long leave off
    until: int | None  # round at which to pause

    def send(self, document: Mapping[str, Any], *buffers: bytes) -> None:
        """Send a document with a ``kind`` to the browser; from any thread."""
        ...

    def tell(self, **changes: Any) -> None:
        """Change the state that the browser shows."""
        ...

    def say(self, error: Exception, field: str | None = None) -> None:
        """Say what went wrong, at a field where it is one's."""
        ...

    def order(self, task: Callable[[], None]) -> None:
        """Have the worker do something when all earlier orders are done, then show the run as it stands."""
        ...


class Topic:
    """One of the things that a tab is about.

    Args:
        session: of the tab.
    """

    def __init__(self, session: Host) -> None:
        self.session = session

    def orders(self) -> Mapping[str, Order]:
        """What the browser may ask for, by the name it says under ``do``."""
        return {}

    def greeted(self) -> None:
        """A browser has connected, the first time or again, and knows nothing. In the worker's thread."""

    def begins(self) -> None:
        """Another run is about to be shown: what the browser asks for once it knows is of that one, and to be kept.

        In the worker's thread.
        """

    def begun(self) -> None:
        """Another run is shown than before. In the worker's thread."""

    def moved(self) -> None:
        """There are new rounds, and time to tell of them: at most four times a second. In the worker's thread."""

    def close(self) -> None:
        """The tab is gone: stop what still works. In any thread."""
