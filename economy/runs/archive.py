"""The file of a checkpoint: a JSON document and arrays in one ``.npz``, written whole, never a pickle."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals, replacing, sweep_up
from commonweal.agents.version import software_version
from commonweal.economy.runs.packing import Arrays

FORMAT, VERSION = "commonweal checkpoint", 1


def write_archive(file: Path, document: Mapping[str, Any], arrays: Arrays) -> None:
    """Write a checkpoint whole or not at all.

    Args:
        file: to write or replace.
        document: anything JSON can hold.
        arrays: what the document refers to.

    Raises:
        InputError: if it cannot be written.
    """
    said = {"format": FORMAT, "version": VERSION, "software": software_version(), **document}
    text = np.frombuffer(json.dumps(said).encode(), dtype=np.uint8)
    with refusals(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        sweep_up(file.parent, file.name)
        with replacing(file) as partial, partial.open("wb") as stream:
            np.savez(stream, allow_pickle=False, document=text, **arrays)


def read_archive(file: Path) -> tuple[dict[str, Any], Arrays]:
    """The document and the arrays of a checkpoint; every array is read, so that damage shows now.

    Raises:
        InputError: if the file is missing, damaged or of another version.
    """
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        document = json.loads(arrays.pop("document").tobytes())
        said = (document["format"], document["version"], document["software"])
    except FileNotFoundError:
        raise InputError(f"{file}: there is no such checkpoint") from None
    except Exception as error:  # zip, npy and JSON each have many ways to say that a file is damaged
        raise damaged(file, error) from None
    if said != (wanted := (FORMAT, VERSION, software_version())):
        words = ("{} {} of version {}".format(*each) for each in (said, wanted))
        raise InputError("{}: is a {}; this version reads {}".format(file, *words))
    return document, arrays


def damaged(file: Path, error: Exception) -> InputError:
    """The error to raise for a file that does not hold what it should."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return InputError(f"{file}: is damaged or no checkpoint ({reason[:80]})")
