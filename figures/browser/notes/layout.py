"""Where principals stand in the picture of the society: computed once, for at most 200 of them.

Force-directed placement after Fruchterman and Reingold (1991) where a graph has no shape of its own.
"""

from dataclasses import dataclass
from functools import cached_property
from math import isqrt

import networkx as nx
import numpy as np
from scipy.spatial import KDTree

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.graphs import Graph, SparseGraph
from commonweal.economy.world.world import World

MOST = 200  # principals drawn
SIZE = (6.4, 6.9)  # inches, of the picture of the society
CENTRE = (3.2, 3.73)  # inches from the lower left: where the middle of the layout comes to stand
SCALE = 2.6  # inches for a unit of the layout
_PLAIN = 80  # principals on a ring that have room on a plain circle
_TOUCH = 0.3  # inches from the middle of a principal within which a click means it


@dataclass(frozen=True)
class Layout:
    """Where M of N principals stand, and which of them know each other."""

    members: Ints  # (M,) which principals
    positions: Floats  # (M, 2) to the right and up, within the unit circle or square
    edges: Ints  # (E, 2) places among the members; none where everybody knows everybody
    note: str  # how many of how many are drawn, and how they were chosen

    @cached_property
    def spacing(self) -> float:
        """Distance to the nearest other that nine in ten principals have at least."""
        if len(self.members) < 2:
            return 1.0
        nearest = np.asarray(KDTree(self.positions).query(self.positions, 2)[0])[:, 1]
        return float(np.quantile(nearest, 0.1))


def lay_out(world: World, seed: int = 0) -> Layout:
    """Place the principals of a world's only run.

    Args:
        world: whose graph of acquaintances is drawn.
        seed: of the sample, where there are more principals than can be drawn, and of the placement.
    """
    graph, kind = world.graph, world.terms.population.graph
    rng = np.random.default_rng(seed)
    if not isinstance(graph, SparseGraph):
        members = np.sort(rng.choice(graph.principals, min(MOST, graph.principals), replace=False))
        return Layout(members, _disc(len(members)), _no_edges(), _note(graph, len(members), "drawn at random"))
    if kind == "lattice":
        return _lattice(graph)
    if kind == "ring":
        members = np.arange(min(MOST, graph.principals))
        positions = _circle(len(members), whole=len(members) == graph.principals)
        return Layout(members, positions, _edges_among(graph, members), _note(graph, len(members), "in a row"))
    members = _neighbourhood(graph, rng)
    edges = _edges_among(graph, members)
    return Layout(members, _spring(len(members), edges, seed), edges,
                  _note(graph, len(members), "a neighbourhood"))


def principal_at(layout: Layout, x: float, y: float) -> int | None:
    """The principal at a place in the drawn picture.

    Args:
        layout: that was drawn.
        x: from the left, as a share of the picture's width.
        y: from the top, as a share of its height.

    Returns:
        The nearest principal; None where none is near.
    """
    place = np.array([x * SIZE[0], (1 - y) * SIZE[1]])
    distance = np.hypot(*(on_sheet(layout) - place).T)
    nearest = int(distance.argmin())
    return int(layout.members[nearest]) if distance[nearest] <= _TOUCH else None


def on_sheet(layout: Layout) -> Floats:
    """(M, 2) where principals are drawn, inches from the lower left of the picture."""
    return np.array(CENTRE) + SCALE * layout.positions


def _note(graph: Graph, drawn: int, how: str) -> str:
    if drawn < graph.principals:
        return f"{drawn} of {graph.principals} principals, {how}"
    return f"{drawn} principal{'s' if drawn > 1 else ''}"


def _no_edges() -> Ints:
    return np.zeros((0, 2), dtype=np.int64)


def _disc(count: int) -> Floats:
    """(M, 2) evenly over a disc, as seeds in a sunflower (Vogel 1979)."""
    number = np.arange(count)
    radius = np.sqrt((number + 0.5) / count)
    angle = number * np.pi * (3 - np.sqrt(5.0))
    places = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return np.asarray(places - places.mean(axis=0))  # few seeds lie to one side


