"""What runs are measured by: what the measures are called, and which of them matter most."""

import re
from collections.abc import Collection

import pandas as pd

from commonweal.economy.round.words import ACTIONS, Words
from commonweal.scenarios.runs.intervals import decimals_of, in_brief, mean_interval, range_of

_NAMES = {
    "gini": "Gini, last quarter",  # of wealth, mean over rounds; the figure of wealth shows that at the end
    "screened_share": "screened share",
    "price_of_anarchy": "price of anarchy",
    "cooperation": "requests fulfilled",
    "good_names": "good names",
}
_OTHERS = ("gini", "screened_share", "price_of_anarchy")
SHARES = tuple(f"share_{action}" for action in ACTIONS)
MEASURES = (*SHARES, "cooperation", "good_names", "accuracy", "welfare", *_OTHERS)  # the usual ones
VALUES = ("violated", "value_cost", "net_welfare")  # where somebody minds broken limits
COMPARED = ("share_delegate", "accuracy", "welfare")  # measures that matter most
_OF_CAMPS = re.compile(r"(violated|abstain)_camp_(\d+)")


def usual_measures(there: Collection[str], words: Words) -> list[str]:
    """The usual measures among those that there are; where somebody minds broken limits, those of values after welfare.

    Args:
        there: names of columns.
        words: what the runs call things.
    """
    camps = [name for name in there if _OF_CAMPS.fullmatch(name)]
    place = MEASURES.index("welfare") + 1
    named = (*MEASURES[:place], *VALUES, *camps, *MEASURES[place:]) if words.minds else MEASURES
    return [name for name in named if name in there]


def camps_of(there: Collection[str], measure: str) -> list[str]:
    """The columns that have a measure by camp, in the order of the camps."""
    return [name for name in there if (found := _OF_CAMPS.fullmatch(name)) and found[1] == measure]


def measures_of(runs: pd.DataFrame, words: Words) -> tuple[str, ...]:
    """The usual measures that a table of runs has, or else its last column of numbers."""
    return tuple(usual_measures(runs.columns, words) or runs.select_dtypes("number").columns[-1:])


def rank_of(measure: str) -> int:
    """Which columns are kept where there is no room for all: the lowest."""
    return 0 if measure == COMPARED[0] else 2 if measure in (*COMPARED, "violated") else 3


def title(measure: str, words: Words) -> str:
    """What a measure is called over a column of a table."""
    if measure in SHARES:
        return words.verb(measure.removeprefix("share_")).doing
    if found := _OF_CAMPS.fullmatch(measure):
        return f"{'violated' if found[1] == 'violated' else words.abstain.doing}, camp {found[2]}"
    named = {"accuracy": words.column, "welfare": words.welfare_axis, **_NAMES}
    if words.minds:
        named |= {"value_cost": "value cost (money per round)", "net_welfare": f"{words.net_welfare} (money per round)"}
    return named.get(measure, measure)


def brief_mean(values: "pd.Series[float]", measure: str) -> str:
    """The mean of a measure over runs, with its interval, for a narrow column."""
    found = mean_interval(values.to_numpy(dtype=float), within=range_of(measure))
    return in_brief(float(found.value), float(found.low), float(found.high), most=decimals_of(measure))
