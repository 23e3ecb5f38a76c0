"""The cells of a map of a sweep: which points lie in each, what they come to, and what is still to be played."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.figures.browser.swept.measure_names import Name, measure_names, named
from commonweal.figures.browser.swept.sweep_axes import Scale, scales_of
from commonweal.figures.effects import importance
from commonweal.figures.sweep_table import SweepTable
from commonweal.scenarios.reading.stored import FAILED
from commonweal.scenarios.reading.survey import Survey
from commonweal.scenarios.runs.intervals import mean_interval, range_of

SHOWS = {"mean": "mean", "interval": "interval width", "spread": "spread of seeds"}
_KEYS = ("measure", "across", "up", "held", "shows", "minus", "point", "other")


@dataclass(frozen=True)
class View:
    """What is looked at of a sweep; what is None or not there is chosen for the reader."""

    measure: str = ""
    across: int | None = None  # place of an axis
    up: int | None = None  # of another; −1 for none
    held: Mapping[int, int] = field(default_factory=dict)  # level at which an axis is held; all others are averaged
    shows: str = "mean"  # one of SHOWS
    minus: str = ""  # what is taken off: "across 0", "up 2" (a level) or "point 7"
    point: int | None = None  # that is chosen
    other: int | None = None  # that it is compared with


@dataclass(frozen=True)
class Atlas:
    """A sweep and how it is looked at, all choices made."""

    survey: Survey
    scales: tuple[Scale, ...]
    names: tuple[Name, ...]  # of measures; empty before a run is finished
    view: View

    @property
    def across(self) -> Scale | None:
        """The axis to the right; None where nothing varies."""
        return None if self.view.across is None else self.scales[self.view.across]

    @property
    def up(self) -> Scale | None:
        """The axis upwards; None where one thing varies or one is looked at."""
        return None if self.view.up is None or self.view.up < 0 else self.scales[self.view.up]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the map."""
        return self.up.axis.count if self.up else 1, self.across.axis.count if self.across else 1

    @property
    def sampled(self) -> bool:
        """Whether a cell is a bin of points, whose means are what varies in it."""
        return any(scale.axis.binned for scale in (self.across, self.up) if scale is not None)

    @property
    def averaged(self) -> tuple[Scale, ...]:
        """The axes that the map averages over."""
        shown = {self.view.across, self.view.up}
        return tuple(s for place, s in enumerate(self.scales) if place not in shown and place not in self.view.held)

    def places(self) -> tuple[Ints, Ints]:
        """(P,) column and row of every point."""
        nowhere = np.zeros(len(self.survey.points), dtype=np.int64)
        return (self.across.axis.level if self.across else nowhere), (self.up.axis.level if self.up else nowhere)

    def shown(self) -> Bools:
        """(P,) points at the levels at which axes are held."""
        chosen = np.ones(len(self.survey.points), dtype=bool)
        for place, level in self.view.held.items():
            chosen &= self.scales[place].axis.level == level
        return chosen

    def members(self) -> list[list[Ints]]:
        """Numbers of the points in each cell, by row and column."""
        columns, rows = self.places()
        chosen, (tall, wide) = self.shown(), self.shape
        return [[np.flatnonzero(chosen & (rows == y) & (columns == x)) for x in range(wide)] for y in range(tall)]

    def words(self, point: int) -> str:
        """A point in a few words: "audit 0.1, stake 0.25"."""
        return ", ".join(scale.level(int(scale.axis.level[point])) for scale in self.scales) or self.survey.name


@dataclass(frozen=True)
class Values:
    """What the cells of a map come to, (rows, columns)."""

    units: Floats  # (U, rows, columns) a value per seed, of a sampled design per point; nan where there is none
    value: Floats  # that is shown: mean, interval width or spread, less what is taken off
    low: Floats  # ends of the interval of the mean; nan where there is none
    high: Floats


