"""Nodes as Dask actors: one for each named worker, on this machine or on others.

Frames are bytes in both directions and go straight between client and worker; the scheduler sees who is where. Each
worker loads its own node's file: samples are never Dask's data, which workers copy among themselves.
"""

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import TimeoutError as LateError
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonweal.agents.errors import InputError
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.wire.channel import Channel, SilentNodeError
from commonweal.economy.wire.forked import prepare
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.served import Post, answer_frame

if TYPE_CHECKING:
    from distributed import Client

PLAIN = ("dask", "msgpack")  # for ``Client(deserializers=…)``: answers that are pickled objects are not read
_GONE = (OSError, RuntimeError, ValueError)  # what a call of an actor raises whose worker is gone
_LOCAL = {  # a worker that died is started again, however long that takes
    "distributed.deploy.lost-worker-timeout": "1 day",
    "distributed.worker.memory.terminate": False,
    "distributed.worker.multiprocessing-method": "forkserver",
}


class Served:
    """A node at a worker."""

    def __init__(self, **post: Any) -> None:
        self.node = Post(**post).node()

    def answer(self, frame: bytes) -> bytes:
        """The frame that answers a frame."""
        return answer_frame(self.node, frame)


class Worker(Channel):
    """A node that is an actor of the worker of one name; a worker that comes back under it gets a new one."""

    def __init__(self, client: "Client", name: str, post: Post) -> None:
        self.client, self.name, self.post = client, name, post
        self._actor: Any = None
        self._starting: Any = None  # None while no worker has the name
        self._address: str | None = None  # of the worker that is to start it
        self._asked: list[Any] = []
        self._start()

    def _start(self) -> None:
        """Ask the worker that has the name now: Dask would wait for ever for the one that had it when it was asked."""
        self._actor, self._asked, self._starting, self._address = None, [], None, self._found()
        if self._address is not None:
            told = asdict(self.post)
            at: dict[str, Any] = {"workers": [self._address], "allow_other_workers": False}
            self._starting = self.client.submit(Served, **told, actor=True, pure=False, **at)

    def _found(self) -> str | None:
        """The address of the worker that has the name now, as far as the scheduler knows."""
        with contextlib.suppress(*_GONE):
            workers = self.client.scheduler_info(n_workers=-1)["workers"]
            return next((str(at) for at, told in workers.items() if self.name in (at, told["name"])), None)
        return None

    @property
    def _status(self) -> str:
        return "lost" if self._starting is None else str(self._starting.status)

    def await_start(self, seconds: float) -> None:
        """Wait until the node is there.

        Raises:
            InputError: if the worker cannot start it, or not in time.
        """
        from distributed import wait

        if self._starting is None:
            raise InputError(f"worker {self.name}: is not there")
        try:
            wait(self._starting, timeout=seconds)
            if self._starting.status == "error":
                raise InputError(f"worker {self.name}: {_told(self._starting.exception(timeout=seconds))}")
            self._actor = self._started()
        except (LateError, TimeoutError):
            raise InputError(f"worker {self.name}: its node does not start within {seconds:g} seconds") from None
        except _GONE as error:
            raise InputError(f"worker {self.name}: {_told(error)}") from None

    def _started(self) -> Any:
        """The actor, by its address: to fetch it would be to unpickle what its worker sends."""
        from distributed.actor import Actor

        with self.client.as_current():
            return Actor(Served, self._address, self._starting.key)

    def send(self, frame: bytes) -> None:
        """Ask."""
        if self._actor is None:
            raise SilentNodeError
        try:
            self._asked.append(self._actor.answer(frame))
        except _GONE:
            self._start()
            raise SilentNodeError from None

    def receive(self, seconds: float) -> bytes:
        """The next answer."""
        if not self._asked:
            raise SilentNodeError
        try:
            frame: Any = self._asked[0].result(timeout=max(seconds, 1e-3))
        except (LateError, TimeoutError):
            raise SilentNodeError from None
        except _GONE:
            self._start()
            raise SilentNodeError from None
        self._asked.pop(0)
        if not isinstance(frame, bytes):  # an object, and no frame
            raise SilentNodeError
        return frame

    def rejoin(self) -> bool:
        """Whether it answers again: a new actor has started, or a late answer has come."""
        if self._actor is not None and self._status == "finished":
            return not self._asked or bool(self._asked[0].done())
        if self._actor is None and self._status == "finished":
            self._actor = self._started()
        elif self._status in ("error", "lost", "cancelled") or self._found() != self._address:
            self._start()
        return self._actor is not None

    def close(self) -> None:
        """Let the worker forget the node."""
        with contextlib.suppress(*_GONE):
            if self._starting is not None:
                self._starting.release()


