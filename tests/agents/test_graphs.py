"""Who knows whom: networkx's graphs, kept as one CSR, seen from each principal."""

from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from commonweal.agents.errors import InputError
from commonweal.agents.graphs import CompleteGraph, Graph, SparseGraph, build_graph, read_edges
from commonweal.agents.population import PopulationTerms
from commonweal.agents.streams import Stream, Streams
from commonweal.agents.terms import stack
from commonweal.scenarios.schema.scenario import Population as Section

GRAPHS = ("complete", "ring", "lattice", "watts_strogatz", "barabasi_albert")


def terms_of(runs: int = 1, **fields: object) -> PopulationTerms:
    return stack(PopulationTerms, [Section.model_validate(fields)] * runs)


def stream_of(runs: int) -> Stream:
    return Streams.from_seeds(range(runs)).graph


def built(runs: int = 1, **fields: object) -> Graph:
    return build_graph(terms_of(runs, **fields), stream_of(runs))


def ragged(graph: Graph, values: NDArray[np.float64], mean: Callable[..., float]) -> NDArray[np.float64]:
    """(R, N) one mean per principal, from networkx's neighbours in a plain loop."""
    rows = [
        [mean(values[run, i], values[run, list(graph.networkx(run)[i])]) for i in range(graph.principals)]
        for run in range(graph.runs)
    ]
    return np.array(rows)


@st.composite
def graphs(draw: st.DrawFn) -> SparseGraph:
    """Any graphs, isolated principals and empty edge lists included."""
    runs, principals = draw(st.integers(1, 3)), draw(st.integers(1, 9))
    edge = st.tuples(st.integers(0, principals - 1), st.integers(0, principals - 1))
    lists = [draw(st.lists(edge, max_size=20)) for _ in range(runs)]
    return SparseGraph.from_edges([np.array(edges, dtype=np.int64).reshape(-1, 2) for edges in lists], principals)


@pytest.mark.parametrize("name", GRAPHS)
def test_whoever_knows_somebody_is_known_by_them_and_nobody_knows_itself(name: str) -> None:
    graph = built(runs=2, count=30, graph=name)
    for run in range(2):
        matrix = nx.to_numpy_array(graph.networkx(run))
        assert matrix.shape == (30, 30) and matrix.sum() > 0
        assert np.array_equal(matrix, matrix.T)
        assert not matrix.diagonal().any()


@pytest.mark.parametrize(("name", "degree"), [("complete", 29), ("ring", 6), ("lattice", 4)])
def test_regular_graphs_give_everybody_the_same_number_of_neighbours(name: str, degree: int) -> None:
    graph = built(count=30, graph=name, degree=6).networkx(0)
    assert {d for _, d in graph.degree} == {degree}


def test_rewiring_and_newcomers_keep_the_number_of_edges_of_their_models() -> None:
    # Watts-Strogatz: N k / 2. Barabasi-Albert from a star of m + 1 nodes: m (N - m).
    assert built(count=50, graph="watts_strogatz", degree=4, rewiring=0.5).networkx(0).number_of_edges() == 100
    assert built(count=50, graph="barabasi_albert", degree=4).networkx(0).number_of_edges() == 4 * 46


def test_an_unrewired_small_world_is_the_ring() -> None:
    small_world, ring = (built(count=20, graph=name, rewiring=0) for name in ("watts_strogatz", "ring"))
    assert isinstance(small_world, SparseGraph) and isinstance(ring, SparseGraph)
    assert np.array_equal(small_world.indices, ring.indices)


def test_a_run_has_the_same_acquaintances_alone_and_in_an_ensemble() -> None:
    for name in ("watts_strogatz", "barabasi_albert"):
        ensemble = built(runs=3, count=25, graph=name)
        alone = build_graph(terms_of(1, count=25, graph=name), Streams.from_seeds([2]).graph)
        assert nx.utils.graphs_equal(ensemble.networkx(2), alone.networkx(0))
        assert not nx.utils.graphs_equal(ensemble.networkx(0), ensemble.networkx(1))


@given(graphs(), st.integers(0, 2**32))
def test_the_mean_over_neighbours_is_the_plain_mean_and_loners_keep_their_own(graph: SparseGraph, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(graph.runs, graph.principals))
    expected = ragged(graph, values, lambda own, others: others.mean() if others.size else own)
    np.testing.assert_allclose(graph.neighbour_mean(values), expected, atol=1e-12)
    both = np.stack([values, -values], axis=2)
    np.testing.assert_allclose(graph.neighbour_mean(both)[:, :, 1], -expected, atol=1e-12)


