"""Where principals stand in the picture of the society: everybody, computed once a run.

Force-directed placement after Fruchterman and Reingold (1991) where a graph has no shape of its own and is small; an
even disc filled along a Hilbert curve, so that acquaintances come to stand near each other, where it is large.
"""

from base64 import b64encode
from dataclasses import dataclass, field
from math import ceil, isqrt, sqrt
from typing import Any

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import reverse_cuthill_mckee
from scipy.spatial import KDTree

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.graphs import Graph, SparseGraph
from commonweal.economy.world.world import World

EDGES_UP_TO = 200  # principals of a society whose edges are drawn
_MOST_EDGES = 1500  # beyond, edges are a grey field that tells nothing
_SPRINGS_UP_TO = 300  # principals that springs place quickly enough
_PLAIN, _WAVES = 80, 400  # principals on a ring that have room on a plain circle, and on one with waves
_RADIUS = 0.455  # of the disc, in sides of the picture: its margin holds a mark and its ring
_CLOSEST = 0.8  # of the distance that evenly packed principals would have: few come closer
_FAR = 0.3  # sides of the picture
_SPAN = 65535  # the far side of the picture in the bytes that are sent


def _no_pairs() -> Ints:
    return np.zeros((0, 2), dtype=np.int64)


def _nowhere(columns: int = 2) -> Floats:
    return np.zeros((0, columns))


@dataclass(frozen=True)
class Layout:
    """Where N principals stand, and which of them know each other."""

    principals: int  # N
    grid: tuple[int, int] = (0, 0)  # rows and columns of a lattice, filled row by row; no other graph has any
    positions: Floats = field(default_factory=_nowhere)  # (N, 2) right and down in [0, 1]; none on a grid
    edges: Ints = field(default_factory=_no_pairs)  # (E, 2) who know each other, each pair once, where they are drawn
    discs: Floats = field(default_factory=lambda: _nowhere(3))  # (G, 3) middle and radius of each group's disc


def lay_out(world: World, seed: int = 0, groups: Ints | None = None) -> Layout:
    """Place the principals of a world's only run.

    Args:
        world: whose graph of acquaintances is drawn.
        seed: of the placement.
        groups: (N,) the group of each from 0 on, where several have a disc each; one disc if not given.
    """
    return place(world.graph, world.terms.population.graph, seed, groups)


def place(graph: Graph, kind: str, seed: int = 0, groups: Ints | None = None) -> Layout:
    """Place the principals of a graph's only run.

    Args:
        graph: of N principals.
        kind: of graph, as ``population.graph`` names it.
        seed: of the placement.
        groups: (N,) the group of each, from 0 on.
    """
    count = graph.principals
    if groups is not None and groups.max(initial=0) > 0:
        return _in_groups(graph, groups, seed)
    if not isinstance(graph, SparseGraph):
        return Layout(count, positions=disc(count, seed))
    rows, columns = _grid(count)
    if kind == "lattice" and columns <= 8 * rows:  # else a strip rather than a grid; of a prime number a ring
        return Layout(count, (rows, columns))
    return Layout(count, positions=_by_acquaintance(graph, kind in ("ring", "lattice"), seed), edges=_drawn(graph))


def places_document(layout: Layout) -> dict[str, Any]:
    """What the browser is sent of a layout, once a run.

    Returns:
        A lattice: ``{kind: "lattice", spacing, rows, columns}``, its cells row by row. Everything else: ``{kind:
        "free", spacing, points, edges, discs}``, with ``spacing`` the distance that neighbours have, in sides of the
        picture, ``points`` the base64 of N pairs of little-endian uint16, to the right and down
        in 65535ths of the picture (53 kB for 10,000 principals, half of what digits take), ``edges`` the ends of all
        edges one after another, and ``discs`` the middle and radius of each group's disc in sides of the picture.
    """
    rows, columns = layout.grid
    if rows:
        return {"kind": "lattice", "spacing": round(0.96 / max(rows, columns), 6), "rows": rows, "columns": columns}
    points = np.rint(layout.positions * _SPAN).astype("<u2")
    return {"kind": "free", "spacing": round(_spacing(layout.positions), 6),
            "points": b64encode(points.tobytes()).decode(), "edges": layout.edges.ravel().tolist(),
            "discs": layout.discs.round(4).tolist()}  # fmt: skip


