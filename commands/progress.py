"""How far a computation is: a live bar on a terminal, a line now and then anywhere else. Nothing for quick work."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_PATIENCE = 2.0  # seconds before anything is said where there is no live bar
_PAUSE = 10.0  # seconds between lines where there is no live bar

Start = Callable[[int], Callable[[], None]]  # total rounds → what to call after each round


@contextmanager
def progress(title: str, console: Console) -> Iterator[Start]:
    """Show progress while the block runs.

    Args:
        title: what is being computed.
        console: where to show it.
    """
    if not console.is_terminal:
        yield lambda total: _Lines(title, total, console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("rounds"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, transient=True) as bar:

        def start(total: int) -> Callable[[], None]:
            task = bar.add_task(title, total=total)
            return lambda: bar.advance(task)

        yield start


class _Lines:
    """Progress as lines, for log files."""

    def __init__(self, title: str, total: int, console: Console) -> None:
        self.title, self.total, self.console = title, total, console
        self.done, self.began = 0, monotonic()
        self.due = self.began + _PATIENCE

    def __call__(self) -> None:
        self.done += 1
        if (now := monotonic()) < self.due:
            return
        self.due = now + _PAUSE
        seconds, share = now - self.began, self.done / self.total
        left = seconds / share - seconds
        self.console.print(f"{self.title}: {share:.0%} of {self.total} rounds after {seconds:.0f} s, {left:.0f} s left")
