"""Sweeps from Python: every combination of varied values, or every point of a plan, over the same seeds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.scenarios.runs.progress import Progress, counting, progress, silent, told
from commonweal.scenarios.runs.tables import TABLES, SweepResults, numbered
from commonweal.scenarios.schema.library import find_sweep, read_document
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.relevance import wired
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.plan import KEEP, Plan, plan_of, read_plan
from commonweal.scenarios.sweeps.sweep_files import is_sweep


def sweep(
    source: Scenario | Plan | str | Path,
    vary: Mapping[str, Sequence[Any]] | None = None,
    seeds: int | Iterable[int] | None = None,
    *,
    keep_ledger: bool = False,
    tell: Progress | None = None,
    folder: Path | str | None = None,
    engine: str = "serial",
    **options: Any,
) -> SweepResults:
    """Play every combination of the varied values, or every point of a sweep, with every seed.

    Args:
        source: a scenario to vary, or where to load it from; or a sweep, by name, path or plan.
        vary: the values to compare by dotted path; nothing varied plays the scenario itself.
        seeds: the seeds, or how many of them (0, 1, …); 8 if neither this nor the sweep says.
        keep_ledger: of a scenario, keep every transfer of money.
        tell: told the rounds played of a scenario, by the engine serial, which a notebook shows if it is None; the runs
            done of a sweep, which shows them itself if it is None.
        folder: where results are kept and continued from; nowhere if not given.
        engine: who plays it. Processes need ``if __name__ == "__main__":`` in a script.
        options: as for ``commonweal.scenarios.sweeps.engine.run_sweep``.

    Returns:
        Tidy tables. Of a scenario all of them, runs numbered from 0, with the price of anarchy; of a sweep the table of
        runs, that of rounds, and what else it keeps, as they are stored.

    Raises:
        InputError: if a point is not a valid economy, or a run of a comparison fails.
    """
    plan = _planned(source, vary, seeds, keep_ledger)
    with TemporaryDirectory() as temporary, told(tell) if plan.whole or tell is not None else progress() as telling:
        start = partial(counting, telling, f"rounds of {plan.name}") if plan.whole and telling is not silent else None
        place = Path(temporary, plan.name) if folder is None else Path(folder)
        run_sweep(plan, place, engine=engine, tell=silent if plan.whole else telling, start=start, **options)
        files = {name: place / f"{name}.parquet" for name in TABLES}
        tables = {name: pd.read_parquet(file) for name, file in files.items() if file.is_file()}
    results = SweepResults(plan.base, plan.factors, plan.seeds, **tables)
    if not plan.whole:
        return results
    if len(failed := results.runs[results.runs["status"] == "failed"]):
        raise InputError(failed["message"].iloc[0])
    return numbered(results)


def comparison(
    scenario: Scenario,
    vary: Mapping[str, Sequence[Any]] | None = None,
    seeds: int | str | Iterable[int] = 8,
    *,
    keep_ledger: bool = False,
) -> Plan:
    """The plan of a comparison: each point is played whole, and everything of it is kept.

    Raises:
        InputError: if a point is not a valid economy.
    """
    plan = plan_of(scenario, vary, seeds)
    left_out = {"ledger": not keep_ledger, "wire": not any(wired(plan.scenario(n)) for n in range(len(plan.points)))}
    return replace(plan, whole=True, keep=tuple(name for name in KEEP if not left_out.get(name)))


def _planned(
    source: Scenario | Plan | str | Path, vary: Mapping[str, Sequence[Any]] | None, seeds: Any, keep_ledger: bool
) -> Plan:
    if isinstance(source, Plan):
        return source
    if not isinstance(source, Scenario) and names_sweep(source):
        return read_plan(source, vary=vary, seeds=seeds)
    base = source if isinstance(source, Scenario) else load(source)
    return comparison(base, vary, 8 if seeds is None else seeds, keep_ledger=keep_ledger)


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
