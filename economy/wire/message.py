"""Messages between the orchestrator and a node: a head in JSON and plain arrays behind it, nothing else.

A frame is read without executing anything: no pickle, only numbers of the kinds listed here. Every message says of
which round and plan it is, so that an answer that arrives late is told from the one that is waited for.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from commonweal.agents.arrays import AnyArray

MAGIC = b"CWW1"
KINDS = ("<f4", "<f8", "<i4", "<i8", "<u8", "|i1", "|b1")  # of the numbers in an array
LARGEST = 1 << 31  # bytes of a frame
_HEAD = struct.Struct("<4sI")
_DTYPES = {kind: np.dtype(kind) for kind in KINDS}
_JSON = json.JSONEncoder(separators=(",", ":"))
_WORDS = (str, int, float)

Packed: TypeAlias = dict[int, tuple[str, list[int], bytes]]  # by id of an array: kind, shape and bytes


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
        found: list[AnyArray] = []
        while (array := self.arrays.get(f"{name}{len(found)}")) is not None:
            found.append(array)
        return tuple(found)


def numbered(name: str, arrays: tuple[AnyArray, ...]) -> dict[str, AnyArray]:
    """Arrays as ``name0``, ``name1``, …."""
    return {f"{name}{place}": array for place, array in enumerate(arrays)}


def encode(message: Message) -> bytes:
    """A message as a frame.

    Raises:
        WireError: if an array holds something else than plain numbers, or the frame is too large.
    """
    return _frame(message, message.plan, {})


def encode_each(messages: Mapping[int, Message], plan: int) -> dict[int, bytes]:
    """Messages as frames: what several of them share becomes bytes once.

    Args:
        messages: by node.
        plan: of all of them, in place of their own.

    Raises:
        WireError: as ``encode``.
    """
    packed: Packed = {}
    made: dict[int, bytes] = {}
    for message in messages.values():
        if id(message) not in made:
            made[id(message)] = _frame(message, plan, packed)
    return {node: made[id(message)] for node, message in messages.items()}


def _frame(message: Message, plan: int, packed: Packed) -> bytes:
    parts, listed = [], []
    for name, values in message.arrays.items():
        if id(values) not in packed:
            packed[id(values)] = _packed(name, values)
        kind, shape, numbers = packed[id(values)]
        listed.append((name, kind, shape))
        parts.append(numbers)
    said = {"kind": message.kind, "round": message.round, "plan": plan, "words": dict(message.words), "arrays": listed}
    head = _JSON.encode(said).encode()
    frame = b"".join([_HEAD.pack(MAGIC, len(head)), head, *parts])
    if len(frame) > LARGEST:
        raise WireError(f"a frame of {len(frame)} bytes: must be at most {LARGEST}")
    return frame


def _packed(name: str, values: AnyArray) -> tuple[str, list[int], bytes]:
    kind = values.dtype.newbyteorder("<").str if values.dtype.str[0] == ">" else values.dtype.str
    if kind not in _DTYPES:
        raise WireError(f"{name}: {values.dtype} does not go over the wire")
    return kind, list(values.shape), values.astype(kind, copy=False).tobytes()


def decode(frame: bytes) -> Message:
    """The message that a frame holds; its arrays cannot be written to.

    Raises:
        WireError: if it holds none.
    """
    try:
        magic, length = _HEAD.unpack_from(frame)
        if magic != MAGIC or len(frame) > LARGEST:
            raise WireError("a frame of another kind")
        head = json.loads(frame[_HEAD.size : _HEAD.size + length].decode())
        start, arrays = _HEAD.size + length, {}
        for name, kind, shape in head["arrays"]:
            array = _array(frame, start, str(kind), [int(side) for side in shape])
            arrays[str(name)] = array
            start += array.nbytes
        if start != len(frame):
            raise WireError(f"{len(frame) - start} bytes too many")
        if len(arrays) < len(head["arrays"]):
            raise WireError("two arrays of one name")
        return Message(str(head["kind"]), int(head["round"]), int(head["plan"]), arrays, _words(head["words"]))
    except (struct.error, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise WireError(f"no message: {' '.join(str(error).split())[:80]}") from None


def _words(found: Any) -> dict[str, str | int | float]:
    words = dict(found)
    if not all(isinstance(each, _WORDS) for each in (*words, *words.values())):
        raise WireError("words that are neither text nor numbers")
    return words


def _array(frame: bytes, start: int, kind: str, shape: list[int]) -> AnyArray:
    dtype = _DTYPES.get(kind)
    if dtype is None or min(shape, default=0) < 0:
        raise WireError(f"an array of {kind[:20]!r} and shape {shape}")
    size = math.prod(shape)
    if size * dtype.itemsize > len(frame) - start:
        raise WireError("an array that is longer than its frame")
    found: AnyArray = np.frombuffer(frame, dtype=dtype, count=size, offset=start).reshape(shape)
    return found
