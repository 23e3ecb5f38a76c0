"""Which node holds which principals' samples, and the file that a node loads: nobody else reads it."""

from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from commonweal.agents.arrays import AnyArray, Ints, Labels
from commonweal.agents.errors import InputError
from commonweal.agents.files import replacing
from commonweal.economy.learning.guards import NO_GUARD, Guard
from commonweal.economy.tasks import FeatureTable, Holdings


@dataclass(frozen=True)
class Holding:
    """The samples of some principals in R runs, one after another."""

    principals: Ints  # (n,) whose
    features: AnyArray  # (T, d)
    labels: Labels  # (T,) as their owners believe them to be
    directions: int = 64  # that may be asked about a visit: each tells something of every update
    sums: int = 2  # weighted sums of a visit that may be asked for: two of them are a difference
    guard: Guard = NO_GUARD  # what is changed before it leaves the node
    keys: Ints | None = None  # (R, n) what each principal draws its noise from; None: nobody draws any

    def save(self, file: Path) -> None:
        """Write it, whole or not at all."""
        with replacing(file) as partial, partial.open("wb") as stream:
            allowed, guard = np.array([self.directions, self.sums]), np.array(astuple(self.guard))
            keys = np.zeros((0, 0), dtype=np.int64) if self.keys is None else self.keys
            np.savez(stream, principals=self.principals, features=self.features, labels=self.labels, allowed=allowed,
                     guard=guard, keys=keys)  # fmt: skip

    @classmethod
    def load(cls, file: Path) -> "Holding":
        """Read what ``save`` has written.

        Raises:
            InputError: if the file is missing, or holds something else.
        """
        try:
            with np.load(file, allow_pickle=False) as found:
                directions, sums = found["allowed"].tolist()
                guard, keys = _guard(found["guard"].tolist()), found["keys"] if found["keys"].size else None
                return cls(found["principals"], found["features"], found["labels"], directions, sums, guard, keys)
        except (OSError, TypeError, ValueError, KeyError, BadZipFile) as error:
            raise InputError(f"{file}: must hold the samples of a node ({' '.join(str(error).split())[:80]})") from None


def _guard(values: list[float]) -> Guard:
    """What is changed, from its numbers in the order of its fields."""
    cut_noise, nopeek, clip, update_noise, rounding, smallest = values
    return Guard(cut_noise, nopeek, clip, update_noise, rounding, int(smallest))


@dataclass(frozen=True)
class Roster:
    """Who is on which node, and where in its node's file a sample is."""

    node: Ints  # (N,) node of each principal
    place: Ints  # (N,) which of its node's principals each is
    row: Ints  # (R, M) row of each sample in the file of the node that holds it; −1 where nobody holds it
    nodes: int  # J

    def principals(self, node: int) -> Ints:
        """(n,) who is on a node."""
        return self._members[node]

    @cached_property
    def _members(self) -> list[Ints]:
        return [np.flatnonzero(self.node == node) for node in range(self.nodes)]


def spread_over_nodes(principals: int, nodes: int) -> Ints:
    """(N,) node of each principal: neighbours together, nodes of equal size but for one."""
    return np.arange(principals) * nodes // max(principals, 1)


def distribute(table: FeatureTable, holdings: Holdings, node: Ints, nodes: int) -> tuple[Roster, list[Holding]]:
    """Give every node the samples of its principals.

    Args:
        table: the features of R runs.
        holdings: who holds which.
        node: (N,) node of each principal.
        nodes: J; some may have no principals.
    """
    row = np.full(holdings.labels.shape, -1)
    place = np.zeros(len(node), dtype=np.int64)
    files = []
    for each in range(nodes):
        members = np.flatnonzero(node == each)
        place[members] = np.arange(len(members))
        files.append(_holding(table, holdings, members, row))
    return Roster(node, place, row, nodes), files


def _holding(table: FeatureTable, holdings: Holdings, members: Ints, row: Ints) -> Holding:
    """The file of one node; the rows of its samples are noted in ``row`` (R, M)."""
    ids = [_held(holdings, run, members) for run in range(len(row))]
    labels = np.concatenate([holdings.labels[run, own] for run, own in enumerate(ids)])
    places = [int(table.first[run % len(table.first), 0]) + own for run, own in enumerate(ids)]
    first = 0
    for run, own in enumerate(ids):
        row[run, own] = first + np.arange(len(own))
        first += len(own)
    features = table.rows[torch.from_numpy(np.concatenate(places)).to(table.rows.device)]
    return Holding(members, features.numpy(force=True), labels)


def _held(holdings: Holdings, run: int, members: Ints) -> Ints:
    """Ids of the samples that some principals hold in a run, principal by principal."""
    owner = np.repeat(np.arange(holdings.count.shape[1]), holdings.count[run])
    held: Ints = holdings.held[run][np.isin(owner, members)]
    return held
