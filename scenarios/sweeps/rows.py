"""The rows of a sweep's tables: one per run with its outcome, and one per run and recorded round."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.documents import by_contents
from commonweal.agents.errors import InputError
from commonweal.agents.registry import rules_from_elsewhere
from commonweal.scenarios.runs.benchmark import benchmark
from commonweal.scenarios.schema.notation import as_json, write_value
from commonweal.scenarios.schema.relevance import names_count
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.sources import files_of, rules_of
from commonweal.scenarios.sweeps.shards import KINDS, LABELS, ORIGIN, SCHEMA, STATUS, Tables

if TYPE_CHECKING:
    from commonweal.scenarios.sweeps.stopping import Stop

ROUND_METRICS = (
    "share_abstain", "share_delegate", "share_free_ride", "share_defect", "accuracy", "validation_loss", "revenue",
    "paid", "treasury", "clawed", "welfare", "gini", "credit_concentration", "screened_share", "gated_share",
    "step_factor", "rival", "least_balance", "least_escrow", "unfunded",
    "own_accuracy", "promise_kept", "samples", "dealt_share", "dealt", "tolerance_paid", "loosened",
)  # fmt: skip
VALUE_METRICS = (  # where anything is valued
    "violated", "violation", "value_cost", "net_welfare", "permitted_accuracy", "samples_screened",
    "belief_error", "belief_rms", "belief_coverage", "misjudged", "caution", "queries",
)  # fmt: skip
NAME_METRICS = ("cooperation", "good_names", "gift_worth", "gift_cost")  # where principals have names
CAMP_METRICS = ("violated_camp", "abstain_camp")  # for each camp, where there are camps as well
DIMENSION_METRICS = (
    "level", "limit", "predicted_change", "true_change", "shadow_price", "mean_limit", "spread_limit",
)  # fmt: skip
_TAKEN = {*LABELS, *STATUS, *ORIGIN, "round"}


@dataclass(frozen=True)
class Measured:
    """What there is in a scenario that is measured beside the usual."""

    dimensions: int = 0  # K, of values
    camps: int = 0
    names: bool = False  # whether principals have names, good or bad

    @classmethod
    def of(cls, scenario: Scenario) -> "Measured":
        """What there is in one scenario."""
        return cls(len(scenario.values.dimensions), len(scenario.values.camps), names_count(scenario))

    def shared(self, other: "Measured") -> "Measured":
        """What there is in this one and in another."""
        dimensions, camps = min(self.dimensions, other.dimensions), min(self.camps, other.camps)
        return Measured(dimensions, camps, self.names and other.names)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of its metrics, in the order of the tables."""
        by_dimension = tuple(f"{name}_{k}" for name in DIMENSION_METRICS for k in range(self.dimensions))
        by_camp = tuple(f"{name}_{camp}" for name in CAMP_METRICS for camp in range(self.camps))
        valued = by_dimension + VALUE_METRICS + by_camp if self.dimensions else ()
        return ROUND_METRICS + NAME_METRICS * self.names + valued


@dataclass(frozen=True)
class Factor:
    """A varied field as a column."""

    path: str
    kind: str  # one of KINDS

    @property
    def column(self) -> str:
        """The path, unless a column of ours has that name."""
        return f"scenario.{self.path}" if self.path in _TAKEN else self.path

    def array(self, values: Sequence[Mapping[str, Any]]) -> pa.Array:
        """The field's value in each of the mappings, in the type of the column."""
        found = [value[self.path] for value in values]
        if self.kind == "text":
            found = [value if isinstance(value, str) else write_value(value) for value in found]
        return pa.array(found, KINDS[self.kind])


def factor_of(path: str, points: Sequence[Mapping[str, Any]]) -> Factor:
    """The column of the field at ``path``: numbers and switches as such, everything else as text."""
    types = {type(point[path]) for point in points}
    kinds: list[tuple[set[type], str]] = [({bool}, "switch"), ({int}, "integer"), ({int, float}, "number")]
    return Factor(path, next((kind for among, kind in kinds if types <= among), "text"))


