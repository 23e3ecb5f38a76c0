"""Which samples are alike: the same pairs by the numbers of rows, by products, and by all distances."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.agents.arrays import Floats
from commonweal.economy.credit import alike
from commonweal.economy.credit.alike import Alike, Likeness, Seen, alike_samples
from commonweal.economy.credit.nearby import Axes, candidates
from commonweal.economy.futures.play import play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.tasks import FeatureTable
from commonweal.scenarios.schema.loading import load

ROBUST = {"task.validation": 100, "task.test": 60, "population.count": 12, "rounds": 8}
RIDING = {"population.start_delegate": 0.5, "population.start_free_ride": 0.5, "population.start_defect": 0.0}

FIXED = {"policy.mix": {"fixed": 1.0}, "population.start_delegate": 0.0, "population.start_free_ride": 0.0,
         "population.start_defect": 0.0, "actions.free_ride": "idle"}  # fmt: skip


def by_all_distances(rounds: tuple[Seen, ...], likeness: Likeness) -> Iterator[tuple[int, int, float]]:
    features = torch.cat([each.features for each in rounds], 2).flatten(1, 2).double()
    real = torch.cat([each.real for each in rounds], 2).flatten(1)
    for run, points in enumerate(features):
        apart = (points[:, None] - points[None]).norm(dim=2).numpy()
        near = (apart < likeness.radius[run]) & (real[run, :, None] & real[run]).numpy()
        for one, other in np.argwhere(np.triu(near, 1)).tolist():
            place = run * len(points)
            yield place + one, place + other, 1 - apart[one, other] / likeness.radius[run]


def as_set(found: Alike) -> dict[tuple[int, int], float]:
    ends = np.sort(np.stack([found.one, found.other]), axis=0)
    pairs = dict(zip(map(tuple, ends.T.tolist()), found.likeness.tolist(), strict=True))
    assert len(pairs) == len(found.one), "a pair is found twice"
    return pairs


def assert_same(found: Alike, expected: Iterator[tuple[int, int, float]]) -> None:
    wanted = {(one, other): value for one, other, value in expected}
    pairs = as_set(found)
    assert pairs.keys() == wanted.keys()
    np.testing.assert_allclose(list(map(pairs.get, wanted)), list(wanted.values()), atol=1e-12)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"actions.free_ride": "stale"},
        {"actions.free_ride": "disguised", "actions.noise": 0.1},
        {"actions.free_ride": "junk", "credit.novelty.memory": 3},
        {"learning.sampling": "pool", "learning.batch": 90, "task.partition": "power"},
        {"task.kind": "wine", "task.validation": 30, "task.test": 30},
        {"task.kind": "synthetic", "precision": "float64"},
    ],
    ids=lambda changes: "-".join(map(str, changes.values())) or "robust",
)
def test_rounds_of_an_economy_have_the_same_pairs_by_row_by_product_and_by_all_distances(changes: Any) -> None:
    ensemble = Ensemble(load("robust", {**ROBUST, **RIDING, **changes}), [0, 5])
    for _ in range(4):
        ensemble.step()
    rounds, likeness = ensemble.state.recent, ensemble.world.likeness
    assert likeness.near is not None
    assert_same(alike_samples(rounds, likeness), by_all_distances(rounds, likeness))
    assert_same(alike_samples(rounds, replace(likeness, near=None)), by_all_distances(rounds, likeness))


@given(st.integers(0, 10_000), st.integers(1, 5), st.floats(0.05, 4.0), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_samples_have_the_pairs_that_all_distances_find(seed: int, width: int, radius: float, known: bool) -> None:
    """Points on a grid, so that there are many equal ones, and distances of exactly the radius."""
    rng = np.random.default_rng(seed)
    table = torch.as_tensor(rng.integers(0, 4, (30, width)) * 1.0, dtype=torch.float32)
    row = torch.as_tensor(rng.integers(0, 30, (2, 5, 6)))
    made_up = torch.as_tensor(rng.uniform(size=row.shape) < 0.3)
    noise = torch.as_tensor(rng.integers(0, 4, (*row.shape, width)) * 1.0, dtype=torch.float32)
    features = torch.where(made_up.unsqueeze(-1), noise, table[row])
    seen = Seen(features, torch.as_tensor(rng.uniform(size=row.shape) < 0.8), torch.where(made_up, -1, row))
    source = FeatureTable(table, torch.zeros(1, 1, dtype=torch.int64)) if known else None
    likeness = replace(Likeness.of(table[None, :10].expand(2, -1, -1)), radius=np.array([radius, radius / 2]))
    if source is not None:
        near = alike.near_rows(table, np.array([0]), 30, radius, likeness.axes, 1000)
        likeness = replace(likeness, near=near)
    assert_same(alike_samples((seen,), likeness), by_all_distances((seen,), likeness))


def test_samples_of_the_table_are_compared_by_their_rows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble = Ensemble(load("robust", {**ROBUST, "actions.free_ride": "junk", **RIDING}), [0])
    likeness = ensemble.world.likeness
    compared: list[int] = []

    def counted(first: Any, second: Any) -> Any:
        compared.append(first.shape[1])
        return candidates(first, second)

    monkeypatch.setattr(alike, "candidates", counted)
    junk = int((ensemble.step().lesson.recent[-1].row < 0).sum())
    assert compared == [junk] and likeness is ensemble.world.likeness
    honest = Ensemble(load("robust", {**ROBUST, **FIXED, "population.start_delegate": 1.0}), [0])
    compared.clear()
    honest.world.likeness  # noqa: B018  found once
    honest.step(), honest.step()
    assert compared == []


@pytest.mark.parametrize("limit", ["MOST_COMPARED", "MOST_PAIRS"])
def test_a_table_that_is_too_large_to_know_gives_the_same_credit(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known, unknown = (Ensemble(load("robust", ROBUST), [2]) for _ in range(2))
    assert known.world.likeness.near is not None
    monkeypatch.setattr(alike, limit, 1)
    assert unknown.world.likeness.near is None
    for _ in range(3):
        one, other = known.step(), unknown.step()
        np.testing.assert_array_equal(one.lesson.credit, other.lesson.credit)


def test_what_makes_samples_alike_is_found_again_for_runs_that_are_taken_out() -> None:
    ensemble = Ensemble(load("robust", {**ROBUST, "task.kind": "synthetic"}), [4, 5])
    for _ in range(3):
        ensemble.step()
    futures = play_futures(ensemble.snapshot, [], 3)
    expected: list[Floats] = [ensemble.step().payday.payoffs for _ in range(3)]
    np.testing.assert_allclose(futures.payoffs[:, 0], np.stack(expected, axis=1), atol=2e-6)


def test_no_two_points_lie_farther_apart_along_axes_than_in_all_directions() -> None:
    points = torch.randn(40, 100, generator=torch.Generator().manual_seed(3))
    axes = Axes.of(points, 5.0)
    assert axes.directions.shape == (100, 16)
    along = (points - axes.middle) @ axes.directions
    assert (torch.cdist(along.double(), along.double()) <= torch.cdist(points.double(), points.double()) + 1e-4).all()
    first, second = axes.sides(points, torch.full((40,), 5.0))
    product = first @ second.T
    np.testing.assert_allclose(product, 25 - torch.cdist(along.double(), along.double()) ** 2, atol=5e-3)


def test_a_round_in_which_nobody_puts_in_anything_has_no_pairs() -> None:
    ensemble = Ensemble(load("robust", {**ROBUST, **FIXED, "population.start_free_ride": 1.0}), [1])
    recent = ensemble.step().lesson.recent
    assert not recent[-1].real.any() and not len(alike_samples(recent, ensemble.world.likeness).one)


def test_points_that_a_few_directions_do_not_tell_apart_are_compared_in_all() -> None:
    points = torch.randn(200, 300, generator=torch.Generator().manual_seed(5))  # pairs are about √600 apart
    assert Axes.of(points, 2.0).directions.shape == (300, 16)
    all_directions = Axes.of(points, 12.0)
    assert all_directions.directions.shape == (300, 300)
    first, second = all_directions.sides(points, torch.full((200,), 12.0))
    assert sum(len(one) for _, one, _ in candidates(first[None], second[None])) == 200  # each only with itself
