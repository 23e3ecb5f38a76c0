"""From stored frames to what is drawn: the points of a sweep, and means over seeds with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.module_names import in_short
from commonweal.figures.data import note
from commonweal.figures.ink import Ink
from commonweal.scenarios.runs.intervals import mean_interval, range_of
from commonweal.scenarios.schema.field_titles import field_titles, value_title

MOST = 12  # points in a figure; more cannot be told apart on paper


@dataclass(frozen=True)
class Point:
    """One rule of a sweep: the runs that differ in their seed only."""

    name: str  # () the varied values: "by credit"
    title: str  # () the same with the fields' names: "settlement rule: by credit"
    runs: Ints  # (seeds,) run numbers


@dataclass(frozen=True)
class Points:
    """The points of a sweep that a figure shows."""

    shown: tuple[Point, ...]  # (points,)
    left_out: int  # () points beyond the most a figure shows
    header: str  # () the varied fields in words, "" if none

    def seeds(self) -> str:
        """How many seeds a point has, in words: "8 seeds", "7 to 8 seeds", "one seed"."""
        counts = sorted({len(point.runs) for point in self.shown})
        if counts == [1]:
            return "one seed"
        return f"{counts[0]} seeds" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"

    def names(self) -> list[str]:
        """What the points are called; "" where nothing varies."""
        return [point.name if self.header else "" for point in self.shown]

    def statistic(self) -> str:
        """What lines and bands are, in words."""
        if max(len(point.runs) for point in self.shown) == 1:
            return "One seed: no interval."
        return f"Mean and 95 % interval over {self.seeds()}."

    def note(self, parts: str = "Panels") -> str:
        """What tells the parts of the figure apart, and what was left out, in words; "" if neither."""
        total = len(self.shown) + self.left_out
        cut = f" (the first {len(self.shown)} of {total} points)" if self.left_out else ""
        return f" {parts}: {self.header}{cut}." if self.header else ""


@dataclass(frozen=True)
class Course:
    """A quantity over time, averaged over seeds."""

    rounds: Floats  # (T,)
    mean: Floats  # (T,) NaN where no run has a value
    low: Floats  # (T,) lower end of the 95 % interval; NaN where fewer than two runs have a value
    high: Floats  # (T,) upper end


def require(frame: pd.DataFrame, name: str, columns: Sequence[str]) -> None:
    """Check that a stored frame has rows and columns.

    Args:
        frame: to check.
        name: what it is called on disk.
        columns: that must exist.

    Raises:
        InputError: if it has not.
    """
    if missing := [column for column in columns if column not in frame.columns]:
        raise InputError(f"{name}: no column {missing[0]!r}; there are {', '.join(map(str, frame.columns)) or 'none'}")
    if frame.empty:
        raise InputError(f"{name}: no rows; a figure needs at least one finished run")


def points_of(frame: pd.DataFrame, varied: Sequence[str], most: int = MOST) -> Points:
    """The points of a sweep, in stored order.

    Args:
        frame: with the columns ``run`` and ``varied``.
        varied: dotted paths of the fields that differ between points.
        most: number of points shown.

    Returns:
        The first ``most`` points and how many are left out.
    """
    first = frame.drop_duplicates("run")
    fields = field_titles(varied)
    values = [[value_title(path, text) for text in _texts(list(first[path]))] for path in varied]
    runs: dict[tuple[str, ...], list[int]] = {}
    for place, run in enumerate(first["run"]):
        runs.setdefault(tuple(column[place] for column in values), []).append(int(run))
    points = tuple(
        Point(", ".join(texts) or "all runs", ", ".join(f"{n}: {t}" for n, t in zip(fields, texts, strict=True)),
              np.array(numbers, dtype=np.int64))
        for texts, numbers in runs.items())
    return Points(points[:most], max(0, len(points) - most), ", ".join(fields))


def _texts(values: list[object]) -> list[str]:
    """Values as a person writes them: numbers with no more digits than tell them apart."""
    if not all(isinstance(value, float | np.floating) for value in values):
        return [_text(value) for value in values]
    numbers = np.array(values, dtype=np.float64)
    for digits in range(3, 18):
        texts = [f"{number:.{digits}g}" for number in numbers]
        if len(set(texts)) == np.unique(numbers).size:
            break
    return texts


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, float | np.floating):
        return f"{float(value):g}"
    if isinstance(value, np.ndarray | list | tuple):
        return "[" + " ".join(_text(item) for item in value) + "]"
    return PurePath(value).name if isinstance(value, PurePath) else in_short(str(value))


def course(rounds: pd.DataFrame, point: Point, column: str) -> Course:
    """A column's mean over the seeds of a point, round by round.

    Args:
        rounds: one row per run and round.
        point: whose runs to average.
        column: to average.

    Raises:
        InputError: if a run has a round twice.
    """
    own = rounds.loc[rounds["run"].isin(point.runs), ["run", "round", column]]
    if own.duplicated(["run", "round"]).any():
        raise InputError("rounds: a run has the same round twice; every run needs a number of its own")
    table = own.pivot(index="round", columns="run", values=column)
    found = mean_interval(table.to_numpy(dtype=np.float64).T, within=range_of(column))
    return Course(table.index.to_numpy(dtype=np.float64), found.value, found.low, found.high)


def draw_course(ax: Axes, line: Course, pen: Ink, label: str = "", opacity: float = 0.18,
                series: str | None = None) -> None:  # fmt: skip
    """A mean line with its interval as a band; a single round becomes a marker.

    Args:
        ax: to draw on.
        line: the course.
        pen: its ink.
        label: of the line, by which it can be found.
        opacity: of the band.
        series: what a reader calls it; the label if None.
    """
    marker = pen.marker if len(line.rounds) == 1 else "none"
    ax.plot(line.rounds, line.mean, color=pen.colour, linestyle=pen.dashes, marker=marker, label=label or "_")
    if np.isfinite(line.low).any():
        ax.fill_between(line.rounds, line.low, line.high, color=pen.colour, alpha=opacity, linewidth=0)
    note(ax, label if series is None else series, x=line.rounds, y=line.mean, y_low=line.low, y_high=line.high)


def end_of(line: Course) -> float:
    """The last known mean, where a line's name goes; NaN if there is none."""
    known = line.mean[np.isfinite(line.mean)]
    return float(known[-1]) if known.size else float("nan")
