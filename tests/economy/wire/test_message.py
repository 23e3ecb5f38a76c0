"""Messages: what goes in comes out, and nothing else is read."""

import contextlib
import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from commonweal.economy.wire.message import KINDS, Message, WireError, decode, encode, encode_each

KIND = st.sampled_from(KINDS)
SHAPE = arrays.array_shapes(min_dims=0, min_side=0, max_side=4)
ARRAY = KIND.flatmap(lambda kind: arrays.arrays(np.dtype(kind), SHAPE))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}\Z"), ARRAY, max_size=4), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_message_comes_back_from_its_frame(parts: dict[str, np.ndarray], number: int, plan: int) -> None:
    found = decode(encode(Message("visit", number, plan, parts, {"together": 8})))
    assert (found.kind, found.round, found.plan, found.words) == ("visit", number, plan, {"together": 8})
    assert set(found.arrays) == set(parts)
    for name, array in parts.items():
        assert found.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(found.arrays[name], array)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_are_refused(frame: bytes) -> None:
    with contextlib.suppress(WireError):
        assert decode(frame).round >= 0


@given(st.data())
def test_a_frame_that_is_cut_or_grown_is_refused(data: st.DataObject) -> None:
    frame = encode(Message("sum", 1, 2, {"weights": np.arange(6.0)}))
    with pytest.raises(WireError):
        decode(frame[: data.draw(st.integers(0, len(frame) - 1))])
    with pytest.raises(WireError):
        decode(frame + data.draw(st.binary(min_size=1, max_size=9)))


@pytest.mark.parametrize("kind", ["|O", "<M8[s]", "|V8", "<U4", "<f2"])
def test_objects_and_other_kinds_are_neither_sent_nor_read(kind: str) -> None:
    head = json.dumps({"kind": "visit", "round": 0, "plan": 0, "words": {}, "arrays": [["x", kind, [1]]]}).encode()
    with pytest.raises(WireError):
        decode(struct.pack("<4sI", b"CWW1", len(head)) + head + bytes(16))
    with pytest.raises(WireError, match="does not go over the wire"):
        encode(Message("visit", 0, 0, {"x": np.zeros(1, dtype=kind)}))


def test_a_slice_is_sent_alone() -> None:
    table = np.full((100, 8), 7.25)
    table[3] = 1.0
    frame = encode(Message("visit", 0, 0, {"row": table[3:4]}))
    assert np.float64(7.25).tobytes() not in frame


def test_layers_come_back_in_order() -> None:
    layers = {f"theta{place}": np.array([float(place)]) for place in range(12)}
    found = decode(encode(Message("visit", 0, 0, {**layers, "thetas": np.zeros(1)}))).stack("theta")
    assert [float(each[0]) for each in found] == list(range(12))


def test_messages_that_share_arrays_become_the_frames_that_each_would_be_alone() -> None:
    shared = np.arange(12, dtype=">f4").reshape(3, 4)[:, ::2]
    same = Message("products", 3, 0, {"direction0": shared}, {"visit": 7})
    other = Message("visit", 3, 0, {"theta0": shared, "row": np.arange(3, dtype=np.int32)})
    asked = {0: same, 2: same, 5: other}
    frames = encode_each(asked, plan=9)
    assert frames == {node: encode(replace(each, plan=9)) for node, each in asked.items()}
    assert frames[0] is frames[2]
    assert decode(frames[5]).plan == 9
    np.testing.assert_array_equal(decode(frames[5]).arrays["theta0"], shared)
