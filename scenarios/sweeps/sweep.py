"""Sweeps from Python: every combination of varied values, or every point of a plan, over the same seeds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, overload

import pandas as pd
from rich.console import Console

from commonweal.agents.errors import InputError
from commonweal.scenarios.runs.comparing import OnRound, Point, benchmark, play, spread
from commonweal.scenarios.runs.tables import SweepResults, gather
from commonweal.scenarios.schema.loading import load, read_document
from commonweal.scenarios.schema.notation import read_seeds
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.plan import Plan, read_plan
from commonweal.scenarios.sweeps.sweep_files import find_sweep, is_sweep
from commonweal.scenarios.sweeps.telling import sweep_progress


@dataclass(frozen=True)
class SweepFrames:
    """The tables of a sweep."""

    plan: Plan
    runs: pd.DataFrame  # one row per run: varied values, status, means over the last quarter of the rounds played
    rounds: pd.DataFrame  # one row per run and recorded round


@overload
def sweep(
    source: Scenario,
    vary: Mapping[str, Sequence[Any]] | None = None,
    seeds: int | Iterable[int] | None = None,
    *,
    keep_ledger: bool = False,
    start: Callable[[int], OnRound] | None = None,
) -> SweepResults: ...


@overload
def sweep(source: Plan, **options: Any) -> SweepFrames: ...


@overload
def sweep(
    source: str | Path,
    vary: Mapping[str, Sequence[Any]] | None = None,
    seeds: int | Iterable[int] | None = None,
    **options: Any,
) -> SweepResults | SweepFrames: ...


def sweep(
    source: Scenario | Plan | str | Path,
    vary: Mapping[str, Sequence[Any]] | None = None,
    seeds: int | Iterable[int] | None = None,
    *,
    keep_ledger: bool = False,
    start: Callable[[int], OnRound] | None = None,
    folder: Path | str | None = None,
    engine: str = "serial",
    **options: Any,
) -> SweepResults | SweepFrames:
    """Play every combination of the varied values, or every point of a sweep, with every seed.

    Args:
        source: a scenario to vary, or where to load it from; or a sweep, by name, path or plan.
        vary: the values to compare by dotted path; nothing varied plays the scenario itself.
        seeds: the seeds, or how many of them (0, 1, …); 8 if neither this nor the sweep says.
        keep_ledger: of a scenario, keep every transfer of money.
        start: of a scenario, told the number of rounds before the first; returns what to call after each.
        folder: of a sweep, where results are kept and continued from; nowhere if not given.
        engine: of a sweep, who plays it. Processes need ``if __name__ == "__main__":`` in a script.
        options: of a sweep, as for ``commonweal.scenarios.sweeps.engine.run_sweep``.

    Returns:
        Tidy tables; of a sweep one row per run and one per run and round, with the varied fields as columns.

    Raises:
        InputError: if a point is not a valid economy.
    """
    if isinstance(source, Plan):
        return play_plan(source, folder, engine=engine, **options)
    if not isinstance(source, Scenario) and (folder is not None or options or names_sweep(source)):
        return play_plan(read_plan(source, vary=vary, seeds=seeds), folder, engine=engine, **options)
    return _compare(
        source if isinstance(source, Scenario) else load(source),
        vary or {},
        read_seeds(8 if seeds is None else seeds),
        keep_ledger,
        start,
    )


def names_sweep(source: str | Path) -> bool:
    """Whether a name or a file is that of a sweep, and not of a scenario.

    Raises:
        InputError: if there is no such file, or it cannot be read.
    """
    file = find_sweep(source)
    try:
        return is_sweep(read_document(file))
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None


def play_plan(plan: Plan, folder: Path | str | None = None, **options: Any) -> SweepFrames:
    """Play a plan and read its tables.

    Args:
        plan: what to play.
        folder: where results are kept and continued from; nowhere if not given.
        options: as for ``commonweal.scenarios.sweeps.engine.run_sweep``.
    """
    with TemporaryDirectory() as temporary, sweep_progress(Console(stderr=True)) as tell:
        place = Path(temporary, plan.name) if folder is None else Path(folder)
        run_sweep(plan, place, tell=tell, **options)
        return SweepFrames(plan, *(pd.read_parquet(place / f"{name}.parquet") for name in ("runs", "rounds")))


def _compare(
    base: Scenario,
    vary: Mapping[str, Sequence[Any]],
    numbers: tuple[int, ...],
    keep_ledger: bool,
    start: Callable[[int], OnRound] | None,
) -> SweepResults:
    """Play a small comparison, with the price of anarchy of every run."""
    points = spread(base, vary)
    benchmarks = [benchmark(point.scenario) for point in points]
    distinct = {key.model_dump_json(): Point({}, key) for key in benchmarks}
    rounds = sum(point.scenario.rounds for point in [*points, *distinct.values()])
    on_round = start(rounds) if start else None
    results = play(points, numbers, keep_ledger=keep_ledger, on_round=on_round)
    ideal = dict(zip(distinct, play([*distinct.values()], numbers, on_round=on_round), strict=True))
    rewarded = [ideal[key.model_dump_json()] for key in benchmarks]
    return gather(base, numbers, [point.values for point in points], results, rewarded)
