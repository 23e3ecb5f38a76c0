"""Folders of small sweeps, finished, stopped or with failures, for tests of what reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from commonweal.scenarios.reading.survey import Survey
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.words import words_for
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.plan import Plan, plan_of

BASE = revise(
    load("commons"), {"rounds": 4, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 5}
)
PLAN = plan_of(BASE, {"settlement.kind": ["equal", "data", "credit"], "market.leak": [0.1, 0.2]}, seeds=3)
MEASURES = ("share_delegate", "accuracy", "welfare")
TIMING = ("start", "duration")  # columns that differ between two plays of the same run


def swept(folder: Path, plan: Plan = PLAN, chunks: int | None = None) -> Path:
    """Play a sweep into a folder, or only its first chunks."""
    told: set[int] = set()

    def tell(what: str, done: int, of: int, *more: str) -> None:
        told.add(done)
        if chunks is not None and len(told) > chunks:
            raise KeyboardInterrupt

    try:
        run_sweep(plan, folder, engine="serial", tell=tell)
    except KeyboardInterrupt:
        assert chunks is not None
    return folder


def failing(folder: Path, runs: Sequence[tuple[int, int]], message: str = "ValueError: a bad day") -> Path:
    """Let runs of a finished sweep, by point and seed, be ones that failed in round 2."""
    table = pq.read_table(folder / "runs.parquet")
    frame, kept = table.to_pandas(), table.schema
    for point, seed in runs:
        row = (frame["point"] == point) & (frame["seed"] == seed)
        frame.loc[row, ["status", "stage", "message"]] = ["failed", "round 2", message]
        frame.loc[row, list(MEASURES)] = np.nan
    pq.write_table(pa.Table.from_pandas(frame, kept, preserve_index=False).replace_schema_metadata(kept.metadata),
                   folder / "runs.parquet")  # fmt: skip
    return folder


def made(
    levels: Mapping[str, Sequence[Any]], mean: Any, seeds: int = 4, base: Mapping[str, Any] | None = None,
    noise: float = 0.01,
) -> Survey:
    """A survey of a crossed design that was never played.

    Args:
        levels: of every factor.
        mean: of the share that delegates, a function of the values by path; accuracy and welfare follow from it.
        seeds: how many.
        base: document of the scenario.
        noise: standard deviation between seeds.
    """
    draw, rows = np.random.default_rng(5), []
    points = [dict(zip(levels, values, strict=True)) for values in product(*levels.values())] if levels else [{}]
    for point, values in enumerate(points):
        for seed in range(seeds):
            share = float(np.clip(mean(values) + draw.normal(0, noise), 0, 1))
            rows.append({"run_id": f"{point:08x}{seed:08x}", "point": point, "seed": seed, "status": "ok",
                         "stage": None, "message": None, "share_delegate": share, "accuracy": 0.5 + share / 3,
                         "welfare": 10 * share - 2})  # fmt: skip
    return Survey(
        folder=Path("results/made"), name="made", factors=tuple(levels), points=tuple(points),
        seeds=tuple(range(seeds)), runs=pd.DataFrame(rows), measures=MEASURES,
        words=words_for(["model"], ["leak"], [["delegate", "free_ride", "defect"]]),
        rounds=200, version="0.1.0+a", current="0.1.0+a", when=None, base=base or {}, plan={}, stored=None,
    )  # fmt: skip


def lacking(survey: Survey, lost: Sequence[int] = (), failed: Sequence[int] = ()) -> Survey:
    """The same where all runs of some points are not played yet, or failed."""
    runs = survey.runs[~survey.runs["point"].isin(list(lost))].copy()
    gone = runs["point"].isin(list(failed))
    runs.loc[gone, ["status", "stage", "message"]] = ["failed", "round 7", "InputError: the network diverged"]
    runs.loc[gone, list(MEASURES)] = np.nan
    return replace(survey, runs=runs)
