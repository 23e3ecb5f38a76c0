"""The results of a sweep as tidy tables: each row carries its run, seed and varied values, so nothing needs a join."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.version import software_version
from commonweal.economy.round.words import Words
from commonweal.scenarios.runs.measures import COMPARED, VALUES, brief_mean, measures_of, title
from commonweal.scenarios.runs.outcome import Outcome, sentences
from commonweal.scenarios.schema.notation import write_value
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.words import words_in

TABLES = ("runs", "rounds", "principals", "profiles", "ledger", "balances", "wire")
_ROWS = 24  # of a table in a notebook
NO_PRICE = "undefined: total welfare, of the run or with everybody delegating, is not positive"


@dataclass(frozen=True)
class SweepResults:
    """Tidy tables of a sweep, each with the varied fields as columns."""

    scenario: Scenario  # what the points start from
    varied: tuple[str, ...]  # paths of the varied fields; empty for a single economy
    seeds: tuple[int, ...]  # the same for every point
    runs: pd.DataFrame  # one row per run: means over the last quarter of the rounds played, price of anarchy
    rounds: pd.DataFrame  # one row per run and round
    principals: pd.DataFrame | None = None  # one row per run and principal, at the end; if kept
    profiles: pd.DataFrame | None = None  # principals' limits over time; empty without value dimensions; if kept
    ledger: pd.DataFrame | None = None  # every transfer of money, if kept
    balances: pd.DataFrame | None = None  # balance of every account at the end, if the ledger is kept
    wire: pd.DataFrame | None = None  # one row per run, round and node: bytes and messages, where nodes hold samples

    @property
    def words(self) -> Words:
        """What all runs call things."""
        return words_in(self.scenario.model_dump(), {path: self.runs[path].tolist() for path in self.varied})

    def summary(self) -> str:
        """What came out, in one to three sentences."""
        played = self.runs[self.runs["status"] != "failed"] if "status" in self.runs else self.runs
        start = None if "population.start_delegate" in self.varied else self.scenario.population.start_delegate
        return sentences(Outcome(played, self.varied, self.words, measures_of(played, self.words), start))

    def _repr_html_(self) -> str:
        """What came out in words, and means with intervals at every point, for notebooks."""
        usual = measures_of(self.runs, self.words)
        measures = [name for name in usual if name in (*COMPARED, *VALUES)] or list(usual)
        heads = [*self.varied, *(title(name, self.words) for name in measures)]
        points = self.runs.groupby(list(self.varied), sort=False, dropna=False) if self.varied else [((), self.runs)]
        rows = [[*point, *(brief_mean(runs[name], name) for name in measures)] for point, runs in points]
        table = pd.DataFrame(rows[:_ROWS], columns=heads).to_html(index=False, border=0)
        more = f"<p>… and {len(rows) - _ROWS} more points</p>" if len(rows) > _ROWS else ""
        return f"<p><b>{escape(self.scenario.name)}</b>: {escape(self.summary())}</p>{table}{more}"

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables there are, by name."""
        return {name: table for name in TABLES if (table := getattr(self, name)) is not None}


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


def numbered(results: SweepResults) -> SweepResults:
    """The stored tables of a comparison as people read them: runs numbered from 0, and nothing of the engine.

    Args:
        results: as stored: rows know their runs by ``run_id``, ``point`` and ``seed``.
    """
    place = {seed: number for number, seed in enumerate(results.seeds)}
    stored = results.runs.assign(place=results.runs["seed"].map(place))
    stored = stored.sort_values(["point", "place"], ignore_index=True)
    number = pd.Series(stored.index, index=stored["run_id"])
    labels = stored[["run_id", "point", "seed", *stored.columns[3 : 3 + len(results.varied)]]]
    tables = results.tables() | {"runs": labels}
    tables = {name: _renumbered(table, number, len(place)) for name, table in tables.items()}
    rounds = tables["rounds"] = tables["rounds"].astype({"round": np.int64})
    prices = stored.filter(regex="^price_of_anarchy")
    runs = tables["runs"] = pd.concat([tables["runs"], summarise(rounds, results.varied), prices], axis=1)
    runs.insert(1, "scenario", results.scenario.name)
    runs["version"] = software_version()
    return SweepResults(results.scenario, results.varied, results.seeds, **tables)


def _renumbered(table: pd.DataFrame, number: "pd.Series[int]", seeds: int) -> pd.DataFrame:
    """A table in the order of the points, with the runs' numbers in the place of what they are called in the folder."""
    run = number.loc[table["run_id"]].to_numpy()
    order = np.argsort(run // seeds, kind="stable")
    kept = table.drop(columns=["run_id", "point"]).iloc[order].reset_index(drop=True)
    kept.insert(0, "run", run[order])
    return kept.rename(columns=lambda name: name.removeprefix("scenario."))


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
