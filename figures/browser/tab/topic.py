"""Topics: what a tab can be asked for. Each has its orders from the browser and tells of its own when a run moves."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commonweal.figures.browser.tab.session import Session

Document = Mapping[str, Any]  # as it came from the browser
Order = Callable[[Document], None]  # called where messages arrive: returns at once


class Topic:
    """One of the things that a tab is about.

    Args:
        session: of the tab.
    """

    def __init__(self, session: "Session") -> None:
        self.session = session

    def orders(self) -> Mapping[str, Order]:
        """What the browser may ask for, by the name it says under ``do``."""
        return {}

    def greeted(self) -> None:
        """A browser has connected, the first time or again, and knows nothing. In the worker's thread."""

    def begun(self) -> None:
        """Another run is shown than before. In the worker's thread."""

    def moved(self) -> None:
        """There are new rounds, and time to tell of them: at most four times a second. In the worker's thread."""

    def close(self) -> None:
        """The tab is gone: stop what still works. In any thread."""
