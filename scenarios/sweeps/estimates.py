"""Estimates of what a sweep takes before it is played: runs, chunks, time and disk, from trials of some chunks."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from commonweal.agents.threads import one_thread
from commonweal.scenarios.sweeps.chunks import Chunk, form_chunks
from commonweal.scenarios.sweeps.rows import Measured

if TYPE_CHECKING:
    from commonweal.scenarios.sweeps.plan import Plan

_TRIALS = 3  # chunks that are tried
_ROUNDS = 4  # that each trial plays
_BYTES = 5.5  # of a compressed number in the table of rounds, as measured on the commons


@dataclass(frozen=True)
class Estimate:
    """What a sweep will take."""

    runs: int
    chunks: int
    core_seconds: float  # of one core
    bytes: float  # on disk

    def seconds(self, workers: int) -> float:
        """Time with so many workers; more workers than chunks do not help."""
        return self.core_seconds / min(workers, self.chunks)


def estimate(plan: "Plan") -> Estimate:
    """Estimate what a sweep will take, by playing some rounds of a few of its chunks.

    Raises:
        InputError: if a tried economy cannot be set up.
    """
    runs = [(point, seed) for point in range(len(plan.points)) for seed in plan.seeds]
    chunks = list(form_chunks(plan, runs))
    places = sorted({0, len(chunks) // 2, len(chunks) - 1})[:_TRIALS]
    trials = [_trial(plan, chunks[place]) for place in places]
    found, played = np.mean([setup for setup, _ in trials]), np.mean([per_round for _, per_round in trials])
    scenarios = [plan.scenario(chunk.points[0]) for chunk in chunks]
    run_rounds = sum(len(chunk) * scenario.rounds for chunk, scenario in zip(chunks, scenarios, strict=True))
    names = Measured.of(plan.base).metrics if plan.metrics is None else plan.metrics
    kept = len(names)
    seconds = float(found * len(runs) + played * run_rounds)
    return Estimate(len(runs), len(chunks), seconds, run_rounds / plan.every * kept * _BYTES)


def _trial(plan: "Plan", chunk: Chunk) -> tuple[float, float]:
    """Seconds to set up a run, and to play one of its rounds."""
    from commonweal.economy.runs.ensemble import Ensemble

    with one_thread():
        scenarios = [plan.scenario(point) for point in chunk.points]
        Ensemble(scenarios[:1], chunk.seeds[:1]).step()  # data and libraries are loaded once in a worker
        began = perf_counter()
        ensemble = Ensemble(scenarios, chunk.seeds)
        founded = perf_counter()
        ensemble.run(_ROUNDS)
        return (founded - began) / len(chunk), (perf_counter() - founded) / len(chunk) / _ROUNDS


def describe_plan(plan: "Plan", folder: Path, workers: int) -> str:
    """The estimate in words, for ``--dry-run``."""
    guess = estimate(plan)
    return (
        f"{plan.name}: {guess.runs} runs ({len(plan.points)} points × {len(plan.seeds)} seeds, {plan.design}) in "
        f"{guess.chunks} chunks\n"
        f"time     about {_duration(guess.seconds(workers))} on {workers} workers, unless runs stop early\n"
        f"disk     about {_size(guess.bytes)} in {folder}/"
    )


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"


def _size(count: float) -> str:
    for unit, length in (("GB", 1e9), ("MB", 1e6)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"
