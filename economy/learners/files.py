"""Files of tactics: numbers as safetensors, everything else as a JSON document in their head; nothing that could run.

Whoever trains one says how in the head: against which scenario, by which method, how long. A reader checks that it is
whole and of this format; whether it fits a scenario is checked where it is used.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError, shown
from commonweal.agents.files import refusals, replacing, sweep_up
from commonweal.agents.version import software_version
from commonweal.economy.arena.tactics import Tactic, tactic_of

FORMAT, VERSION = "commonweal tactic", 1
_HEAD, _LAYERS = "commonweal", "layers"
MOST_BYTES = 64 * 2**20  # of a file


@dataclass(frozen=True)
class Saved:
    """A tactic, and what its head says of how it came about."""

    tactic: Tactic
    training: Mapping[str, Any]  # scenario, method, rounds and so on; empty where nobody said


def write_tactic(file: Path, tactic: Tactic, training: Mapping[str, Any] | None = None) -> None:
    """Write a tactic whole or not at all.

    Args:
        file: to write or replace.
        tactic: what is kept.
        training: how it came about; anything JSON can hold.

    Raises:
        InputError: if it cannot be written, or the library ``safetensors`` is missing.
    """
    numpy_files = _library()
    document = tactic.document()
    layers = document.pop(_LAYERS, [])
    arrays: dict[str, Floats] = {}
    for place, (weights, offsets) in enumerate(layers):
        arrays |= {f"weights.{place}": np.array(weights, np.float64), f"offsets.{place}": np.array(offsets, np.float64)}
    head = {"format": FORMAT, "version": VERSION, "software": software_version(), "tactic": document,
            "layers": len(layers), "training": dict(training or {})}  # fmt: skip
    written: bytes = numpy_files.save(arrays, metadata={_HEAD: json.dumps(head)})
    with refusals(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        sweep_up(file.parent, file.name)
        with replacing(file) as partial:
            partial.write_bytes(written)


def read_tactic(file: Path) -> Saved:
    """The tactic in a file.

    Raises:
        InputError: if there is no such file, it is damaged, of another kind or version, or ``safetensors`` is missing.
    """
    numpy_files = _library()
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(f"{file}: is no tactic: it is larger than {MOST_BYTES // 2**20} MiB")
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from None
    try:
        head = _head_of(content)
        arrays = numpy_files.load(content)
    except Exception as error:  # safetensors and JSON each have many ways to say that a file is damaged
        raise InputError(f"{file}: is damaged or no tactic ({shown(str(error))})") from None
    if not head:
        raise InputError(f"{file}: holds no tactic")
    if (said := (head.get("format"), head.get("version"))) != (FORMAT, VERSION):
        raise InputError(f"{file}: is a {said[0]} {said[1]}; this version reads {FORMAT} {VERSION}")
    try:
        return Saved(tactic_of(_document(head, arrays)), dict(head["training"]))
    except InputError as error:
        raise InputError(f"{file}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file}: is damaged or no tactic ({shown(str(error))})") from None


def _head_of(content: bytes) -> dict[str, Any]:
    """What the head of a file says of a tactic; empty where it says nothing."""
    length = int.from_bytes(content[:8], "little")
    if not 0 < length <= len(content) - 8:
        raise ValueError("its head is cut off")
    metadata = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    head = json.loads(metadata.get(_HEAD, "{}"))
    if not isinstance(head, dict):
        raise ValueError("its head is no table")
    return head


def _document(head: Mapping[str, Any], arrays: Mapping[str, Floats]) -> dict[str, Any]:
    """The document of a tactic from the head and the arrays of its file."""
    count = int(head["layers"])
    layers = [[arrays[f"{part}.{place}"] for part in ("weights", "offsets")] for place in range(count)]
    if not all(np.isfinite(each).all() for layer in layers for each in layer):
        raise ValueError("its weights are not all finite")
    if len(arrays) != 2 * count:
        raise ValueError("it holds arrays that its head does not name")
    return dict(head["tactic"]) | ({_LAYERS: layers} if count else {})


def _library() -> Any:
    """The part of ``safetensors`` for numpy."""
    try:
        import safetensors.numpy
    except ImportError:
        raise InputError("files of tactics need the extra 'rl': pip install 'commonweal[rl]'") from None
    return safetensors.numpy
