"""Where principals stand: everybody, apart from each other, acquaintances together, in few bytes."""

import json
from base64 import b64decode
from functools import cache
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import KDTree

from commonweal.agents.graphs import CompleteGraph, Graph, SparseGraph
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.browser.documents.layout import Layout, disc, lay_out, place, places_document
from commonweal.scenarios.schema.loading import load

GRAPHS = ("complete", "ring", "watts_strogatz", "barabasi_albert", "cliques")
BASE = 560  # pixels across the picture


@cache
def acquaintances(kind: str, count: int) -> Graph:
    if kind == "complete":
        return CompleteGraph(1, count)
    return sparse(_of_kind(kind, count), count)


def sparse(graph: "nx.Graph[int]", count: int) -> SparseGraph:
    return SparseGraph.from_edges([np.array(list(graph.edges), dtype=np.int64).reshape(-1, 2)], count)


def _of_kind(kind: str, count: int) -> Any:
    if kind == "ring":
        return nx.cycle_graph(count)
    if kind == "watts_strogatz":
        return nx.watts_strogatz_graph(count, 4, 0.1, seed=1)
    if kind == "barabasi_albert":
        return nx.barabasi_albert_graph(count, 2, seed=1)
    return nx.caveman_graph(count // 4, 4)


@cache
def placed(kind: str, count: int) -> Layout:
    return place(acquaintances(kind, count), kind)


def nearest(positions: np.ndarray) -> np.ndarray:
    return np.asarray(KDTree(positions).query(positions, 2)[0])[:, 1]


@pytest.mark.parametrize("kind", GRAPHS)
@pytest.mark.parametrize("count", [12, 40, 200, 1000, 10_000])
def test_everybody_stands_in_the_picture_and_nobody_on_another(kind: str, count: int) -> None:
    positions = placed(kind, count).positions
    assert positions.shape == (count, 2)
    assert positions.min() >= 0.03 and positions.max() <= 0.97
    smallest = {12: 30.0, 40: 30.0, 200: 13.0, 1000: 8.0, 10_000: 2.5}[count]  # pixels; marks take at most these
    assert np.quantile(nearest(positions), 0.05) * BASE > smallest


@given(st.integers(1, 300), st.integers(0, 5))
@settings(max_examples=60)
def test_a_disc_keeps_everybody_apart_by_half_of_what_is_possible(count: int, seed: int) -> None:
    positions = disc(count, seed)
    assert (positions == disc(count, seed)).all()
    assert count < 2 or nearest(positions).min() > 0.455 * 1.9 / np.sqrt(count) / 2


@pytest.mark.parametrize("kind", ["ring", "watts_strogatz", "cliques"])
def test_in_a_large_society_acquaintances_stand_near_each_other(kind: str) -> None:
    positions, graph = placed(kind, 10_000).positions, acquaintances(kind, 10_000)
    assert isinstance(graph, SparseGraph)
    ends = np.repeat(np.arange(10_000), graph.degree)
    apart = np.hypot(*(positions[ends] - positions[graph.indices]).T)
    strangers = np.hypot(*(positions - np.roll(positions, 4321, axis=0)).T)
    assert np.median(apart) < 0.05 * np.median(strangers)


@pytest.mark.parametrize("count", [12, 200, 1000])
def test_edges_are_those_of_the_graph_up_to_200_principals(count: int) -> None:
    edges, graph = placed("barabasi_albert", count).edges, acquaintances("barabasi_albert", count)
    told = {frozenset(pair) for pair in edges.tolist()}
    assert len(told) == len(edges)
    assert told == ({frozenset(pair) for pair in graph.networkx(0).edges} if count <= 200 else set())


def test_a_dense_graph_and_a_complete_one_are_drawn_without_edges() -> None:
    dense = nx.gnp_random_graph(100, 0.5, seed=1)
    assert len(place(sparse(dense, 100), "file").edges) == len(placed("complete", 40).edges) == 0


def test_a_principal_without_acquaintances_is_no_edge() -> None:
    graph = SparseGraph.from_edges([np.array([[0, 1]])], 3)
    assert place(graph, "file").edges.tolist() == [[0, 1]]


@pytest.mark.parametrize(("count", "grid"), [(10_000, (100, 100)), (12, (3, 4)), (40, (5, 8)), (1, (1, 1))])
def test_a_lattice_is_sent_as_its_rows_and_columns(count: int, grid: tuple[int, int]) -> None:
    graph = SparseGraph.from_edges([np.zeros((0, 2), dtype=np.int64)], count)
    document = places_document(place(graph, "lattice"))
    assert document == {"kind": "lattice", "spacing": pytest.approx(0.96 / grid[1], abs=1e-6), "rows": grid[0],
                        "columns": grid[1]}  # fmt: skip


def test_the_rows_of_a_lattice_are_those_of_its_graph() -> None:
    world = Ensemble(load("spatial-public-goods", {"population.count": 24}), [0]).world
    rows, columns = lay_out(world).grid
    torus = nx.convert_node_labels_to_integers(nx.grid_2d_graph(rows, columns, periodic=True))
    assert {frozenset(pair) for pair in world.graph.networkx(0).edges} == {frozenset(pair) for pair in torus.edges}


def test_a_lattice_of_a_prime_number_of_principals_is_a_ring() -> None:
    layout = place(acquaintances("ring", 13), "lattice")
    assert layout.grid == (0, 0)
    assert np.hypot(*(layout.positions - 0.5).T) == pytest.approx(0.455)


def test_several_groups_have_a_disc_each_as_large_as_they_are_many() -> None:
    groups = np.repeat(np.arange(3), [20, 20, 5])
    layout = place(CompleteGraph(1, 45), "complete", groups=groups)
    middles, radii = layout.discs[:, :2], layout.discs[:, 2]
    assert (np.hypot(*(layout.positions - middles[groups]).T) <= radii[groups] + 1e-9).all()
    assert nearest(middles).min() > 2 * radii.max()
    assert radii[2] == pytest.approx(radii[0] / 2)


@pytest.mark.parametrize("count", [3, 40, 10_000])
def test_the_document_holds_every_place_to_a_hundredth_of_a_pixel_in_few_bytes(count: int) -> None:
    layout = placed("complete", count)
    document = places_document(layout)
    points = np.frombuffer(b64decode(document["points"]), dtype="<u2").reshape(-1, 2) / 65535
    assert np.abs(points - layout.positions).max() * BASE < 0.01
    assert len(json.dumps(document)) < 90 + 5.4 * count
    assert document["spacing"] == pytest.approx(min(0.3, np.quantile(nearest(layout.positions), 0.1)), abs=1e-6)


def test_the_same_seed_places_alike_and_another_one_differently() -> None:
    graph = acquaintances("watts_strogatz", 40)
    one, same, other = (place(graph, "watts_strogatz", seed).positions for seed in (5, 5, 6))
    assert (one == same).all() and not (one == other).all()
