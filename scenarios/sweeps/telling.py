"""How far a sweep is: done, failed and left, how fast, and the best and worst cells so far."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from commonweal.scenarios.runs.progress import Progress, silent

if TYPE_CHECKING:
    from commonweal.scenarios.sweeps.worker import Settled


@dataclass(frozen=True)
class Scope:
    """The work of a sweep when it begins."""

    title: str
    runs: int  # in all
    done: int  # of them, before now
    failed: int  # of them, before now
    metric: str  # by which cells are best or worst
    describe: Callable[[int], str]  # a point in a few words


class Tally:
    """Counts of a sweep in progress, and the mean of the shown metric in every cell played so far."""

    def __init__(self, scope: Scope, progress: Progress = silent) -> None:
        self.scope, self.began, self._progress = scope, monotonic(), progress
        self.done, self.failed, self.played = scope.done, scope.failed, 0
        self._failure = ""  # why the first run failed
        self._sums: dict[int, tuple[float, int]] = {}  # per point: sum of the metric, runs

    def add(self, settled: "Settled") -> None:
        """Count a chunk."""
        self.done += settled.runs - settled.failed
        self.failed += settled.failed
        self.played += settled.runs
        for point, total, count in settled.cells:
            before, counted = self._sums.get(point, (0.0, 0))
            self._sums[point] = before + total, counted + count
        self._failure = self._failure or settled.message
        self.tell()

    def tell(self) -> None:
        """Say how far it is."""
        failure = [f"first failure: {self._failure}"] if self._failure else []
        done = self.done + self.failed
        self._progress(f"runs of {self.scope.title}", done, self.scope.runs, self.counts(), *failure, *self.extremes())

    @property
    def left(self) -> int:
        """Runs."""
        return max(0, self.scope.runs - self.done - self.failed)

    @property
    def rate(self) -> float:
        """Runs per second since the beginning."""
        return self.played / max(monotonic() - self.began, 1e-9)

    def counts(self) -> str:
        """Done, failed, left and runs per second."""
        return f"{self.done} done, {self.failed} failed, {self.left} left, {self.rate:.1f} runs per second"

    def extremes(self) -> list[str]:
        """The best and the worst cell so far; none before there are two."""
        means = {point: total / count for point, (total, count) in self._sums.items()}
        if len(means) < 2:
            return []
        named = (("best", max(means, key=means.__getitem__)), ("worst", min(means, key=means.__getitem__)))
        return [f"{word} {self.scope.metric} {means[point]:.3f}: {self.scope.describe(point)}" for word, point in named]
