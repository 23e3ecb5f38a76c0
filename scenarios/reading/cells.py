"""The cells of a sweep: means over seeds, and differences between cells that were played with the same seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats, Ints
from commonweal.scenarios.reading.stored import FAILED
from commonweal.scenarios.runs.intervals import Interval, beside, mean_interval, range_of, standard_error


@dataclass(frozen=True)
class Cells:
    """What P points of a sweep came to, in M metrics."""

    points: Ints  # (P,) numbers of the points
    values: pd.DataFrame  # P rows: the varied values of each point
    runs: Ints  # (P,) runs that were played to their end
    failed: Ints  # (P,) runs that failed
    means: Interval  # (P, M) over seeds, 95 %; nan without a run
    differences: Interval  # (P, M) of means over seeds of the difference to the first point, paired, 95 %
    error: Floats  # (P, M) standard errors of the means; nan with fewer than two runs


def compare(runs: pd.DataFrame, factors: Sequence[str], metrics: Sequence[str]) -> Cells:
    """Means and paired differences.

    Args:
        runs: one row per run: point, seed, status, factors and metrics.
        factors: dotted paths of the varied fields.
        metrics: M columns.

    Returns:
        One row per point, in the order of their numbers. Differences pair the runs of equal seeds, which draw the
        same random numbers (common random numbers; Law 2015, section 11.2).
    """
    failed = runs["status"] == FAILED
    points = np.sort(runs["point"].unique())
    first = runs.drop_duplicates("point").set_index("point").loc[points]
    seeds = np.sort(runs["seed"].unique())
    table = np.full((len(seeds), len(points), len(metrics)), np.nan)
    kept = runs[~failed]
    place = np.searchsorted(seeds, kept["seed"]), np.searchsorted(points, kept["point"])
    table[place] = kept[list(metrics)].to_numpy(dtype=np.float64)
    ranges = [range_of(metric) for metric in metrics]
    apart = table - table[:, :1]
    means = [mean_interval(table[:, :, m], within=within) for m, within in enumerate(ranges)]
    differences = [mean_interval(apart[:, :, m], within=within.of_differences) for m, within in enumerate(ranges)]
    row = np.searchsorted(points, runs["point"])
    played, lost = (np.bincount(row[chosen], minlength=len(points)) for chosen in (~failed, failed))
    values = first[list(factors)]
    return Cells(points, values, played, lost, beside(means), beside(differences), standard_error(table))
