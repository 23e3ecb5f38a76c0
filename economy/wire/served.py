"""A node where it runs: it loads its own file, and answers frames. What it cannot answer it refuses in one line."""

from dataclasses import dataclass
from pathlib import Path

import torch

from commonweal.economy.learning.losses import LOSSES
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.message import Message, WireError, decode, encode
from commonweal.economy.wire.node import Node

REFUSED = "refused"  # kind of an answer that says why there is none


@dataclass(frozen=True)
class Post:
    """What a node is told before it starts: words and numbers, so that no object travels."""

    file: str  # with its samples, as its own machine knows it
    widths: tuple[int, ...]
    activation: str
    precision: str  # float32 or float64
    mode: str
    number: int = 0  # of the node
    target: str = "class"  # what labels are: class or number

    @classmethod
    def of(cls, file: Path, network: MLP, mode: str, number: int) -> "Post":
        """The post of a node that holds the samples of a file."""
        precision = "float64" if network.dtype == torch.float64 else "float32"
        return cls(str(file), network.widths, network.activation, precision, mode, number, network.loss.target)

    def node(self) -> Node:
        """The node at its post.

        Raises:
            InputError: if its file cannot be read.
        """
        network = MLP(tuple(self.widths), self.activation, getattr(torch, self.precision), loss=LOSSES[self.target])
        return Node(Holding.load(Path(self.file)), network, self.mode, self.number)


def answer_frame(node: Node, frame: bytes) -> bytes:
    """The frame that answers a frame."""
    try:
        question = decode(frame)
    except WireError as error:
        return encode(Message(REFUSED, -1, -1, {}, {"reason": str(error)}))
    try:
        return encode(node.handle(question))
    except Exception as error:  # a node outlives whatever it is asked
        reason = " ".join(str(error).split())[:200]
        return encode(Message(REFUSED, question.round, question.plan, {}, {"reason": reason}))
