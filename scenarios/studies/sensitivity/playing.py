"""Playing the points of a study with the engine of sweeps, in memory as far as its user can tell."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from commonweal.scenarios.reading.cells import Cells, compare
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.base import Tell
from commonweal.scenarios.sweeps.designs import Point
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.plan import Plan, checked
from commonweal.scenarios.sweeps.telling import Scope, Teller

if TYPE_CHECKING:
    from commonweal.scenarios.sweeps.worker import Settled

SMALL = 30_000  # rounds of single runs, below which starting processes does not pay


def play_points(
    scenario: Scenario,
    points: Sequence[Point],
    seeds: tuple[int, ...],
    outcomes: Sequence[str],
    workers: int | None,
    what: str,
    tell: Tell,
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
    with TemporaryDirectory() as folder:
        place = Path(folder, "sweep")
        engine, number = ("serial", None) if serial else ("processes", workers)
        run_sweep(plan, place, engine=engine, workers=number, tell=_Told(what, plan.runs, tell))
        runs = pd.read_parquet(place / "runs.parquet")
    for outcome in outcomes:
        if outcome not in runs:  # every run failed
            runs[outcome] = float("nan")
    return compare(runs, factors, outcomes)


class _Told(Teller):
    """Passes on to a study's listener how many runs are done."""

    def __init__(self, what: str, runs: int, tell: Tell) -> None:
        self._what, self._runs, self._tell, self._done = what, runs, tell, 0

    def begin(self, scope: Scope) -> None:
        self._tell(self._what, 0, self._runs)

    def settle(self, settled: "Settled") -> None:
        self._done += settled.runs
        self._tell(self._what, self._done, self._runs)

    def remark(self, text: str) -> None:
        """Damaged shards of a temporary folder are nobody's business."""

    def tick(self) -> None:
        """Listeners look at the clock themselves."""