def atlas_of(survey: Survey, view: View) -> Atlas:
    """All choices of a view made, those that do not fit the sweep made anew."""
    scales, names = scales_of(survey), measure_names(survey) if survey.measures else ()
    measure = named(names, view.measure).measure if names else ""
    across, up = _axes(survey, scales, measure, view)
    held = {place: level for place, level in view.held.items()
            if place not in (across, up) and 0 <= place < len(scales) and 0 <= level < scales[place].axis.count}
    points = range(len(survey.points))
    shows = view.shows if view.shows in SHOWS else "mean"
    made = Atlas(survey, scales, names, View(measure, across, up, held, shows))
    point = view.point if view.point in points else _telling(made)
    other = view.other if view.other in points and view.other != point else None
    made = replace(made, view=replace(made.view, point=point, other=other))
    minus = view.minus if _may_take_off(made, view.minus) else ""
    return replace(made, view=replace(made.view, minus=minus))


def _telling(atlas: Atlas) -> int:
    """The point to show first: the one with the largest mean of those that are shown, else the first."""
    if not atlas.names:
        return 0
    means = np.where(atlas.shown(), _mean(atlas.survey.values(atlas.view.measure), 0), np.nan)
    return int(np.nanargmax(means)) if np.isfinite(means).any() else 0


def _axes(survey: Survey, scales: tuple[Scale, ...], measure: str, view: View) -> tuple[int | None, int | None]:
    """The two axes looked at: as chosen, else those that explain most, numbers with most levels to the right."""
    if not scales:
        return None, None
    across, up = (place if place is not None and place < len(scales) else None for place in (view.across, view.up))
    if across is not None and across >= 0 and (up is not None or len(scales) == 1):
        return across, up if up not in (across, None) and len(scales) > 1 else -1
    if len(scales) == 1:
        return 0, -1
    if across is not None and across >= 0:
        return across, next(place for place in _order(survey, scales, measure) if place != across)
    first, second = _order(survey, scales, measure)[:2]
    keys = [(scales[place].axis.numeric, scales[place].axis.count) for place in (first, second)]
    return (first, second) if keys[0] >= keys[1] else (second, first)


def _order(survey: Survey, scales: tuple[Scale, ...], measure: str) -> list[int]:
    """Axes, those that explain most of a measure first."""
    if len(scales) < 3 or not measure:
        return list(range(len(scales)))
    values = survey.values(measure)[:, :, None]
    table = SweepTable(tuple(scale.axis for scale in scales), (measure,), values, False, 0)
    shares = np.nan_to_num(importance(table)[:, 0])
    return [int(place) for place in np.argsort(-shares, kind="stable")]


def minus_choices(atlas: Atlas) -> dict[str, str]:
    """What can be taken off a map, by id; levels of its axes and the chosen point. Nothing of a sampled design."""
    found = {"": "nothing"}
    if atlas.sampled or atlas.across is None:
        return found
    for way, scale in (("up", atlas.up), ("across", atlas.across)):
        if scale is not None:
            found |= {f"{way} {place}": scale.level(place) for place in range(scale.axis.count)}
    if atlas.view.point is not None:
        found[f"point {atlas.view.point}"] = atlas.words(atlas.view.point)
    return found


def _may_take_off(atlas: Atlas, minus: str) -> bool:
    way, _, said = minus.partition(" ")
    if way == "point" and not atlas.sampled and atlas.across is not None:
        return said.isdecimal() and int(said) < len(atlas.survey.points) and bool(atlas.shown()[int(said)])
    return minus in minus_choices(atlas)


def values_of(atlas: Atlas, measure: str, *, plainly: bool = False) -> Values:
    """What the cells come to in a measure.

    Args:
        atlas: of the sweep.
        measure: a column of its runs.
        plainly: means only, whatever the view shows and takes off.
    """
    units = _units(atlas, atlas.survey.values(measure))
    minus = "" if plainly else atlas.view.minus
    within = range_of(measure)
    if minus:
        units, within = units - _taken_off(atlas, minus, units), within.of_differences
    found = mean_interval(units, within=within)
    if plainly or atlas.view.shows == "mean":
        value = found.value
    elif atlas.view.shows == "interval":
        value = found.high - found.low
    else:
        value = _spread(units)
    return Values(units, value, found.low, found.high)


