"""A sweep as its figures see it: points with levels of every factor, and means over seeds in every metric."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.module_names import in_short
from commonweal.economy.round.words import Words
from commonweal.scenarios.schema.field_titles import field_titles, value_title

MOST_LEVELS = 12  # numbers of a factor that are levels of their own; more are put into bins
_BINS = 8



@dataclass(frozen=True)
class Axis:
    """What varies between points: one factor, or several that always vary together."""

    paths: tuple[str, ...]  # dotted paths of the factors
    name: str  # () in words
    level: Ints  # (P,) level of each point, from 0
    texts: tuple[str, ...]  # (L,) names of the levels
    places: Floats  # (L,) numbers of the levels, or their means within bins; 0, 1, … where they have none
    numeric: bool  # () whether the levels are numbers
    binned: bool  # () whether levels are bins of equal count

    @property
    def count(self) -> int:
        """Number of levels, L."""
        return len(self.texts)

    @property
    def logarithmic(self) -> bool:
        """Whether a logarithmic scale shows the levels better: they span decades, and more evenly so."""
        if not self.numeric or self.places.min() <= 0 or self.places.max() < 30 * self.places.min():
            return False
        gaps, ratios = np.diff(np.sort(self.places)), np.diff(np.log(np.sort(self.places)))
        return bool(ratios.max() / ratios.min() < gaps.max() / gaps.min())


@dataclass(frozen=True)
class SweepTable:
    """P points of a sweep, S seeds, M metrics."""

    axes: tuple[Axis, ...]  # what varies
    metrics: tuple[str, ...]  # (M,)
    values: Floats  # (S, P, M) by seed; nan where a run failed or is not there
    sampled: bool  # () whether the design samples factors instead of crossing their levels
    failed: int  # () runs that failed
    words: Words = field(default_factory=Words)  # what the runs call things

    @property
    def means(self) -> Floats:
        """(P, M) means over seeds; nan without a run."""
        known = np.isfinite(self.values)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(known, self.values, 0.0).sum(axis=0) / known.sum(axis=0))

    def seeds(self) -> str:
        """How many seeds there are, in words."""
        return "one seed" if len(self.values) == 1 else f"{len(self.values)} seeds"

    def note(self) -> str:
        """What is missing, as a sentence; "" if nothing."""
        return f" {self.failed} failed {'run is' if self.failed == 1 else 'runs are'} left out." if self.failed else ""


def sweep_table(runs: pd.DataFrame, factors: Sequence[str], metrics: Sequence[str]) -> SweepTable:
    """Arrange the table of runs by seed, point and metric.

    Args:
        runs: one row per run: point, seed, status, factors and metrics.
        factors: dotted paths of the varied fields.
        metrics: M columns.

    Raises:
        InputError: if a column is missing or every run failed.
    """
    if missing := [name for name in ("point", "seed", "status", *factors, *metrics) if name not in runs.columns]:
        raise InputError(f"runs: no column {missing[0]!r}; there are {', '.join(map(str, runs.columns)) or 'none'}")
    kept = runs[runs["status"] == "ok"]
    if kept.empty:
        raise InputError("runs: every run failed; a figure needs at least one that did not")
    points, seeds = np.sort(runs["point"].unique()), np.sort(runs["seed"].unique())
    values = np.full((len(seeds), len(points), len(metrics)), np.nan)
    place = np.searchsorted(seeds, kept["seed"]), np.searchsorted(points, kept["point"])
    values[place] = kept[list(metrics)].to_numpy(dtype=np.float64)
    first = runs.drop_duplicates("point").sort_values("point")
    axes = axes_of(first, factors)
    sampled = any(axis.binned for axis in axes)
    return SweepTable(axes, tuple(metrics), values, sampled, len(runs) - len(kept))


def axes_of(points: pd.DataFrame, factors: Sequence[str]) -> tuple[Axis, ...]:
    """What varies between points: an axis for each factor that does, factors that always vary together as one.

    Args:
        points: one row per point, in order; a column per factor.
        factors: dotted paths of the varied fields.
    """
    return _merged([axis for axis in (_axis(path, points[path]) for path in factors) if axis.count > 1], factors)


def _axis(path: str, column: pd.Series) -> Axis:
    """The levels of one factor: numbers in ascending order, everything else as it comes."""
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        level, names = pd.factorize(column.map(_text))
        texts = tuple(value_title(path, str(name)) for name in names)
        return Axis((path,), path, level, texts, np.arange(len(names), dtype=float), False, False)
    numbers = column.to_numpy(dtype=np.float64)
    places, level = np.unique(numbers, return_inverse=True)
    if len(places) <= MOST_LEVELS:
        return Axis((path,), path, level, _numbers(places), places, True, False)
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, _BINS + 1)))
    level = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(edges) - 2)
    means = np.array([numbers[level == bin].mean() for bin in range(len(edges) - 1)])
    return Axis((path,), path, level, _numbers(means, 2), means, True, True)


def _merged(axes: Sequence[Axis], factors: Sequence[str]) -> tuple[Axis, ...]:
    """Axes in words, factors that always vary together as one."""
    kept: list[Axis] = []
    for axis in axes:
        twin = next((i for i, other in enumerate(kept) if _together(axis, other)), None)
        if twin is None:
            kept.append(axis)
        else:
            kept[twin] = replace(kept[twin], paths=(*kept[twin].paths, *axis.paths))
    titles = dict(zip(factors, field_titles(factors), strict=True))
    return tuple(replace(axis, name=", ".join(titles[path] for path in axis.paths)) for axis in kept)


def _together(one: Axis, other: Axis) -> bool:
    pairs = {(int(a), int(b)) for a, b in zip(one.level, other.level, strict=True)}
    return not (one.binned or other.binned) and len(pairs) == one.count == other.count


def _numbers(values: Floats, fewest: int = 3) -> tuple[str, ...]:
    """Numbers with no more digits than tell them apart."""
    for digits in range(fewest, 18):
        texts = [f"{value:.{digits}g}" for value in values]
        if len(set(texts)) == len(values):
            break
    return tuple(texts)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | np.bool_) else in_short(str(value))
