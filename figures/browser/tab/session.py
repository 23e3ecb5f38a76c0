"""What one browser tab holds: its controls, its runs, and what it tells the browser. Two tabs share nothing.

The browser sends orders, which return at once; the tab's worker does what they ask for, and sends documents and bytes.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Lock
from time import monotonic
from typing import Any, Protocol

from commonweal.agents.errors import InputError
from commonweal.figures.browser.documents.run_documents import frame, marks, rows_bytes, setup_document
from commonweal.figures.browser.tab.opening import Opening
from commonweal.figures.browser.tab.stage import Stage
from commonweal.figures.browser.tab.topic import Document, Order, Topic
from commonweal.figures.browser.tab.worker import Worker, give_back_soon

_TELL = 0.25  # seconds between words about a run that moves, or about how far something is
_FLYING = 3  # frames that the browser may not have painted yet

logger = logging.getLogger(__name__)


class Send(Protocol):
    """The way to the browser."""

    def __call__(self, document: Mapping[str, Any], *buffers: bytes) -> None:
        """Send a document, and bytes with it."""


class Session:
    """One tab.

    Args:
        opening: what it begins with.
        topics: what it is about.
    """

    def __init__(self, opening: Opening, topics: Sequence[type[Topic]]) -> None:
        self.opening = opening
        self.state: dict[str, Any] = {
            "kind": "state", "playing": False, "round": 0, "busy": "",
            "error": None, "stored": None, "speed": 10,
        }  # fmt: skip
        self.ring = "reputation"
        self.sent: dict[str, Mapping[str, Any]] = {}  # the last document of each kind
        self.until: int | None = None  # round at which to pause
        self._send: Send | None = None
        self._met = self._unshown = False  # whether a browser has said hello, and has been shown nothing since
        self._sending, self.interrupted = Lock(), Event()
        self._after, self._flying, self._late, self._told, self._run = -1, 0, False, 0.0, 0
        self.stage = Stage(opening, self._how_far)
        self.worker = Worker(self._step, self._draw, self._fail, self.stage.release)
        self.topics = [topic(self) for topic in topics]
        self._orders: dict[str, Order] = {"hello": self._greet, "seen": self._seen, "here": self._here,
                                          "rows": self._rows, "marks": self._marks, "ring": self._ring}  # fmt: skip
        for topic in self.topics:
            self._orders |= topic.orders()
        self.worker.start()
        self.order(self._begin)

    # To and from the browser

    def connect(self, send: Send) -> None:
        """Take the way to a browser, which says hello when it is ready."""
        self._send = send

    def receive(self, document: Document) -> None:
        """Do what the browser asks for; returns at once."""
        name = str(document.get("do"))
        if name not in self._orders:
            logger.warning("the page was asked to %r, which it cannot", name[:40])
            return
        try:
            self._orders[name](document)
        except Exception as error:
            self.say(error)

    def send(self, document: Mapping[str, Any], *buffers: bytes) -> None:
        """Send a document with a ``kind`` to the browser; from any thread."""
        if self._send is not None and not self.worker.closed:
            with self._sending:
                self.sent[document["kind"]] = document
                self._send(document, *buffers)

    def tell(self, **changes: Any) -> None:
        """Change the state that the browser shows."""
        if any(self.state.get(name, self) != value for name, value in changes.items()):
            self.state |= changes
            self.send(self.state)

    def say(self, error: Exception, field: str | None = None) -> None:
        """Say what went wrong, at a field where it is one's; a fault of ours goes to the log as well."""
        text = str(error)
        if not isinstance(error, InputError):
            logger.exception("the browser page failed", exc_info=error)
            text = f"This should not have happened: {type(error).__name__}: {error}"
        self.tell(error={"text": text, "field": field})

    def order(self, task: Callable[[], None]) -> None:
        """Have the worker do something when all earlier orders are done, then show the run as it stands."""

        def done() -> None:
            self.interrupted.clear()
            self.tell(error=None)
            before = self.stage.live
            try:
                task()
            finally:
                self.tell(busy="")
                if self.stage.live is not before:
                    self._show()

        self.worker.order(done)

    def close(self) -> None:
        """Stop all threads and release the models soon."""
        self._send = None
        self.interrupted.set()
        for topic in self.topics:
            topic.close()
        self.worker.close()
        give_back_soon()

    def ended(self, seconds: float = 10.0) -> bool:
        """Wait until everything is released; whether that happened in time."""
        return self.worker.join(seconds)

    # Orders

    def _greet(self, document: Document) -> None:
        self._met = self._unshown = True
        self.worker.order(self._meet)
        for topic in self.topics:
            self.worker.order(topic.greeted)

    def _seen(self, document: Document) -> None:
        self._flying = max(0, self._flying - int(document.get("frames", 1)))
        if self._late and self._flying < _FLYING:
            self.worker.order(lambda: None)

    def _here(self, document: Document) -> None:
        """Whether the server is there; ``again``: after it was not, so that the browser may have missed something."""
        self.send({"kind": "here", "run": self._run})
        if document.get("again"):
            self.send(self.state)
            self._flying = 0
            self.worker.order(lambda: None)

    def _rows(self, document: Document) -> None:
        begin = int(document["from"])
        self.worker.order(lambda: self._resend(begin))

    def _marks(self, document: Document) -> None:
        wanted = [int(round) for round in document["rounds"]][:2000]
        self.worker.order(lambda: self._send_marks(wanted))

    def _ring(self, document: Document) -> None:
        self.ring = str(document["ring"])
        wanted = [int(round) for round in document["rounds"]][:2000]
        self.worker.order(lambda: self._send_marks(wanted))

    # The worker's thread

    def _begin(self) -> None:
        if self.opening.stored is not None:
            self.stage.replay(self.opening.stored)
        else:
            self.stage.set_up(self.opening.first)

    def _meet(self) -> None:
        """Show the run to a browser that has come, unless it was set up in between, and shown then: never twice."""
        if self._unshown:
            self._show()

    def _show(self) -> None:
        """Tell the browser of the run that is shown, from its beginning."""
        live, shown = self.stage.live, self.stage.shown
        if live is None or shown is None or self._send is None or not self._met:
            return
        self._unshown = False
        for topic in self.topics:
            topic.begins()
        self._run, self._after, self._flying, self._told = self._run + 1, -1, 0, 0.0
        if self.ring not in live.glances.rings:
            self.ring = "reputation"
        document = setup_document(live.scenario, live.seed, live.model.world, live.glances, live.layout)
        self.send({**document, "run": self._run, "ring": self.ring})
        told = {"name": shown.stored, "agreement": shown.agreement, "version": shown.version}
        self.state["stored"] = told if shown.stored else None
        self.state["round"] = live.round
        self.send(self.state)
        for topic in self.topics:
            topic.begun()

    def _step(self) -> None:
        self.stage.step()
        live = self.stage.live
        if live is not None and self.until is not None and live.round >= self.until:
            self.until, self.worker.playing = None, False

    def _draw(self) -> None:
        """Send what is new, unless the browser has yet to paint what it got."""
        live = self.stage.live
        if live is None or self._send is None or not self._met or live.round == self._after:
            self.tell(playing=self.worker.playing)
            return
        self._late = self._flying >= _FLYING
        if self._late:
            return
        told, buffers = frame(live.chronicle, live.glances, self._after, self.ring)
        self.send({**told, "run": self._run}, *buffers)
        self._after, self._flying = live.round, self._flying + 1
        self.state["round"] = live.round
        if monotonic() - self._told > _TELL or not self.worker.playing:
            self._told = monotonic()
            self.send({**self.state, "playing": self.worker.playing})
            for topic in self.topics:
                topic.moved()
        self.tell(playing=self.worker.playing)

    def _resend(self, begin: int) -> None:
        live = self.stage.live
        if live is not None:
            first = max(begin, int(live.chronicle.rows[0]["round"])) if live.chronicle.rows else 1
            told = {"kind": "frame", "run": self._run, "round": live.round, "first": first,
                    "rounds": live.round - first + 1, "marks": []}  # fmt: skip
            self.send(told, rows_bytes(live.chronicle, first), b"")

    def _send_marks(self, wanted: list[int]) -> None:
        live = self.stage.live
        if live is not None:
            told, buffers = marks(live.glances, wanted, self.ring)
            self.send({**told, "run": self._run}, *buffers)

    def _how_far(self, how_far: str) -> bool:
        if monotonic() - self._told > _TELL:
            self._told = monotonic()
            self.tell(busy=how_far)
        return not (self.interrupted.is_set() or self.worker.closed)

    def _fail(self, error: Exception) -> None:
        """The worker has stopped to play."""
        self.tell(playing=False, busy="")
        self.say(error)
