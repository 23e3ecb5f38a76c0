"""A sweep in progress: what its folder holds, which chunks are done, and what a worker needs to play another."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from commonweal.agents.documents import differences
from commonweal.agents.errors import InputError
from commonweal.agents.files import sweep_up
from commonweal.agents.registry import plugin_modules
from commonweal.scenarios.schema.notation import shorten, write_value
from commonweal.scenarios.sweeps.chunks import Chunk, form_chunks
from commonweal.scenarios.sweeps.compaction import RUNS, compacted, failed_runs
from commonweal.scenarios.sweeps.manifest import (
    Design,
    changed_source,
    check_place,
    code_version,
    identity,
    is_sweep,
    locked,
    read_design,
    read_manifest,
    withdraw,
    write_manifest,
)
from commonweal.scenarios.sweeps.rows import Factor, Order, factor_of
from commonweal.scenarios.sweeps.shards import (
    SHARDS,
    DamagedShardError,
    committed,
    count_failed,
    remove_damaged,
    remove_shards,
    shard_files,
)
from commonweal.scenarios.sweeps.telling import Scope

if TYPE_CHECKING:
    from commonweal.scenarios.sweeps.plan import Plan

_SHOWN = "share_delegate"  # metric whose best and worst cells are shown where the plan names none


@contextmanager
def undertake(
    plan: "Plan",
    folder: Path,
    *,
    extend: bool = False,
    retry_failed: bool = False,
    checkpoint: tuple[Path, int] | None = None,
) -> "Iterator[Undertaking]":
    """Begin a sweep in ``folder``, or continue one, while the block runs.

    Args:
        plan: the sweep.
        folder: absolute.
        extend: accept further points and seeds.
        retry_failed: play runs that failed once more.
        checkpoint: folder of checkpoints, and rounds between them; none are kept if not given.

    Raises:
        InputError: if the folder holds something else or another sweep, or cannot be written.
    """
    check_place(folder)
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    with locked(folder):
        sweep_up(folder)
        sweep_up(folder / SHARDS)
        try:
            work = Undertaking(plan, folder, _agreed_design(plan, folder, extend), checkpoint)
            work.look_over()
            if retry_failed:
                work.try_again()
            yield work
        except InputError:
            if made and not compacted(folder) and not committed(folder):
                withdraw(folder, made)
            raise


def _agreed_design(plan: "Plan", folder: Path, extend: bool) -> Design:
    """The design in the folder, with what the plan adds, after making sure that it is the same sweep."""
    if not is_sweep(folder):
        design = _widened(plan, Design.empty())
        write_manifest(folder, plan, design)
        return design
    manifest = read_manifest(folder)
    if manifest.version != code_version():
        raise InputError(
            f"{folder}: was begun with code version {manifest.version} and this is {code_version()}; "
            "continue it with that version, replace it with --force, or name another folder"
        )
    if name := changed_source(manifest, plan):
        raise InputError(
            f"{folder}: {name} is not what it was when the sweep was begun; continue it with what it was, replace it "
            "with --force, or name another folder"
        )
    if found := list(differences(manifest.identity, identity(plan))):
        path, was, now = found[0]
        more = f" (and {len(found) - 1} more differences)" if len(found) > 1 else ""
        said = f"{path} was {_said(was)} and is now {_said(now)}"
        raise InputError(f"{folder}: holds another sweep: {said}{more}; replace it with --force or name another folder")
    design = read_design(folder, manifest)
    added = _demand_same_runs(plan, folder, design)
    if not added:
        return design
    if not extend:
        raise InputError(f"{folder}: the sweep has {added} that it had not when it was begun: add them with --extend")
    _demand_same_kinds(plan, folder, design)
    design = _widened(plan, design)
    write_manifest(folder, plan, design)
    return design


def _said(value: Any) -> str:
    return "nothing" if value is None else shorten(json.dumps(value, ensure_ascii=False))


def _demand_same_runs(plan: "Plan", folder: Path, design: Design) -> str:
    """Check that the plan has all runs of the design; says what it adds."""
    keys, seeds = set(plan.keys), set(plan.seeds)
    for noun, gone in (
        ("point", [cell for cell, key in zip(design.cells, design.keys, strict=True) if key not in keys]),
        ("seed", [seed for seed in design.seeds if seed not in seeds]),
    ):
        if gone:
            rest = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
            raise InputError(
                f"{folder}: holds a sweep with {noun} {shorten(str(gone[0]))}{rest}, which this one has not; "
                "replace it with --force or name another folder"
            )
    more = {"point": len(keys) - len(design.cells), "seed": len(seeds) - len(design.seeds)}
    return " and ".join(f"{count} {noun}{'s' * (count > 1)}" for noun, count in more.items() if count)


def _demand_same_kinds(plan: "Plan", folder: Path, design: Design) -> None:
    """Check that added values fit into the existing columns."""
    values = [json.loads(cell) for cell in design.cells]
    for path in plan.factors:
        old, new = factor_of(path, values).kind, factor_of(path, plan.points).kind
        if old != new and {old, new} != {"integer", "number"}:
            raise InputError(
                f"{folder}: {path} has values of kind {old} there, and with the added ones of kind {new}; "
                "name another folder"
            )


def _widened(plan: "Plan", design: Design) -> Design:
    """The design with the runs that the plan adds, as further points and chunks."""
    keys, known = plan.keys, {key: number for number, key in enumerate(design.keys)}
    fresh = [number for number, key in enumerate(keys) if key not in known]
    known |= {keys[number]: len(design.cells) + place for place, number in enumerate(fresh)}
    seeds, old = set(design.seeds), len(design.cells)
    runs = [
        (point, seed)
        for point, key in enumerate(keys)
        for seed in plan.seeds
        if known[key] >= old or seed not in seeds
    ]
    chunks = [
        Chunk(chunk.number, tuple(known[keys[point]] for point in chunk.points), chunk.seeds)
        for chunk in form_chunks(plan, runs, design.chunks)
    ]
    return design.added([plan.cells[number] for number in fresh], [keys[number] for number in fresh], chunks)


class Undertaking:
    """A sweep in progress.

    Args:
        plan: the sweep.
        folder: absolute.
        design: which run belongs to which chunk.
        checkpoint: folder of checkpoints, and rounds between them.
    """

    def __init__(self, plan: "Plan", folder: Path, design: Design, checkpoint: tuple[Path, int] | None = None) -> None:
        self.checkpoint = checkpoint
        self.plan = plan
        self.folder = folder
        self.design = design
        self._factors: tuple[Factor, ...] = tuple(factor_of(path, plan.points) for path in plan.factors)
        places = {key: number for number, key in enumerate(plan.keys)}
        self._places = [places[key] for key in design.keys]  # per point of the folder its number in the plan
        self._plugins = plugin_modules()

    @property
    def runs(self) -> int:
        """How many runs the sweep has."""
        return self.design.runs

    @property
    def shown(self) -> str:
        """The metric by which cells are best or worst."""
        return self.plan.metrics[0] if self.plan.metrics else _SHOWN

    def look_over(self) -> None:
        """Take away shards that are in the tables already, and those that are damaged."""
        remove_shards(self.folder, set(compacted(self.folder)))
        for number in committed(self.folder):
            try:
                count_failed(self.folder, number)
            except DamagedShardError:
                remove_damaged(self.folder, number)

    def try_again(self) -> None:
        """Add a chunk for each run that failed, to be played by itself."""
        done = set(compacted(self.folder)).union(committed(self.folder))
        waiting = [self.design.take(number) for number in range(self.design.chunks) if number not in done]
        pending = {run for chunk in waiting for run in zip(chunk.points, chunk.seeds, strict=True)}
        failed = [run for run in failed_runs(self.folder, committed(self.folder)) if run not in pending]
        if failed:
            first = self.design.chunks
            again = [Chunk(first + i, (point,), (seed,)) for i, (point, seed) in enumerate(failed)]
            self.design = self.design.added((), (), again)
            write_manifest(self.folder, self.plan, self.design)

    def committed(self) -> list[int]:
        """Chunks that lie in shards."""
        return committed(self.folder)

    def todo(self) -> list[int]:
        """Chunks that are not stored."""
        done = set(compacted(self.folder)).union(committed(self.folder))
        return [number for number in range(self.design.chunks) if number not in done]

    def complete(self) -> bool:
        """Whether everything is in the tables."""
        return len(compacted(self.folder)) == self.design.chunks

    def count(self, numbers: Sequence[int]) -> int:
        """How many runs are in chunks."""
        return int(self._sizes[numbers].sum()) if len(numbers) else 0

    @cached_property
    def _sizes(self) -> Any:
        return self.design.sizes()

    def stored(self, number: int) -> bool:
        """Whether a chunk lies in a shard."""
        return shard_files(self.folder, number)[0].exists()

    def count_failed(self, number: int) -> int:
        """How many runs of a stored chunk failed."""
        return count_failed(self.folder, number)

    def failed(self) -> int:
        """How many runs failed and are not tried again, in the tables and in the shards."""
        table = self.folder / RUNS
        status = pq.read_table(table, columns=["status"])["status"] if table.exists() else None
        held = 0 if status is None else pc.sum(pc.equal(status, "failed")).as_py() or 0
        return held + sum(count_failed(self.folder, number) for number in committed(self.folder))

    def scope(self) -> Scope:
        """What there is to do."""
        left = self.todo()
        again = self._repeated()[np.isin(self.design.chunk, left)].sum() if left else 0
        failed = self.failed() - int(again)
        done = self.runs - self.count(left) - failed
        return Scope(self.plan.name, self.runs, done, failed, self.shown, self.describe)

    def _repeated(self) -> Any:
        """Per run of the design whether it is there before."""
        repeated = np.ones(len(self.design.chunk), dtype=bool)
        runs = np.stack([self.design.point, self.design.seed], axis=1)
        repeated[np.unique(runs, axis=0, return_index=True)[1]] = False
        return repeated

    def describe(self, point: int) -> str:
        """A point in a few words."""
        values = json.loads(self.design.cells[point])
        return ", ".join(f"{path} = {write_value(values[path])}" for path in self.plan.factors)

    def _values(self, point: int) -> Mapping[str, Any]:
        """The values of a point of the folder; files by the paths that they had when it was begun."""
        named = self.design.cells[point] != self.design.keys[point]
        values: Mapping[str, Any] = self.plan.points[self._places[point]]
        return json.loads(self.design.cells[point]) if named else values

    def order(self, number: int) -> Order:
        """A chunk as a worker gets it."""
        chunk = self.design.take(number)
        scenarios = {point: self.plan.scenario(self._places[point]) for point in dict.fromkeys(chunk.points)}
        return Order(
            folder=self.folder,
            number=number,
            points=chunk.points,
            seeds=chunk.seeds,
            scenarios=tuple(scenarios[point] for point in chunk.points),
            values=tuple(map(self._values, chunk.points)),
            factors=self._factors,
            metrics=self.plan.metrics,
            shown=self.shown,
            every=self.plan.every,
            stop=self.plan.stop,
            version=code_version(),
            plugins=self._plugins,
            sources=self.plan.sources,
            keep=self.plan.keep,
            whole=self.plan.whole,
            checkpoint=self.checkpoint,
        )

    def rounds(self, numbers: Sequence[int]) -> int:
        """How many rounds are to be played in chunks, with those in which everybody delegates."""
        orders = [self.order(number) for number in numbers]
        ideals = {order.ideal: order.scenarios[0].rounds for order in orders if order.ideals}
        return sum(order.scenarios[0].rounds for order in orders) + sum(ideals.values())
