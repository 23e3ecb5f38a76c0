"""Canaries: a pattern in private columns of a node's samples is in no frame of any mode, but for paths."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from commonweal import Ensemble, load
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.wire.channel import Channel, OpenNodes, SilentNodeError, in_process
from commonweal.economy.wire.cluster import Workers
from commonweal.economy.wire.holding import Holding
from commonweal.economy.wire.masks import to_fixed
from commonweal.economy.wire.message import Message, decode, encode
from commonweal.economy.wire.modes import MODES
from commonweal.economy.wire.nodes import Nodes
from commonweal.economy.wire.pipes import Processes

CANARY = 0.7312846519283746  # no pixel of a digit is that, and its eight bytes are met nowhere by chance
COLUMNS = (20, 21)  # neighbours: in single precision two of them make eight bytes, by row and by column
HIDES = [mode for mode in MODES if mode != "paths"]


def needles(value: float) -> list[bytes]:
    """A number in the forms in which it could leave a node."""
    single = np.float32(value)
    words = [to_fixed(np.array([value]), bits=bits).tobytes() for bits in (24, 26, 40)]
    return [np.float64(value).tobytes(), np.float64(single).tobytes(), np.full(2, single).tobytes(), *words]


NEEDLES = needles(CANARY)


def sighted(frame: bytes) -> bool:
    return any(needle in frame for needle in NEEDLES)


@dataclass
class Recording(Channel):
    """A channel that keeps every frame in both directions; it can be cut and mended."""

    channel: Channel
    frames: list[bytes] = field(default_factory=list)
    away: bool = False
    gone_in: set[int] = field(default_factory=set)  # rounds in which it is cut, after the question has been sent

    def send(self, frame: bytes) -> None:
        if self.away:
            raise SilentNodeError
        self.frames.append(frame)
        self.channel.send(frame)
        if decode(frame).round in self.gone_in:
            self.gone_in.discard(decode(frame).round)
            self.away = True

    def receive(self, seconds: float) -> bytes:
        if self.away:
            raise SilentNodeError
        self.frames.append(self.channel.receive(seconds))
        return self.frames[-1]

    def rejoin(self) -> bool:
        self.away = False
        return self.channel.rejoin()

    def close(self) -> None:
        self.channel.close()


def planted(holding: Holding) -> Holding:
    """The samples of a node with the canary in private columns of every one of them."""
    features = np.array(holding.features)
    features[:, COLUMNS] = CANARY
    return replace(holding, features=features)


def recorded(base: OpenNodes, carrier: int = 1) -> OpenNodes:
    def opened(holdings: Sequence[Holding], network: MLP, mode: str) -> list[Channel]:
        held = [planted(each) if node == carrier else each for node, each in enumerate(holdings)]
        return [Recording(each) for each in base(held, network, mode)]

    return opened


def nodes_of(ensemble: Ensemble) -> Nodes:
    assert ensemble.world.nodes is not None
    return ensemble.world.nodes


def channels_of(ensemble: Ensemble) -> list[Recording]:
    return [each for each in nodes_of(ensemble).channels if isinstance(each, Recording)]


def frames_of(ensemble: Ensemble) -> list[bytes]:
    return [frame for channel in channels_of(ensemble) for frame in channel.frames]


def kinds_in(frames: Sequence[bytes]) -> set[str]:
    return {decode(frame).kind for frame in frames}


def ensemble_of(mode: str, open_nodes: OpenNodes, scenario: str = "value-conflict", **changes: Any) -> Ensemble:
    fields = {path.replace("__", "."): value for path, value in changes.items()}
    over = {"learning.wire": mode, "learning.nodes": 3, "learning.patience": 20.0, "population.count": 12}
    opens = {"learning.audit": 1.0} if MODES[mode].secret else {}
    return Ensemble(load(scenario, {**over, **opens, **fields}), [0], open_nodes=recorded(open_nodes))


@pytest.mark.parametrize("precision", ["float32", "float64"])
class TestInProcess:
    @pytest.mark.parametrize("mode", HIDES)
    @pytest.mark.parametrize("hidden", [[], [16], [12, 8]])
    def test_no_frame_holds_the_canary(self, mode: str, precision: str, hidden: list[int]) -> None:
        ensemble = ensemble_of(mode, in_process, precision=precision, learning__hidden=hidden, screening__mode="scale")
        for _ in range(4):
            ensemble.step()
        found = frames_of(ensemble)
        assert {"visit", *MODES[mode].about} <= kinds_in(found)  # every question was asked
        assert not any(map(sighted, found))

    def test_in_paths_it_is_found(self, precision: str) -> None:
        ensemble = ensemble_of("paths", in_process, precision=precision)
        ensemble.step()
        assert any(map(sighted, channels_of(ensemble)[1].frames))
        assert not any(map(sighted, channels_of(ensemble)[0].frames))

    @pytest.mark.parametrize("mode", HIDES)
    def test_nor_do_those_of_a_node_that_is_lost_and_comes_back(self, mode: str, precision: str) -> None:
        ensemble = ensemble_of(mode, in_process, precision=precision)
        channels_of(ensemble)[1].gone_in = {1}
        records = [ensemble.step() for _ in range(4)]
        assert any("wire" in record.notes for record in records)
        assert nodes_of(ensemble).traffic.stale.sum() > 0
        assert not any(map(sighted, frames_of(ensemble)))

    @pytest.mark.parametrize("mode", HIDES)
    def test_nor_do_refusals(self, mode: str, precision: str) -> None:
        ensemble = ensemble_of(mode, in_process, precision=precision)
        ensemble.step()
        channel = channels_of(ensemble)[1]
        told = [decode(frame) for frame in channel.frames]
        asked = [each for each in told if {"theta0", "direction0", "weights"} & set(each.arrays)]
        for question in asked:
            for number, broken in enumerate(spoilt(question)):
                channel.send(encode(replace(broken, plan=10_000 * question.plan + number)))
                assert decode(channel.receive(0)).kind == "refused"
        assert not any(map(sighted, channel.frames))


def spoilt(question: Message) -> list[Message]:
    """Questions that a node refuses: an array has another shape, or the question is none."""
    shapes = [replace(question, arrays={**question.arrays, name: np.zeros((1, 3, 5))}) for name in question.arrays]
    return [*shapes, replace(question, kind="file"), replace(question, arrays={}), replace(question, words={})]


@pytest.mark.slow
@pytest.mark.parametrize("mode", HIDES)
def test_processes_send_no_canary_and_no_file(mode: str, tmp_path: Path) -> None:
    ensemble = ensemble_of(mode, Processes(tmp_path))
    try:
        for _ in range(2):
            ensemble.step()
    finally:
        nodes_of(ensemble).close()
    assert sighted((tmp_path / "node-1.npz").read_bytes())
    assert frames_of(ensemble)
    assert not any(sighted(frame) or b"PK\x03\x04" in frame or b"NUMPY" in frame for frame in frames_of(ensemble))


@pytest.mark.slow
def test_actors_send_no_canary(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        Client(cluster, direct_to_workers=True) as client,
    ):
        files = [str(tmp_path / f"node-{node}.npz") for node in range(3)]
        workers = Workers(client, list(client.scheduler_info(n_workers=-1)["workers"]), files)
        for mode in HIDES:
            ensemble = ensemble_of(mode, workers)
            for _ in range(2):
                ensemble.step()
            assert {"visit", *MODES[mode].about} - {"sum"} <= kinds_in(frames_of(ensemble))
            assert not any(map(sighted, frames_of(ensemble)))
            nodes_of(ensemble).close()


@pytest.mark.parametrize("mode", ["paths", "cut", "cut-gradients", "two-servers"])
def test_labels_can_be_read_off_the_deltas_that_leave(mode: str) -> None:
    """The one negative entry of a sample's delta is its label: of these modes none hides it."""
    ensemble = ensemble_of(mode, in_process, actions__defect="leak")
    ensemble.step()
    channel = channels_of(ensemble)[1]
    visits = [decode(frame) for frame in channel.frames if decode(frame).kind == "visit"]
    question, answer = visits[0], visits[1]
    delta = answer.arrays["delta1" if mode == "paths" else "delta"]
    held: Any = channel.channel
    labels = held.node.holding.labels[question.arrays["row"]]
    wanted = (labels + question.arrays["label"]) % delta.shape[2]
    real = question.arrays["owner"] >= 0
    assert real.any()
    assert (delta.argmin(axis=2)[real] == wanted[real]).all()


