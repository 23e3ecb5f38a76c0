"""Which samples are alike: those closer together than different samples of the same data are.

Samples come from one table. Equal rows are found by their numbers, and which rows are near each other is known from the
beginning; only samples that were made up are compared with all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Bools, Floats, Ints, per_principal
from commonweal.economy.credit.nearby import Axes, NearRows, candidates, distances, near_rows
from commonweal.economy.learning.network import Owners, to_numpy
from commonweal.economy.learning.traversal import places_by_owner
from commonweal.economy.tasks import FeatureTable

MOST = 64  # validation samples that say how far apart different samples are
MOST_COMPARED = 20_000_000_000  # multiplications to compare the rows of a table, one or two seconds
MOST_PAIRS = 10_000_000  # of near rows that are kept
NOBODY = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Seen:
    """The samples of some rounds, by who put them in."""

    features: Tensor = per_principal()  # (R, N, M, d)
    real: Tensor = per_principal()  # (R, N, M) bool, False where somebody put in fewer than M
    row: Tensor = per_principal()  # (R, N, M) row of the table of features; −1 where they were made up


@dataclass(frozen=True)
class Likeness:
    """What makes samples of R runs alike: it falls evenly from 1 at distance 0 to 0 at the radius."""

    radius: Floats  # (R,) distance from which on samples are different
    axes: Axes  # along which samples are compared first
    near: NearRows | None = None  # rows of the table that are alike; None: not known

    @classmethod
    def of(cls, features: Tensor, table: FeatureTable | None = None, samples: int = 0) -> "Likeness":
        """That of R runs.

        Args:
            features: (R, V, d) of their validation samples.
            table: that samples come from; None: not known.
            samples: in each of the data sets that the table holds.
        """
        radius = to_numpy(resolution(features))
        axes = Axes.of(features[0], radius.max())
        first = np.unique(table.first.numpy(force=True)) if table is not None else NOBODY
        if table is None or len(first) * samples**2 * axes.directions.shape[1] > MOST_COMPARED:
            return cls(radius, axes)
        return cls(radius, axes, near_rows(table.rows, first, samples, radius.max(), axes, MOST_PAIRS))


@dataclass(frozen=True)
class Alike:
    """Samples by who put them in, and which pairs of them are alike, each once; places count through (R, N, M)."""

    real: Bools  # (R, N, M) whether there is a sample
    one: Ints  # (L,) place of a sample
    other: Ints  # (L,) place of one of the same run that is like it
    likeness: Floats  # (L,) above 0, at most 1


def seen_by_owner(features: Tensor, owners: Owners, row: Tensor | None = None) -> Seen:
    """The samples of a virtual batch by owner.

    Args:
        features: (R, S, d).
        owners: whose samples they are.
        row: (R, S) of the table of features, −1 where they were made up; all made up if not given.
    """
    places = places_by_owner(owners.owner)
    runs, _, most = places.shape
    seated = torch.full((runs, owners.principals, most), -1, device=places.device)
    run, at = (places[..., 0] >= 0).nonzero(as_tuple=True)
    found = places[run, at]
    seated[run, owners.owner[run, found[:, 0]]] = found
    real, index = seated >= 0, seated.clamp(min=0).view(runs, -1)
    if not features.shape[1]:
        return Seen(features.new_zeros(*seated.shape, features.shape[2]), real, seated)
    place = index + features.shape[1] * torch.arange(runs, device=index.device).unsqueeze(1)
    own = features.flatten(0, 1).index_select(0, place.view(-1))  # whole rows take a fifth of the time of a gather
    rows = torch.full_like(seated, -1) if row is None else row.gather(1, index).view(seated.shape)
    return Seen(own.view(*seated.shape, -1), real, rows)


def remembered(past: Sequence[Seen], newest: Seen, memory: int) -> tuple[Seen, ...]:
    """The samples of the last rounds, oldest first.

    Args:
        past: those before.
        newest: those of this round.
        memory: rounds that are remembered, this one included.
    """
    return (*past, newest)[-memory:] if memory else ()


def alike_samples(rounds: Sequence[Seen], likeness: Likeness) -> Alike:
    """The pairs among all samples of each run.

    Args:
        rounds: the samples of one round or of several.
        likeness: of these runs.
    """
    there = torch.cat([each.real for each in rounds], 2).numpy(force=True)
    real = there.reshape(len(there), -1)
    row = torch.cat([each.row for each in rounds], 2).flatten(1).numpy(force=True)
    known = real & (row >= 0) if likeness.near is not None else np.zeros_like(real)
    parts = [(NOBODY, NOBODY, np.empty(0))]
    if likeness.near is not None and known.any():
        parts.append(_by_row(np.flatnonzero(known), row, likeness.radius, likeness.near))
    if (made_up := real & ~known).any():
        features = torch.cat([each.features for each in rounds], 2)
        parts.append(_by_distance(features.flatten(0, 2), real, made_up, likeness))
    return Alike(there, *map(np.concatenate, zip(*parts, strict=True)))


def _by_row(place: Ints, row: Ints, radius: Floats, near: NearRows) -> tuple[Ints, Ints, Floats]:
    """The pairs among samples of the table: those of equal rows, and those whose rows are near each other.

    Args:
        place: (n,) of the samples.
        row: (R, T) of the table, by place.
        radius: (R,).
        near: rows.
    """
    total, run, row = len(near.start) - 1, place // row.shape[1], row.ravel()[place]
    order = np.argsort(run * total + row)
    place, run, row = place[order], run[order], row[order]
    key, at = run * total + row, np.arange(len(place))
    same, copy = _spread(at, at + 1, np.searchsorted(key, key, side="right"))
    seeker, link = _spread(at, near.start[row], near.start[row + 1])
    once = row[seeker] < near.row[link]
    seeker, link = seeker[once], link[once]
    sought = run[seeker] * total + near.row[link]
    which, found = _spread(np.arange(len(link)), np.searchsorted(key, sought), np.searchsorted(key, sought, "right"))
    likeness = 1 - near.distance[link[which]] / radius[run[seeker[which]]]
    which, found, likeness = which[likeness > 0], found[likeness > 0], likeness[likeness > 0]
    one, other = np.append(same, seeker[which]), np.append(copy, found)
    return place[one], place[other], np.append(np.ones(len(same)), likeness)


def _spread(values: Ints, start: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """Every value as often as its range from start to stop is long, and the numbers of these ranges."""
    length = stop - start
    ends = np.cumsum(length)
    number = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - length - start, length)
    return np.repeat(values, length), number


def _by_distance(rows: Tensor, real: Bools, made_up: Bools, likeness: Likeness) -> tuple[Ints, Ints, Floats]:
    """The pairs of samples that were made up with any others.

    Args:
        rows: (R · T, d) features.
        real: (R, T) which samples are there.
        made_up: (R, T) which of them were made up.
        likeness: of these runs.
    """
    there = np.flatnonzero(made_up.any(axis=1))  # runs in which somebody made up anything
    some, others = _seats(made_up, there), _seats(real, there)
    radius = torch.as_tensor(likeness.radius[there]).to(rows).unsqueeze(1)
    first = likeness.axes.sides(rows[some.clip(0)], radius.expand(some.shape))[0]
    second = likeness.axes.sides(rows[others.clip(0)], radius.expand(others.shape))[1]
    found = [(NOBODY, NOBODY)]
    for run, at, by in candidates(first, second):
        one, other = some[run, at], others[run, by]
        once = (one >= 0) & (other >= 0) & ((one < other) | ~made_up.ravel()[other])
        found.append((one[once], other[once]))
    one, other = map(np.concatenate, zip(*found, strict=True))
    likenesses = 1 - distances(rows, one, other) / likeness.radius[one // real.shape[1]]
    near = likenesses > 0
    return one[near], other[near], likenesses[near]


def _seats(chosen: Bools, runs: Ints) -> Ints:
    """(B, T') the places of those chosen (R, T) in B of the runs, counted through all runs, then −1."""
    count = chosen[runs].sum(axis=1)
    seats = np.full((len(runs), count.max()), -1)
    run, place = np.nonzero(chosen[runs])
    seats[np.arange(count.max()) < count[:, None]] = runs[run] * chosen.shape[1] + place
    return seats


def resolution(features: Tensor) -> Tensor:
    """(R,) half the median distance from a validation sample (R, V, d) to its nearest: closer ones are near copies."""
    some, others = features[:, :MOST], features.shape[1]
    if others < 2:
        return some.new_ones(len(some))
    itself = torch.eye(some.shape[1], others, dtype=torch.bool, device=some.device)
    half = torch.cdist(some, features).masked_fill(itself, torch.inf).amin(2).median(1).values / 2
    return torch.where(half > 0, half, 1.0)
