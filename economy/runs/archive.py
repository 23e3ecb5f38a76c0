"""The file of a checkpoint: a JSON document and arrays in one ``.npz``, written whole, nothing that could run code.

Nested data is packed as a JSON tree that refers to arrays. Dataclasses are named, and the reader makes only those that
it lists: a file never chooses what is built from it, as a pickle could.
"""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from commonweal.agents.arrays import AnyArray
from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals, replacing, sweep_up
from commonweal.agents.version import software_version

FORMAT, VERSION = "commonweal checkpoint", 3

Tree = Any  # JSON: numbers, texts, None, and objects {kind: content}
Arrays = dict[str, AnyArray]



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


@dataclass
class Packer:
    """Takes data apart."""

    arrays: Arrays = field(default_factory=dict)  # number → array of any shape

    def pack(self, value: Any, what: str) -> Tree:
        """A tree that stands for ``value``; its arrays are added to ``arrays``.

        Args:
            value: numbers, texts, arrays, tensors, and dataclasses, tuples, lists and dicts of them.
            what: what it is, for the error.

        Raises:
            InputError: if there is anything else inside.
        """
        match value:
            case None | bool() | int() | float() | str():
                return str(value) if isinstance(value, str) else value
            case np.ndarray() if value.dtype.kind in "biufU":
                return {"array": self._keep(value)}
            case np.generic():
                return {"number": self._keep(np.asarray(value))}
            case torch.Tensor():
                return {"tensor": self._keep(value.detach().to("cpu").numpy())}
            case tuple():
                return {"tuple": [self.pack(item, what) for item in value]}
            case dict() if all(isinstance(key, str) for key in value):
                return {"dict": {key: self.pack(item, f"{what}.{key}") for key, item in value.items()}}
            case list():
                return self._pack_list(value, what)
        if is_dataclass(value) and not isinstance(value, type):
            parts = {part.name: self.pack(getattr(value, part.name), f"{what}.{part.name}") for part in fields(value)}
            return {"made": [type(value).__name__, parts]}
        raise InputError(f"{what} is a {type(value).__name__}; a checkpoint keeps numbers, texts, arrays, lists, dicts")

    def _pack_list(self, items: list[Any], what: str) -> Tree:
        """A list; one of like arrays or of like dicts as few long arrays, since notes grow with every round."""
        if len(items) > 1 and all(isinstance(item, dict) and item and list(item) == list(items[0]) for item in items):
            return {"rows": {key: self._pack_list([item[key] for item in items], what) for key in items[0]}}
        if len(items) > 1 and _are_alike(items):
            return {"pieces": [self._keep(np.concatenate(items)), self._keep(np.array([len(item) for item in items]))]}
        return {"list": [self.pack(item, what) for item in items]}

    def _keep(self, array: AnyArray) -> str:
        name = f"a{len(self.arrays)}"
        self.arrays[name] = array
        return name


def _are_alike(items: Sequence[Any]) -> bool:
    """Whether all are arrays that can stand one after another and be cut apart again."""
    if not all(isinstance(item, np.ndarray) and item.ndim for item in items):
        return False
    kinds = {(item.dtype.kind, item.dtype if item.dtype.kind != "U" else "", item.shape[1:]) for item in items}
    return len(kinds) == 1 and items[0].dtype.kind in "biufU"


@dataclass(frozen=True)
class Unpacker:
    """Puts data together again."""

    arrays: Mapping[str, AnyArray]  # as packed
    classes: Mapping[str, type]  # the dataclasses that may be made, by name
    device: torch.device  # where tensors go

    @classmethod
    def of(cls, arrays: Mapping[str, AnyArray], classes: Iterable[type], device: torch.device) -> "Unpacker":
        """From a list of classes."""
        return cls(arrays, {made.__name__: made for made in classes}, device)

    def unpack(self, tree: Tree) -> Any:
        """What ``tree`` stands for.

        Raises:
            KeyError, TypeError, ValueError: if it does not fit the arrays or the classes.
        """
        if not isinstance(tree, dict):
            return tree
        ((kind, content),) = tree.items()
        match kind:
            case "array":
                return self.arrays[content]
            case "number":
                return self.arrays[content][()]
            case "tensor":
                return torch.from_numpy(self.arrays[content]).to(self.device)
            case "tuple":
                return tuple(self.unpack(item) for item in content)
            case "dict":
                return {key: self.unpack(item) for key, item in content.items()}
            case "made":
                return self._make(*content)
        return self._unpack_list(kind, content)

    def _unpack_list(self, kind: str, content: Any) -> list[Any]:
        if kind == "list":
            return [self.unpack(item) for item in content]
        if kind == "pieces":
            joined, lengths = (self.arrays[name] for name in content)
            return np.split(joined, np.cumsum(lengths)[:-1])
        if kind != "rows":
            raise ValueError(f"unknown kind {kind!r}")
        columns = {key: self.unpack(column) for key, column in content.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def _make(self, name: str, parts: Mapping[str, Tree]) -> Any:
        made = self.classes[name]
        if parts.keys() != {part.name for part in fields(made)}:
            raise ValueError(f"the fields of {name} are not those of this version")
        return made(**{key: self.unpack(part) for key, part in parts.items()})
