"""How frames reach a node. A channel may fall silent; it never blocks longer than it is told to."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeAlias

from commonweal.economy.learning.mlp import MLP
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.node import Node
from commonweal.economy.wire.served import answer_frame


class SilentNodeError(Exception):
    """A node that does not answer: it is lost, frozen, or too slow."""


class Channel(Protocol):
    """A way to one node. Frames are sent to all nodes before the first answer is awaited."""

    def send(self, frame: bytes) -> None:
        """Ask.

        Raises:
            SilentNodeError: if the node is known to be gone.
        """

    def receive(self, seconds: float) -> bytes:
        """The next answer, perhaps to an earlier question.

        Args:
            seconds: how long to wait for it.

        Raises:
            SilentNodeError: if none comes.
        """

    def rejoin(self) -> bool:
        """Start a lost node again if that is possible; whether it will answer. Does not wait for it."""

    def close(self) -> None:
        """End the node."""


class InProcess:
    """A node in this process: every message still becomes a frame and back."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._answers: list[bytes] = []

    def send(self, frame: bytes) -> None:
        """Ask; the answer is worked out at once."""
        self._answers.append(answer_frame(self.node, frame))

    def receive(self, seconds: float) -> bytes:
        """The next answer."""
        return self._answers.pop(0)

    def rejoin(self) -> bool:
        """It is never lost."""
        return True

    def close(self) -> None:
        """Nothing is to end."""


OpenNodes: TypeAlias = Callable[[Sequence[Holding], MLP, str], Sequence[Channel]]  # holdings, network, mode


def in_process(holdings: Sequence[Holding], network: MLP, mode: str) -> list[Channel]:
    """Nodes in this process, one for each holding."""
    return [InProcess(Node(holding, network, mode, place)) for place, holding in enumerate(holdings)]


@contextmanager
def closing(open_nodes: OpenNodes) -> Iterator[OpenNodes]:
    """The same way to open nodes, whose nodes all end when the block ends, however it ends."""
    channels: list[Channel] = []

    def opened(holdings: Sequence[Holding], network: MLP, mode: str) -> Sequence[Channel]:
        channels.extend(own := open_nodes(holdings, network, mode))
        return own

    try:
        yield opened
    finally:
        for channel in channels:
            channel.close()
