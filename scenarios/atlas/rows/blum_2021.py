"""One for one, or all for all: what everybody puts in where data cover the needs of others."""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any

import numpy as np

import commonweal as cw
from commonweal.agents.arrays import Floats
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

LEAVES = (4, 9, 16)
MISSED = 6.0  # points that each may expect to miss
GRID = 1e-3  # what is best is looked for on a grid

# Points of each owner, by the authors' repository: of the core, of its four petals, of the bud between these
CORE, BUD = tuple(range(8)), (9, 10, 13, 14, 16, 19, 20, 23)
INNER = ((0, 1, 2, 7), (1, 2, 3, 4), (3, 4, 5, 6), (0, 5, 6, 7))  # of the petals
OUTER = tuple(tuple(range(first, first + 4)) for first in (12, 16, 20, 8))
ALSO = ((9, 16), (14, 20), (10, 19), (13, 23))  # where there is a bud
SUNFLOWER = (CORE, *(inner + outer for inner, outer in zip(INNER, OUTER, strict=True)))
FLOWER_AND_BUD = (CORE, *(petal + also for petal, also in zip(SUNFLOWER[1:], ALSO, strict=True)), BUD)
APART = (tuple(range(8)), tuple(range(8, 18)))  # two who have nothing in common


@result(
    "blum-2021",
    paper="Blum, Haghtalab, Phillips and Shao, ICML 2021 (arXiv 2103.03228)",
    table="the star (√k); sunflower, flower and bud",
    shows="what is put in where nobody can do with less, against the least that meets everybody's need",
    learns="Who is of use to everybody rides free: what nobody wants to change can cost √k times what is needed.",
    link="https://arxiv.org/abs/2103.03228",
    seconds=4,
    seeds=2,
)
def one_for_one(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Principals choose how much they put in, each what is best for it as the others do, until nobody moves.

    In the star the hub's data are worth 1/√k to each of k leaves, and theirs to it. In the sunflower and in flower and
    bud every sample is one of the points of its owner, and each may miss 6 of its own.
    """
    for leaves in LEAVES:
        weights = star(leaves, nudge("overlap", 1 / sqrt(leaves)))
        need = nudge("need", 1.0)
        put = settled("coverage", {"covers": (weights / need).tolist()}, 1 + leaves, seeds)
        least = least_linear(weights, need)
        yield Check(
            f"star of {leaves}: stable total", theirs=float(leaves), ours=put.sum(axis=1), source="derived",
            found_by="best responses", within=GRID, breaks="need",
        )  # fmt: skip
        yield Check(
            f"star of {leaves}: who puts nothing in", theirs="the hub", ours=[idle(each) for each in put],
            source="derived", found_by="best responses",
        )  # fmt: skip
        yield Check(
            f"star of {leaves}: least total", theirs=sqrt(leaves), ours=least, source="derived", found_by="function",
            breaks="overlap",
        )  # fmt: skip
        yield Check(
            f"star of {leaves}: stable total, times the least", theirs=sqrt(leaves), ours=put.sum(axis=1) / least,
            source="derived", found_by="best responses", within=GRID, breaks="overlap",
        )  # fmt: skip
    yield from in_points(seeds, nudge("missed", MISSED))
    yield Check(
        "federated EMNIST: accuracy, by who takes part", theirs=None, ours=None, source="published",
        found_by="best responses",
        missing="the data (EMNIST)",
    )  # fmt: skip


def in_points(seeds: Seeds, missed: float) -> Iterator[Check]:
    """The sunflower, and flower and bud, where so many points may be missed."""
    put, least = covered(SUNFLOWER, missed, seeds).sum(axis=1), least_covering(SUNFLOWER, missed)
    times = put / least
    for name, theirs, ours in (("stable total", 5.839831, put), ("stable total, times the least", 1.125015, times)):
        yield Check(
            f"sunflower: {name}", theirs=theirs, ours=ours, source="derived", found_by="best responses", within=GRID,
            breaks="missed",
        )  # fmt: skip
    yield Check(
        "sunflower: least total", theirs=5.190893, ours=least, source="derived", found_by="function", breaks="missed",
    )  # fmt: skip
    yield Check(
        "flower and bud: stable total, which is the least", theirs=10.921817,
        ours=covered(FLOWER_AND_BUD, missed, seeds).sum(axis=1), source="derived",
        found_by="best responses", within=GRID,
        breaks="missed",
    )  # fmt: skip
    yield Check(
        "flower and bud: least total", theirs=10.921817, ours=least_covering(FLOWER_AND_BUD, missed), source="derived",
        found_by="function", breaks="missed",
    )  # fmt: skip
    alone = covered(APART, missed, seeds)
    for who, theirs, ours in (("the core", 2.73045, alone[:, 0]), ("a petal", 4.84836, alone[:, 1])):
        yield Check(
            f"flower and bud: {who}, alone", theirs=theirs, ours=ours, source="repository",
            found_by="best responses", within=GRID,
            breaks="missed",
        )  # fmt: skip


def star(leaves: int, weight: float) -> Floats:
    """(k + 1, k + 1) of what use each one's samples are to each; the hub is first."""
    weights = np.eye(leaves + 1)
    weights[0, 1:] = weights[1:, 0] = weight
    return weights


def settled(kind: str, options: Mapping[str, Any], owners: int, seeds: Seeds, worth: float = 2.0) -> Floats:
    """(S, N) samples put in once nobody moves, where to meet one's need is ``worth`` so many samples."""
    changes = {
        "rounds": 32, "market.model_value": worth, "population.count": owners, "population.cost_types": [1.0],
        "learning.samples": 1, "policy.revision": 0.8, "rewards.kind": "own_accuracy", "rewards.accuracy.kind": kind,
        "rewards.accuracy.options": dict(options),
    }  # fmt: skip
    ensemble = cw.Ensemble(cw.load("catastrophe", changes), seeds)
    for _ in range(16 if kind == "coverage" else 32):
        ensemble.step()
    return ensemble.state.membership.amount


def idle(put: Floats) -> str:
    """Who puts nothing in, of a star (N,)."""
    names = ["the hub", *(f"leaf {leaf}" for leaf in range(1, len(put)))]
    return ", ".join(name for name, samples in zip(names, put, strict=True) if samples < GRID)


def covered(owned: Sequence[Sequence[int]], missed: float, seeds: Seeds) -> Floats:
    """(S, N) samples put in by owners of points, once nobody moves."""
    options = {"points": points(owned).tolist(), "missed": missed}
    return settled("random_coverage", options, len(owned), seeds, worth=15.0)


def points(owned: Sequence[Sequence[int]]) -> Floats:
    """(M, N) 1 where a point is an owner's."""
    whose = np.zeros((1 + max(map(max, owned)), len(owned)))
    for owner, own in enumerate(owned):
        whose[list(own), owner] = 1
    return whose


def least_linear(weights: Floats, need: float) -> float:
    """Fewest samples of all that meet everybody's need, by a linear programme."""
    from scipy.optimize import linprog

    owners = len(weights)
    found: Any = linprog(np.ones(owners), A_ub=-weights, b_ub=-np.full(owners, need))
    return float(found.fun)


def least_covering(owned: Sequence[Sequence[int]], missed: float) -> float:
    """Fewest samples of all by which everybody may expect to miss no more points: a convex programme."""
    from scipy.optimize import minimize

    whose = points(owned)
    rarely = np.log1p(-1 / whose.sum(axis=0).max())

    def room(put: Floats) -> Floats:
        return np.asarray(missed - whose.T @ np.exp(rarely * (whose @ put)))

    def slope(put: Floats) -> Floats:
        return np.asarray(-rarely * (whose.T * np.exp(rarely * (whose @ put))) @ whose)

    owners = whose.shape[1]
    needs: Any = {"type": "ineq", "fun": room, "jac": slope}
    sought: dict[str, Any] = {"method": "SLSQP", "jac": np.ones_like, "bounds": [(0, None)] * owners}
    found = minimize(np.sum, np.full(owners, 2.0), constraints=needs, options={"ftol": 1e-12, "maxiter": 500}, **sought)
    return float(found.fun)