@dataclass(frozen=True)
class Order:
    """A chunk as a worker gets it: everything that playing and storing it needs."""

    folder: Path  # of the sweep, absolute
    number: int  # of the chunk
    points: tuple[int, ...]  # a point per run
    seeds: tuple[int, ...]  # a seed per run
    scenarios: tuple[Scenario, ...]  # a scenario per run
    values: tuple[Mapping[str, Any], ...]  # varied values per run, by path
    factors: tuple[Factor, ...]
    metrics: tuple[str, ...] | None  # kept; all if None
    shown: str  # metric whose means are told at once
    every: int  # rounds between records
    stop: "Stop | None"
    version: str  # of the code
    plugins: tuple[str, ...]  # modules whose rules the scenarios may name
    sources: Mapping[str, str] = field(default_factory=dict)  # what files and rules from elsewhere are, by name
    keep: tuple[str, ...] = ()  # more that is kept of every run
    whole: bool = False  # on as many threads as the process has
    checkpoint: tuple[Path, int] | None = None  # folder of checkpoints, and rounds between them

    def __len__(self) -> int:
        return len(self.points)

    def demand_sources(self) -> None:
        """Raise InputError where a file or a rule from elsewhere is not what it was when the sweep was begun."""
        for name, now in (files_of(self.scenarios) | rules_of(self.scenarios)).items():
            if self.sources.get(name, now) != now:
                raise InputError(f"{name} is not what it was when the sweep was begun")

    def alone(self, run: int) -> "Order":
        """The same order for one of its runs."""
        parts = ("points", "seeds", "scenarios", "values")
        return replace(self, **{name: getattr(self, name)[run : run + 1] for name in parts})

    @property
    def ideals(self) -> tuple[Scenario, ...]:
        """The economy in which everybody delegates, per run; empty where it is not asked for."""
        if "price_of_anarchy" not in self.keep:
            return ()
        distinct = dict(zip(self.points, self.scenarios, strict=True))
        found = {point: benchmark(scenario) for point, scenario in distinct.items()}
        return tuple(found[point] for point in self.points)

    @property
    def ideal(self) -> tuple[str, ...]:
        """What the economies in which everybody delegates are, so that chunks can share them."""
        return (*(ideal.model_dump_json() for ideal in self.ideals), str(self.seeds))

    def run_id(self, run: int) -> str:
        """What names a run: 16 hexadecimal digits of the hash of its scenario, its seed and the code's version.

        What files say and what rules from elsewhere are belongs to it, not where they lie.
        """
        document = self.scenarios[run].model_dump()
        said = by_contents(document, lambda file: self.sources.get(str(file), ""))
        parts = [json.dumps(said, default=as_json), str(self.seeds[run]), self.version]
        parts += [self.sources.get(rule, "") for rule in rules_from_elsewhere(document)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Played:
    """The outcome of R runs that were played together, or of one that failed."""

    courses: Mapping[str, Floats]  # (T, R) by metric; empty where it failed
    rounds: Ints  # (R,) played
    reasons: tuple[str, ...]  # per run why it stopped before its last round; empty where it did not
    stage: str | None = None  # at which it failed
    message: str | None = None
    extra: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # tables by name, their runs numbered from 0
    price: pd.DataFrame | None = None  # a row per run: columns for the table of runs

    @classmethod
    def failure(cls, stage: str, message: str, rounds: int = 0) -> "Played":
        """One run that failed."""
        return cls({}, np.array([rounds]), ("",), stage, message)

    def records(self, run: int, every: int) -> Ints:
        """The rounds of a run that are kept: every so many from the first, and its last."""
        if not self.courses:
            return np.empty(0, dtype=np.int64)
        last = self.rounds[run] - 1
        return np.unique(np.append(np.arange(0, last + 1, every), last))

    def means(self, run: int) -> dict[str, float]:
        """Means over the last quarter of the rounds that a run played."""
        rounds = int(self.rounds[run])
        quarter = slice(rounds - -(-rounds // 4), rounds)
        return {name: float(course[quarter, run].mean()) for name, course in self.courses.items()}


def tabulate(order: Order, played: Sequence[Played], start: datetime, seconds: float) -> Tables:
    """The tables of a chunk.

    Args:
        order: the chunk.
        played: its runs in order, together or each alone.
        start: when it began.
        seconds: that each run took.
    """
    places = [(part, run) for part in played for run in range(len(part.rounds))]
    labels = {
        "run_id": pa.array([order.run_id(run) for run in range(len(order))]),
        "point": pa.array(order.points, LABELS["point"]),
        "seed": pa.array(order.seeds, LABELS["seed"]),
        **{factor.column: factor.array(order.values) for factor in order.factors},
    }
    kept = _kept(order, played)
    columns = _means(places, kept) | _prices(played)
    runs = pa.table({**labels, **_status(places), **columns, **_origin(order, start, seconds)})
    return Tables(runs, _rounds(labels, places, kept, order.every), _extra(labels, played))


def _prices(played: Sequence[Played]) -> dict[str, pa.Array]:
    """Columns of the price of anarchy, null where a run failed; none where it is not asked for."""
    rows: list[dict[Any, Any]] = []
    for part in played:
        rows += [{}] * len(part.rounds) if part.price is None else part.price.to_dict("records")
    names = next((list(row) for row in rows if row), [])
    return {name: pa.array([row.get(name) for row in rows]) for name in names}


def _extra(labels: Mapping[str, pa.Array], played: Sequence[Played]) -> dict[str, pa.Table]:
    """The other tables that are kept, each row with the labels of its run."""
    found: dict[str, list[pa.Table]] = {}
    first = 0
    for part in played:
        for name, frame in part.extra.items():
            owner = pa.array(frame["run"].to_numpy(dtype=np.int64) + first)
            own = pa.Table.from_pandas(frame.drop(columns="run"), preserve_index=False)
            columns = {label: array.take(owner) for label, array in labels.items()}
            found.setdefault(name, []).append(pa.table(columns | {label: own[label] for label in own.column_names}))
        first += len(part.rounds)
    return {name: _stacked(tables) for name, tables in found.items()}


def _kept(order: Order, played: Sequence[Played]) -> list[str]:
    """The metrics that are kept, in the order in which they are measured."""
    measured = dict.fromkeys(name for part in played for name in part.courses)
    return [name for name in measured if order.metrics is None or name in order.metrics]


def _status(places: Sequence[tuple[Played, int]]) -> dict[str, pa.Array]:
    columns = {
        "status": ["ok" if part.stage is None else "failed" for part, _ in places],
        "stage": [part.stage for part, _ in places],
        "message": [part.message for part, _ in places],
        "stopped": [part.reasons[run] for part, run in places],
        "rounds": [int(part.rounds[run]) for part, run in places],
    }
    return {name: pa.array(columns[name], kind) for name, kind in STATUS.items()}


def _means(places: Sequence[tuple[Played, int]], kept: Sequence[str]) -> dict[str, pa.Array]:
    means = [part.means(run) if part.courses else {} for part, run in places]
    return {name: pa.array([mean.get(name) for mean in means], pa.float64()) for name in kept}


def _origin(order: Order, start: datetime, seconds: float) -> dict[str, pa.Array]:
    values = {"version": order.version, "schema": SCHEMA, "start": start, "duration": seconds}
    return {name: pa.array([values[name]] * len(order), kind) for name, kind in ORIGIN.items()}


def _rounds(
    labels: Mapping[str, pa.Array], places: Sequence[tuple[Played, int]], kept: Sequence[str], every: int
) -> pa.Table:
    records = [part.records(run, every) for part, run in places]
    owner = pa.array(np.repeat(np.arange(len(places)), [len(rounds) for rounds in records]))
    columns = {name: array.take(owner) for name, array in labels.items()}
    columns["round"] = pa.array(np.concatenate(records), pa.int32())
    for name in kept:
        parts = [
            part.courses[name][rounds, run] for (part, run), rounds in zip(places, records, strict=True) if len(rounds)
        ]
        columns[name] = pa.array(np.concatenate(parts) if parts else np.empty(0))
    return pa.table(columns)


def joined(parts: Sequence[Tables]) -> Tables:
    """The tables of several chunks, one after another; a failed run has no metrics."""
    names = ("runs", "rounds")
    widest = {name: max((getattr(part, name) for part in parts), key=lambda table: table.num_columns) for name in names}
    stacked = {
        name: pa.concat_tables([getattr(part, name) for part in parts], promote_options="default").select(
            widest[name].column_names
        )
        for name in names
    }
    extra: dict[str, list[pa.Table]] = {}
    for part in parts:
        for name, table in part.extra.items():
            extra.setdefault(name, []).append(table)
    return Tables(**stacked, extra={name: _stacked(tables) for name, tables in extra.items()})


def _stacked(tables: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables, promote_options="default")