def test_secure_sends_nothing_by_sample() -> None:
    ensemble = ensemble_of("secure", in_process)
    ensemble.step()
    for frame in channels_of(ensemble)[1].frames:
        message = decode(frame)
        if message.kind == "visit" and "theta0" not in message.arrays:
            assert set(message.arrays) == {"hidden", "norms"}


@given(arrays.array_shapes(min_dims=1, max_dims=4, min_side=2, max_side=6), st.data())
def test_a_part_of_an_array_never_takes_the_rest_along(shape: tuple[int, ...], data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    keep = data.draw(st.integers(0, shape[axis] - 1))
    kind = data.draw(st.sampled_from([np.float64, np.float32]))
    whole = np.full(shape, CANARY, dtype=kind)
    place = (slice(None),) * axis + (slice(keep, keep + 1),)
    whole[place] = 0.25
    ways = [whole[place], whole.T.swapaxes(0, -1)[place] if len(shape) == 1 else whole[place].T, whole[place][::-1]]
    for part in ways:
        frame = encode(Message("visit", 0, 0, {"part": part}))
        assert np.full(1, CANARY, dtype=kind).tobytes() not in frame
        assert len(frame) < 200 + part.nbytes
    assert np.full(1, CANARY, dtype=kind).tobytes() in encode(Message("visit", 0, 0, {"part": whole}))
