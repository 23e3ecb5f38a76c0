"""How far a computation is: bars on a terminal or in a notebook, a line now and then anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from importlib import import_module
from itertools import count
from time import monotonic
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

_PATIENCE = 2.0  # seconds before anything is said where there are no bars
_PAUSE = 10.0  # seconds between lines where there are no bars
_BLINK = 0.1  # seconds between two pictures of a bar in a notebook


class Progress(Protocol):
    """Is told how far a computation is, as often as it gets on."""

    def __call__(self, what: str, done: int, of: int, /, *more: str) -> None:
        """Take note.

        Args:
            what: is being done.
            done: steps of it.
            of: how many steps.
            more: lines that say more about it.
        """


def silent(what: str, done: int, of: int, *more: str) -> None:
    """Tell nobody."""


def counting(tell: Progress, what: str, of: int) -> Callable[[], None]:
    """What to call after each of so many steps."""
    steps = count(1)
    return lambda: tell(what, next(steps), of)


@contextmanager
def progress(console: Console | None = None) -> Iterator[Progress]:
    """Show progress while the block runs, on standard error if no console is given."""
    console = console or Console(stderr=True)
    if console.is_jupyter:
        cell = _Cell()
        try:
            yield cell
        finally:
            cell.clear()
    elif console.is_terminal:
        with Live(console=console, transient=True) as live:
            yield _Display(live)
    else:
        yield _Lines(console)


@contextmanager
def told(tell: Progress | None) -> Iterator[Progress]:
    """Tell who is given; if nobody is, whoever looks at a notebook, and nobody elsewhere."""
    if tell is not None:
        yield tell
    elif Console(stderr=True).is_jupyter:
        with progress() as shown:
            yield shown
    else:
        yield silent


class _Cell:
    """A bar for each thing that is being done, beneath a cell of a notebook; it goes when all is done."""

    def __init__(self) -> None:
        self._handle: Any = None  # what shows it, once there is something to show
        self._due = 0.0
        self._bars: dict[str, str] = {}

    def __call__(self, what: str, done: int, of: int, /, *more: str) -> None:
        now = monotonic()
        if now < self._due and done < of:
            return
        self._due = now + _BLINK
        counts = f'<progress value="{done}" max="{of}"></progress> {done} of {of}'
        lines = "".join(f"<br>{escape(line)}" for line in more)
        self._bars[what] = f"<div>{escape(what)} {counts}{lines}</div>"
        self._show("".join(self._bars.values()))

    def clear(self) -> None:
        """Show nothing more."""
        if self._handle is not None:
            self._show("")

    def _show(self, page: str) -> None:
        notebook: Any = import_module("IPython.display")  # a notebook has it
        drawn = notebook.HTML(page)
        if self._handle is None:
            self._handle = notebook.display(drawn, display_id=True)
        else:
            self._handle.update(drawn)


class _Display:
    """A bar for each thing that is being done, redrawn in place."""

    def __init__(self, live: Live) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._live = live
        self._bars = Bars(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=live.console)
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, of: int, /, *more: str) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=of, completed=done)
        self._bars.update(self._tasks[what], completed=done, total=of)
        self._live.update(Group(self._bars, *(Text(line, no_wrap=True, overflow="ellipsis") for line in more)))


class _Lines:
    """Lines now and then, for log files."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._due = monotonic() + _PATIENCE
        self._begun: dict[str, tuple[float, int]] = {}  # time, and steps done before

    def __call__(self, what: str, done: int, of: int, /, *more: str) -> None:
        now = monotonic()
        since, before = self._begun.setdefault(what, (now, done))
        if now < self._due:
            return
        self._due = now + _PAUSE
        seconds, played = now - since, done - before
        left = f", about {seconds * (of - done) / played:.0f} s left" if played else ""
        for line in (f"{what}: {done} of {of} after {seconds:.0f} s{left}", *(f"  {line}" for line in more)):
            self._console.print(line, highlight=False, soft_wrap=True)
