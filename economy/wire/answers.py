"""What an answer must hold before the orchestrator reckons with it: these arrays, of these shapes, all finite.

An answer of another form counts as none. That what is in it is true is another question.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from commonweal.economy.wire.message import Message
from commonweal.economy.wire.modes import MODES

Shape: TypeAlias = tuple[int, ...]
Form: TypeAlias = Mapping[str, tuple[str, Shape]]  # by name: kind of number, and shape
_WORDS = "<u8"


@dataclass(frozen=True)
class Fault:
    """A node whose answer was of no use, and why."""

    node: int
    round: int
    kind: str  # of the question
    reason: str


@dataclass(frozen=True)
class Sizes:
    """What the shape of an answer follows from."""

    question: Message
    widths: Sequence[int]  # of the network
    kind: str  # of its numbers
    runs: int
    principals: int  # on the node
    mode: str

    @property
    def samples(self) -> int:
        """S_j that are visited."""
        return int(self.question.arrays["row"].shape[1])

    @property
    def directions(self) -> int:
        """D that are asked about."""
        said = self.question.words.get("directions")
        return int(self.question.arrays["direction0"].shape[1] if said is None else said)

    @property
    def layers(self) -> list[Shape]:
        """Shapes of the layers, first to last."""
        return [(d_out, d_in + 1) for d_in, d_out in pairwise(self.widths)]

    def by_sample(self, *widths: int) -> tuple[tuple[str, Shape], ...]:
        """Arrays of so many numbers for each sample."""
        return tuple((self.kind, (self.runs, self.samples, width)) for width in widths)


def form_of(sizes: Sizes) -> Form | None:
    """What an answer must hold; None where any finite arrays will do."""
    asked = sizes.question.kind
    if asked == "visit":
        return VISITED[sizes.mode](sizes)
    if asked == "train":
        return _deltas(sizes)
    return ABOUT[asked](sizes) if asked in ABOUT else None


def fault_in(answer: Message, sizes: Sizes) -> str:
    """What is wrong with an answer; empty if nothing is."""
    question = sizes.question
    if (answer.kind, answer.round) != (question.kind, question.round):
        return f"answers {answer.kind[:20]!r} of round {answer.round}"
    form, arrays = form_of(sizes), answer.arrays
    if form is not None and arrays.keys() != form.keys():
        return f"sends {', '.join(sorted(arrays))[:80] or 'nothing'}: must be {', '.join(sorted(form)) or 'nothing'}"
    for name, (kind, shape) in (form or {}).items():
        if arrays[name].shape != shape or arrays[name].dtype.str != kind:
            found = f"{arrays[name].dtype} {arrays[name].shape}"[:80]
            return f"sends {name} as {found}: must be {np.dtype(kind)} {shape}"
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            return f"sends {name[:20]} that is not finite"
    return ""


def _paths(sizes: Sizes) -> Form:
    inputs = {f"input{layer}": each for layer, each in enumerate(sizes.by_sample(*sizes.widths[:-1]))}
    deltas = {f"delta{layer}": each for layer, each in enumerate(sizes.by_sample(*sizes.widths[1:]))}
    return {**inputs, **deltas, "loss": (sizes.kind, (sizes.runs,))}


def _above_the_cut(sizes: Sizes) -> Form:
    loss = {"loss": (sizes.kind, (sizes.runs,))}
    if len(sizes.widths) == 2:
        return loss
    hidden, delta = sizes.by_sample(sizes.widths[1], sizes.widths[-1])
    return {"input": hidden, "delta": delta, **loss}


def _norms(sizes: Sizes) -> Form:
    return {"norms": (sizes.kind, (sizes.runs, sizes.principals))}


def _products(sizes: Sizes) -> Form:
    return {"products": (sizes.kind, (sizes.runs, sizes.principals, sizes.directions))}


def _cut(sizes: Sizes) -> Form:
    return {**_above_the_cut(sizes), **_sum(sizes), **_norms(sizes)}


def _gradients(sizes: Sizes) -> Form:
    return {**_above_the_cut(sizes), "updates": (sizes.kind, (sizes.runs, sizes.principals, *sizes.layers[0]))}


def _sum(sizes: Sizes) -> Form:
    mode = MODES[sizes.mode]
    if not mode.secret:
        return {"sum": (sizes.kind, (sizes.runs, *sizes.layers[0]))}
    numbers = sum(d_out * d_in for d_out, d_in in sizes.layers[mode.told])
    return {"hidden": (_WORDS, (sizes.runs * (numbers + 1),))}  # and the loss


def _secure(sizes: Sizes) -> Form:
    return {**_sum(sizes), **_norms(sizes)}


def _deltas(sizes: Sizes) -> Form:
    numbers = sum(d_out * d_in for d_out, d_in in sizes.layers)
    return {
        "deltas": (sizes.kind, (sizes.runs, sizes.principals, numbers)),
        "loss": (sizes.kind, (sizes.runs,)),
    }


def _two_servers(sizes: Sizes) -> Form:
    (_, shared), delta = sizes.by_sample(sizes.widths[-2], sizes.widths[-1])
    return {**_sum(sizes), **_norms(sizes), "share": (_WORDS, shared), "delta": delta}


def _opened(sizes: Sizes) -> Form:
    """A row of all parameters for each principal that is asked to open its update."""
    asked = int(np.count_nonzero(sizes.question.arrays["open"]))
    return {"updates": (sizes.kind, (asked, sum(d_out * d_in for d_out, d_in in sizes.layers)))}


VISITED: dict[str, Callable[[Sizes], Form]] = {
    "paths": _paths,
    "cut": _cut,
    "cut-gradients": _gradients,
    "secure": _secure,
    "two-servers": _two_servers,
}
ABOUT: dict[str, Callable[[Sizes], Form]] = {
    "products": _products,
    "sum": _sum,
    "open": _opened,
    "key": lambda _: {"key": ("|i1", (32,))},
    "agree": lambda _: {},
}
