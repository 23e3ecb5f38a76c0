"""Engines: where chunks are played. Each opens an executor of ``concurrent.futures``; only this file knows which."""

import ast
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from traceback import walk_stack
from typing import Any, ParamSpec, TypeVar

from commonweal.agents.errors import InputError
from commonweal.agents.rule_files import RuleFile, import_again, imported_rules

P = ParamSpec("P")
T = TypeVar("T")

_PRELOAD = [
    "commonweal.economy.runs.ensemble", "commonweal.scenarios.sweeps.worker", "sklearn.datasets", "threadpoolctl",
]  # fmt: skip
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_RETRIES = 2  # of a chunk whose Dask worker died, by Dask itself
_PATIENCE = 20.0  # seconds in which a Dask scheduler must answer


def _nothing() -> None:
    """Most engines need nothing that could be out of reach."""


@dataclass(frozen=True)
class Engine:
    """A way to play chunks."""

    name: str
    workers: int
    pool: Callable[[int], AbstractContextManager[Executor]]  # number of workers → an executor while the block runs
    reach: Callable[[], None] = _nothing  # raises InputError where there is nobody to play; before anything is stored


def cores() -> int:
    """How many cores this process may use; all of the machine where its system does not tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def engine_named(name: str, workers: int | None, scheduler: str | None) -> Engine:
    """The engine with that name.

    Args:
        name: serial, processes or dask.
        workers: how many; as many as this process has cores if None.
        scheduler: address of a running Dask scheduler.

    Raises:
        InputError: if there is no such engine, it is not installed, the options do not fit, or processes would run
            the script that asks for them once more.
    """
    if workers is not None and workers < 1:
        raise InputError(f"workers = {workers}: must be a whole number of at least 1")
    if scheduler is not None and name != "dask":
        raise InputError(f"scheduler = {scheduler}: only engine = dask has a scheduler, not {name}")
    count = cores() if workers is None else workers
    if name == "serial":
        return Engine(name, 1, lambda _: SerialExecutor())
    if scheduler is None and name in ("processes", "dask"):
        demand_main_guard()
    if name == "processes":
        return Engine(name, count, _processes)
    if name == "dask":
        demand_dask("engine = 'dask'")
        answering = _nothing if scheduler is None else partial(reach, scheduler)
        return Engine(name, count, lambda number: _dask(number, scheduler), answering)
    raise InputError(f"engine = {name!r}: must be one of dask, processes, serial")


def demand_main_guard() -> None:
    """See that processes can import the script that runs, as ``multiprocessing`` lets them, without starting it anew.

    Raises:
        InputError: if the line of the script that led here is under no ``if __name__ == "__main__":``.
    """
    main = sys.modules["__main__"]
    file, module = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    if file is None or (module is not None and module.name.rpartition(".")[2] == "__main__"):
        return  # a notebook, python -c or python -m package, which processes do not import
    frames = (frame for frame, _ in walk_stack(None))
    lines = [frame.f_lineno for frame in frames if frame.f_globals is vars(main) and frame.f_code.co_name == "<module>"]
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    guards = [
        range(node.lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
    ]
    for line in lines:
        if not any(line in guard for guard in guards):
            raise InputError(
                f"{Path(file).name}, line {line}: starts processes, and each of them imports this script: put what it"
                ' does under if __name__ == "__main__": or ask for one worker'
            )


class SerialExecutor(Executor):
    """Plays everything in this process, when it is submitted."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Play it now; only an interruption is raised at once."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def prepare() -> None:
    """Start the server that processes are forked from; it loads the libraries while this process does other things."""
    from multiprocessing.forkserver import ensure_running

    get_context("forkserver").set_forkserver_preload(_PRELOAD)
    with _environment(_ONE_THREAD):  # read when the server starts
        ensure_running()


@contextmanager
def _processes(workers: int) -> Iterator[Executor]:
    """A pool of processes forked from a server that has loaded the libraries once."""
    prepare()
    others = set(active_children())
    context = get_context("forkserver")  # Mesa changes the default for everybody
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_work, initargs=(imported_rules(),))
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        _terminate(set(active_children()) - others)
        raise
    pool.shutdown()


def _terminate(processes: set[BaseProcess]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(timeout=5)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _begin_work(rules: tuple[RuleFile, ...]) -> None:
    """Leave Ctrl-C to the main process, end when that ends, however it ends, and know the rules that it imported."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        Thread(target=_follow, args=(parent,), daemon=True).start()
    import_again(rules)


def _follow(parent: Any) -> None:
    parent.join()
    os._exit(1)


def demand_dask(what: str) -> None:
    """Check that Dask is installed.

    Args:
        what: needs it.

    Raises:
        InputError: if it is not.
    """
    from importlib.util import find_spec

    if find_spec("distributed") is None:
        raise InputError(f"{what} needs the extra 'cluster': pip install 'commonweal[cluster]'")


@contextmanager
def _dask(workers: int, scheduler: str | None) -> Iterator[Executor]:
    """Dask's workers: those of a running scheduler, or processes on this machine that listen to it alone."""
    from distributed import Client, LocalCluster

    if scheduler is None:  # it would tell of every worker that comes and goes
        cluster = LocalCluster(workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50)
        with cluster, Client(cluster) as client, _knowing_rules(client) as pool:
            yield pool
        return
    reach(scheduler)
    with Client(scheduler) as client, _knowing_rules(client) as pool:
        yield pool


@contextmanager
def _knowing_rules(client: Any) -> Iterator[Executor]:
    """Dask's workers, also those that come later, with the rules that this process has imported from files."""
    from distributed import WorkerPlugin

    class Rules(WorkerPlugin):
        def __init__(self, files: tuple[RuleFile, ...]) -> None:
            self.name = " ".join(file.module for file in files)
            self.files = files

        def setup(self, worker: Any) -> None:
            import_again(self.files)

    with ExitStack() as until_done:
        if files := imported_rules():
            client.register_plugin(plugin := Rules(files))
            until_done.callback(_forget_plugin, client, plugin.name)
        yield until_done.enter_context(client.get_executor(retries=_RETRIES))


def _forget_plugin(client: Any, name: str) -> None:
    with suppress(Exception):  # the scheduler may be gone
        client.unregister_worker_plugin(name)


def reach(scheduler: str) -> None:
    """Ask a scheduler who it is: a client waits for ever for one that takes the connection and says nothing.

    Raises:
        InputError: if it does not answer, or is something else.
    """
    try:
        with ThreadPoolExecutor(1) as apart:  # a notebook has a loop of its own in this thread
            answer = apart.submit(asyncio.run, asyncio.wait_for(_identity(scheduler), _PATIENCE)).result()
    except TimeoutError:
        raise InputError(f"scheduler = {scheduler}: gives no answer within {_PATIENCE:g} seconds") from None
    except (OSError, ValueError) as error:
        raise InputError(f"scheduler = {scheduler}: cannot be reached: {error}") from None
    if not isinstance(answer, dict) or answer.get("type") != "Scheduler":
        raise InputError(f"scheduler = {scheduler}: is no Dask scheduler")


async def _identity(address: str) -> Any:
    from distributed.comm.core import connect
    from distributed.security import Security

    # It tries again until then, and what takes the connection has as long to answer.
    comm = await connect(address, timeout=_PATIENCE / 2, **Security().get_connection_args("client"))
    try:
        await comm.write({"op": "identity", "reply": True})
        return await comm.read()
    finally:
        comm.abort()


def worker_died(error: BaseException) -> bool:
    """Whether a chunk failed because the process that played it is gone."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"
