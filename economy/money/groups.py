"""Groups that produce and share a public good: everybody, fixed blocks, random blocks, neighbourhoods.

Neighbourhoods overlap: a principal belongs to its own and to those of its neighbours (Szabó and Hauert 2002).
"""

from dataclasses import dataclass
from typing import Protocol, final

import numpy as np

from commonweal.agents.arrays import AnyArray, Ints
from commonweal.agents.graphs import Graph
from commonweal.agents.streams import Stream
from commonweal.economy.money.market import MarketTerms

Array = AnyArray


class Groups(Protocol):
    """G groups of N principals in each of R runs."""

    @property
    def sizes(self) -> Ints:
        """(R, G) members of each group."""

    @property
    def memberships(self) -> Ints:
        """(R, N) how many groups each principal belongs to."""

    def total(self, values: Array) -> Array:
        """(R, G) sums over each group's members of values (R, N)."""

    def received(self, amounts: Array) -> Array:
        """(R, N) sums over each principal's groups of amounts (R, G)."""


@final
@dataclass(frozen=True)
class Blocks:
    """Groups of which every principal belongs to one."""

    seat: Ints  # (R, N) the group of each principal
    count: int  # G

    @property
    def sizes(self) -> Ints:
        """Members counted by group."""
        return self.total(self.memberships)

    @property
    def memberships(self) -> Ints:
        """One each."""
        return np.ones_like(self.seat)

    def total(self, values: Array) -> Array:
        """By adding up; amounts below 2⁵³ stay exact."""
        runs = len(values)
        place = self.seat + self.count * np.arange(runs)[:, None]
        summed = np.bincount(place.ravel(), values.ravel(), runs * self.count).reshape(runs, self.count)
        return summed.astype(values.dtype)

    def received(self, amounts: Array) -> Array:
        """What a principal's only group gives."""
        taken: Array = np.take_along_axis(amounts, self.seat, axis=1)
        return taken


@final
@dataclass(frozen=True)
class Neighbourhoods:
    """As many groups as principals: each with its neighbours."""

    graph: Graph

    @property
    def sizes(self) -> Ints:
        """A principal and its neighbours."""
        return self.graph.neighbourhood_sizes

    @property
    def memberships(self) -> Ints:
        """A principal's own group and those of its neighbours: as many as its own has members."""
        return self.graph.neighbourhood_sizes

    def total(self, values: Array) -> Array:
        """Over a principal and its neighbours."""
        return self.graph.neighbourhood_sum(values)

    def received(self, amounts: Array) -> Array:
        """The same sum, since acquaintance is mutual."""
        return self.graph.neighbourhood_sum(amounts)


def form_groups(terms: MarketTerms, graph: Graph, stream: Stream) -> Groups:
    """The groups of a round.

    Args:
        terms: what the scenario says of groups.
        graph: who knows whom.
        stream: the runs' shock streams; random groups take N numbers of each run.
    """
    if terms.groups == "neighbourhoods":
        return Neighbourhoods(graph)
    shape, size = (graph.runs, graph.principals), terms.group_size
    if terms.groups == "all":
        return Blocks(np.zeros(shape, dtype=np.int64), 1)
    place = np.broadcast_to(np.arange(graph.principals), shape)
    if terms.groups == "random":
        place = stream.uniform(graph.principals).argsort(axis=1).argsort(axis=1)
    return Blocks(place // size, -(-graph.principals // size))
