"""Scenario tolerance-for-sale under several budgets: what is paid for looser limits, and what that brings."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from results_page import markdown

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import mean_interval, range_of
from commonweal.scenarios.schema.loading import load

COLUMNS = {
    "accuracy": "test accuracy",
    "tolerance_paid": "paid for tolerance (money per round)",
    "loosened": "share of limits given up",
    "level_1": "loss on the withheld class",
}
GAINED = {"accuracy": "accuracy gained", "revenue": "revenue gained (money per round)", "welfare": "welfare gained"}


def played(budgets: Sequence[float], seeds: Sequence[int], rounds: int | None = None) -> pd.DataFrame:
    """A row per budget and seed: means over the last quarter of rounds; budget nan: without screening."""
    frames = []
    for budget in (*budgets, None):
        changes = {"screening.mode": "off"} if budget is None else {}
        changes |= {"tolerance.budget": budget or 0.0, **({} if rounds is None else {"rounds": rounds})}
        courses = Ensemble(load("tolerance-for-sale", changes), seeds).run().rounds
        late = courses[courses["round"] >= 0.75 * courses["round"].max()].groupby("run").mean()
        late = late.reindex(columns=list(COLUMNS | GAINED)).fillna(0.0)
        frames.append(late.reset_index().assign(budget=np.nan if budget is None else budget))
    return pd.concat(frames, ignore_index=True)


def table(runs: pd.DataFrame) -> str:
    """A row per budget: means and intervals; what is gained is against the same seeds' runs with nothing bought."""
    rows, nothing = [], runs[runs["budget"] == 0].set_index("run")
    for budget, seeds in runs.groupby("budget", dropna=False):
        own = seeds.set_index("run")
        name = "without screening" if np.isnan(float(str(budget))) else f"{budget:g}"
        means = [mean_interval(own[column].to_numpy(), within=range_of(column)) for column in COLUMNS]
        for column in GAINED:
            within = range_of(column).of_differences
            means.append(mean_interval((own[column] - nothing[column]).to_numpy(), within=within))
        rows.append([name, *(each.text(4) for each in means)])
    heads = ["budget (money per round)", *COLUMNS.values(), *GAINED.values()]
    return markdown(heads, rows)
