"""What sweeping costs beside the ensembles themselves, and what it saves over one run after another.

    python benchmarks/sweep.py            all parts
    python benchmarks/sweep.py a b        some of them

(a) 2000 runs on two cores: seconds of the whole sweep, against pure ensemble compute divided by the cores
(b) the same runs one by one through Cooperative, on a sample
(c) peak memory of the main process at 1 × and 10 × runs
(d) how long a start takes to see what 100,000 finished runs have left to do
(e) 200 runs through mesa.batch_run, which Mesa 4 has no more, beside ours: seconds, and what comes out
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.sweeps.chunks import form_chunks
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.executors import prepare
from commonweal.scenarios.sweeps.folder import undertake
from commonweal.scenarios.sweeps.plan import Plan, plan_of
from commonweal.scenarios.sweeps.rows import Played, tabulate
from commonweal.scenarios.sweeps.shards import write_shard

CORES = 2


def design(points: int, seeds: int, **changes: Any) -> Plan:
    """Points over rules and numbers, as researchers sweep them: N = 40, 100 rounds."""
    base = revise(load("commons"), {"rounds": 100, **changes})
    kinds = ["equal", "credit"]
    prices = np.linspace(0.001, 0.02, points // len(kinds)).round(6).tolist()
    return plan_of(base, {"settlement.kind": kinds, "market.price": prices}, seeds=seeds)


def timed(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def pure_compute(plan: Plan) -> float:
    """Seconds of the plan's ensembles in one process, nothing stored or told; data and libraries loaded before."""
    torch.set_num_threads(1)
    runs = [(point, seed) for point in range(len(plan.points)) for seed in plan.seeds]
    total = 0.0
    for chunk in form_chunks(plan, runs):
        scenarios = [plan.scenario(point) for point in chunk.points]
        total += timed(lambda s=scenarios, b=chunk: Ensemble(s, b.seeds).run())
    return total


def whole_sweep(repeats: int = 1) -> None:
    """Part (a)."""
    prepare()  # as the command does first of all, so that libraries load while it reads the sweep
    plan = design(points=200, seeds=10)
    Ensemble(plan.base, [0]).step()
    ratios = []
    for _ in range(repeats):
        first = pure_compute(plan)
        with tempfile.TemporaryDirectory() as folder:
            took = timed(lambda: run_sweep(plan, Path(folder, "sweep"), workers=CORES))
            size = sum(file.stat().st_size for file in Path(folder, "sweep").iterdir())
        pure = (first + pure_compute(plan)) / 2  # before and after, since a machine's speed drifts
        ratios.append(took / (pure / CORES))
        print(
            f"(a) {plan.runs} runs, N = 40, 100 rounds, {CORES} workers: sweep {took:.1f} s, storage, scheduling and "
            f"forking of workers included; pure ensemble compute {pure:.1f} s, over {CORES} cores {pure / CORES:.1f} s"
        )
        print(f"    ratio {ratios[-1]:.3f} (at most 1.1); {size / 1e6:.1f} MB on disk")
    if repeats > 1:
        print(f"    median ratio {statistics.median(ratios):.3f}")


def one_by_one(sample: int = 20) -> None:
    """Part (b)."""
    from commonweal.economy.runs.cooperative import Cooperative

    torch.set_num_threads(1)
    plan = design(points=200, seeds=10)

    def alone() -> None:
        for number in range(sample):
            model = Cooperative(plan.scenario(number * len(plan.points) // sample), rng=number)
            model.play()
            model.release()

    alone_seconds = timed(alone) / sample * plan.runs
    with tempfile.TemporaryDirectory() as folder:
        took = timed(lambda: run_sweep(plan, Path(folder, "sweep"), workers=CORES))
    print(
        f"(b) one by one through Cooperative in one process: {alone_seconds:.0f} s for {plan.runs} runs, scaled from "
        f"{sample}; our sweep on {CORES} workers {took:.1f} s: {alone_seconds / took:.1f} × faster"
    )


def peak_of(points: int, seeds: int) -> float:
    """Peak memory in MiB of a process of its own that sweeps so many short runs."""
    code = f"""
import re, tempfile
from pathlib import Path
from benchmarks.sweep import design
from commonweal.scenarios.sweeps.engine import run_sweep
if __name__ == "__main__":
    small = {{"rounds": 50, "population.count": 5, "task.kind": "wine", "task.validation": 30, "task.test": 30}}
    plan = design({points}, {seeds}, **small)
    with tempfile.TemporaryDirectory() as folder:
        run_sweep(plan, Path(folder, "sweep"), workers=2)
    # ru_maxrss would remember the process that started this one.
    print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024)
"""
    root = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=root
    )
    return float(done.stdout.split()[-1])


def peak_memory() -> None:
    """Part (c)."""
    one, ten = peak_of(200, 10), peak_of(2000, 10)
    print(
        f"(c) peak memory of the main process: {one:.0f} MiB at 2000 runs, {ten:.0f} MiB at 20,000 runs: "
        f"{ten / one:.2f} × (at most 1.2); short runs, 50 rounds, all metrics kept"
    )


def resume_scan(points: int = 1000, seeds: int = 100) -> None:
    """Part (d)."""
    plan = design(points, seeds)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "sweep").absolute()
        with undertake(plan, folder) as work:
            todo = work.todo()
            for number in todo[:-1]:
                write_shard(folder, number, invented(work.order(number)))

            def scan() -> None:
                with undertake(plan, folder) as again:
                    assert again.todo() == todo[-1:]
                    again.scope()

        in_shards = min(timed(scan) for _ in range(3))
        from commonweal.scenarios.sweeps.compaction import compact
        from commonweal.scenarios.sweeps.shards import committed

        compact(folder, committed(folder))
        in_tables = min(timed(scan) for _ in range(3))
    print(
        f"(d) a start sees what {plan.runs:,} runs have left to do in {in_shards:.2f} s when they lie in "
        f"{len(todo) - 1} shards, {in_tables:.2f} s when they lie in tables (under 2)"
    )


