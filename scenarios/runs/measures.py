"""What runs are measured by: what the measures are called, and which of them matter most."""

import pandas as pd

from commonweal.economy.round.words import ACTIONS, Words
from commonweal.scenarios.runs.intervals import decimals_of, in_brief, mean_interval, range_of

_NAMES = {
    "gini": "Gini, last quarter",  # of wealth, mean over rounds; the figure of wealth shows that at the end
    "screened_share": "screened share",
    "price_of_anarchy": "price of anarchy",
}
SHARES = tuple(f"share_{action}" for action in ACTIONS)
MEASURES = (*SHARES, "accuracy", "welfare", *_NAMES)  # the usual ones
COMPARED = ("share_delegate", "accuracy", "welfare")  # measures that matter most


def measures_of(runs: pd.DataFrame) -> tuple[str, ...]:
    """The usual measures that a table of runs has, or else its last column of numbers."""
    usual = tuple(name for name in MEASURES if name in runs)
    return usual or tuple(runs.select_dtypes("number").columns[-1:])


def rank_of(measure: str) -> int:
    """Which columns are kept where there is no room for all: the lowest."""
    return 0 if measure == COMPARED[0] else 2 if measure in COMPARED else 3


def title(measure: str, words: Words) -> str:
    """What a measure is called over a column of a table."""
    if measure in SHARES:
        return words.verb(measure.removeprefix("share_")).doing
    return {"accuracy": words.column, "welfare": words.welfare_axis, **_NAMES}.get(measure, measure)


def brief_mean(values: "pd.Series[float]", measure: str) -> str:
    """The mean of a measure over runs, with its interval, for a narrow column."""
    found = mean_interval(values.to_numpy(dtype=float), within=range_of(measure))
    return in_brief(float(found.value), float(found.low), float(found.high), most=decimals_of(measure))
