"""Nodes that answer what they should not, and orchestrators that ask what they should not."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from commonweal import Ensemble, InputError, load
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.round.set_up import ASKED_BY_CREDIT
from commonweal.economy.wire.answers import ABOUT, VISITED
from commonweal.economy.wire.channel import Channel, InProcess, in_process
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.message import Message, decode, encode
from commonweal.economy.wire.modes import MODES
from commonweal.economy.wire.node import Node
from commonweal.economy.wire.nodes import Nodes
from commonweal.economy.wire.served import answer_frame

Lie = Callable[[Message], bytes]


class Hostile(InProcess):
    """A node that sends something else in place of some answers."""

    def __init__(self, channel: InProcess) -> None:
        super().__init__(channel.node)
        self.lie: Lie | None = None
        self.lies_in = {1}  # rounds
        self.asked: list[Message] = []

    def send(self, frame: bytes) -> None:
        question = decode(frame)
        self.asked.append(question)
        super().send(frame)
        if self.lie is not None and question.round in self.lies_in and question.kind == "visit":
            self._answers[-1] = self.lie(decode(self._answers[-1]))


def hostile(holdings: Sequence[Holding], network: MLP, mode: str) -> list[Channel]:
    return [Hostile(each) for each in in_process(holdings, network, mode) if isinstance(each, InProcess)]


def nodes_of(ensemble: Ensemble) -> Nodes:
    assert ensemble.world.nodes is not None
    return ensemble.world.nodes


def channel_of(ensemble: Ensemble, node: int) -> Hostile:
    channel = nodes_of(ensemble).channels[node]
    assert isinstance(channel, Hostile)
    return channel


def opened(mode: str, **changes: Any) -> Ensemble:
    fields = {"precision": "float64", "learning.wire": mode, "learning.nodes": 4, "learning.patience": 0.5}
    more = {path.replace("__", "."): value for path, value in changes.items()}
    return Ensemble(load("value-conflict", {**fields, **more}), [0], open_nodes=hostile)


def changed(answer: Message, change: Callable[[np.ndarray], np.ndarray]) -> bytes:
    """The answer with its first array of decimals changed, or of words where it has none."""
    name = next((n for n, a in answer.arrays.items() if a.dtype.kind == "f"), next(iter(answer.arrays)))
    return encode(replace(answer, arrays={**answer.arrays, name: change(np.array(answer.arrays[name]))}))


def holed(array: np.ndarray) -> np.ndarray:
    array.flat[0] = np.nan
    return array


LIES: dict[str, tuple[Lie, str]] = {
    "too many bytes": (lambda a: encode(a) + b"more", "bytes too many"),
    "no message": (lambda _: b"\x80\x04\x95pickle", "no message|another kind"),
    "another shape": (lambda a: changed(a, lambda array: array[..., :-1]), "sends .* as .*: must be"),
    "another number format": (lambda a: changed(a, lambda array: array.astype(np.float32)), "as float32"),
    "not finite": (lambda a: changed(a, holed), "not finite"),
    "another kind": (lambda a: encode(replace(a, kind="sum")), "answers 'sum' of round 1"),
    "another round": (lambda a: encode(replace(a, round=7)), "answers 'visit' of round 7"),
    "a plan that was not asked": (lambda a: encode(replace(a, plan=10**6)), "answers question 1000000, which"),
    "somebody else's principals": (
        lambda a: encode(replace(a, arrays={**a.arrays, "norms3": np.zeros((1, 10))})), "sends .*norms3"
    ),
    "nothing": (lambda a: encode(replace(a, arrays={})), "sends nothing"),
    "a refusal": (
        lambda a: encode(replace(a, kind="refused", arrays={}, words={"reason": "no wish to"})), "refuses: no wish to"
    ),
    "nested without end": (lambda _: b"CWW1" + (200_000).to_bytes(4, "little") + b"[" * 200_000, "no message"),
}  # fmt: skip


class TestNodesThatLie:
    def test_every_question_has_a_form_of_its_answer(self) -> None:
        assert set(VISITED) == set(MODES)
        assert {kind for mode in MODES.values() for kind in mode.about} <= set(ABOUT)

    @pytest.mark.parametrize("lie", LIES)
    @pytest.mark.parametrize("mode", MODES)
    def test_a_wrong_answer_is_a_lost_node_with_a_note(self, mode: str, lie: str) -> None:
        ensemble = opened(mode)
        ensemble.step()
        before = ensemble.state.ledger.principals.copy()
        channel_of(ensemble, 2).lie, said = LIES[lie]
        record = ensemble.step()
        note = record.notes["wire"]
        (fault,) = note.wrong
        assert (fault.node, fault.round, fault.kind) == (2, 1, "visit")
        assert re.search(said, fault.reason), fault.reason
        assert_array_equal(note.lost[0], nodes_of(ensemble).roster.node == 2)
        assert (record.produce.credit[note.lost] == 0).all()
        assert_array_equal(ensemble.state.ledger.principals[note.lost], before[note.lost])
        assert "wire" not in ensemble.step().notes  # it has another chance

    def test_the_step_is_that_of_the_others(self) -> None:
        ensemble = opened("cut")
        channel = channel_of(ensemble, 1)
        channel.lie, channel.lies_in = LIES["not finite"][0], {0}
        record = ensemble.step()
        other = Ensemble(load("value-conflict", {"precision": "float64"}), [0])
        other.act(record.actions)
        for one, same in zip(ensemble.state.parameters, other.state.parameters, strict=True):
            assert_allclose(one.numpy(), same.numpy(), rtol=0, atol=1e-12)

    def test_who_lies_in_every_round_is_asked_once_in_each(self) -> None:
        ensemble = opened("cut")
        channel = channel_of(ensemble, 1)
        channel.lie, channel.lies_in = LIES["another shape"][0], {0, 1, 2}
        for _ in range(3):
            assert len(ensemble.step().notes["wire"].wrong) == 1
        assert [each.round for each in channel.asked if each.kind == "visit"] == [0, 1, 2]

    @pytest.mark.parametrize("mode", MODES)
    def test_where_too_many_lie_one_line_says_what(self, mode: str) -> None:
        ensemble = opened(mode)
        ensemble.step()
        for node in range(4):
            channel_of(ensemble, node).lie = LIES["a refusal"][0]
        with pytest.raises(InputError, match=r"learning\.quorum.*node 3 refuses: no wish to") as refused:
            ensemble.step()
        assert "\n" not in str(refused.value)

    def test_a_mask_that_does_not_cancel_is_seen(self) -> None:
        def shift(answer: Message) -> bytes:
            hidden = np.random.default_rng(0).integers(0, 2**64, answer.arrays["hidden"].size, dtype=np.uint64)
            return encode(replace(answer, arrays={**answer.arrays, "hidden": hidden}))

        ensemble = opened("secure")
        ensemble.step()
        channel_of(ensemble, 0).lie = shift
        with pytest.raises(InputError, match="masks of a sum do not cancel") as refused:
            ensemble.step()
        assert "\n" not in str(refused.value)

    def test_a_network_that_diverged_is_not_blamed_on_the_nodes(self) -> None:
        ensemble = opened("cut")
        theta = tuple(each.clone() for each in ensemble.state.parameters)
        theta[1].view(-1)[0] = float("nan")
        ensemble.state = replace(ensemble.state, parameters=theta)
        with pytest.raises(InputError, match=r"run 0 diverged: parameters in round 0; lower learning\.rate"):
            ensemble.step()


def visited(mode: str, **changes: Any) -> tuple[Node, Message]:
    """A node and the visit that it was asked for."""
    ensemble = opened(mode, **changes)
    ensemble.step()
    channel = channel_of(ensemble, 1)
    return channel.node, [each for each in channel.asked if each.kind == "visit"][-1]


def told(node: Node, question: Message, plan: int) -> str:
    """What a node says of a question: the reason for which it refuses it, or nothing."""
    answer = decode(answer_frame(node, encode(replace(question, plan=plan))))
    assert (answer.kind == "refused") == bool(answer.words)
    reason = str(answer.words.get("reason", ""))
    assert "\n" not in reason
    assert len(reason) <= 200
    return reason


def about(node: Node, question: Message, kind: str, arrays: dict[str, np.ndarray], visit: int) -> Message:
    among = {"among": question.arrays["among"]} if node.mode.secret and kind == "sum" else {}
    return Message(kind, question.round, 0, {**arrays, **among}, {"visit": visit})


def directions(node: Node, question: Message, count: int, seed: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    layers = question.stack("theta")[node.mode.told]
    return {f"direction{k}": draw.normal(size=(len(v), count, *v.shape[1:])) for k, v in enumerate(layers)}


class TestOrchestratorsThatPry:
    @pytest.mark.parametrize("mode", MODES)
    def test_rows_principals_and_networks_that_are_not_the_nodes(self, mode: str) -> None:
        node, visit = visited(mode)
        row, owner, theta = (visit.arrays[name] for name in ("row", "owner", "theta0"))
        wrong = [
            ({"row": row + 10**6}, "does not hold"),
            ({"row": row - 10**6}, "does not hold"),
            ({"owner": owner + 100}, "not on this node"),
            ({"owner": owner[:, :-1]}, "one shape"),
            ({"row": row.astype(np.float64)}, "whole numbers"),
            ({"theta0": theta[:, :-1]}, "another network"),
            ({"theta0": theta.astype(np.float32)}, "another network"),
            ({"theta0": np.full_like(theta, np.inf)}, "must be finite"),
        ]
        for place, (change, said) in enumerate(wrong):
            assert said in told(node, replace(visit, arrays={**visit.arrays, **change}), 10**6 + place)
        assert told(node, visit, 10**6 + 99) == ""

    @pytest.mark.parametrize("mode", MODES)
    def test_a_question_is_answered_once(self, mode: str) -> None:
        node, visit = visited(mode)
        assert "not newer" in told(node, visit, visit.plan)
        assert told(node, visit, 10**6) == ""
        assert "not newer" in told(node, visit, 10**6)  # under the same number masks would be used again

    @pytest.mark.parametrize("mode", ["cut", "secure", "two-servers"])
    def test_more_directions_than_agreed(self, mode: str) -> None:
        node, visit = visited(mode)
        most = node.holding.directions
        assert most == 1 + 2 + ASKED_BY_CREDIT  # value-conflict has two values
        told(node, visit, 10**6)
        few = about(node, visit, "products", directions(node, visit, most, 0), 10**6)
        more = about(node, visit, "products", directions(node, visit, 1, 1), 10**6)
        assert told(node, few, 10**6 + 1) == ""
        assert told(node, few, 10**6 + 2) == ""  # the same again tells nothing new
        assert f"{most + 1} directions about one visit: must be at most {most}" in told(node, more, 10**6 + 3)

    @pytest.mark.parametrize("mode", ["cut", "secure", "two-servers"])
    def test_a_unit_vector_reads_nothing_out(self, mode: str) -> None:
        node, visit = visited(mode)
        told(node, visit, 10**6)
        unit = {name: np.zeros_like(each) for name, each in directions(node, visit, 1, 0).items()}
        unit["direction0"][..., 0, 3] = 1.0
        unit["direction0"][..., 0, 4] = 1e-3
        assert "read it out" in told(node, about(node, visit, "products", unit, 10**6), 10**6 + 1)

    @pytest.mark.parametrize("mode", ["cut", "secure", "two-servers"])
    def test_more_sums_than_agreed_and_weights_that_are_none(self, mode: str) -> None:
        node, visit = visited(mode)
        told(node, visit, 10**6)
        shape = (len(visit.arrays["theta0"]), len(node.holding.principals))
        for place in range(node.holding.sums + 1):
            weights = {"weights": np.full(shape, 1 / (place + 2))}
            said = told(node, about(node, visit, "sum", weights, 10**6), 10**6 + 1 + place)
            assert bool(said) == (place == node.holding.sums)
        assert "weighted sums about one visit" in said
        wrong = (np.full(shape, 2.0), np.full(shape, -1.0), np.full(shape, np.nan), np.ones((1, 99)))
        for place, weights_none in enumerate(wrong):
            question = about(node, visit, "sum", {"weights": weights_none}, 10**6)
            assert "weights: must be" in told(node, question, 10**7 + place)

    @pytest.mark.parametrize("mode", ["cut", "secure"])
    def test_a_visit_that_was_never_made(self, mode: str) -> None:
        node, visit = visited(mode)
        assert "not remembered" in told(node, about(node, visit, "products", directions(node, visit, 1, 0), 77), 10**6)

    @pytest.mark.parametrize("mode", ["secure", "two-servers"])
    def test_another_network_for_one_node_opens_no_sum(self, mode: str) -> None:
        ensemble = opened(mode)
        ensemble.step()
        channel = channel_of(ensemble, 1)
        send = channel.send

        def pried(frame: bytes) -> None:
            question = decode(frame)
            if question.kind == "visit":
                theta = np.array(question.arrays["theta0"])
                theta.flat[0] += 1e-9
                frame = encode(replace(question, arrays={**question.arrays, "theta0": theta}))
            send(frame)

        channel.send = pried  # type: ignore[method-assign]
        with pytest.raises(InputError, match="masks of a sum do not cancel"):
            ensemble.step()

    @given(st.binary(max_size=80))
    def test_no_bytes_end_a_node(self, frame: bytes) -> None:
        assert decode(answer_frame(NODE, frame)).kind == "refused"

    @given(st.sampled_from(["visit", "products", "sum", "key", "agree", "file"]), st.data())
    def test_no_question_ends_a_node(self, kind: str, data: st.DataObject) -> None:
        names = st.sampled_from(["row", "owner", "label", "theta0", "direction0", "weights", "among", "nodes", "keys"])
        sizes = st.lists(st.integers(0, 3), max_size=3)
        arrays = {name: np.ones(data.draw(sizes)) for name in data.draw(st.lists(names, max_size=5))}
        words = data.draw(st.dictionaries(st.sampled_from(["visit", "together"]), st.integers(-2, 2)))
        question = Message(kind, 0, data.draw(st.integers(-(2**70), 2**70)), arrays, words)
        assert decode(answer_frame(NODE, encode(question))).kind in (kind, "refused")


NODE = Node(Holding(np.arange(2), np.zeros((4, 3)), np.zeros(4, dtype=np.int64)), MLP((3, 2, 2)), "secure")
