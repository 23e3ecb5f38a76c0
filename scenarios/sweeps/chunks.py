"""Chunks: runs of a sweep that are computed and stored together, and repeated together after an interruption.

They follow from the plan alone, not from what is done already or from the number of workers, so that a sweep gives the
same tables however it is played.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from commonweal.scenarios.schema.mechanisms import differs_by_run
from commonweal.scenarios.schema.notation import split_path, write_cell
from commonweal.scenarios.schema.relevance import is_tabled
from commonweal.scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from commonweal.scenarios.sweeps.plan import Plan

LARGEST = 32  # runs; rounds of larger ensembles leave the cache and gain nothing
SMALLEST = 8  # runs below which a chunk is not made smaller for the sake of more chunks
FEWEST = 16  # chunks wanted of a sweep, so that workers have something to do
MEMORY = 2**30  # bytes a chunk may need

_SINGLE = 4  # bytes of a number in the network
_DOUBLE = 8  # bytes of a number beside it
_COPIES = 6  # of a layer's inputs and outputs alive at once
_FIELDS = 60  # numbers kept for a principal
_FEATURES = {"wine": 13, "breast_cancer": 30, "digits": 64}
_UNKNOWN_FEATURES = 800  # a guess for data sets that are fetched or registered
_CLASSES = 10
_COALITIONS = 64  # networks that credit rules which form coalitions hold at once
_LOCAL = 4  # networks that a principal holds at once while it trains by itself


@dataclass(frozen=True)
class Chunk:
    """Some runs of a sweep whose scenarios differ only in numbers."""

    number: int  # counted over all chunks of a folder
    points: tuple[int, ...]  # a point per run, as the folder numbers them
    seeds: tuple[int, ...]  # a seed per run

    def __len__(self) -> int:
        return len(self.points)


def may_differ(path: str) -> bool:
    """Whether runs computed together may differ in the field at ``path``."""
    from commonweal.economy.world.terms import is_per_run  # imports torch

    first, *others = split_path(path)
    return differs_by_run(others) if first == "mechanisms" else is_per_run(path)


def form_chunks(plan: "Plan", runs: Sequence[tuple[int, int]], first: int = 0) -> Iterator[Chunk]:
    """Divide runs into chunks.

    Args:
        plan: what the runs belong to.
        runs: point of the plan and seed of each run, in the plan's order.
        first: number of the first chunk.

    Yields:
        Chunks whose points are the plan's, in the order of their first runs' rules.
    """
    numbers = {path for path in plan.factors if may_differ(path) and not plan.whole}
    groups: dict[str, list[tuple[int, int]]] = {}
    for run in runs:
        rules = {path: value for path, value in plan.points[run[0]].items() if path not in numbers}
        groups.setdefault(write_cell(rules), []).append(run)
    for group in groups.values():
        size = len(group) if plan.whole else chunk_size(plan.scenario(group[0][0]), len(runs))
        for part in _divide(group, size):
            yield Chunk(first, tuple(point for point, _ in part), tuple(seed for _, seed in part))
            first += 1


def chunk_size(scenario: Scenario, runs: int) -> int:
    """The most runs in a chunk, given one of their scenarios and how many runs are divided in all."""
    return max(1, min(LARGEST, MEMORY // run_bytes(scenario), max(SMALLEST, runs // FEWEST)))


def _divide(runs: Sequence[tuple[int, int]], size: int) -> Iterator[Sequence[tuple[int, int]]]:
    """Parts of nearly equal length, at most ``size``."""
    parts = -(-len(runs) // size)
    yield from (runs[len(runs) * i // parts : len(runs) * (i + 1) // parts] for i in range(parts))


def run_bytes(scenario: Scenario) -> int:
    """About how much memory a run needs, from its sizes N, S, P, K and the samples that are measured on."""
    principals, task, learning = scenario.population.count, scenario.task, scenario.learning
    widths = (_features(scenario), *learning.hidden, _classes(scenario))
    parameters = sum((a + 1) * b for a, b in pairwise(widths))
    dimensions = scenario.values.dimensions
    put_in = learning.batch if learning.sampling == "pool" else principals * learning.samples
    measured = task.validation + task.test + sum(dimension.samples for dimension in dimensions)
    network = _COPIES * _SINGLE * ((put_in + measured) * sum(widths) + (2 + len(dimensions)) * parameters)
    network += _SINGLE * parameters * _networks(scenario)
    told = _FIELDS + scenario.settlement.horizon + 4 * len(dimensions)
    samples = task.samples * task.features if task.kind == "synthetic" else 0
    return int(network + _DOUBLE * (principals * told + samples + 30 * scenario.rounds))


def _networks(scenario: Scenario) -> int:
    """Networks that are held at once beside the shared one: of coalitions, and of updates, one per principal."""
    from commonweal.economy.credit import CREDITS  # imports torch

    principals, credit = scenario.population.count, scenario.credit
    robust = credit.replication.penalty > 0 or scenario.settlement.kind == "robust"
    coalitions = CREDITS.facts(credit.kind).needs_updates
    updates = coalitions or (robust and credit.replication.similarity == "updates")
    local = _LOCAL if scenario.learning.method == "federated" else 0
    return principals * (updates + local) + _COALITIONS * coalitions


def _features(scenario: Scenario) -> int:
    if scenario.task.kind == "synthetic":
        return scenario.task.features
    if is_tabled(scenario.task.kind):
        from commonweal.economy.tasks.tables import dataset_of  # imports torch

        return int(dataset_of(scenario.task).features.shape[1])
    return _FEATURES.get(scenario.task.kind, _UNKNOWN_FEATURES)


def _classes(scenario: Scenario) -> int:
    return scenario.task.classes if scenario.task.kind == "synthetic" else _CLASSES
