"""The tables of the study: what learners come to, how much is given, which norms hold, and what judges say."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.reciprocity.norms import CONTEXTS, NORMS, Errors, norm_of
from commonweal.agents.reciprocity.public import cooperation as cooperation_of
from commonweal.agents.reciprocity.public import ess_interval, residents, share_good
from commonweal.scenarios.runs.intervals import ANYWHERE, POSITIVE, SHARE, Interval, Range, mean_interval
from commonweal.scenarios.schema.relevance import sells
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.reciprocity.options import ReciprocityOptions
from commonweal.scenarios.studies.reciprocity.playing import Played

ALL = "all scored"  # the row of all cells together
CELLS = tuple(f"{context}{act}" for context in CONTEXTS for act in "DC")  # of verdicts
STANDS = ("stable", "not stable", "open")
_PLACES = 60  # rounds of a course, at most


def of_one(values: Floats, name: str, within: Range = ANYWHERE) -> dict[str, float]:
    """Columns of a row: the mean of (S,) and its interval."""
    return {column: float(end) for column, end in mean_interval(values, within=within).columns(name).items()}


def mean_of(values: Floats, members: Bools) -> Floats:
    """(S,) mean of (S, N) over members of whom it is known; nan in seeds without any."""
    known = members & np.isfinite(values)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1)
    return mean


def scored_cells(played: Played, options: ReciprocityOptions) -> Bools:
    """(S, N, 2, 2) where a learner is scored: the cell decides something, and it was in it often enough."""
    found = played.scored
    with np.errstate(invalid="ignore"):
        decides = found.stake >= options.worth * np.abs(found.payoff)[..., None, None]
    scored: Bools = decides & (played.acts.sum(axis=-1) >= options.met)
    return scored


def adherence(played: Played, scenario: Scenario, options: ReciprocityOptions) -> pd.DataFrame:
    """A row per cell, and one of all that are scored: what learners mean to do, and how near that is to the best rule.

    ``says`` is what the norm says, ``best`` the share of learners whose best rule gives, ``stake`` what turning it
    round in the cell loses; ``adherence`` is 1 − |π − π*|, and ``hit`` the share on the right side of one half.
    """
    learns, found, norm = played.learns, played.scored, norm_of(scenario.reciprocity.norm)
    counts = scored_cells(played, options)
    near = np.where(counts, 1 - np.abs(played.giving - found.best), np.nan)
    hit = np.where(counts, near > 0.5, np.nan)
    met = played.acts.sum(axis=-1) / scenario.rounds
    with np.errstate(invalid="ignore"):
        gave = played.acts[..., 1] / played.acts.sum(axis=-1)
    rows = []
    for cell, place in zip(CONTEXTS, np.ndindex(2, 2), strict=True):
        at = (..., *place)
        columns: dict[str, Any] = {"cell": cell} | of_one(mean_of(played.giving[at], learns), "giving", SHARE)
        columns |= {"says": float(norm.act[place])} | of_one(mean_of(near[at], learns), "adherence", SHARE)
        columns |= of_one(mean_of(hit[at], learns), "hit", SHARE)
        columns |= of_one(mean_of(found.best[at], learns), "best", SHARE)
        columns |= of_one(mean_of(found.stake[at], learns), "stake", POSITIVE)
        columns |= of_one(mean_of(counts[at].astype(np.float64), learns), "scored", SHARE)
        columns |= of_one(mean_of(met[at], learns), "met", POSITIVE) | of_one(mean_of(gave[at], learns), "gave", SHARE)
        rows.append(columns)
    rows.append({"cell": ALL} | of_one(_over_cells(near, learns), "adherence", SHARE)
                | of_one(_over_cells(hit, learns), "hit", SHARE))  # fmt: skip
    return pd.DataFrame(rows)


def _over_cells(values: Floats, learns: Bools) -> Floats:
    """(S,) mean of (S, N, 2, 2) over the known cells of learners."""
    flat = values.reshape(*learns.shape, 4)
    return mean_of(flat.reshape(len(flat), -1), np.repeat(learns, 4, axis=1))


def learners(played: Played, options: ReciprocityOptions, seeds: Sequence[int]) -> pd.DataFrame:
    """A row per seed, learner and cell."""
    run, index = np.nonzero(played.learns)
    counts = scored_cells(played, options)
    tables = []
    for cell, (x, y) in zip(CONTEXTS, np.ndindex(2, 2), strict=True):
        at = (run, index, x, y)
        tables.append(pd.DataFrame({
            "seed": np.asarray(seeds)[run], "principal": index, "cell": cell, "giving": played.giving[at],
            "best": played.scored.best[at], "stake": played.scored.stake[at], "met": played.acts.sum(axis=-1)[at],
            "scored": counts[at],
        }))  # fmt: skip
    return pd.concat(tables).sort_values(["seed", "principal"], kind="stable", ignore_index=True)


def ratio(played: Played) -> Floats:
    """(S,) benefit of a gift per cost, as measured at the end; nan where gifts cost nothing."""
    benefit, cost = played.late("benefit"), played.late("cost")
    return np.where(cost > 0, benefit / np.where(cost > 0, cost, 1.0), np.nan)


def cooperation(played: Played, scenario: Scenario) -> pd.DataFrame:
    """One row: how much is given, who is good, what that is worth to all, and what a gift is worth and costs."""
    columns = of_one(played.late("cooperation"), "cooperation", SHARE) | of_one(played.late("good"), "good", SHARE)
    columns |= of_one(played.late("welfare"), "welfare")
    if sells(scenario):
        columns |= of_one(played.late("accuracy"), "accuracy", SHARE)
    columns |= of_one(played.late("benefit"), "benefit") | of_one(played.late("cost"), "cost")
    columns |= of_one(ratio(played), "benefit_per_cost")
    if played.learns.any():
        with np.errstate(invalid="ignore"):
            reached = played.scored.own / played.scored.payoff
        columns |= of_one(mean_of(reached, played.learns), "of_best_payoff")
    return pd.DataFrame([{"scenario": scenario.name} | columns])


def pay(played: Played) -> pd.DataFrame:
    """A row per policy: what those who follow it are paid, how much they give, and how good their names are."""
    rows = []
    for place, name in enumerate(played.policies):
        members = played.policy == place
        columns: dict[str, Any] = {"policy": name, "principals": float(members.sum(axis=1).mean())}
        columns |= of_one(mean_of(played.pay, members), "pay")
        columns |= of_one(mean_of(played.gave, members), "gave", SHARE)
        columns |= of_one(mean_of(played.image, members), "good", SHARE)
        rows.append(columns)
    return pd.DataFrame(rows)


def norms(played: Played, scenario: Scenario) -> pd.DataFrame:
    """A row per norm, of a large population that follows it alone: when it is stable, and whether it is at this ratio.

    ``stands`` is open where the interval of the measured ratio reaches beyond an end of the norm's interval.
    """
    names, part = tuple(NORMS), scenario.reciprocity
    errors = Errors(*(np.array([rate]) for rate in (part.execution, part.perception, part.assignment)))
    among = residents([norm_of(name) for name in names], errors)
    ends, good, gives = ess_interval(among), share_good(among), cooperation_of(among)
    measured = Interval(*(np.asarray(each) for each in mean_interval(ratio(played)).at(())))
    rows = []
    for place, name in enumerate(names):
        low, high = float(ends.low[place]), float(ends.high[place])
        rows.append({"norm": name, "stable_from": low, "stable_to": high, "good": float(good[place]),
                     "cooperation": float(gives[place]), **of_one(ratio(played), "benefit_per_cost"),
                     "stands": stands(measured, low, high)})  # fmt: skip
    return pd.DataFrame(rows)


def stands(measured: Interval, low: float, high: float) -> str:
    """Whether a ratio () lies strictly between two ends, as far as its interval says so; nan ends: between none."""
    if np.isnan(low):
        return STANDS[1]
    below, above = (end if np.isfinite(end) else measured.value for end in (measured.low, measured.high))
    if low < below and above < high:
        return STANDS[0]
    return STANDS[1] if above <= low or below >= high else STANDS[2]


def signals(played: Mapping[int, Played], scenario: Scenario) -> pd.DataFrame:
    """A row per number of judges and cell of verdicts: how likely learners are to call good, and what the norm says."""
    said = norm_of(scenario.reciprocity.norm).assess
    rows = []
    for judges, each in played.items():
        for cell, place in zip(CELLS, np.ndindex(2, 2, 2), strict=True):
            calls = mean_of(each.judging[(..., *place)], each.learns)
            rows.append({"judges": judges, "cell": cell, **of_one(calls, "calls_good", SHARE),
                         "says": float(said[place])})  # fmt: skip
    return pd.DataFrame(rows)


def welfare(played: Mapping[float, Played], scenario: Scenario) -> pd.DataFrame:
    """A row per share of principals who always give: money per head, and whether no other share surely has more."""
    values = np.stack([each.late("welfare") for each in played.values()])  # (M, S)
    ahead = mean_interval(np.moveaxis(values[:, None] - values[None], 2, 0))  # (M, M)
    beaten: Bools = np.asarray((ahead.low > 0).any(axis=0))
    rows = []
    for place, (share, each) in enumerate(played.items()):
        columns: dict[str, Any] = {"share": share} | of_one(each.late("welfare"), "welfare")
        if sells(scenario):
            columns |= of_one(each.late("accuracy"), "accuracy", SHARE)
        rows.append(columns | {"highest": bool(place == values.mean(axis=1).argmax()),
                               "may_be_highest": not bool(beaten[place])})  # fmt: skip
    return pd.DataFrame(rows)


def course(played: Played) -> pd.DataFrame:
    """A row per round, some left out: how much is given, who is good, and money per head."""
    rounds = played.courses["good"].shape[1]
    shown = np.unique(np.linspace(0, rounds - 1, min(_PLACES, rounds)).round().astype(np.int64))
    columns: dict[str, Any] = {"round": shown + 1}
    for name, within in {"cooperation": SHARE, "good": SHARE, "welfare": ANYWHERE}.items():
        columns |= mean_interval(played.courses[name][:, shown], within=within).columns(name)
    return pd.DataFrame(columns)


def interval_of(table: pd.DataFrame, row: int, name: str) -> Interval:
    """() an estimate of a row and its interval."""
    return Interval(*(np.asarray(table[f"{name}{end}"].iloc[row], dtype=np.float64) for end in ("", "_low", "_high")))
