"""What a worker does: play a chunk as one ensemble, or its runs alone if that fails, and store their rows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.foreign_code import raised_in_foreign_code
from commonweal.agents.rule_files import import_modules
from commonweal.agents.threads import one_thread
from commonweal.scenarios.runs.tables import price_of_anarchy
from commonweal.scenarios.sweeps.rows import Order, Played, tabulate
from commonweal.scenarios.sweeps.shards import Tables, write_shard

if TYPE_CHECKING:
    from commonweal.economy.runs.ensemble import Ensemble
    from commonweal.economy.runs.results import Results
    from commonweal.economy.wire.channel import OpenNodes

_LONGEST = 500  # characters of a message that are kept


@dataclass(frozen=True)
class Settled:
    """The outcome of a chunk, in numbers."""

    number: int  # of the chunk
    runs: int
    failed: int
    message: str  # of the first failure
    cells: tuple[tuple[int, float, int], ...]  # per point: sum of the shown metric, and over how many runs


class RunError(Exception):
    """A chunk could not be played."""

    def __init__(self, stage: str, message: str, rounds: int = 0) -> None:
        super().__init__(stage, message, rounds)
        self.stage, self.message, self.rounds = stage, message, rounds


@dataclass(frozen=True)
class Company:
    """What the chunks of one process share."""

    on_round: Callable[[], None] | None = None  # called after every round
    open_nodes: "OpenNodes | None" = None  # starts the nodes of runs that have a wire; in this process if None
    ideals: dict[tuple[str, ...], pd.DataFrame] = field(default_factory=dict)  # welfare if all delegate


def play_chunk(order: Order, company: Company | None = None) -> Settled:
    """Play a chunk and store it; what every engine calls.

    Raises:
        InputError: if the folder cannot be written.
    """
    with nullcontext() if order.whole else one_thread():
        tables = play_tables(order, company or Company())
    write_shard(order.folder, order.number, tables)
    return settle(order, tables)


def play_tables(order: Order, company: Company | None = None) -> Tables:
    """Play a chunk; if it raises, play its runs one by one, so that one failure costs no other run its result."""
    start, began, company = datetime.now(UTC), perf_counter(), company or Company()
    try:
        played = [play_together(order, company)]
    except RunError as error:
        if order.whole:  # a comparison stands or falls as a whole
            return failed_tables(order, error.stage, error.message)
        played = [_play_alone(order.alone(run), company) for run in range(len(order))]
    seconds = (perf_counter() - began) / len(order)
    try:
        return tabulate(order, played, start, seconds)
    except Exception as error:
        return failed_tables(order, "storage", f"{type(error).__name__}: {error}")


def _play_alone(order: Order, company: Company) -> Played:
    try:
        return play_together(order, company)
    except RunError as error:
        return Played.failure(error.stage, error.message, error.rounds)


def failed_tables(order: Order, stage: str, message: str) -> Tables:
    """The tables of a chunk none of whose runs could be played."""
    played = [Played.failure(stage, message) for _ in range(len(order))]
    return tabulate(order, played, datetime.now(UTC), 0.0)


def settle(order: Order, tables: Tables) -> Settled:
    """The numbers of a chunk, for progress."""
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


def play_together(order: Order, company: Company | None = None) -> Played:
    """Play the runs of a chunk as one ensemble.

    Runs that reach the stop condition are no longer recorded, and play on until the last one stops.

    Raises:
        RunError: if anything goes wrong.
    """
    from commonweal.economy.runs.ensemble import Ensemble  # imports torch
    from commonweal.economy.runs.metrics import round_metrics

    with _stage("setup"):
        import_modules(order.plugins)
        order.demand_sources()
        company = company or Company()
        elsewhere = {} if company.open_nodes is None else {"open_nodes": company.open_nodes}
        ensemble = Ensemble(order.scenarios, order.seeds, keep_ledger="ledger" in order.keep, **elsewhere)
    if order.keep:
        return _play_noting(order, ensemble, company)
    courses = _Courses(order.scenarios[0].rounds)
    rounds = np.full(len(order), order.scenarios[0].rounds)  # (R,) played
    reasons = [""] * len(order)
    for number in range(order.scenarios[0].rounds):
        before = ensemble.state
        with _stage(f"round {number}", number):
            record = ensemble.step()
            courses.note(round_metrics(record, before, ensemble.state, ensemble.people, ensemble.world))
            if order.stop is None:
                continue
            so_far = courses.so_far(order.stop.metrics)
            for run in np.flatnonzero(order.stop.reached(so_far)):
                if not reasons[run]:
                    reasons[run], rounds[run] = order.stop.reasons(so_far)[run], number + 1
        if all(reasons):
            break
    return Played(courses.so_far(), rounds, tuple(reasons))


def _play_noting(order: Order, ensemble: "Ensemble", company: Company) -> Played:
    """Play runs to their end and keep all that their order asks for."""
    with _stage("", ensemble=ensemble):
        results = _played(order, ensemble, "run", company)
    frame = results.rounds.drop(columns=["run", "round"])
    courses = {str(name): frame[name].to_numpy().reshape(len(order), -1).T for name in frame}
    kept = [*order.keep, *(["balances"] if "ledger" in order.keep else [])]
    tables = {name: getattr(results, name) for name in kept if name != "price_of_anarchy"}
    extra = {name: table for name, table in tables.items() if table is not None}
    rounds = np.full(len(order), order.scenarios[0].rounds)
    return Played(courses, rounds, ("",) * len(order), extra=extra, price=_price(order, results.rounds, company))


def _price(order: Order, rounds: pd.DataFrame, company: Company) -> pd.DataFrame | None:
    """The price of anarchy of each run. Points that differ in rewards and policies alone share their benchmark."""
    from commonweal.economy.runs.ensemble import Ensemble

    if not (ideals := order.ideals):
        return None
    if (key := order.ideal) not in company.ideals:
        with _stage("all-delegate"):
            ensemble = Ensemble(ideals, order.seeds)
            company.ideals[key] = _played(order, ensemble, "all-delegate", company).rounds[["run", "welfare"]]
    return price_of_anarchy(rounds, company.ideals[key])


def _played(order: Order, ensemble: "Ensemble", name: str, company: Company) -> "Results":
    from commonweal.economy.runs.checkpoint import play_on

    if order.checkpoint is None:
        return ensemble.run(on_round=company.on_round)
    folder, every = order.checkpoint
    return play_on(ensemble, folder / f"{name}.npz", every, company.on_round)


@contextmanager
def _stage(name: str, rounds: int = 0, ensemble: "Ensemble | None" = None) -> Iterator[None]:
    """Say at which stage something went wrong; in which round, of an ensemble that plays many."""
    try:
        yield
    except Exception as error:  # whatever a rule of one's own raises must not cost other runs their results
        if ensemble is not None:
            rounds = ensemble.state.round
            name = f"round {rounds}"
        own = raised_in_foreign_code(error)
        text = " ".join((own or str(error)).split())[:_LONGEST]
        kind = "" if own or (type(error).__name__ == "InputError" and text) else type(error).__name__
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
