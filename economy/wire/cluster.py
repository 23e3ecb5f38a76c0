"""Nodes as Dask actors: one for each named worker, on this machine or on others.

Frames are bytes in both directions and go straight between client and worker; the scheduler sees who is where.
"""

import contextlib
from collections.abc import Sequence
from concurrent.futures import TimeoutError as LateError
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonweal.economy.learning.mlp import MLP
from commonweal.economy.wire.channel import Channel, SilentNodeError
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.served import Post, answer_frame

if TYPE_CHECKING:
    from distributed import Client

PLAIN = ("dask", "msgpack")  # for ``Client(deserializers=…)``: answers that are pickled objects are not read
_GONE = (OSError, RuntimeError, ValueError)  # what a call of an actor raises whose worker is gone


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
        self._starting: Any = None
        self._asked: list[Any] = []
        self._start()

    def _start(self) -> None:
        self._actor, self._asked = None, []
        self._starting = self.client.submit(
            Served, **asdict(self.post), actor=True, workers=[self.name], allow_other_workers=False, pure=False
        )

    def await_start(self, seconds: float) -> None:
        """Wait until the node is there.

        Raises:
            SilentNodeError: if it does not start in time.
        """
        from distributed import wait

        try:
            wait(self._starting, timeout=seconds)
            if self._starting.status == "error":
                raise SilentNodeError(str(self._starting.exception(timeout=seconds)))
            self._actor = self._started()
        except (LateError, TimeoutError, *_GONE) as error:
            raise SilentNodeError(str(error)) from None

    def _started(self) -> Any:
        """The actor, by its address: to fetch it would be to unpickle what its worker sends."""
        from distributed.actor import Actor

        ((address, *_),) = self.client.who_has([self._starting]).values()
        with self.client.as_current():
            return Actor(Served, address, self._starting.key)

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
            frame: bytes = self._asked[0].result(timeout=max(seconds, 1e-3))
        except (LateError, TimeoutError):
            raise SilentNodeError from None
        except _GONE:
            self._start()
            raise SilentNodeError from None
        self._asked.pop(0)
        return frame

    def rejoin(self) -> bool:
        """Whether it answers again: a new actor has started, or a late answer has come."""
        if self._actor is not None:
            return not self._asked or bool(self._asked[0].done())
        if self._starting.status == "finished":
            with contextlib.suppress(*_GONE):
                self._actor = self._started()
        elif self._starting.status in ("error", "lost", "cancelled"):
            self._start()
        return self._actor is not None

    def close(self) -> None:
        """Let the worker forget the node."""
        with contextlib.suppress(*_GONE):
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
        """Start an actor for each holding, and wait until all are there."""
        channels: list[Worker] = []
        for place, (holding, name, file) in enumerate(zip(holdings, self.names, self.files, strict=True)):
            if self.write:
                holding.save(Path(file))
            channels.append(Worker(self.client, name, Post.of(Path(file), network, mode, place)))
        for channel in channels:
            channel.await_start(self.patience)
        return list(channels)