def _spacing(positions: Floats) -> float:
    """Distance to the nearest other that nine in ten principals have at least; of few no more than marks need."""
    if len(positions) < 2:
        return _FAR
    nearest = np.asarray(KDTree(positions).query(positions, 2)[0])[:, 1]
    return min(_FAR, float(np.quantile(nearest, 0.1)))


def disc(count: int, seed: int = 0) -> Floats:
    """(N, 2) over a disc: nobody near another, without the rows or spirals that an even arrangement shows."""
    return _within_picture(_shuffled(count, np.random.default_rng(seed)))


def _shuffled(count: int, rng: np.random.Generator) -> Floats:
    return _spread(count, rng)[rng.permutation(count)]


def _within_picture(places: Floats) -> Floats:
    """From the unit disc into the square that is sent."""
    return 0.5 + _RADIUS * places


def _spread(count: int, rng: np.random.Generator) -> Floats:
    """(N, 2) in the unit disc: seeds of a sunflower (Vogel 1979), shaken, then pushed apart where too close."""
    number = np.arange(count)
    radius, angle = np.sqrt((number + 0.5) / count), number * np.pi * (3 - sqrt(5.0))
    places = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    if count < 3:
        return np.asarray(places - places.mean(axis=0))
    room = _CLOSEST * 1.9 / sqrt(count)  # 1.9: distance of neighbours in the densest packing, in 1 / √N
    places = places + rng.uniform(-0.6, 0.6, places.shape) * room
    for _ in range(40):
        places = _held(places + _pushes(places, room))
    return places


def _held(places: Floats) -> Floats:
    """Whoever left the unit disc, back on its rim."""
    return np.asarray(places / np.maximum(np.hypot(*places.T), 1.0)[:, None])


def _pushes(places: Floats, room: float) -> Floats:
    """(N, 2) the way that each is pushed by those nearer than ``room``."""
    one, other = KDTree(places).query_pairs(room, output_type="ndarray").T
    apart = places[one] - places[other]
    distance = np.maximum(np.hypot(*apart.T), 1e-9)
    push = (0.5 * (room / distance - 1))[:, None] * apart
    total = np.zeros_like(places)
    np.add.at(total, one, push)
    np.add.at(total, other, -push)
    return total


def _grid(count: int) -> tuple[int, int]:
    """Rows and columns of the grid nearest to a square, as ``agents.graphs`` builds it."""
    rows = next(side for side in range(isqrt(count), 0, -1) if count % side == 0)
    return rows, count // rows


def _by_acquaintance(graph: SparseGraph, ring: bool, seed: int) -> Floats:
    """(N, 2) with acquaintances near each other."""
    count = graph.principals
    if ring and count <= _WAVES:
        return _within_picture(_circle(count))
    if not ring and count <= _SPRINGS_UP_TO:
        return 0.5 + 0.46 * _spring(graph, seed)
    return _within_picture(_along_curve(_spread(count, np.random.default_rng(seed)), _order(graph)))


def _along_curve(places: Floats, order: Ints) -> Floats:
    """(N, 2) the same places, handed out along a Hilbert curve to principals in an order."""
    taken = np.empty_like(places)
    taken[order] = places[np.argsort(_hilbert(places), kind="stable")]
    return taken


