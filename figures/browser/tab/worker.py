"""The thread of one browser tab: it does the page's orders one by one, and plays and draws in between.

Nothing that takes time happens where the browser's clicks arrive. A frame that is not drawn in time is left out.
"""

import ctypes
import gc
import sys
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Thread, Timer
from time import monotonic

Task = Callable[[], None]

FRAME = 0.025  # seconds between frames, at least
_SETTLED = 1.5  # seconds after which Solara, too, has released a closed tab


class Worker:
    """A thread that plays and draws.

    Args:
        step: plays a round.
        draw: draws what is to be seen now.
        fail: told what went wrong in an order, a step or a drawing.
        end: releases everything when the thread ends.
    """

    def __init__(self, step: Task, draw: Task, fail: Callable[[Exception], None], end: Task) -> None:
        self._step, self._draw, self._fail, self._end = step, draw, fail, end
        self._orders: SimpleQueue[Task] = SimpleQueue()
        self._closed = Event()
        self._stale = False
        self._next_step = self._next_frame = 0.0
        self.playing = False  # set from any thread; seen before the next round
        self.interval = 0.0  # seconds between rounds while playing; 0 is as fast as it goes
        self._thread = Thread(target=self._work, name="commonweal page", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def order(self, task: Task) -> None:
        """Do something when all earlier orders are done, then draw."""
        self._orders.put(task)

    def close(self) -> None:
        """End the thread, soon; do not wait for it."""
        self.playing = False
        self._closed.set()
        self._orders.put(lambda: None)

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def closed(self) -> bool:
        """Whether it is to end."""
        return self._closed.is_set()

    def _work(self) -> None:
        try:
            while not self.closed:
                self._take_orders()
                if self.closed:
                    return
                if self.playing and monotonic() >= self._next_step:
                    self._next_step = max(self._next_step + self.interval, monotonic())
                    self._stale = True
                    self._attempt(self._step)
                if self._stale and monotonic() >= self._next_frame:
                    self._frame()
        finally:
            self._end()

    def _take_orders(self) -> None:
        """Wait until something is due, and do all that was ordered by then."""
        try:
            task = self._orders.get(timeout=self._patience())
        except Empty:
            return
        while not self.closed:
            self._attempt(task)
            self._stale, self._next_frame = True, 0.0
            try:
                task = self._orders.get_nowait()
            except Empty:
                return

    def _patience(self) -> float | None:
        """Seconds until the next round or frame is due; None where nothing is."""
        due = [self._next_step] * self.playing + [self._next_frame] * self._stale
        return max(min(due) - monotonic(), 1e-4) if due else None

    def _frame(self) -> None:
        began, self._stale = monotonic(), False
        self._attempt(self._draw)
        ended = monotonic()
        self._next_frame = max(began + FRAME, 2 * ended - began)  # drawing takes half of the time at most

    def _attempt(self, task: Task) -> None:
        try:
            task()
        except Exception as error:
            self.playing = False
            if not self.closed:  # a tab that is gone has nobody to tell
                self._fail(error)


def give_back() -> None:
    """Collect rings of references and hand freed memory back to the system where the C library can be asked to."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
        if trim is not None:
            trim(0)


def give_back_soon() -> None:
    """The same, when a tab that is being closed is gone."""
    timer = Timer(_SETTLED, give_back)
    timer.daemon = True
    timer.start()
