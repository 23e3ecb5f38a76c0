"""Messages between the orchestrator and a node: a head in JSON and plain arrays behind it, nothing else.

A frame is read without executing anything: no pickle, only numbers of the kinds listed here. Every message says of
which round and plan it is, so that an answer that arrives late is told from the one that is waited for.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from commonweal.agents.arrays import AnyArray

MAGIC = b"CWW1"
KINDS = ("<f4", "<f8", "<i4", "<i8", "<u8", "|i1", "|b1")  # of the numbers in an array
LARGEST = 1 << 31  # bytes of a frame
_HEAD = struct.Struct("<4sI")


class WireError(Exception):
    """A frame that is no message, or a message that nobody asked for."""


@dataclass(frozen=True)
class Message:
    """What is sent at once."""

    kind: str  # what is asked or answered
    round: int
    plan: int  # counted over all requests; an answer carries that of its question
    arrays: Mapping[str, AnyArray] = field(default_factory=dict)
    words: Mapping[str, str | int | float] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, without the head."""
        return sum(array.nbytes for array in self.arrays.values())

    def stack(self, name: str) -> tuple[AnyArray, ...]:
        """The arrays ``name0``, ``name1``, … in order: parameters or directions, layer by layer."""
        count = sum(each.rstrip("0123456789") == name and each != name for each in self.arrays)
        return tuple(self.arrays[f"{name}{place}"] for place in range(count))


def numbered(name: str, arrays: tuple[AnyArray, ...]) -> dict[str, AnyArray]:
    """Arrays as ``name0``, ``name1``, …."""
    return {f"{name}{place}": array for place, array in enumerate(arrays)}


def encode(message: Message) -> bytes:
    """A message as a frame.

    Raises:
        WireError: if an array holds something else than plain numbers, or the frame is too large.
    """
    parts, listed = [], []
    for name, values in message.arrays.items():
        array = np.ascontiguousarray(values)  # a copy of what is sent alone: a view would take its whole array along
        kind = array.dtype.newbyteorder("<").str if array.dtype.itemsize > 1 else array.dtype.str
        if kind not in KINDS:
            raise WireError(f"{name}: {array.dtype} does not go over the wire")
        parts.append(array.astype(kind, copy=False).tobytes())
        listed.append([name, kind, list(np.shape(values))])
    said = {"kind": message.kind, "round": message.round, "plan": message.plan, "words": dict(message.words)}
    head = json.dumps({**said, "arrays": listed}, separators=(",", ":")).encode()
    frame = b"".join([_HEAD.pack(MAGIC, len(head)), head, *parts])
    if len(frame) > LARGEST:
        raise WireError(f"a frame of {len(frame)} bytes: must be at most {LARGEST}")
    return frame


def decode(frame: bytes) -> Message:
    """The message that a frame holds; its arrays cannot be written to.

    Raises:
        WireError: if it holds none.
    """
    try:
        magic, length = _HEAD.unpack_from(frame)
        if magic != MAGIC or len(frame) > LARGEST:
            raise WireError("a frame of another kind")
        head = json.loads(frame[_HEAD.size : _HEAD.size + length])
        start, arrays = _HEAD.size + length, {}
        for name, kind, shape in head["arrays"]:
            array = _array(frame, start, str(kind), [int(side) for side in shape])
            arrays[str(name)] = array
            start += array.nbytes
        if start != len(frame):
            raise WireError(f"{len(frame) - start} bytes too many")
        return Message(str(head["kind"]), int(head["round"]), int(head["plan"]), arrays, dict(head["words"]))
    except (struct.error, ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise WireError(f"no message: {' '.join(str(error).split())[:80]}") from None


def _array(frame: bytes, start: int, kind: str, shape: list[int]) -> AnyArray:
    if kind not in KINDS or min(shape, default=0) < 0:
        raise WireError(f"an array of {kind[:20]!r} and shape {shape}")
    size = int(np.prod(shape, dtype=object)) if shape else 1
    if size * np.dtype(kind).itemsize > len(frame) - start:
        raise WireError("an array that is longer than its frame")
    found: AnyArray = np.frombuffer(frame, dtype=kind, count=size, offset=start).reshape(shape)
    return found