def _circle(count: int, *, whole: bool) -> Floats:
    """(M, 2) on a circle, clockwise from the top; a gap where the ring goes on beyond the sample, waves for many."""
    wave = 0.24 if count > _PLAIN else 0.0
    angle = np.linspace(0.0, 2 * np.pi * (1.0 if whole else 0.95), 4000)
    radius = 1 - wave + wave * np.cos(16 * angle)
    curve = np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)
    along = np.concatenate([[0.0], np.hypot(*np.diff(curve, axis=0).T).cumsum()])
    places = np.linspace(0.0, along[-1], count, endpoint=not whole)
    return np.stack([np.interp(places, along, curve[:, axis]) for axis in (0, 1)], axis=1)


def _lattice(graph: SparseGraph) -> Layout:
    """A window of the grid, row by row; edges over its border are left out, which would cross the whole picture."""
    side = next(rows for rows in range(isqrt(graph.principals), 0, -1) if graph.principals % rows == 0)
    columns = graph.principals // side
    height = min(side, isqrt(MOST))
    width = min(columns, MOST // height)
    row, column = np.divmod(np.arange(height * width), width)
    members = row * columns + column
    longer = max(height, width, 2) - 1
    positions = np.stack([2 * column - (width - 1), (height - 1) - 2 * row], axis=1) / longer
    edges = _edges_among(graph, members)
    far = np.abs(positions[edges[:, 0]] - positions[edges[:, 1]]).sum(axis=1) > 2.5 / longer
    return Layout(members, positions, edges[~far], _note(graph, len(members), "a corner of the grid"))


def _neighbours(graph: SparseGraph, principal: int) -> Ints:
    return graph.indices[graph.indptr[principal] : graph.indptr[principal + 1]]


def _neighbourhood(graph: SparseGraph, rng: np.random.Generator) -> Ints:
    """Everybody, or those nearest to a random principal, by breadth first; a further one where they run out."""
    if graph.principals <= MOST:
        return np.arange(graph.principals)
    starts = iter(rng.permutation(graph.principals).tolist())
    found: dict[int, None] = {}
    waiting: list[int] = []
    while len(found) < MOST:
        principal = waiting.pop(0) if waiting else next(starts)
        if principal not in found:
            found[principal] = None
            waiting.extend(_neighbours(graph, principal).tolist())
    return np.sort(np.array(list(found)))


def _edges_among(graph: SparseGraph, members: Ints) -> Ints:
    """(E, 2) places among ascending ``members`` of those who know each other, each pair once."""
    ends = np.repeat(np.arange(len(members)), graph.degree[members])
    others = np.concatenate([_neighbours(graph, principal) for principal in members])
    place = np.searchsorted(members, others).clip(max=len(members) - 1)
    once: Bools = (members[place] == others) & (ends < place)
    return np.stack([ends[once], place[once]], axis=1)


def _spring(count: int, edges: Ints, seed: int) -> Floats:
    """(M, 2) by springs, stretched to fill the square, then pushed apart where they would overlap."""
    graph: nx.Graph[int] = nx.empty_graph(count)
    graph.add_edges_from(edges.tolist())
    placed = nx.spring_layout(graph, seed=seed, iterations=100)
    positions: Floats = np.array([placed[node] for node in range(count)])
    low, high = positions.min(axis=0), positions.max(axis=0)
    positions = (2 * positions - low - high) / np.maximum(high - low, 1e-9)
    room = 1.2 / np.sqrt(count)
    for _ in range(60):
        apart = positions[:, None] - positions
        distance = np.hypot(apart[..., 0], apart[..., 1]) + np.eye(count)
        push = np.maximum(room / distance - 1, 0.0) * (1 - np.eye(count))
        positions = np.clip(positions + 0.3 * (push[..., None] * apart).sum(axis=1), -1, 1)
    return positions
