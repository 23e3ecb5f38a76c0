"""How many bytes a round takes over the wire, by formula: what is sent of which size, in each mode.

Counted is the payload, the arrays of all messages. A frame's head, the JSON that names its arrays, comes on top: some
100 to 400 bytes a message. A visit sends θ and the plan down, of each sample its row, its owner and by how much its
label is shifted, of four bytes each. Beside it stands federated averaging (McMahan et al., AISTATS 2017).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from commonweal.economy.wire.modes import FEDERATED

_WORD = 8  # bytes of a number in fixed point
_INTEGER = 4
_PLANNED = 3 * _INTEGER  # of a sample


@dataclass(frozen=True)
class Bytes:
    """What goes to all nodes and what comes from them."""

    down: int
    up: int

    @property
    def total(self) -> int:
        """Both ways."""
        return self.down + self.up

    def __add__(self, other: "Bytes") -> "Bytes":
        return Bytes(self.down + other.down, self.up + other.up)


@dataclass(frozen=True)
class Sizes:
    """The sizes of a round of one run; R runs that are computed together take R times as much."""

    nodes: int  # J that are asked
    principals: int  # N on them
    samples: int  # S in the virtual batch
    widths: tuple[int, ...]  # of the network: features, hidden units…, classes
    number: int = 4  # bytes of a number in the network

    @property
    def layers(self) -> tuple[int, ...]:
        """Parameters of each layer, biases included."""
        return tuple((d_in + 1) * d_out for d_in, d_out in pairwise(self.widths))

    @property
    def parameters(self) -> int:
        """P, of all layers."""
        return sum(self.layers)

    @property
    def among(self) -> int:
        """Bytes that tell all nodes who is asked together."""
        return self.nodes**2 * _INTEGER


def _visit_down(sizes: Sizes) -> int:
    return sizes.nodes * sizes.parameters * sizes.number + sizes.samples * _PLANNED


def _above_the_cut(sizes: Sizes) -> int:
    """Numbers of samples that enter the second layer and leave the last, and the nodes' losses."""
    paths = sizes.widths[1] + sizes.widths[-1] if len(sizes.layers) > 1 else 0
    return sizes.samples * paths + sizes.nodes


def _paths(sizes: Sizes) -> int:
    paths = sum(d_in + d_out for d_in, d_out in pairwise(sizes.widths))
    return sizes.number * (sizes.samples * paths + sizes.nodes)


def _cut(sizes: Sizes) -> int:
    return sizes.number * (_above_the_cut(sizes) + sizes.nodes * sizes.layers[0] + sizes.principals)


def _cut_gradients(sizes: Sizes) -> int:
    return sizes.number * (_above_the_cut(sizes) + sizes.principals * sizes.layers[0])


def _secure(sizes: Sizes) -> int:
    return _WORD * sizes.nodes * (sizes.parameters + 1) + sizes.number * sizes.principals


def _two_servers(sizes: Sizes) -> int:
    below = sizes.parameters - sizes.layers[-1]
    words = sizes.nodes * (below + 1) + sizes.samples * sizes.widths[-2]
    return _WORD * words + sizes.number * (sizes.samples * sizes.widths[-1] + sizes.principals)


def _deltas(sizes: Sizes) -> int:
    return sizes.number * (sizes.principals * sizes.parameters + sizes.nodes)


_UP: Mapping[str, Callable[[Sizes], int]] = {
    "paths": _paths, "cut": _cut, "cut-gradients": _cut_gradients, "secure": _secure, "two-servers": _two_servers,
    FEDERATED: _deltas,
}  # fmt: skip


def visit_bytes(mode: str, sizes: Sizes) -> Bytes:
    """A visit: θ and the plan down; up what the mode sends of it."""
    secret = sizes.among if mode in ("secure", "two-servers") else 0
    rates = sizes.nodes * sizes.number if mode == FEDERATED else 0
    return Bytes(_visit_down(sizes) + secret + rates, _UP[mode](sizes))


def products_bytes(mode: str, sizes: Sizes, directions: int) -> Bytes:
    """Products of all updates with D directions; nothing where the orchestrator works them out itself."""
    hidden = _hidden(mode, sizes)
    asked = mode in ("cut", "secure", "two-servers")
    numbers = Bytes(sizes.nodes * directions * hidden, sizes.principals * directions) if asked else Bytes(0, 0)
    return Bytes(sizes.number * numbers.down, sizes.number * numbers.up)


def sum_bytes(mode: str, sizes: Sizes) -> Bytes:
    """A sum over updates where some have another weight than 1; nothing where the orchestrator works it out itself."""
    weights = sizes.number * sizes.principals
    if mode == "cut":
        return Bytes(weights, sizes.number * sizes.nodes * sizes.layers[0])
    if mode in ("secure", "two-servers"):
        return Bytes(weights + sizes.among, _WORD * sizes.nodes * (_hidden(mode, sizes) + 1))
    return Bytes(0, 0)


def _hidden(mode: str, sizes: Sizes) -> int:
    """Parameters of the layers that stay at the nodes."""
    return {"cut": sizes.layers[0], "two-servers": sizes.parameters - sizes.layers[-1]}.get(mode, sizes.parameters)


def round_bytes(mode: str, sizes: Sizes, directions: int, weighted: bool = False) -> Bytes:
    """A round: a visit, products with D directions, and a weighted sum where some update is left out or scaled."""
    whole = visit_bytes(mode, sizes) + products_bytes(mode, sizes, directions)
    return whole + sum_bytes(mode, sizes) if weighted else whole


def federated_bytes(sizes: Sizes, *, each: bool) -> Bytes:
    """A round of federated averaging.

    Args:
        sizes: of the round.
        each: whether every principal's delta goes up, which credit needs, or one for each node.
    """
    model = sizes.parameters * sizes.number
    return Bytes(sizes.nodes * model, (sizes.principals if each else sizes.nodes) * model)
