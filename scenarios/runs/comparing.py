"""Sweeps: every combination of varied values over the same seeds, as tidy tables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, overload

import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.scenarios.runs.progress import Progress, counting, progress, silent
from commonweal.scenarios.runs.tables import SweepResults, gather
from commonweal.scenarios.schema.loading import load, read_document, revise
from commonweal.scenarios.schema.notation import parse_path, write_value
from commonweal.scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from commonweal.economy.runs.results import Results
    from commonweal.scenarios.sweeps.plan import Plan

OnRound = Callable[[], None]


@dataclass(frozen=True)
class SweepFrames:
    """The tables of a sweep."""

    plan: "Plan"
    runs: pd.DataFrame  # one row per run: varied values, status, means over the last quarter of the rounds played
    rounds: pd.DataFrame  # one row per run and recorded round


@dataclass(frozen=True)
class Point:
    """One economy of a sweep."""

    values: Mapping[str, Any]  # the varied fields by path; empty for a single economy
    scenario: Scenario


@overload
def sweep(
    source: Scenario,
    vary: Mapping[str, Sequence[Any]] | None = None,
    seeds: int | Iterable[int] | None = None,
    *,
    keep_ledger: bool = False,
    tell: Progress | None = None,
) -> SweepResults: ...


@overload
def sweep(source: "Plan", **options: Any) -> SweepFrames: ...


@overload
def sweep(
    source: str | Path,
    vary: Mapping[str, Sequence[Any]] | None = None,
    seeds: int | Iterable[int] | None = None,
    **options: Any,
) -> SweepResults | SweepFrames: ...


def sweep(
    source: "Scenario | Plan | str | Path",
    vary: Mapping[str, Sequence[Any]] | None = None,
    seeds: int | Iterable[int] | None = None,
    *,
    keep_ledger: bool = False,
    tell: Progress | None = None,
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
        tell: told the rounds played of a scenario, the runs done of a sweep, which shows them itself if it is None.
        folder: of a sweep, where results are kept and continued from; nowhere if not given.
        engine: of a sweep, who plays it. Processes need ``if __name__ == "__main__":`` in a script.
        options: of a sweep, as for ``commonweal.scenarios.sweeps.engine.run_sweep``.

    Returns:
        Tidy tables; of a sweep one row per run and one per run and round, with the varied fields as columns.

    Raises:
        InputError: if a point is not a valid economy.
    """
    from commonweal.scenarios.sweeps.plan import Plan, read_plan

    if isinstance(source, Plan):
        return play_plan(source, folder, engine=engine, tell=tell, **options)
    if not isinstance(source, Scenario) and (folder is not None or options or names_sweep(source)):
        return play_plan(read_plan(source, vary=vary, seeds=seeds), folder, engine=engine, tell=tell, **options)
    return _compare(
        source if isinstance(source, Scenario) else load(source),
        vary or {},
        read_seeds(8 if seeds is None else seeds),
        keep_ledger,
        tell or silent,
    )


def names_sweep(source: str | Path) -> bool:
    """Whether a name or a file is that of a sweep, and not of a scenario.

    Raises:
        InputError: if there is no such file, or it cannot be read.
    """
    from commonweal.scenarios.sweeps.sweep_files import find_sweep, is_sweep

    file = find_sweep(source)
    try:
        return is_sweep(read_document(file))
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None


def play_plan(
    plan: "Plan", folder: Path | str | None = None, *, tell: Progress | None = None, **options: Any
) -> SweepFrames:
    """Play a plan and read its tables.

    Args:
        plan: what to play.
        folder: where results are kept and continued from; nowhere if not given.
        tell: told the runs done; they are shown on standard error if it is None.
        options: as for ``commonweal.scenarios.sweeps.engine.run_sweep``.
    """
    from commonweal.scenarios.sweeps.engine import run_sweep

    with TemporaryDirectory() as temporary, progress() as shown:
        place = Path(temporary, plan.name) if folder is None else Path(folder)
        run_sweep(plan, place, tell=tell or shown, **options)
        return SweepFrames(plan, *(pd.read_parquet(place / f"{name}.parquet") for name in ("runs", "rounds")))