@given(st.integers(1, 12), st.integers(1, 3), st.integers(0, 2**32))
def test_the_complete_graph_answers_as_if_all_its_edges_were_stored(principals: int, runs: int, seed: int) -> None:
    complete = CompleteGraph(runs, principals)
    edges = np.array(list(complete.networkx(0).edges), dtype=np.int64).reshape(-1, 2)
    stored = SparseGraph.from_edges([edges] * runs, principals)
    random = np.random.default_rng(seed)
    values = random.integers(0, 8, size=(runs, principals, 2)) / 8  # eighths: ties and distances of exactly ε occur
    uniform, reach = random.random((runs, principals)), np.full((runs, 1), 0.25)
    np.testing.assert_allclose(complete.neighbour_mean(values), stored.neighbour_mean(values), atol=1e-12)
    np.testing.assert_allclose(complete.mean_within(values, reach), stored.mean_within(values, reach), atol=1e-12)
    assert np.array_equal(complete.random_neighbour(uniform), stored.random_neighbour(uniform))


@given(graphs(), st.integers(0, 2**32))
def test_a_random_neighbour_is_a_neighbour_or_oneself_where_there_is_none(graph: SparseGraph, seed: int) -> None:
    chosen = graph.random_neighbour(np.random.default_rng(seed).random((graph.runs, graph.principals)))
    for run in range(graph.runs):
        neighbours = graph.networkx(run)
        for principal, other in enumerate(chosen[run].tolist()):
            assert other in (neighbours[principal] or [principal])


def test_every_neighbour_is_as_likely() -> None:
    # 21 equally spaced uniforms over the 3 others of 4 principals: 7 each.
    uniform = np.broadcast_to((np.arange(21) / 21)[:, None], (21, 4))
    chosen = CompleteGraph(21, 4).random_neighbour(uniform)
    assert [np.bincount(chosen[:, i], minlength=4).tolist() for i in range(2)] == [[0, 7, 7, 7], [7, 0, 7, 7]]


@given(graphs(), st.floats(0, 1), st.integers(0, 2**32))
def test_the_mean_within_a_confidence_counts_close_neighbours_and_oneself(
    graph: SparseGraph, reach: float, seed: int
) -> None:
    values = np.random.default_rng(seed).random((graph.runs, graph.principals))

    def mean_of_close(own: np.float64, others: NDArray[np.float64]) -> float:
        return float(np.append(others[(others >= own - reach) & (others <= own + reach)], own).mean())

    expected = ragged(graph, values, mean_of_close)
    actual = graph.mean_within(values[:, :, None], np.full((graph.runs, 1), reach))
    np.testing.assert_allclose(actual[:, :, 0], expected, atol=1e-12)


def test_an_edge_file_may_have_comments_blank_lines_and_repeats(tmp_path: Path) -> None:
    path = tmp_path / "friends.txt"
    path.write_text("# who knows whom\n0 1\n\n1 0  # again\n2 2\n1 3\n")
    graph = built(runs=2, count=5, graph="file", edges=path)
    assert sorted(graph.networkx(1).edges) == [(0, 1), (1, 3)]
    assert graph.random_neighbour(np.zeros((2, 5)))[0].tolist() == [1, 0, 2, 1, 4]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1\n0 5\n", "line 2: there is no principal 5; they are 0 to 4"),
        ("-1 0\n", "line 1: there is no principal -1"),
        ("0 1 2\n", "line 1: '0 1 2' is not two principal numbers"),
        ("# ok\nalice bob\n", "line 2: 'alice bob' is not two principal numbers"),
    ],
)
def test_a_wrong_line_of_an_edge_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "friends.txt"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_edges(path, principals=5)
    assert str(path) in str(caught.value) and message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_byte_order_mark_before_an_edge_list_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "friends.txt"
    path.write_text("0 1\n2 3\n", encoding="utf-8-sig")
    assert read_edges(path, principals=5).tolist() == [[0, 1], [2, 3]]


def test_a_missing_or_unreadable_edge_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*absent\.txt: No such file"):
        read_edges(tmp_path / "absent.txt", principals=5)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_edges(binary, principals=5)


@pytest.mark.parametrize("name", ["ring", "watts_strogatz"])
def test_an_odd_number_of_neighbours_on_a_ring_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"population\.degree = 3 must be even"):
        built(count=10, graph=name, degree=3)


def test_the_complete_graph_of_a_million_principals_costs_a_vector() -> None:
    graph = built(count=1_000_000)
    values = np.ones((1, 1_000_000))
    assert np.array_equal(graph.neighbour_mean(values), values)
