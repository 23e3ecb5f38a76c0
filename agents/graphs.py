"""Who knows whom: one undirected graph per run, built by networkx and kept as one block-diagonal CSR over the runs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isqrt
from pathlib import Path
from typing import final

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array

from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.population import PopulationTerms
from commonweal.agents.streams import Stream


@dataclass(frozen=True)
class Graph(ABC):
    """Who knows whom in R runs of N principals. A principal without acquaintances sees only itself."""

    runs: int  # R
    principals: int  # N

    @abstractmethod
    def neighbour_mean(self, values: Floats) -> Floats:
        """Mean of ``values`` (R, N) or (R, N, K) over each principal's neighbours; its own value where it has none."""

    @property
    @abstractmethod
    def neighbourhood_sizes(self) -> Ints:
        """(R, N) each principal and its neighbours, counted."""

    @abstractmethod
    def neighbourhood_sum(self, values: AnyArray) -> AnyArray:
        """Sum of ``values`` (R, N) over each principal and its neighbours; whole numbers stay whole."""

    @abstractmethod
    def random_neighbour(self, uniform: Floats) -> Ints:
        """(R, N) a uniformly random neighbour each, itself where it has none, from uniform numbers (R, N) in [0, 1)."""

    @abstractmethod
    def mean_within(self, values: Floats, confidence: Floats) -> Floats:
        """Mean over those whose value differs by at most ``confidence``, oneself included.

        Args:
            values: (R, N, K); each of the K columns stands for itself.
            confidence: (R, 1) largest difference that counts.

        Returns:
            (R, N, K) means over a principal and those of its neighbours that are close to it.
        """

    @abstractmethod
    def pick(self, runs: Ints, strangers: int = 0) -> "Graph":
        """The graphs of some runs (R',), each with ``strangers`` more principals; only a complete graph knows them."""

    @abstractmethod
    def networkx(self, run: int) -> "nx.Graph[int]":
        """The graph of one run over principals 0 … N-1, for drawing and for networkx's measures."""


@final
@dataclass(frozen=True)
class CompleteGraph(Graph):
    """Everybody knows everybody: nothing is stored, and no method costs more than N log N."""

    def neighbour_mean(self, values: Floats) -> Floats:
        """Everybody's total less one's own, over N - 1."""
        if self.principals == 1:
            return values
        total: Floats = values.sum(axis=1, keepdims=True)
        return (total - values) / (self.principals - 1)

    @property
    def neighbourhood_sizes(self) -> Ints:
        """N for everybody."""
        return np.full((self.runs, self.principals), self.principals)

    def neighbourhood_sum(self, values: AnyArray) -> AnyArray:
        """Everybody's total."""
        return np.broadcast_to(values.sum(axis=1, keepdims=True), values.shape)

    def random_neighbour(self, uniform: Floats) -> Ints:
        """Anybody but oneself."""
        itself = np.arange(self.principals)
        if self.principals == 1:
            return np.zeros(uniform.shape, dtype=np.int64)
        other = (uniform * (self.principals - 1)).astype(np.int64)
        return other + (other >= itself)

    def mean_within(self, values: Floats, confidence: Floats) -> Floats:
        """Windows of the sorted values, by prefix sums."""
        first, last = _window(values, confidence[:, :, None])
        sums = np.zeros((self.runs, self.principals + 1, values.shape[2]))
        np.cumsum(np.sort(values, axis=1), axis=1, out=sums[:, 1:])
        return (np.take_along_axis(sums, last, axis=1) - np.take_along_axis(sums, first, axis=1)) / (last - first)

    def pick(self, runs: Ints, strangers: int = 0) -> "CompleteGraph":
        """As many runs; everybody knows the strangers too."""
        return CompleteGraph(len(runs), self.principals + strangers)

    def networkx(self, run: int) -> "nx.Graph[int]":
        """The complete graph of networkx."""
        graph: nx.Graph[int] = nx.complete_graph(self.principals)
        return graph


