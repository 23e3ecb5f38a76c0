"""How many bytes a round of learning sends over the wire, by formula: traversal learning in its modes, and FedAvg.

Payload alone, all numbers of one width; heads of frames, plans and labels are left out. FedAvg sends the network to
every node and takes back a change: one per node, or, where principals are to be credited, one per principal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

NUMBER = 4  # bytes of a number in single precision

# Pairs of a way of learning without credit and the same with credit for every principal.
TRAVERSAL = ("cut, no credit", "cut")
FEDERATED = ("FedAvg, by node", "FedAvg, by principal")


@dataclass(frozen=True)
class Sizes:
    """What the bytes of a round depend on."""

    widths: tuple[int, ...]  # of features, hidden layers and classes
    nodes: int  # J
    principals: int  # N
    samples: int  # S of the round
    directions: int  # D: gradients that every update is multiplied with, one of the exam and one for each probe

    @property
    def layers(self) -> tuple[int, ...]:
        """Parameters of each layer, biases included."""
        return tuple((wide + 1) * narrow for wide, narrow in pairwise(self.widths))


def bytes_per_round(sizes: Sizes) -> Mapping[str, int]:
    """Bytes of a round up and down by mode; nothing is gated, rejected or scaled, which would ask for a second sum.

    ``paths``: J P + S Σ (d_in + d_out). ``cut``: J P + S (h₁ + C) + J P₁, and for credit J D P₁ + N (D + 1) more.
    ``cut-gradients``: J P + S (h₁ + C) + N P₁. ``secure``: 2 J P + J D P + N (D + 1). FedAvg: 2 J P by node,
    J P + N P by principal.
    """
    nodes, principals, samples = sizes.nodes, sizes.principals, sizes.samples
    whole, first = sum(sizes.layers), sizes.layers[0]
    ends = sum(wide + narrow for wide, narrow in pairwise(sizes.widths))
    above = nodes * whole + samples * (sizes.widths[1] + sizes.widths[-1])
    scalars = principals * (sizes.directions + 1)
    numbers = {
        "paths": nodes * whole + samples * ends,
        "cut, no credit": above + nodes * first,
        "cut": above + nodes * first * (1 + sizes.directions) + scalars,
        "cut-gradients": above + principals * first,
        "secure": nodes * whole * (2 + sizes.directions) + scalars,
        "FedAvg, by node": 2 * nodes * whole,
        "FedAvg, by principal": (nodes + principals) * whole,
    }
    return {mode: NUMBER * count for mode, count in numbers.items()}


def widths(features: int, hidden: Sequence[int], classes: int) -> tuple[int, ...]:
    """Of the layers of the shared network, from features to classes."""
    return (features, *hidden, classes)
