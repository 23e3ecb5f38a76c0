"""What varies in a sweep, as axes of its maps: names, units and levels in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.sweep_table import Axis, axes_of
from commonweal.scenarios.reading.survey import Survey
from commonweal.scenarios.schema.describe import find_spec
from commonweal.scenarios.schema.notation import split_path

_UNITS = {"per round": "chance a round", "name": "", "count": "", "1": ""}  # where an axis says it otherwise
_NAMES = {"population.count": "principals", "task.partition": "data"}  # that the last part of a path does not tell


@dataclass(frozen=True)
class Scale:
    """An axis with its words."""

    axis: Axis
    name: str  # "audit"; of several factors that vary together all of their names
    unit: str  # "chance a round"; empty where it goes without saying
    before: str  # stands before a level: "audit" 0.1; empty where the level says enough

    @property
    def title(self) -> str:
        """Name and unit."""
        return f"{self.name}, {self.unit}" if self.unit not in ("", self.name) else self.name

    def level(self, place: int) -> str:
        """A level with the name: "audit 0.1", "40 principals"."""
        if self.unit and self.unit == self.name:
            return f"{self.axis.texts[place]} {self.name}"
        return f"{self.before} {self.axis.texts[place]}".strip()


def scales_of(survey: Survey) -> tuple[Scale, ...]:
    """What varies between the points of a sweep, in the order of its factors."""
    if not survey.factors:
        return ()
    points = pd.DataFrame([[point.get(path) for path in survey.factors] for point in survey.points])
    points.columns = pd.Index(list(survey.factors))
    axes = axes_of(points, survey.factors)
    last = [_last(path) for axis in axes for path in axis.paths]
    return tuple(_worded(axis, last) for axis in axes)


def _worded(axis: Axis, last: Sequence[str]) -> Scale:
    names = [_last(path) if last.count(_last(path)) == 1 else _whole(path) for path in axis.paths]
    said = {str((find_spec(split_path(path)) or {}).get("unit", "")) for path in axis.paths}
    unit = said.pop() if len(said) == 1 else ""
    alone = not axis.numeric and axis.paths[0].endswith(".kind")
    return Scale(replace(axis, texts=_texts(axis)), " and ".join(names), _UNITS.get(unit, unit),
                 "" if alone else names[0])  # fmt: skip


def _texts(axis: Axis) -> tuple[str, ...]:
    if not axis.numeric:
        return tuple(text.replace("_", " ") for text in axis.texts)
    numbers = tuple(map(figure, axis.places.tolist()))
    return numbers if len(set(numbers)) == axis.count else axis.texts


def _last(path: str) -> str:
    if path in _NAMES:
        return _NAMES[path]
    *above, name = split_path(path)
    named = [part for part in above if not part.isdigit()]
    return f"{named[-1]} rule" if name == "kind" and named else name.replace("_", " ")


def _whole(path: str) -> str:
    return " ".join(split_path(path)).replace("_", " ")