@final
@dataclass(frozen=True)
class SparseGraph(Graph):
    """Neighbours by row r·N + i. Whoever has none is stored as its own neighbour, so that no row is empty."""

    indptr: Ints  # (R·N + 1,) where each row starts
    indices: Ints  # (E,) neighbours' rows r·N + j, sorted within a row

    @classmethod
    def from_edges(cls, edges: Sequence[Ints], principals: int) -> "SparseGraph":
        """Build from one (E, 2) array of principal numbers per run; direction, repeats and loops do not count."""
        size = len(edges) * principals
        pairs = np.concatenate([run_edges + run * principals for run, run_edges in enumerate(edges)])
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        ends, others = np.concatenate([pairs, pairs[:, ::-1]]).T
        alone = np.setdiff1d(np.arange(size), ends)
        keys = np.unique(np.concatenate([ends * size + others, alone * size + alone]))
        rows, indices = np.divmod(keys, size)
        return cls(len(edges), principals, np.searchsorted(rows, np.arange(size + 1)), indices)

    @cached_property
    def degree(self) -> Ints:
        """(R·N,) entries of each row, at least 1."""
        return np.diff(self.indptr)

    @cached_property
    def _rows(self) -> Ints:
        """(E,) the row each entry belongs to."""
        return np.repeat(np.arange(self.degree.size), self.degree)

    @cached_property
    def _within(self) -> Ints:
        """(E,) the principal each entry names, without its run."""
        return self.indices % self.principals

    def _sum(self, entries: NDArray[np.generic]) -> Floats:
        """(E, K) → (R·N, K) sums over each row's entries."""
        return np.add.reduceat(entries, self.indptr[:-1], axis=0, dtype=np.float64)

    def neighbour_mean(self, values: Floats) -> Floats:
        """Row sums over row lengths."""
        flat = values.reshape(self.degree.size, -1)
        return (self._sum(flat[self.indices]) / self.degree[:, None]).reshape(values.shape)

    @cached_property
    def _closed(self) -> csr_array:
        """(R·N, R·N) ones where one row's principal is the other's neighbour or itself."""
        size = self.degree.size
        neighbours = csr_array((np.ones(self.indices.size, np.int64), self.indices, self.indptr), (size, size))
        return (neighbours + eye_array(size, dtype=np.int64, format="csr")).sign()

    @cached_property
    def neighbourhood_sizes(self) -> Ints:
        """(R, N) row lengths of the closed neighbourhoods."""
        return self.neighbourhood_sum(np.ones((self.runs, self.principals), dtype=np.int64))

    def neighbourhood_sum(self, values: AnyArray) -> AnyArray:
        """Row sums, each with the row's own value."""
        summed: AnyArray = (self._closed @ values.ravel()).reshape(values.shape)
        return summed

    def random_neighbour(self, uniform: Floats) -> Ints:
        """A random entry of one's row."""
        entry = self.indptr[:-1] + (uniform.ravel() * self.degree).astype(np.int64)
        return self._within[entry].reshape(uniform.shape)

    def mean_within(self, values: Floats, confidence: Floats) -> Floats:
        """Row by row, over the entries that are close."""
        flat = values.reshape(self.degree.size, -1)
        reach = np.repeat(confidence, self.principals, axis=0)
        theirs = flat[self.indices]
        close = (theirs >= (flat - reach)[self._rows]) & (theirs <= (flat + reach)[self._rows])
        mean = (flat + self._sum(np.where(close, theirs, 0.0))) / (1 + self._sum(close))
        return mean.reshape(values.shape)

    def pick(self, runs: Ints, strangers: int = 0) -> "SparseGraph":
        """The blocks of these runs, one after another; strangers stand alone at the end of each."""
        edges = [np.array(self.networkx(run).edges, dtype=np.int64).reshape(-1, 2) for run in range(self.runs)]
        return SparseGraph.from_edges([edges[run] for run in runs.tolist()], self.principals + strangers)

    def networkx(self, run: int) -> "nx.Graph[int]":
        """The run's rows as edges, each once."""
        graph: nx.Graph[int] = nx.empty_graph(self.principals)
        start, stop = self.indptr[run * self.principals], self.indptr[(run + 1) * self.principals]
        ends, others = self._rows[start:stop] % self.principals, self.indices[start:stop] % self.principals
        once = ends < others
        graph.add_edges_from(zip(ends[once].tolist(), others[once].tolist(), strict=True))
        return graph


