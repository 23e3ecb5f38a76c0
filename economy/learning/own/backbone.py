"""Features that a frozen backbone gives: computed once for each data set, and looked up by what a sample says."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.func import functional_call

from commonweal.agents.errors import InputError
from commonweal.agents.files import fingerprint
from commonweal.economy.learning.own.making import BACKBONE, Made
from commonweal.economy.learning.own.masks import contents
from commonweal.economy.learning.own.tokens import demand_known, embeddings_of

BLOCK = 256  # samples that a backbone sees at once
REMEMBERED = 4  # data sets whose features are kept in memory for a backbone
_known_tokens: "WeakKeyDictionary[nn.Module, set[str]]" = WeakKeyDictionary()  # data by module, as digests
_tables: "WeakKeyDictionary[nn.Module, OrderedDict[str, Known]]" = WeakKeyDictionary()  # by backbone and data


@dataclass(frozen=True)
class Known:
    """The features of the samples of a data set, each found by what the sample says."""

    keys: Tensor  # (M,) int64, ascending
    values: Tensor  # (M, F) features, flattened

    def of(self, features: Tensor, made: Made) -> Tensor:
        """(…, F) features of samples (…, d); of those that the data set has not, computed now."""
        keys = contents(features)
        place = torch.searchsorted(self.keys, keys).clamp(max=len(self.keys) - 1)
        found = self.values[place]
        if (new := self.keys[place] != keys).any():
            found[new] = computed(made, features[new]).flatten(1)
        return found


def known(made: Made, rows: Tensor) -> Known:
    """What the backbone of a module gives for a data set; the same again costs nothing.

    Args:
        made: a module with a frozen backbone.
        rows: (M, d) all samples.
    """
    assert made.whole is not None
    tables, place = _tables.setdefault(made.whole, OrderedDict()), _digest(rows)
    if place not in tables:
        values = computed(made, rows)
        keys, order = contents(rows).sort(stable=True)
        tables[place] = Known(keys, values.flatten(1)[order])
        if len(tables) > REMEMBERED:
            tables.popitem(last=False)
    tables.move_to_end(place)
    return tables[place]


@torch.no_grad()
def demand_tokens(made: Made, rows: Tensor) -> None:
    """Data (M, d) that hold no other tokens than the layers of a module know; the same data are looked at once.

    Raises:
        InputError: if they do; names the layer.
    """
    layers = list(embeddings_of(made.module, made.whole))
    if not layers or (place := _digest(rows)) in _known_tokens.get(made.module, ()):
        return

    def look(name: str) -> Any:
        def demand(layer: Any, given: tuple[Any, ...]) -> None:
            try:
                demand_known(name, layer, given[0])
            except InputError as error:
                raise InputError(f"{made.name}: {error}") from None

        return demand

    handles = [layer.register_forward_pre_hook(look(name), prepend=True) for name, layer in layers]
    try:
        for start in range(0, len(rows), BLOCK):
            part = rows[start : start + BLOCK]
            given = {} if made.whole is None else {f"{BACKBONE}.given": computed(made, part)}
            functional_call(made.module, given, (part.unflatten(-1, made.shape),))
    finally:
        for handle in handles:
            handle.remove()
    _known_tokens.setdefault(made.module, set()).add(place)


@torch.no_grad()
def computed(made: Made, rows: Tensor) -> Tensor:
    """(S, …) features of samples (S, d), block by block."""
    blocks = [_block(made, rows[start : start + BLOCK]) for start in range(0, max(len(rows), 1), BLOCK)]
    return torch.cat(blocks)


def _block(made: Made, rows: Tensor) -> Tensor:
    """What reaches the backbone's end while the whole module sees some samples."""
    assert made.whole is not None
    if not len(rows):
        return _block(made, rows.new_zeros(1, rows.shape[1]))[:0]
    seen: list[Tensor] = []
    stand_in, made.module._modules[BACKBONE] = made.module._modules[BACKBONE], _Last(made.whole, seen)
    try:
        made.module(rows.unflatten(-1, made.shape))
    except _EndReachedError:
        return seen[-1]
    finally:
        made.module._modules[BACKBONE] = stand_in
    raise ValueError(f"forward does not call self.{BACKBONE}")


class _EndReachedError(Exception):
    """What follows the backbone is not of interest."""


class _Last(nn.Module):
    def __init__(self, whole: nn.Module, seen: list[Tensor]) -> None:
        super().__init__()
        self.whole, self.seen = whole, seen

    def forward(self, *values: Tensor, **named: Tensor) -> Tensor:
        given = self.whole(*values, **named)
        if not isinstance(given, Tensor):
            raise TypeError(f"self.{BACKBONE} gives {type(given).__name__}: must be a tensor, samples first")
        self.seen.append(given)
        raise _EndReachedError


def _digest(rows: Tensor) -> str:
    return fingerprint(rows.cpu().contiguous().numpy().tobytes())
