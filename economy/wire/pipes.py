"""Nodes as processes of this machine, each behind a pipe.

They are forked from a server that has loaded the libraries once, so that one that died is back within a round or two.
"""

import contextlib
import queue
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.threads import settle_for_one_thread
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.wire.channel import Channel, SilentNodeError
from commonweal.economy.wire.forked import prepare
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.served import Post, answer_frame

_READY = b"ready"  # what a process says once its node is there
_END = b""  # what tells it to end
STARTING = 120.0  # seconds that a process may take to start


def serve(connection: Connection, post: Post) -> None:
    """Answer frames until the pipe is closed or an empty one comes: the whole life of a node's process.

    It ends with the process that started it, however that ends; Ctrl-C is for that one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settle_for_one_thread()
    node = post.node()
    with contextlib.suppress(EOFError, OSError):
        connection.send_bytes(_READY)
        while frame := connection.recv_bytes():
            connection.send_bytes(answer_frame(node, frame))


class _Life:
    """One process and the thread that speaks with it: a process that is frozen blocks the thread, and nobody else."""

    def __init__(self, post: Post) -> None:
        context = get_context("forkserver")
        self.ours, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, post), daemon=True)
        self.process.start()
        theirs.close()
        self.heard = threading.Event()  # it is there, or it is over with it
        self.over = threading.Event()
        self.questions: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._speak, daemon=True).start()

    def _speak(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            if self.ours.recv_bytes() == _READY:
                self.heard.set()
                while frame := self.questions.get():
                    self.ours.send_bytes(frame)
                    self.answers.put(self.ours.recv_bytes())
        self.over.set()
        self.heard.set()
        self.answers.put(_END)

    def end(self) -> None:
        """Kill it: a frozen process would not hear."""
        self.questions.put(_END)
        self.process.kill()
        self.process.join()
        self.ours.close()


class Pipe(Channel):
    """A node in a process of its own; one that has died is started again."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self._life = _Life(post)
        self._silent = False

    def await_start(self) -> None:
        """Wait until the node is there.

        Raises:
            SilentNodeError: if it does not start.
        """
        if not self._life.heard.wait(STARTING) or self._life.over.is_set():
            raise SilentNodeError

    @property
    def process(self) -> Any:
        """The process that the node is in now."""
        return self._life.process

    def send(self, frame: bytes) -> None:
        """Ask."""
        if self._life.over.is_set():
            raise SilentNodeError
        self._life.questions.put(frame)

    def receive(self, seconds: float) -> bytes:
        """The next answer."""
        try:
            frame = self._life.answers.get(timeout=max(seconds, 1e-6))
        except queue.Empty:
            self._silent = True
            raise SilentNodeError from None
        if frame == _END:
            raise SilentNodeError
        self._silent = False
        return frame

    def rejoin(self) -> bool:
        """Whether it answers again: a process that died has started anew, one that was frozen has spoken."""
        if self._life.over.is_set():
            self._life.end()
            self._life, self._silent = _Life(self.post), False
        if not self._life.heard.is_set():
            return False
        return not (self._silent and self._life.answers.empty())

    def close(self) -> None:
        """End the process."""
        self._life.end()


@dataclass(frozen=True)
class Processes:
    """Opens nodes as processes of this machine.

    Args:
        folder: where their files are written; a process reads its own.
    """

    folder: Path

    def __call__(self, holdings: Sequence[Holding], network: MLP, mode: str) -> list[Channel]:
        """Start one process for each holding, and wait until all are there.

        Raises:
            InputError: if one does not start.
        """
        channels: list[Pipe] = []
        prepare([__name__])
        try:
            for place, holding in enumerate(holdings):
                file = self.folder / f"node-{place}.npz"
                holding.save(file)
                channels.append(Pipe(Post.of(file, network, mode, place)))
            for channel in channels:
                channel.await_start()
        except BaseException as error:
            for channel in channels:
                channel.close()
            if isinstance(error, SilentNodeError):
                raise InputError(f"--nodes {len(holdings)}: a node's process ends before it has started") from None
            raise
        return list(channels)
