"""Playing the points of a study with the engine of sweeps, in memory as far as its user can tell."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from commonweal.scenarios.reading.cells import Cells, compare
from commonweal.scenarios.runs.progress import Progress
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.designs import Point
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.plan import Plan, checked

SMALL = 30_000  # rounds of single runs, below which starting processes does not pay


def play_points(
    scenario: Scenario,
    points: Sequence[Point],
    seeds: tuple[int, ...],
    outcomes: Sequence[str],
    workers: int | None,
    what: str,
    tell: Progress,
) -> Cells:
    """Play every point with every seed.

    Args:
        scenario: what points change.
        points: P of them, with the same fields.
        seeds: S of them, the same for every point.
        outcomes: M metrics.
        workers: processes; as many as cores if None; 1 plays all in this process.
        what: is being played, for progress.
        tell: told the runs done, of how many.

    Returns:
        Means over the last quarter of rounds and over seeds, and paired differences to the first point.
    """
    factors = tuple(points[0])
    plan = checked(Plan(scenario.name, scenario, factors, tuple(points), seeds, tuple(outcomes), scenario.rounds))
    serial = workers == 1 or plan.runs * scenario.rounds < SMALL

    def told(_: str, done: int, of: int, *more: str) -> None:
        tell(what, done, of)

    with TemporaryDirectory() as folder:
        place = Path(folder, "sweep")
        engine, number = ("serial", None) if serial else ("processes", workers)
        run_sweep(plan, place, engine=engine, workers=number, tell=told)
        runs = pd.read_parquet(place / "runs.parquet")
    for outcome in outcomes:
        if outcome not in runs:  # every run failed
            runs[outcome] = float("nan")
    return compare(runs, factors, outcomes)