def _hilbert(places: Floats, bits: int = 10) -> Ints:
    """(N,) how far along a Hilbert curve over the square around the unit disc places lie."""
    side = 1 << bits
    x, y = np.clip((places + 1) / 2 * side, 0, side - 1).astype(np.int64).T
    along = np.zeros(len(places), dtype=np.int64)
    for bit in range(bits - 1, -1, -1):
        right, up = (x >> bit) & 1, (y >> bit) & 1
        along += ((3 * right) ^ up) << (2 * bit)
        turned = (up == 0) & (right == 1)
        x, y = np.where(turned, side - 1 - x, x), np.where(turned, side - 1 - y, y)
        x, y = np.where(up == 0, y, x), np.where(up == 0, x, y)
    return along


def _order(graph: SparseGraph) -> Ints:
    """(N,) principals, acquaintances in a row: as they are numbered, or after Cuthill and McKee (1969)."""
    count = graph.principals
    matrix = csr_array((np.ones(len(graph.indices)), graph.indices, graph.indptr), shape=(count, count))
    found = np.asarray(reverse_cuthill_mckee(matrix, symmetric_mode=True), dtype=np.int64)
    rank = np.argsort(found)
    ends = np.repeat(np.arange(count), graph.degree)
    shorter = np.median(np.abs(rank[ends] - rank[graph.indices])) < np.median(np.abs(ends - graph.indices))
    return found if shorter else np.arange(count)


def _drawn(graph: SparseGraph) -> Ints:
    """(E, 2) the edges of a small society; none of a large or dense one."""
    if graph.principals > EDGES_UP_TO:
        return _no_pairs()
    ends = np.repeat(np.arange(graph.principals), graph.degree)
    once = ends < graph.indices  # a principal without acquaintances is stored as its own
    edges = np.stack([ends[once], graph.indices[once]], axis=1)
    return edges if len(edges) <= _MOST_EDGES else _no_pairs()


def _circle(count: int) -> Floats:
    """(N, 2) on a circle, clockwise from the top; waves where many are on it."""
    wave = 0.24 if count > _PLAIN else 0.0
    angle = np.linspace(0.0, 2 * np.pi, 4000)
    radius = 1 - wave + wave * np.cos(16 * angle)
    curve = np.stack([radius * np.sin(angle), -radius * np.cos(angle)], axis=1)
    along = np.concatenate([[0.0], np.hypot(*np.diff(curve, axis=0).T).cumsum()])
    places = np.linspace(0.0, along[-1], count, endpoint=False)
    return np.stack([np.interp(places, along, curve[:, axis]) for axis in (0, 1)], axis=1)


def _spring(graph: SparseGraph, seed: int) -> Floats:
    """(N, 2) by springs, stretched to fill the square, then pushed apart where they would overlap."""
    count = graph.principals
    placed = nx.spring_layout(graph.networkx(0), seed=seed, iterations=100)
    places: Floats = np.array([placed[node] for node in range(count)])
    low, high = places.min(axis=0), places.max(axis=0)
    places = (2 * places - low - high) / np.maximum(high - low, 1e-9)
    for _ in range(60):
        places = np.clip(places + _pushes(places, 1.2 / sqrt(count)), -1, 1)
    return places


def _in_groups(graph: Graph, groups: Ints, seed: int) -> Layout:
    """A disc for each group, as large as its members are many."""
    sizes = np.bincount(groups)
    across = ceil(sqrt(len(sizes)))
    radii = _RADIUS / across * np.sqrt(sizes / sizes.max())
    row, column = np.divmod(np.arange(len(sizes)), across)
    middles = (np.stack([column, row], axis=1) + 0.5) / across
    positions, rng = np.empty((graph.principals, 2)), np.random.default_rng(seed)
    for group, size in enumerate(sizes.tolist()):
        positions[groups == group] = middles[group] + radii[group] * _shuffled(size, rng)
    edges = _drawn(graph) if isinstance(graph, SparseGraph) else _no_pairs()
    return Layout(graph.principals, positions=positions, edges=edges, discs=np.column_stack([middles, radii]))
