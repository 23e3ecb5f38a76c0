"""How far a sweep is: done, failed and left, how fast, and the best and worst cells so far."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

if TYPE_CHECKING:
    from commonweal.scenarios.sweeps.worker import Settled

_PATIENCE = 2.0  # seconds before anything is said where there is no live display
_PAUSE = 10.0  # seconds between lines where there is no live display


@dataclass(frozen=True)
class Scope:
    """What a sweep has to do when it begins."""

    title: str
    runs: int  # in all
    done: int  # of them, before now
    failed: int  # of them, before now
    metric: str  # by which cells are best or worst
    describe: Callable[[int], str]  # a point in a few words


class Teller(ABC):
    """Is told how far a sweep is."""

    @abstractmethod
    def begin(self, scope: Scope) -> None:
        """It begins."""

    @abstractmethod
    def settle(self, settled: "Settled") -> None:
        """A chunk is done."""

    @abstractmethod
    def remark(self, text: str) -> None:
        """Something a person may want to know."""

    @abstractmethod
    def tick(self) -> None:
        """Some time went by."""


class _Silent(Teller):
    def begin(self, scope: Scope) -> None:
        """Say nothing."""

    def settle(self, settled: "Settled") -> None:
        """Say nothing."""

    def remark(self, text: str) -> None:
        """Say nothing."""

    def tick(self) -> None:
        """Say nothing."""


SILENT: Teller = _Silent()


class Tally:
    """Counts of a sweep under way, and the mean of the shown metric in every cell played so far."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.began = scope, monotonic()
        self.done, self.failed, self.played = scope.done, scope.failed, 0
        self._sums: dict[int, tuple[float, int]] = {}  # per point: sum of the metric, runs

    def add(self, settled: "Settled") -> None:
        """Count a chunk."""
        self.done += settled.runs - settled.failed
        self.failed += settled.failed
        self.played += settled.runs
        for point, total, count in settled.cells:
            before, counted = self._sums.get(point, (0.0, 0))
            self._sums[point] = before + total, counted + count

    @property
    def left(self) -> int:
        """Runs."""
        return max(0, self.scope.runs - self.done - self.failed)

    @property
    def rate(self) -> float:
        """Runs per second since the beginning."""
        return self.played / max(monotonic() - self.began, 1e-9)

    def time_left(self) -> str:
        """As a clock shows it."""
        return str(timedelta(seconds=round(self.left / self.rate))) if self.played else "unknown"

    def counts(self) -> str:
        """Done, failed, left, runs per second and time left."""
        return (
            f"{self.done} done, {self.failed} failed, {self.left} left, "
            f"{self.rate:.1f} runs per second, {self.time_left()} to go"
        )

    def extremes(self) -> list[str]:
        """The best and the worst cell so far; none before there are two."""
        means = {point: total / count for point, (total, count) in self._sums.items()}
        if len(means) < 2:
            return []
        named = (("best", max(means, key=means.__getitem__)), ("worst", min(means, key=means.__getitem__)))
        return [f"{word} {self.scope.metric} {means[point]:.3f}: {self.scope.describe(point)}" for word, point in named]


@contextmanager
def sweep_progress(console: Console) -> Iterator[Teller]:
    """Show the progress of a sweep while the block runs: live on a terminal or in a notebook, as lines elsewhere."""
    if not (console.is_terminal or console.is_jupyter):
        yield _SweepLines(console)
        return
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        yield _SweepDisplay(live)


class _SweepDisplay(Teller):
    """A bar, counts, and the best and worst cells, redrawn in place."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._tally: Tally | None = None

    def begin(self, scope: Scope) -> None:
        """Draw it for the first time."""
        self._tally = Tally(scope)
        self.tick()

    def settle(self, settled: "Settled") -> None:
        """Count and draw."""
        assert self._tally is not None
        self._tally.add(settled)
        self.tick()

    def remark(self, text: str) -> None:
        """Print above."""
        self._live.console.print(text, highlight=False)

    def tick(self) -> None:
        """Draw again."""
        if (tally := self._tally) is None:
            return
        bar = ProgressBar(total=max(1, tally.scope.runs), completed=tally.done + tally.failed, width=40)
        lines = [f"{tally.scope.title}: {tally.counts()}", *tally.extremes()]
        self._live.update(Group(bar, *(Text(line, no_wrap=True, overflow="ellipsis") for line in lines)))


class _SweepLines(Teller):
    """Lines now and then, for log files."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tally: Tally | None = None
        self._due = 0.0

    def begin(self, scope: Scope) -> None:
        """Say what was done before."""
        self._tally = Tally(scope)
        self._due = monotonic() + _PATIENCE
        if scope.done + scope.failed:
            self._say(f"{scope.title}: continuing, {scope.done + scope.failed} of {scope.runs} runs are done")

    def settle(self, settled: "Settled") -> None:
        """Count."""
        assert self._tally is not None
        self._tally.add(settled)
        if settled.message and self._tally.failed == settled.failed:
            self._say(f"{self._tally.scope.title}: first failure: {settled.message}")
        self.tick()

    def remark(self, text: str) -> None:
        """Print it."""
        self._say(text)

    def tick(self) -> None:
        """Print the counts if it is time."""
        if self._tally is None or monotonic() < self._due or not self._tally.played:
            return
        self._due = monotonic() + _PAUSE
        self._say(f"{self._tally.scope.title}: {self._tally.counts()}")
        for line in self._tally.extremes():
            self._say(f"  {line}")

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)
