"""Pairs of points that lie near each other, among very many: products in a few directions first, distances then.

Along orthonormal directions no two points lie farther apart than they are. What is near in a few of them is therefore
all that may be near; only those distances are reckoned, in double precision.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.learning.network import to_numpy

FEW = 64  # points that say in which directions all lie apart
AXES = 16  # of these directions
MISSED = 0.02  # of pairs that may seem near along these although they are not
SLACK = 1e-5  # of squared lengths: more than products in single precision are wrong by
BLOCK = 1 << 19  # pairs whose products are held at a time
PART = 1 << 15  # pairs whose distances are reckoned at a time


@dataclass(frozen=True)
class Axes:
    """Orthonormal directions in which points lie far apart."""

    middle: Tensor  # (d,) about where points lie
    directions: Tensor  # (d, A)

    @classmethod
    def of(cls, points: Tensor, radius: float) -> "Axes":
        """Some that tell most points (V, d) apart that are no nearer than the radius; else all directions."""
        few, others = points[:FEW].double(), points[-FEW:].double()
        middle = few.mean(0)
        found = torch.linalg.svd(few - middle, full_matrices=False).Vh[:AXES].T.contiguous()
        if (torch.pdist(others @ found) < radius).double().mean() > MISSED:
            found = torch.eye(points.shape[1], dtype=torch.float64, device=points.device)
        return cls(middle.to(points), found.to(points))

    def sides(self, points: Tensor, radius: Tensor) -> tuple[Tensor, Tensor]:
        """Factors whose products are at least 0 for all points that are no farther apart than the radius.

        The product of a and b is r² − |a|² − |b|² + 2ab = r² − |a − b|², with a little more than rounding takes off.

        Args:
            points: (..., d).
            radius: of each, without the last axis.

        Returns:
            (..., A + 2) of the first point of a pair, and of the second.
        """
        along = torch.addmm(-(self.middle @ self.directions), points.reshape(-1, len(self.middle)), self.directions)
        along = along.view(*points.shape[:-1], -1)
        length = (along**2).sum(-1) * (1 - SLACK)
        ones = torch.ones_like(length)
        first, second = torch.stack([radius**2 - length, ones], -1), torch.stack([ones, -length], -1)
        return torch.cat([2 * along, first], -1), torch.cat([along, second], -1)


def candidates(first: Tensor, second: Tensor) -> Iterator[tuple[Ints, Ints, Ints]]:
    """The group and the two places of all pairs whose product is at least 0, block by block.

    Args:
        first: (B, S, A + 2) factors of points of each group.
        second: (B, T, A + 2) of those they are compared with.
    """
    (groups, points, _), others = first.shape, second.shape[1]
    rows = min(points, max(32, BLOCK // max(others, 1)))
    several = max(1, BLOCK // max(1, rows * others))
    for group in range(0, groups, several):
        for row in range(0, points, max(rows, 1)):
            part = slice(group, group + several)
            product = torch.bmm(first[part, row : row + rows], second[part].transpose(1, 2)).numpy(force=True)
            batch, one, other = np.unravel_index(np.flatnonzero(product >= 0), product.shape)
            yield batch + group, one + row, other


def distances(points: Tensor, one: Ints, other: Ints) -> Floats:
    """(L,) distances of pairs among points (Q, d)."""
    found = [np.empty(0)]
    for start in range(0, len(one), PART):
        ends = (torch.as_tensor(each[start : start + PART], device=points.device) for each in (one, other))
        first, second = (points[end].double() for end in ends)
        found.append(to_numpy((first - second).norm(dim=1)))
    return np.concatenate(found)


@dataclass(frozen=True)
class NearRows:
    """For each of Q rows the others near it, one row after another."""

    start: Ints  # (Q + 1,) where the neighbours of each row begin
    row: Ints  # (E,) the neighbours
    distance: Floats  # (E,)


def near_rows(rows: Tensor, first: Ints, count: int, radius: float, axes: Axes, most: int) -> NearRows | None:
    """Which rows of a table are near each other; None if there are more than ``most`` pairs.

    Args:
        rows: (Q, d).
        first: (F,) where the rows begin that are compared with each other.
        count: how many these are, at each of F places.
        radius: how near.
        axes: for the search.
        most: pairs.
    """
    found = [np.empty((2, 0), dtype=np.int64)]
    total = 0
    for begin in first.tolist():
        one_side, other_side = axes.sides(rows[begin : begin + count], torch.full((), radius, dtype=rows.dtype))
        step = max(32, BLOCK // max(count, 1))
        for at in range(0, count, step):
            for _, one, other in candidates(one_side[None, at : at + step], other_side[None, at:]):
                once = one < other
                found.append(np.stack([one[once], other[once]]) + begin + at)
                total += len(found[-1][0])
                if total > most:
                    return None
    one, other = np.concatenate(found, axis=1)
    distance = distances(rows, one, other)
    near = distance < radius
    ends, others = np.concatenate([one[near], other[near]]), np.concatenate([other[near], one[near]])
    order = np.argsort(ends, kind="stable")
    start = np.append(0, np.cumsum(np.bincount(ends, minlength=len(rows))))
    return NearRows(start, others[order], np.tile(distance[near], 2)[order])
