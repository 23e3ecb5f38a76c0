"""What a worker does: play a batch as one ensemble, and its runs alone where that fails, and store their rows."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.threads import one_thread
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.rows import Factor, Played, tabulate
from commonweal.scenarios.sweeps.shards import Tables, write_shard

if TYPE_CHECKING:
    from commonweal.scenarios.sweeps.stopping import Stop

_LONGEST = 500  # characters of a message that are kept


@dataclass(frozen=True)
class Order:
    """A batch as a worker gets it: everything that playing and storing it needs."""

    folder: Path  # of the sweep, absolute
    number: int  # of the batch
    points: tuple[int, ...]  # a point per run
    seeds: tuple[int, ...]  # a seed per run
    scenarios: tuple[Scenario, ...]  # a scenario per run
    values: tuple[Mapping[str, Any], ...]  # varied values per run, by path
    factors: tuple[Factor, ...]
    metrics: tuple[str, ...] | None  # kept; all if None
    shown: str  # metric whose means are told at once
    every: int  # rounds between records
    stop: "Stop | None"
    version: str  # of the code
    plugins: tuple[str, ...]  # modules whose rules the scenarios may name

    def __len__(self) -> int:
        return len(self.points)

    def alone(self, run: int) -> "Order":
        """The same order for one of its runs."""
        parts = ("points", "seeds", "scenarios", "values")
        return replace(self, **{name: getattr(self, name)[run : run + 1] for name in parts})

    def run_id(self, run: int) -> str:
        """What names a run: 16 hexadecimal digits of the hash of its scenario, its seed and the code's version."""
        parts = (self.scenarios[run].model_dump_json(), str(self.seeds[run]), self.version)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Settled:
    """What became of a batch, in short."""

    number: int  # of the batch
    runs: int
    failed: int
    message: str  # of the first failure
    cells: tuple[tuple[int, float, int], ...]  # per point: sum of the shown metric, and over how many runs


class RunError(Exception):
    """A batch could not be played."""

    def __init__(self, stage: str, message: str, rounds: int = 0) -> None:
        super().__init__(stage, message, rounds)
        self.stage, self.message, self.rounds = stage, message, rounds


def play_batch(order: Order) -> Settled:
    """Play a batch and store it; what every engine calls.

    Raises:
        InputError: if the folder cannot be written.
    """
    with one_thread():
        tables = play_tables(order)
    write_shard(order.folder, order.number, tables)
    return settle(order, tables)


def play_tables(order: Order) -> Tables:
    """Play a batch; where it raises, play its runs one by one, so that none costs another its result."""
    start, began = datetime.now(UTC), perf_counter()
    try:
        played = [play_together(order)]
    except RunError:
        played = [_play_alone(order.alone(run)) for run in range(len(order))]
    seconds = (perf_counter() - began) / len(order)
    try:
        return tabulate(order, played, start, seconds)
    except Exception as error:
        return failed_tables(order, "storage", f"{type(error).__name__}: {error}")


def _play_alone(order: Order) -> Played:
    try:
        return play_together(order)
    except RunError as error:
        return Played.failure(error.stage, error.message, error.rounds)


def failed_tables(order: Order, stage: str, message: str) -> Tables:
    """The tables of a batch none of whose runs could be played."""
    played = [Played.failure(stage, message) for _ in range(len(order))]
    return tabulate(order, played, datetime.now(UTC), 0.0)


def settle(order: Order, tables: Tables) -> Settled:
    """What to tell of a batch."""
    messages = [text for text in tables.runs["message"].to_pylist() if text is not None]
    cells: dict[int, tuple[float, int]] = {}
    if order.shown in tables.runs.column_names:
        for point, value in zip(order.points, tables.runs[order.shown].to_pylist(), strict=True):
            if value is not None and value == value:  # not nan
                total, count = cells.get(point, (0.0, 0))
                cells[point] = total + value, count + 1
    failed = len(messages)
    told = tuple((point, total, count) for point, (total, count) in cells.items())
    return Settled(order.number, len(order), failed, messages[0] if messages else "", told)


def play_together(order: Order) -> Played:
    """Play the runs of a batch as one ensemble.

    Runs that reach the stop condition are recorded no further, and play on silently until the last one stops.

    Raises:
        RunError: if anything goes wrong.
    """
    from commonweal.economy.runs.ensemble import Ensemble  # imports torch
    from commonweal.economy.runs.metrics import round_metrics

    with _stage("setup"):
        for module in order.plugins:
            import_module(module)
        ensemble = Ensemble(order.scenarios, order.seeds)
    courses = _Courses(order.scenarios[0].rounds)
    rounds = np.full(len(order), order.scenarios[0].rounds)  # (R,) played
    reasons = [""] * len(order)
    for number in range(order.scenarios[0].rounds):
        before = ensemble.state
        with _stage(f"round {number}", number):
            record = ensemble.step()
            courses.note(round_metrics(record, before, ensemble.state, ensemble.world))
            if order.stop is None:
                continue
            so_far = courses.so_far(order.stop.metrics)
            for run in np.flatnonzero(order.stop.reached(so_far)):
                if not reasons[run]:
                    reasons[run], rounds[run] = order.stop.reasons(so_far)[run], number + 1
        if all(reasons):
            break
    return Played(courses.so_far(), rounds, tuple(reasons))


@contextmanager
def _stage(name: str, rounds: int = 0) -> Iterator[None]:
    """Say at which stage something went wrong."""
    try:
        yield
    except Exception as error:  # whatever a rule of one's own raises must not cost other runs their results
        text = " ".join(str(error).split())[:_LONGEST]
        kind = "" if type(error).__name__ == "InputError" and text else type(error).__name__
        raise RunError(name, ": ".join(part for part in (kind, text) if part), rounds) from error


class _Courses:
    """The metrics of the rounds so far, in arrays that grow."""

    def __init__(self, rounds: int) -> None:
        self._rounds, self._noted = rounds, 0
        self._arrays: dict[str, Floats] = {}  # (T, R) by metric, T at least the rounds so far

    def note(self, metrics: Mapping[str, Floats]) -> None:
        """Take in one round's metrics, each (R,)."""
        for name, values in metrics.items():
            array = self._arrays.get(name)
            if array is None or self._noted == len(array):
                self._arrays[name] = array = self._grown(array, len(values))
            array[self._noted] = values
        self._noted += 1

    def _grown(self, array: Floats | None, runs: int) -> Floats:
        grown = np.empty((min(self._rounds, max(512, 2 * self._noted)), runs))
        if array is not None:
            grown[: self._noted] = array[: self._noted]
        return grown

    def so_far(self, names: frozenset[str] = frozenset()) -> dict[str, Floats]:
        """(T, R) views by metric; of all metrics if none is named."""
        kept = [name for name in self._arrays if name in names] or self._arrays
        return {name: self._arrays[name][: self._noted] for name in kept}
