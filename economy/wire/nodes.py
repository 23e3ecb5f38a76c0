"""The orchestrator's side: ask all nodes at once, wait no longer than agreed, count what goes over the wire."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch

from commonweal.agents.arrays import Bools, Ints
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.wire.answers import Fault, Sizes, fault_in
from commonweal.economy.wire.channel import Channel, SilentNodeError
from commonweal.economy.wire.holding import Roster
from commonweal.economy.wire.masks import Keys
from commonweal.economy.wire.message import Message, WireError, decode, encode_each
from commonweal.economy.wire.modes import FEDERATED, MODES, SERVER
from commonweal.economy.wire.served import REFUSED


class LostNodesError(Exception):
    """Nodes that did not answer while a round was computed; it goes on without them."""

    def __init__(self, nodes: Sequence[int]) -> None:
        super().__init__(f"no answer from nodes {list(nodes)}")
        self.nodes = tuple(nodes)


@dataclass(frozen=True)
class Traffic:
    """What went over the wire: bytes of frames and messages, by node."""

    down: Ints  # (J,) bytes to a node
    up: Ints  # (J,) bytes from it
    questions: Ints  # (J,)
    answers: Ints  # (J,)
    stale: Ints  # (J,) answers that came too late and were dropped
    arrays_down: Ints  # (J,) bytes of the arrays in frames to a node; the rest are heads
    arrays_up: Ints  # (J,)

    @classmethod
    def none(cls, nodes: int) -> "Traffic":
        """Nothing yet."""
        return cls(*(np.zeros(nodes, dtype=np.int64) for _ in cls.__dataclass_fields__))

    def __sub__(self, earlier: "Traffic") -> "Traffic":
        return Traffic(*(getattr(self, name) - getattr(earlier, name) for name in Traffic.__dataclass_fields__))

    def copy(self) -> "Traffic":
        """As it is now; counting goes on elsewhere."""
        return Traffic(*(getattr(self, name).copy() for name in Traffic.__dataclass_fields__))


@dataclass
class Nodes:
    """J nodes behind channels.

    Args:
        roster: who is where.
        channels: (J,) one to each node.
        network: the shared network, without parameters.
        mode: what leaves a node, a key of ``economy.wire.modes.MODES``, or ``FEDERATED``.
        patience: seconds for an answer before a node counts as lost.
        quorum: share of the principals with samples in a round that must arrive; below it the round is asked again.
    """

    roster: Roster
    channels: Sequence[Channel]
    network: MLP
    mode: str
    patience: float = 30.0
    quorum: float = 0.5
    traffic: Traffic = field(init=False)
    present: Bools = field(init=False)  # (J,) who answers
    wrong: dict[int, Fault] = field(init=False, default_factory=dict)  # by node: of this round; it is asked no more

    def __post_init__(self) -> None:
        self.traffic = Traffic.none(len(self.channels))
        self._taken = self.traffic.copy()
        self.present = np.ones(len(self.channels), dtype=bool)
        self.asked = 0  # questions so far; their numbers
        self.server = Keys() if self.secret else None  # of the first of two servers
        self._agreed = False

    @property
    def secret(self) -> bool:
        """Whether nodes answer in secret: then all that are present are asked together, and there must be two."""
        return self.mode != FEDERATED and MODES[self.mode].secret

    @property
    def model_bytes(self) -> int:
        """Bytes of the network's parameters: what federated averaging sends of each."""
        number = torch.empty(0, dtype=self.network.dtype).element_size()
        return number * sum((d_in + 1) * d_out for d_in, d_out in pairwise(self.network.widths))

    @property
    def here(self) -> Ints:
        """Numbers of the nodes that answer."""
        return np.flatnonzero(self.present)

    @property
    def too_few(self) -> bool:
        """Whether a sum over those that answer would give one away."""
        return self.secret and len(self.here) < 2

    def agree(self) -> None:
        """Let nodes that answer in secret agree on keys, where some are new.

        Raises:
            LostNodesError: if some do not answer.
        """
        if self.server is None or self._agreed:
            return
        here = self.here.tolist()
        answers = self.ask({node: Message("key", -1, 0) for node in here})
        keys = [answers[node].arrays["key"] for node in here]
        keys.append(np.frombuffer(self.server.public, dtype=np.int8))
        told = {"nodes": np.array([*here, SERVER]), "keys": np.stack(keys)}
        self.ask({node: Message("agree", -1, 0, told) for node in here})
        self.server.agree({node: answers[node].arrays["key"].tobytes() for node in here})
        self._agreed = True

    def ask(self, questions: Mapping[int, Message]) -> dict[int, Message]:
        """Ask nodes at once, and await their answers.

        Args:
            questions: by node; their plan is numbered here.

        Returns:
            The answers by node.

        Raises:
            LostNodesError: if some do not answer; the others have.
        """
        self.asked += 1
        plan, deadline, answers, lost = self.asked, time.monotonic() + self.patience, {}, []
        for node, frame in encode_each(questions, plan).items():
            if not self._sent(node, frame, questions[node].nbytes):
                lost.append(node)
        for node, question in questions.items():
            if node in lost:
                continue
            answer = self._answer(node, plan, deadline, question)
            if answer is None:
                lost.append(node)
            else:
                answers[node] = answer
        if lost:
            self.present[lost] = False
            raise LostNodesError(sorted(lost))
        return answers

    def begin(self) -> None:
        """Before a round: start lost nodes again; those that answered wrongly have another chance."""
        self.wrong.clear()
        self.rejoin()

    def rejoin(self) -> None:
        """Start lost nodes again, but for those that have answered wrongly in this round."""
        for node in sorted(set(np.flatnonzero(~self.present).tolist()) - set(self.wrong)):
            self.present[node] = self.channels[node].rejoin()
            self._agreed &= not self.present[node]

    def taken(self) -> Traffic:
        """What went over the wire since this was asked last."""
        before, self._taken = self._taken, self.traffic.copy()
        return self.traffic - before

    def close(self) -> None:
        """End all nodes."""
        for channel in self.channels:
            channel.close()

    def _sent(self, node: int, frame: bytes, arrays: int) -> bool:
        try:
            self.channels[node].send(frame)
        except SilentNodeError:
            return False
        self.traffic.down[node] += len(frame)
        self.traffic.arrays_down[node] += arrays
        self.traffic.questions[node] += 1
        return True

    def _answer(self, node: int, plan: int, deadline: float, question: Message) -> Message | None:
        """The answer to this plan; earlier ones are dropped. None: there is none in time, or it is of no use."""
        while True:
            try:
                frame = self.channels[node].receive(max(0.0, deadline - time.monotonic()))
            except SilentNodeError:
                return None
            self.traffic.up[node] += len(frame)
            try:
                answer = decode(frame)
                self.traffic.arrays_up[node] += answer.nbytes
                if answer.plan == plan:
                    self.traffic.answers[node] += 1
                    return self._accepted(node, answer, question)
                if not 0 < answer.plan < plan:
                    raise WireError(_refusal(answer) or f"answers question {answer.plan}, which was not asked")
            except WireError as error:
                self.wrong[node] = Fault(node, question.round, question.kind, str(error))
                return None
            self.traffic.stale[node] += 1
            if time.monotonic() > deadline:
                return None

    def _accepted(self, node: int, answer: Message, question: Message) -> Message:
        """An answer that has the form of one.

        Raises:
            WireError: if it has not, or the node refuses the question.
        """
        kind = "<f8" if self.network.dtype == torch.float64 else "<f4"
        runs, principals = len(self.roster.row), len(self.roster.principals(node))
        sizes = Sizes(question, self.network.widths, kind, runs, principals, self.mode)
        if fault := _refusal(answer) or fault_in(answer, sizes):
            raise WireError(fault)
        return answer


def _refusal(answer: Message) -> str:
    """Why a node refuses a question; empty if it does not."""
    return f"refuses: {str(answer.words.get('reason', ''))[:200]}" if answer.kind == REFUSED else ""
