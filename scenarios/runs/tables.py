"""The results of a sweep as tidy tables: each row carries its run, seed and varied values, so nothing needs a join."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from commonweal.agents.version import software_version
from commonweal.scenarios.schema.notation import write_value
from commonweal.scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from commonweal.economy.runs.results import Results

TABLES = ("runs", "rounds", "principals", "profiles", "ledger", "balances")
NO_PRICE = "undefined: total welfare, of the run or with everybody delegating, is not positive"


@dataclass(frozen=True)
class SweepResults:
    """Tidy tables of a sweep. Runs are numbered over the whole sweep."""

    scenario: Scenario  # what the points start from
    varied: tuple[str, ...]  # paths of the varied fields; empty for a single economy
    seeds: tuple[int, ...]  # the same for every point
    runs: pd.DataFrame  # one row per run: varied values, means over the last quarter of rounds, price of anarchy
    rounds: pd.DataFrame  # one row per run and round
    principals: pd.DataFrame  # one row per run and principal, at the end
    profiles: pd.DataFrame  # principals' limits over time; empty without value dimensions
    ledger: pd.DataFrame | None = None  # every transfer of money, if kept
    balances: pd.DataFrame | None = None  # balance of every account at the end, if the ledger is kept

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables there are, by name."""
        return {name: table for name in TABLES if (table := getattr(self, name)) is not None}


def gather(
    base: Scenario,
    seeds: tuple[int, ...],
    values: Sequence[Mapping[str, Any]],
    played: "Sequence[Results]",
    benchmarks: "Sequence[Results]",
) -> SweepResults:
    """Join the results of P points, each played with the same R seeds.

    Args:
        base: what the points start from.
        seeds: R seeds.
        values: P mappings, the varied values of each point by path.
        played: P results, runs numbered 0 to R - 1 in each.
        benchmarks: P results of the same seeds with everybody delegating.
    """
    varied = tuple(values[0])
    columns = {path: _column([point[path] for point in values]) for path in varied}
    labels = pd.DataFrame({"run": range(len(values) * len(seeds)), "seed": np.tile(seeds, len(values))})
    labels = labels.assign(**{path: np.repeat(column, len(seeds)) for path, column in columns.items()})
    joined = {name: _join([getattr(results, name) for results in played], labels, len(seeds)) for name in TABLES[1:]}
    rounds = joined["rounds"]
    assert rounds is not None
    ideal = _join([results.rounds for results in benchmarks], labels, len(seeds))
    assert ideal is not None
    runs = pd.concat([labels, summarise(rounds, varied), price_of_anarchy(rounds, ideal)], axis=1)
    runs.insert(1, "scenario", base.name)
    runs["version"] = software_version()
    return SweepResults(base, varied, seeds, runs, **joined)  # type: ignore[arg-type]


def label_runs(results: SweepResults, values: Mapping[str, Any]) -> SweepResults:
    """The same results with fields that were set alike in all runs as columns of ``runs``."""
    columns = {path: np.repeat(_column([value]), len(results.runs)) for path, value in values.items()}
    return replace(results, runs=results.runs.assign(**columns))


def _column(values: Sequence[Any]) -> np.ndarray[Any, np.dtype[Any]]:
    """Values of one field as a column: numbers, switches or names as they are, everything else as it is written."""
    for kinds in ((bool,), (int, float), (str,)):
        if all(isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)) for value in values):
            return np.array(values, dtype=object if kinds == (str,) else None)
    return np.array([write_value(value) for value in values], dtype=object)


def _join(frames: Iterable[pd.DataFrame | None], labels: pd.DataFrame, seeds: int) -> pd.DataFrame | None:
    """Stack the tables of the points, renumber their runs and put the labels of each run in front."""
    kept = [frame.assign(run=frame["run"] + seeds * i) for i, frame in enumerate(frames) if frame is not None]
    if not kept:
        return None
    filled = [frame for frame in kept if len(frame)] or kept[:1]
    stacked = pd.concat(filled, ignore_index=True)
    return labels.iloc[stacked["run"].to_numpy()].reset_index(drop=True).join(stacked.drop(columns="run"))


def summarise(rounds: pd.DataFrame, varied: Sequence[str] = ()) -> pd.DataFrame:
    """Means over the last quarter of each run's rounds, and its total welfare.

    Args:
        rounds: one row per run and round.
        varied: label columns that are not measured.

    Returns:
        One row per run, in the order of their numbers.
    """
    grouped = rounds.groupby("run")
    left = grouped.cumcount(ascending=False)
    last_quarter = rounds[left < np.ceil(grouped["round"].transform("size") / 4)]
    means: pd.DataFrame = last_quarter.drop(columns=["seed", "round", *varied]).groupby("run").mean()
    means["total_welfare"] = grouped["welfare"].sum()
    return means.reset_index(drop=True)


def price_of_anarchy(rounds: pd.DataFrame, benchmark: pd.DataFrame) -> pd.DataFrame:
    """Total welfare with everybody delegating over the run's own (Koutsoupias and Papadimitriou 1999).

    Args:
        rounds: one row per run and round.
        benchmark: the same runs with everybody delegating.

    Returns:
        One row per run: price_of_anarchy, nan where one of the two is not positive, and the reason why.
    """
    own = rounds.groupby("run")["welfare"].mean().to_numpy()
    ideal = benchmark.groupby("run")["welfare"].mean().to_numpy()
    defined = (own > 0) & (ideal > 0)
    price = np.divide(ideal, own, out=np.full(len(own), np.nan), where=defined)
    return pd.DataFrame({"price_of_anarchy": price, "price_of_anarchy_note": np.where(defined, "", NO_PRICE)})
