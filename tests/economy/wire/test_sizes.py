"""Bytes over the wire are those of the formulas: the payload exactly, whole frames within five percent."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from commonweal import Ensemble, load
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.wire.channel import Channel, InProcess, in_process
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.message import Message, decode
from commonweal.economy.wire.modes import FEDERATED, MODES
from commonweal.economy.wire.sizes import (
    Bytes,
    Sizes,
    federated_bytes,
    products_bytes,
    round_bytes,
    sum_bytes,
    visit_bytes,
)

CASES: dict[str, dict[str, Any]] = {
    "commons": {},
    "small": {"task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 24},
    "wide": {"learning.hidden": [128], "learning.samples": 4},
    "deep": {"learning.hidden": [32, 24]},
    "double": {"precision": "float64", "learning.hidden": [48]},
}


class Heard(InProcess):
    """A node whose questions are noted."""

    def __init__(self, channel: InProcess) -> None:
        super().__init__(channel.node)
        self.questions: list[Message] = []

    def send(self, frame: bytes) -> None:
        self.questions.append(decode(frame))
        super().send(frame)


def heard(holdings: Sequence[Holding], network: MLP, mode: str) -> list[Channel]:
    return [Heard(each) for each in in_process(holdings, network, mode) if isinstance(each, InProcess)]


def played(mode: str, nodes: int, fields: Mapping[str, Any]) -> Ensemble:
    method = "federated" if mode == FEDERATED else "traversal"
    over = {"learning.wire": mode, "learning.nodes": nodes, "learning.method": method}
    return Ensemble(load("value-conflict" if not fields else "commons", {**fields, **over}), [0], open_nodes=heard)


def sizes_of(ensemble: Ensemble, samples: int) -> Sizes:
    nodes, number = ensemble.world.nodes, ensemble.state.parameters[0].element_size()
    assert nodes is not None
    return Sizes(len(nodes.channels), len(nodes.roster.node), samples, nodes.network.widths, number)


def by_formula(mode: str, sizes: Sizes, questions: Sequence[Message]) -> Bytes:
    """Of the questions that one node was asked in a round, each of which all nodes were asked."""
    whole = Bytes(0, 0)
    for question in questions:
        if question.kind in ("visit", "train"):
            whole += visit_bytes(mode, sizes)
        elif question.kind == "products":
            whole += products_bytes(mode, sizes, question.arrays["direction0"].shape[1])
        elif question.kind == "sum":
            whole += sum_bytes(mode, sizes)
    return whole


@pytest.mark.parametrize("mode", [*MODES, FEDERATED])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("nodes", [4, 8])
def test_the_payload_is_that_of_the_formula_and_heads_are_small(mode: str, case: str, nodes: int) -> None:
    ensemble = played(mode, nodes, CASES[case])
    over = ensemble.world.nodes
    assert over is not None
    ensemble.step()  # nodes agree on keys in the first round
    for _ in range(3):
        before = [len(each.questions) for each in over.channels if isinstance(each, Heard)]
        over.taken()
        record = ensemble.step()
        first = over.channels[0]
        assert isinstance(first, Heard)
        sizes = sizes_of(ensemble, int((record.taught.batch.owner >= 0).sum()))
        expected = by_formula(mode, sizes, first.questions[before[0] :])
        taken = over.taken()
        assert (taken.questions == len(first.questions) - before[0]).all()
        assert (int(taken.arrays_down.sum()), int(taken.arrays_up.sum())) == (expected.down, expected.up)
        if case != "small":  # whose messages of a kilobyte have heads of a quarter of one
            assert int((taken.down + taken.up).sum()) == pytest.approx(expected.total, rel=0.05)


@pytest.mark.parametrize(
    ("widths", "paths", "cut", "gradients", "secure", "node", "principal"),
    [
        ((64, 32, 10), 215, 226, 425, 193, 77, 424),
        ((64, 128, 10), 576, 864, 1662, 769, 308, 1691),
        ((784, 128, 10), 2972, 8236, 17882, 8142, 3257, 17912),
    ],
)
def test_kilobytes_of_published_sizes(
    widths: tuple[int, ...], paths: int, cut: int, gradients: int, secure: int, node: int, principal: int
) -> None:
    """J = 4, N = 40, D = 3, S = 320, four bytes a number, worked out by hand; plans and fixed point come on top."""
    sizes = Sizes(4, 40, 320, widths)
    plan = 12 * 320
    assert (visit_bytes("paths", sizes).total - plan) / 1000 == pytest.approx(paths, abs=1)
    assert (round_bytes("cut", sizes, 3).total - plan) / 1000 == pytest.approx(cut, abs=1)
    assert (round_bytes("cut-gradients", sizes, 3).total - plan) / 1000 == pytest.approx(gradients, abs=1)
    in_words = 4 * sizes.nodes * sizes.parameters  # masked sums have eight bytes a number, not four
    assert (round_bytes("secure", sizes, 3).total - plan - in_words) / 1000 == pytest.approx(secure, abs=1)
    assert federated_bytes(sizes, each=False).total / 1000 == pytest.approx(node, abs=1)
    assert federated_bytes(sizes, each=True).total / 1000 == pytest.approx(principal, abs=1)


def test_runs_that_are_computed_together_share_their_frames() -> None:
    fields = {"learning.wire": "cut", "learning.nodes": 40, "rounds": 3}
    alone, together = (Ensemble(load("commons", fields), seeds).run().wire for seeds in ([0], [0, 0]))
    assert alone is not None and together is not None
    assert list(together["run"].unique()) == [0, 1]
    assert len(together) == 2 * 3 * 40
    assert (together["principal"] == together["node"]).all() and (together["principals"] == 1).all()
    assert (together["questions"].to_numpy() == np.tile(alone["questions"], 2)).all()
    near = np.abs(together["bytes_arrays_up"].to_numpy() - np.tile(alone["bytes_arrays_up"], 2))
    assert (near == 0).all()
    assert not together["lost"].any() and not together["stale"].any()
