"""The cells of a sweep: means over seeds, and differences between cells that were played with the same seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from commonweal.agents.arrays import Floats, Ints
from commonweal.scenarios.reading.stored import FAILED


@dataclass(frozen=True)
class Cells:
    """What P points of a sweep came to, in M metrics."""

    points: Ints  # (P,) numbers of the points
    values: pd.DataFrame  # P rows: the varied values of each point
    runs: Ints  # (P,) runs that were played to their end
    failed: Ints  # (P,) runs that failed
    mean: Floats  # (P, M) over seeds; nan without a run
    half_width: Floats  # (P, M) of the 95 % t-interval; nan with fewer than two runs
    difference: Floats  # (P, M) mean over seeds of the difference to the first point
    difference_half: Floats  # (P, M) of the paired 95 % t-interval


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
    mean, half = mean_and_half_width(table)
    difference, difference_half = mean_and_half_width(table - table[:, :1])
    row = np.searchsorted(points, runs["point"])
    played, lost = (np.bincount(row[chosen], minlength=len(points)) for chosen in (~failed, failed))
    return Cells(points, first[list(factors)], played, lost, mean, half, difference, difference_half)


def mean_and_half_width(values: Floats) -> tuple[Floats, Floats]:
    """Mean over the first axis and half width of its 95 % t-interval.

    Args:
        values: (S, ...) one value per seed; what is not finite is left out.

    Returns:
        (...) mean, nan without a value; (...) half width, nan with fewer than two values.
    """
    known = np.isfinite(values)
    count = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, values, 0.0).sum(axis=0) / count
        squares = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0)
        half = stdtrit(np.maximum(count - 1, 1), 0.975) * np.sqrt(squares / (count - 1) / count)
    return mean, np.where(count > 1, half, np.nan)


def estimated(name: str, values: Floats) -> dict[str, Floats]:
    """A mean with the ends of its 95 % t-interval: columns ``name``, ``name_low`` and ``name_high``.

    Args:
        name: of the estimate.
        values: (S, ...) one value per seed.

    Returns:
        (...) columns; nan where there are too few values.
    """
    mean, half = mean_and_half_width(values)
    return {name: mean, f"{name}_low": mean - half, f"{name}_high": mean + half}