def build_graph(terms: PopulationTerms, stream: Stream) -> Graph:
    """Build every run's graph, the random ones from the run's own generator.

    Args:
        terms: what the scenario says about acquaintances.
        stream: the runs' graph streams; ring, lattice, file and complete draw nothing.

    Returns:
        The graphs of R = len(stream) runs.

    Raises:
        InputError: if the degree does not fit the kind of graph, or the edge file is missing or malformed.
    """
    if terms.graph == "complete":
        return CompleteGraph(len(stream), terms.count)
    if terms.graph in ("watts_strogatz", "barabasi_albert"):
        rewiring = terms.rewiring[:, 0].tolist()
        edges = [_random_edges(terms, p, rng) for p, rng in zip(rewiring, stream.generators, strict=True)]
    else:
        edges = [_regular_edges(terms)] * len(stream)
    return SparseGraph.from_edges(edges, terms.count)


def read_edges(path: Path, principals: int) -> Ints:
    """Read an edge list: two principal numbers a line, the rest of a line after # is a comment.

    Args:
        path: the file.
        principals: N; numbers run from 0 to N-1.

    Returns:
        (E, 2) edges as written.

    Raises:
        InputError: naming the file, and the line if it is a line's fault.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"population.edges: cannot read {path}: {reason}") from None
    edges = []
    for number, line in enumerate(lines, start=1):
        if entry := line.partition("#")[0].strip():
            edges.append(_edge(entry, principals, f"{path} line {number}"))
    return np.array(edges, dtype=np.int64).reshape(-1, 2)


def _edge(entry: str, principals: int, where: str) -> tuple[int, int]:
    try:
        first, second = (int(word) for word in entry.split())
    except ValueError:
        raise InputError(f"{where}: {entry!r} is not two principal numbers") from None
    for principal in (first, second):
        if not 0 <= principal < principals:
            raise InputError(f"{where}: there is no principal {principal}; they are 0 to {principals - 1}")
    return first, second


def _regular_edges(terms: PopulationTerms) -> Ints:
    """Edges of the graphs that are the same in every run."""
    if terms.graph == "file" and terms.edges is not None:
        return read_edges(terms.edges, terms.count)
    if terms.graph == "ring":
        return _edges(nx.watts_strogatz_graph(terms.count, _even(terms), 0))
    if terms.graph == "cliques":
        return _edges(nx.caveman_graph(terms.count // (terms.degree + 1), terms.degree + 1))
    if terms.graph == "lattice":
        return _edges(_lattice(terms.count))
    raise InputError(f"population.graph = {terms.graph!r} with edges = {terms.edges} is not a graph that can be built")


def _random_edges(terms: PopulationTerms, rewiring: float, generator: np.random.Generator) -> Ints:
    if terms.graph == "barabasi_albert":
        return _edges(nx.barabasi_albert_graph(terms.count, terms.degree, seed=generator))
    return _edges(nx.watts_strogatz_graph(terms.count, _even(terms), rewiring, seed=generator))


def _even(terms: PopulationTerms) -> int:
    """The degree, refused where half of it would have to lie on either side: networkx would round it down unsaid."""
    if terms.degree % 2:
        raise InputError(f"population.degree = {terms.degree} must be even for graph = {terms.graph!r}")
    return terms.degree


def _lattice(principals: int) -> "nx.Graph[int]":
    """The periodic grid nearest to a square that holds exactly N principals, row by row; a prime N makes a ring."""
    rows = next(side for side in range(isqrt(principals), 0, -1) if principals % side == 0)
    grid = nx.grid_2d_graph(rows, principals // rows, periodic=True)
    return nx.convert_node_labels_to_integers(grid)


def _edges(graph: "nx.Graph[int]") -> Ints:
    return np.array(list(graph.edges), dtype=np.int64).reshape(-1, 2)


def _window(values: Floats, confidence: Floats) -> tuple[Ints, Ints]:
    """Where, among the sorted values of a run, those within the confidence of each value begin and end.

    One stable sort of lower ends, values and upper ends together counts the values before every end: at a tie a lower
    end comes first and an upper end last, so that both ends are included.
    """
    principals = values.shape[1]
    order = np.concatenate([values - confidence, values, values + confidence], axis=1).argsort(axis=1, kind="stable")
    counted = np.cumsum((order >= principals) & (order < 2 * principals), axis=1)
    bounds = np.empty_like(order)
    np.put_along_axis(bounds, order, counted, axis=1)
    return bounds[:, :principals], bounds[:, 2 * principals :]
