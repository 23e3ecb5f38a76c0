"""What ``commonweal sweep`` does with a sweep: plays it, or what is left of it, and shows what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonweal.commands.console import say, show, tell_where
from commonweal.commands.run import Interrupted
from commonweal.scenarios.runs.progress import progress
from commonweal.scenarios.runs.text_table import Column, labels
from commonweal.scenarios.schema.notation import write_value
from commonweal.scenarios.sweeps.engine import Outcome, run_sweep
from commonweal.scenarios.sweeps.estimates import describe_plan
from commonweal.scenarios.sweeps.executors import engine_named, prepare
from commonweal.scenarios.sweeps.manifest import clear
from commonweal.scenarios.sweeps.plan import Plan, read_plan

_FIRST = 8  # points of the design that a dry run shows


@dataclass(frozen=True)
class SweepRequest:
    """What a person asks for."""

    source: str  # a sweep or a scenario: name or path
    changes: Mapping[str, Any]  # fields set alike in all points, by path
    vary: Mapping[str, Sequence[Any]]  # fields to compare, by path
    seeds: str | None  # how many, or a list; as the sweep says if None
    out: Path | None  # results/NAME if None
    engine: str
    workers: int | None
    scheduler: str | None
    dry_run: bool
    extend: bool
    retry_failed: bool
    force: bool = False  # begin anew where another sweep lies


def conduct_sweep(request: SweepRequest) -> int:
    """Play, store and show what is asked for.

    Returns:
        The exit status: 1 where runs failed.

    Raises:
        InputError: if that is not possible.
        Interrupted: if a person stops it.
    """
    if request.engine == "processes" and not request.dry_run:
        prepare()
    plan = read_plan(request.source, vary=request.vary, seeds=request.seeds, changes=request.changes)
    folder = request.out or Path("results") / plan.name
    engine = engine_named(request.engine, request.workers, request.scheduler)
    if request.dry_run:
        print(describe_plan(plan, folder, engine.workers))
        show(first_points(plan), _FIRST + 4, "the sweep plays them all")
        return 0
    engine.reach()
    if request.force and not request.extend:
        clear(folder, plan)
    outcome = _played(plan, folder, request)
    _show(outcome, folder)
    return 1 if outcome.failed else 0


def _played(plan: Plan, folder: Path, request: SweepRequest) -> Outcome:
    try:
        with progress() as tell:
            return run_sweep(
                plan,
                folder,
                engine=request.engine,
                workers=request.workers,
                scheduler=request.scheduler,
                extend=request.extend,
                retry_failed=request.retry_failed,
                tell=tell,
            )
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted; what is finished lies in {folder}/ and the same command continues") from None


def first_points(plan: Plan) -> list[Column]:
    """The points of a design, a row each."""
    values = {path: [_cell(point[path]) for point in plan.points] for path in plan.factors}
    return [Column("point", [str(number) for number in range(len(plan.points))]), *labels(values)]


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else write_value(value)


def _show(outcome: Outcome, folder: Path) -> None:
    from commonweal.commands.results import results
    from commonweal.commands.run import draw

    said = f"{outcome.runs} runs, {outcome.played} of them played now in {outcome.seconds:.0f} s"
    say(said + (f", {outcome.failed} failed: --retry-failed plays them again" if outcome.failed else ""))
    if outcome.failed < outcome.runs:
        results(folder)
    tell_where("results", folder, ["runs.parquet", "rounds.parquet"])
    if outcome.failed < outcome.runs:
        draw(folder)
