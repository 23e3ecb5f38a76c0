"""The engine of sweeps: plays the chunks that are not yet stored, survives workers that die, and joins two tables."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from commonweal.agents.errors import InputError
from commonweal.scenarios.runs.progress import Progress, silent
from commonweal.scenarios.sweeps.compaction import compact
from commonweal.scenarios.sweeps.executors import Engine, engine_named, worker_died
from commonweal.scenarios.sweeps.folder import Undertaking, undertake
from commonweal.scenarios.sweeps.rows import Order, joined
from commonweal.scenarios.sweeps.shards import DamagedShardError, Tables, remove_damaged, write_shard
from commonweal.scenarios.sweeps.telling import Tally
from commonweal.scenarios.sweeps.worker import Company, Settled, failed_tables, play_chunk, play_tables, settle

if TYPE_CHECKING:
    from commonweal.economy.wire.channel import OpenNodes
    from commonweal.scenarios.sweeps.plan import Plan

_QUOTA = 3  # deaths of a worker before a chunk is played by itself, and then before it is split
_AHEAD = 2  # chunks per worker that are handed out
_PATIENCE = 0.5  # seconds between two looks at the clock
_DEAD = "the worker process died"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a sweep, in numbers."""

    folder: Path
    runs: int  # of the whole sweep
    failed: int  # of them
    played: int  # of them, in this call
    seconds: float  # of this call


def run_sweep(
    plan: "Plan",
    folder: Path,
    *,
    engine: str = "processes",
    workers: int | None = None,
    scheduler: str | None = None,
    extend: bool = False,
    retry_failed: bool = False,
    tell: Progress = silent,
    start: Callable[[int], Callable[[], None]] | None = None,
    checkpoint: tuple[Path, int] | None = None,
    open_nodes: "OpenNodes | None" = None,
) -> Outcome:
    """Play a sweep, or the rest of one that was interrupted.

    Args:
        plan: what to play.
        folder: of its results, earlier ones included.
        engine: serial, processes or dask.
        workers: how many; as many as there are cores if None.
        scheduler: address of a running Dask scheduler.
        extend: accept further points and seeds in a folder that was begun without them.
        retry_failed: play runs that failed once more.
        tell: told how far it is.
        start: of the serial engine, told the number of rounds left to play; returns what to call after each.
        checkpoint: of a comparison of one point, folder of checkpoints and rounds between them.
        open_nodes: of the serial engine, starts the nodes of runs that have a wire.

    Raises:
        InputError: if nobody plays, the folder holds another sweep, or it cannot be written; nothing is left behind
            where nothing was stored, and else it can be continued.
        KeyboardInterrupt: if interrupted; it can be continued then.
    """
    began = monotonic()
    chosen = engine_named(engine, workers, scheduler)
    chosen.reach()
    with undertake(
        plan, folder.absolute(), extend=extend, retry_failed=retry_failed, checkpoint=checkpoint
    ) as work:
        tally = Tally(work.scope(), tell)
        tally.tell()
        on_round = start(work.rounds(work.todo())) if start and engine == "serial" else None
        company = Company(on_round, open_nodes) if engine == "serial" else None
        played = 0
        while not work.complete():
            todo = work.todo()
            play_all(todo, work, chosen, tally, company)
            played += work.count(todo)
            _compact(work)
        return Outcome(work.folder, work.runs, work.failed(), played, monotonic() - began)


def _compact(work: Undertaking) -> None:
    """Join the shards; damaged ones are removed and their runs played again."""
    try:
        compact(work.folder, work.committed())
    except DamagedShardError as error:
        remove_damaged(work.folder, error.number)


def play_all(
    numbers: Sequence[int], work: Undertaking, engine: Engine, tally: Tally, company: Company | None = None
) -> None:
    """Play and store chunks. A chunk whose worker dies is tried again, and in the end only the run that kills it fails.

    Raises:
        InputError: if the folder cannot be written.
    """
    waiting, deaths = deque(numbers), Counter[int]()
    suspects: list[int] = []
    while waiting:
        lost = _play_until_death(waiting, work, engine, tally, company)
        deaths.update(lost)
        left = [number for number in lost if not _was_stored(number, work, tally)]
        suspects += [number for number in left if deaths[number] >= _QUOTA]
        waiting.extendleft(reversed([number for number in left if deaths[number] < _QUOTA]))
    for number in suspects:
        order = work.order(number)
        tables = _play_suspect(order, engine)
        write_shard(work.folder, number, tables)
        tally.add(settle(order, tables))


def _was_stored(number: int, work: Undertaking, tally: Tally) -> bool:
    """Whether a worker died only after it had stored the chunk."""
    if not work.stored(number):
        return False
    tally.add(Settled(number, work.count([number]), work.count_failed(number), "", ()))
    return True


def _play_until_death(
    waiting: "deque[int]", work: Undertaking, engine: Engine, tally: Tally, company: Company | None
) -> list[int]:
    """Play chunks until all are done or the pool breaks; returns the chunks that were lost."""
    pending: dict[Future[Settled], int] = {}
    lost: list[int] = []
    try:
        with engine.pool(engine.workers) as pool:
            while waiting or pending:
                while waiting and len(pending) < _AHEAD * engine.workers:
                    pending[pool.submit(play_chunk, work.order(waiting[0]), company)] = waiting[0]
                    waiting.popleft()
                tally.tell()
                for future in wait(pending, _PATIENCE, FIRST_COMPLETED).done:
                    _collect(future, pending, lost, tally)
    except BrokenExecutor:
        lost += pending.values()
    return lost


def _collect(future: "Future[Settled]", pending: "dict[Future[Settled], int]", lost: list[int], tally: Tally) -> None:
    """Take in a chunk that was played; it is lost if its worker died."""
    try:
        tally.add(future.result())
    except CancelledError:
        raise InputError("the scheduler is gone; the same command continues the sweep") from None
    except Exception as error:
        if isinstance(error, BrokenExecutor) or not worker_died(error):
            raise
        lost.append(pending[future])
    del pending[future]


def _play_suspect(order: Order, engine: Engine) -> Tables:
    """Play a chunk whose workers died in a worker of its own; if that keeps dying, play each run by itself.

    Rows of runs that were played alone may differ in the last digits. They are used only if one run of the chunk kills
    its worker, or if the whole chunk does and none of its runs, as when memory is short.
    """
    for _ in range(_QUOTA):
        if (tables := _played_apart(order, engine)) is not None:
            return tables
    if len(order) == 1:
        return failed_tables(order, "worker", _DEAD)
    parts = [_play_suspect(order.alone(run), engine) for run in range(len(order))]
    if not any(_DEAD in part.runs["message"].to_pylist() for part in parts):
        for _ in range(_QUOTA):  # another chunk killed the workers
            if (tables := _played_apart(order, engine)) is not None:
                return tables
    return joined(parts)


def _played_apart(order: Order, engine: Engine) -> Tables | None:
    """The tables of a chunk from a pool of one worker; None if it dies."""
    try:
        with engine.pool(1) as pool:
            return pool.submit(play_tables, order).result()
    except Exception as error:
        if worker_died(error):
            return None
        raise