@dataclass(frozen=True)
class Workers:
    """Opens nodes at the workers of a running scheduler.

    Args:
        client: of the scheduler; made with ``direct_to_workers=True``, or frames go through it, and
            ``deserializers=PLAIN``, or answers that are pickled objects are read.
        names: of the workers, the first for node 0.
        files: where each worker finds its node's file, as its own machine knows it.
        write: whether to write the files there first, on a disk that all share.
        patience: seconds that a node may take to start.
    """

    client: "Client"
    names: Sequence[str]
    files: Sequence[str]
    write: bool = True
    patience: float = 120.0

    def __call__(self, holdings: Sequence[Holding], network: MLP, mode: str) -> list[Channel]:
        """Start an actor for each holding, and wait until all are there.

        Raises:
            InputError: if one does not start.
        """
        channels: list[Worker] = []
        try:
            for place, (holding, name, file) in enumerate(zip(holdings, self.names, self.files, strict=True)):
                if self.write:
                    holding.save(Path(file))
                channels.append(Worker(self.client, name, Post.of(Path(file), network, mode, place)))
            for channel in channels:
                channel.await_start(self.patience)
        except BaseException:
            for channel in channels:
                channel.close()
            raise
        return list(channels)


def names_of(nodes: int) -> list[str]:
    """What the workers of nodes are called: node-0, node-1, …."""
    return [f"node-{place}" for place in range(nodes)]


@contextlib.contextmanager
def workers_at(scheduler: str, nodes: int, folder: Path) -> "Iterator[Workers]":
    """The named workers of a running scheduler, while the block runs.

    Args:
        scheduler: its address.
        nodes: how many; the workers are called as ``names_of`` says.
        folder: on a disk that workers see under the same path, for their nodes' files.

    Raises:
        InputError: if a worker is missing.
    """
    from distributed import Client

    names = names_of(nodes)
    with Client(scheduler, direct_to_workers=True, deserializers=PLAIN) as client:
        there = {str(told["name"]) for told in client.scheduler_info(n_workers=-1)["workers"].values()}
        if missing := [name for name in names if name not in there]:
            raise InputError(
                f"scheduler = {scheduler}: has no worker called {', '.join(missing)}; start each with"
                f" dask worker {scheduler} --name {missing[0]} --nthreads 1 --no-dashboard"
            )
        yield Workers(client, names, [str(folder / f"{name}.npz") for name in names])


@contextlib.contextmanager
def local_scheduler(nodes: int) -> Iterator[str]:
    """A scheduler and named workers of this machine that listen to it alone, while the block runs; its address."""
    import dask
    from distributed import Nanny, Scheduler, SpecCluster

    here = {"host": "127.0.0.1", "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    own = {**here, "nthreads": 1, "memory_limit": 0, "silence_logs": 50}
    workers = {name: {"cls": Nanny, "options": {**own, "name": name}} for name in names_of(nodes)}
    scheduler = {"cls": Scheduler, "options": {**here, "port": 0}}
    prepare(["distributed", __name__])
    with (
        dask.config.set(_LOCAL),
        SpecCluster(workers=workers, scheduler=scheduler, silence_logs=50) as cluster,
    ):
        yield str(cluster.scheduler_address)


def _told(error: BaseException | None) -> str:
    """What went wrong, in one line."""
    return " ".join(str(error).split())[:200]