def _compare(
    base: Scenario,
    vary: Mapping[str, Sequence[Any]],
    numbers: tuple[int, ...],
    keep_ledger: bool,
    tell: Progress,
) -> SweepResults:
    """Play a small comparison, with the price of anarchy of every run."""
    points = spread(base, vary)
    benchmarks = [benchmark(point.scenario) for point in points]
    distinct = {key.model_dump_json(): Point({}, key) for key in benchmarks}
    rounds = sum(point.scenario.rounds for point in [*points, *distinct.values()])
    on_round = counting(tell, f"rounds of {base.name}", rounds)
    results = play(points, numbers, keep_ledger=keep_ledger, on_round=on_round)
    ideal = dict(zip(distinct, play([*distinct.values()], numbers, on_round=on_round), strict=True))
    rewarded = [ideal[key.model_dump_json()] for key in benchmarks]
    return gather(base, numbers, [point.values for point in points], results, rewarded)


def play(
    points: Sequence[Point], seeds: Sequence[int], *, keep_ledger: bool = False, on_round: OnRound | None = None
) -> "list[Results]":
    """Play each point with all seeds, one ensemble a point. ``commonweal.scenarios.sweeps.engine`` plays larger sweeps.

    Args:
        points: the economies.
        seeds: one run of each economy per seed.
        keep_ledger: keep every transfer of money.
        on_round: called after each round of each ensemble.
    """
    from commonweal.economy.runs.ensemble import Ensemble  # imports torch

    return [
        Ensemble(point.scenario, list(seeds), keep_ledger=keep_ledger).run(point.scenario.rounds, on_round)
        for point in points
    ]


def spread(base: Scenario, vary: Mapping[str, Sequence[Any]]) -> list[Point]:
    """Every combination of the varied values, the last field varying fastest.

    Raises:
        InputError: if nothing or something twice is listed, or a combination is not a valid economy.
    """
    listed = {parse_path(path): list(values) for path, values in vary.items()}
    for path, values in listed.items():
        texts = [write_value(value) for value in values]
        if not texts or (twice := next((text for text in texts if texts.count(text) > 1), None)):
            raise InputError(f"{path} varies over {f'{twice} twice' if texts else 'nothing'}: list different values")
    combinations = [dict(zip(listed, values, strict=True)) for values in product(*listed.values())]
    return [Point(values, revise(base, values)) for values in combinations]


def benchmark(scenario: Scenario) -> Scenario:
    """The economy in which everybody always delegates, against which the price of anarchy is measured.

    Its credit, settlement and policy are always the same, so points that differ only in those share it: nobody
    reconsiders, and with equal shares and no reserve all revenue reaches the principals.
    """
    starts = {f"population.start_{action}": 0.0 for action in ("free_ride", "defect", "abstain")}
    return revise(
        scenario,
        {
            "name": "all-delegate",
            "description": "",
            "actions.available": sorted({*scenario.actions.available, "delegate"}),
            "policy": {"mix": {"fixed": 1.0}, "mutation": 0.0},
            "credit": {},
            "settlement": {"kind": "equal"},
            "population.start_delegate": 1.0,
            **starts,
        },
    )


def read_seeds(seeds: int | str | Iterable[int]) -> tuple[int, ...]:
    """Seeds from how many ("8": 0 to 7), from a list ("3,5"), or from numbers.

    Raises:
        InputError: if they are not different whole numbers from zero, at least one.
    """
    refuse = partial(InputError, f"seeds = {seeds}: must be a count of at least 1, or different whole numbers from 0")
    if isinstance(seeds, str):
        texts = seeds.removesuffix(",").split(",")  # "3," is a list of one
        if not all(text.strip().isascii() and text.strip().isdigit() for text in texts):
            raise refuse()
        seeds = int(texts[0]) if "," not in seeds else [int(text) for text in texts]
    numbers = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    if not numbers or len(set(numbers)) < len(numbers) or min(numbers) < 0:
        raise refuse()
    return numbers
