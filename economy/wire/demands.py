"""What a node demands of a question: its own samples, the network that it knows, and no more than was agreed.

A direction is a query: D directions give D linear forms of an update, and unit vectors read it out entry by entry. So
a visit answers a number of directions that the node's file sets, and of weighted sums; the same one again counts once.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from commonweal.agents.arrays import AnyArray, Ints, Labels
from commonweal.economy.learning.network import Passage
from commonweal.economy.wire.message import Message, WireError

SINGLE = 0.999  # share of a direction's squared length; one entry that holds more is a unit vector
MOST_WEIGHT = 1 + 1e-6  # screening never makes an update larger; rounding may


@dataclass
class Visit:
    """A visit that a node remembers, and what it has told of it."""

    passage: Passage
    theta: bytes  # digest of the parameters that it was made with
    directions: set[bytes] = field(default_factory=set)
    sums: set[bytes] = field(default_factory=set)

    def tell(self, told: set[bytes], asked: set[bytes], most: int, what: str) -> None:
        """Note what is told.

        Args:
            told: what was told already, grown here.
            asked: digests of what is asked.
            most: how much may be told of a visit.
            what: is told.

        Raises:
            WireError: if that is too much.
        """
        if len(told | asked) > most:
            raise WireError(f"{len(told | asked)} {what} about one visit: must be at most {most}")
        told |= asked


def digest(arrays: Sequence[AnyArray]) -> bytes:
    """What tells arrays from others."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(repr((array.shape, array.dtype.str)).encode())
        found.update(np.ascontiguousarray(array).data)
    return found.digest()


def demand_parameters(theta: Sequence[AnyArray], widths: Sequence[int], kind: np.dtype[np.generic]) -> None:
    """Parameters of the network that the node knows.

    Raises:
        WireError: if they are others, or not finite.
    """
    runs = len(theta[0]) if theta else 0
    wanted = [(runs, d_out, d_in + 1) for d_in, d_out in pairwise(widths)]
    if [each.shape for each in theta] != wanted or any(each.dtype != kind for each in theta):
        raise WireError(f"parameters of another network than {'-'.join(map(str, widths))} in {kind}")
    _demand_finite("parameters", theta)


def demand_samples(question: Message, labels: Labels, principals: int, runs: int) -> None:
    """Rows of the node's file, for principals that are on the node.

    Args:
        question: a visit.
        labels: (T,) in the file.
        principals: n.
        runs: R of the parameters.

    Raises:
        WireError: if it asks for others.
    """
    row, owner, label = (question.arrays[name] for name in ("row", "owner", "label"))
    if row.ndim != 2 or len(row) != runs or not row.shape == owner.shape == label.shape:
        raise WireError(f"rows, owners and labels of {runs} runs: must have one shape")
    whole = (row, owner) if labels.dtype.kind == "f" else (row, owner, label)
    if any(each.dtype.kind != "i" for each in whole):
        raise WireError("rows, owners and labels: must be whole numbers")
    if labels.dtype.kind == "f" and (label.dtype.kind != "f" or not np.isfinite(label).all()):
        raise WireError("factors of labels: must be finite numbers")
    if row.size and (row.max() >= len(labels) or row.min() < 0):
        raise WireError("a sample that this node does not hold")
    if owner.size and (owner.max() >= principals or owner.min() < -1):
        raise WireError("a principal that is not on this node")
    together = question.words["together"]
    if not isinstance(together, int) or together < 0 or (together and row.shape[1] % together):
        raise WireError(f"{row.shape[1]} samples: must be visited by {str(together)[:20]}")


def demand_directions(
    directions: Sequence[AnyArray], widths: Sequence[int], which: slice, runs: int
) -> set[bytes]:
    """Directions of the layers that a mode tells products of.

    Args:
        directions: each (R, D, d_out, d_in + 1).
        widths: of the network.
        which: layers.
        runs: R.

    Returns:
        A digest of each.

    Raises:
        WireError: if they are of other layers, not finite, or unit vectors.
    """
    layers = [(d_out, d_in + 1) for d_in, d_out in pairwise(widths)][which]
    counts = {each.shape[1] for each in directions if each.ndim == 4}
    count = counts.pop() if len(counts) == 1 else 0
    if [each.shape for each in directions] != [(runs, count, *layer) for layer in layers]:
        raise WireError(f"directions: must be those of {len(layers)} layers in {runs} runs")
    if not directions:
        return set()
    squares = [np.square(each.reshape(runs, count, -1), dtype=np.float64) for each in directions]
    square = squares[0] if len(squares) == 1 else np.concatenate(squares, axis=2)
    whole = square.sum(axis=2)
    if not np.isfinite(whole).all():  # so is every square in it, and every entry
        raise WireError("directions: must be finite")
    if (square.max(axis=2) > SINGLE * whole).any():
        raise WireError("a direction along a single parameter: would read it out")
    return {digest([each[:, place] for each in directions]) for place in range(count)}


def demand_weights(weights: AnyArray, runs: int, principals: int) -> None:
    """Weights of the node's principals in a sum.

    Raises:
        WireError: if they are no weights in [0, 1].
    """
    if weights.shape != (runs, principals) or weights.dtype.kind != "f":
        raise WireError(f"weights: must be one for each of {principals} principals in {runs} runs")
    if not ((weights >= 0) & (weights <= MOST_WEIGHT)).all():
        raise WireError("weights: must be from 0 to 1")


def demand_among(among: Ints, own: int) -> None:
    """Who is asked together.

    Raises:
        WireError: if this node is not among them, or some are named twice.
    """
    named = among.ravel().tolist()
    if own not in named or len(set(named)) < len(named):
        raise WireError("nodes that are asked together: must be named once each, and this one with them")


def _demand_finite(what: str, arrays: Sequence[AnyArray]) -> None:
    if not all(np.isfinite(each).all() for each in arrays):
        raise WireError(f"{what}: must be finite")