def invented(order: Any) -> Any:
    """A chunk's tables as if it had been played."""
    courses = {f"metric_{number}": np.zeros((2, len(order))) for number in range(18)}
    played = Played(courses, np.full(len(order), 2), ("",) * len(order))
    return tabulate(order, [played], pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime(), 0.1)


def counted(counts: list[int]) -> Any:
    """A cooperative as ``mesa.batch_run`` wants it: parameters by keyword, data in a collector; counts its rounds."""
    import mesa

    from commonweal.economy.runs.cooperative import Cooperative

    class Counted(Cooperative):
        def __init__(self, rng: int | None = None, leak: float = 0.5, seed: int | None = None) -> None:
            super().__init__(revise(small(), {"market.leak": leak}), rng=rng if rng is not None else seed)
            told = {"accuracy": lambda model: model.metrics.get("accuracy"), "seed": "run_seed"}
            counts.append(0)
            self.datacollector = mesa.DataCollector(told)

        def step(self) -> None:
            super().step()
            counts[-1] += 1
            self.datacollector.collect(self)

    return Counted


def small() -> Any:
    """A small economy of 50 rounds."""
    return load("commons", {"rounds": 50, "population.count": 20})


def beside_mesa(leaks: int = 20, seeds: int = 10) -> None:
    """Part (e)."""
    import mesa

    from commonweal.economy.runs.cooperative import Cooperative

    counts: list[int] = []
    model = counted(counts)
    torch.set_num_threads(1)
    values = np.linspace(0, 1, leaks).round(6).tolist()
    prepare()
    rows: list[dict[str, Any]] = []

    def mesas() -> None:
        rows.extend(
            mesa.batch_run(
                model,
                {"leak": values},
                number_processes=1,
                iterations=seeds,
                max_steps=50,
                data_collection_period=1,
                display_progress=False,
            )
        )

    theirs = timed(mesas)
    frame = pd.DataFrame(rows)
    plan = plan_of(small(), {"market.leak": values}, seeds=seeds)
    with tempfile.TemporaryDirectory() as folder:
        serial = timed(lambda: run_sweep(plan, Path(folder, "serial"), engine="serial"))
        ours = timed(lambda: run_sweep(plan, Path(folder, "both"), workers=CORES))
        runs = pd.read_parquet(Path(folder, "both", "runs.parquet"))
        rounds = pd.read_parquet(Path(folder, "both", "rounds.parquet"))
    print(f"(e) {plan.runs} runs, N = 20, 50 rounds, {leaks} values of market.leak × {seeds} replications")
    print(f"    mesa.batch_run, one process: {theirs:.1f} s")
    print(f"    our sweep, one process: {serial:.1f} s, {theirs / serial:.1f} × faster")
    print(f"    our sweep, {CORES} workers: {ours:.1f} s, {theirs / ours:.1f} × (start of workers included)")
    print(f"    rounds played of 50 asked for: mesa {max(counts)}, ours {rounds.groupby('run_id').size().max()}")
    print(
        f"    different seeds among {seeds} replications of a point: mesa "
        f"{frame.groupby('leak')['seed'].nunique().max()} "
        f"(drawn afresh each time, so no run can be repeated: {frame['seed'].nunique()} seeds for {plan.runs} runs), "
        f"ours {runs.groupby('market.leak')['seed'].nunique().max()}, the same at every point"
    )
    seed = 3
    fixed = mesa.batch_run(
        model, {"leak": [0.5], "seed": [seed]}, number_processes=1, iterations=2, max_steps=50, display_progress=False
    )
    different = len({row["accuracy"] for row in fixed})
    print(f"    with a seed given, mesa's {len(fixed)} iterations are the same run: {different} different result")
    alone = Cooperative(plan.scenario(4), rng=seed).play().rounds["accuracy"].to_numpy()
    mine = rounds[(rounds["point"] == 4) & (rounds["seed"] == seed)]["accuracy"].to_numpy()
    print(
        f"    ours against the same run alone in Mesa: largest difference of accuracy {np.abs(alone - mine).max():.1e}"
    )


PARTS = {"a": whole_sweep, "b": one_by_one, "c": peak_memory, "d": resume_scan, "e": beside_mesa}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which parts; all if none")
    for name in parser.parse_args().parts or PARTS:
        PARTS[name]()