def _spread(units: Floats) -> Floats:
    """Standard deviation over seeds; nan with fewer than two."""
    known = np.isfinite(units)
    count = known.sum(axis=0)
    mean = np.where(known, units, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = np.where(known, (units - mean) ** 2, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan))


def _units(atlas: Atlas, values: Floats) -> Floats:
    """(U, rows, columns): means over the points of a cell by seed; of a sampled design over seeds by point."""
    members = atlas.members()
    if atlas.sampled:
        most = max((len(cell) for row in members for cell in row), default=1)
        each = [[np.pad(_mean(values[:, cell], 0), (0, most - len(cell)), constant_values=np.nan) for cell in row]
                for row in members]  # fmt: skip
    else:
        each = [[_mean(values[:, cell], 1) for cell in row] for row in members]
    return np.moveaxis(np.array(each, dtype=np.float64), -1, 0)


def _mean(values: Floats, over: int) -> Floats:
    """Means over an axis of what is known; nan where nothing is."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=over) / known.sum(axis=over))


def _taken_off(atlas: Atlas, minus: str, units: Floats) -> Floats:
    way, _, said = minus.partition(" ")
    number = int(said)
    if way == "up":
        return units[:, number : number + 1, :]
    if way == "across":
        return units[:, :, number : number + 1]
    columns, rows = atlas.places()
    return units[:, rows[number], columns[number]][:, None, None]


@dataclass(frozen=True)
class Standing:
    """How far the runs of some points are."""

    played: int
    failed: int
    waiting: int  # to be played
    why: str  # why the first of those that failed did

    @property
    def state(self) -> str:
        """``played``, ``partly``, ``failed``, ``waiting``, or ``none`` where there is no point."""
        if not self.played + self.failed + self.waiting:
            return "none"
        if not self.played:
            return "failed" if self.failed else "waiting"
        return "partly" if self.waiting or self.failed else "played"


def standings(survey: Survey) -> Callable[[Any], Standing]:
    """How far the runs of points are, by the points' numbers."""
    count = len(survey.points)
    lost = survey.runs["status"] == FAILED
    points = survey.runs["point"].to_numpy(dtype=np.int64)
    failed = np.bincount(points[lost.to_numpy(dtype=bool)], minlength=count)
    stored = np.bincount(points, minlength=count)
    first = {int(run["point"]): run for run in survey.runs[lost].drop_duplicates("point").to_dict("records")}

    def standing(here: Any) -> Standing:
        numbers = np.atleast_1d(np.asarray(here, dtype=np.int64))
        told = next((number for number in numbers.tolist() if number in first), None)
        why = "" if told is None else reason(first[told])
        all_failed, all_stored = int(failed[numbers].sum()), int(stored[numbers].sum())
        return Standing(all_stored - all_failed, all_failed, len(numbers) * len(survey.seeds) - all_stored, why)

    return standing


def reason(run: Mapping[Any, Any]) -> str:
    """Why a run failed, in a line."""
    return f"failed at {run['stage']}: {run['message']}"


def view_after(view: View, changes: Mapping[str, Any]) -> View:
    """A view with changes from the browser.

    Args:
        view: before.
        changes: new values by the fields of ``View``; ``held`` as a table of levels by axis, −1 to average.

    Raises:
        InputError: if one is not of its kind.
    """
    given = {name: changes[name] for name in _KEYS if name in changes}
    for name, value in given.items():
        text = name in ("measure", "shows", "minus")
        if text and not isinstance(value, str):
            raise InputError(f"{name}: must be text")
        if not text and name != "held" and not (value is None or type(value) is int):
            raise InputError(f"{name}: must be a whole number")
    if "held" in given:
        try:
            wanted = {**view.held, **{int(place): int(level) for place, level in dict(given["held"]).items()}}
        except (TypeError, ValueError):
            raise InputError("held: must be a table of levels by axis") from None
        given["held"] = {place: level for place, level in wanted.items() if level >= 0}
    turned = {"across", "up"} & set(given)
    if turned and given.get("across", view.across) == given.get("up", view.up):  # the other axis takes its place
        given |= {"across": view.up, "up": view.across}
    return replace(view, **given)
