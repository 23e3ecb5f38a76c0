"""The numbers that a figure draws: noted beside each drawing call, and kept as a tidy table with the figure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from commonweal.agents.arrays import AnyArray

_AXES = ("x", "y", "value")
_ENDS = ("", "_low", "_high")
_ORDER = [f"{axis}{end}" for axis in _AXES for end in _ENDS]


@dataclass(frozen=True)
class Note:
    """What was drawn by one call."""

    ax: Axes
    series: str | Sequence[str]  # () or (M,) which line, mark or bar; "" where there is but one
    columns: Mapping[str, Any]  # x, y, value and their ends: numbers or names, of one length or scalars
    names: Mapping[str, str]  # what x, y or value is, where no label of an axis says it


class Picture(Figure):
    """A figure that knows the numbers it draws, and where its panels stand."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        """An empty one."""
        super().__init__(*args, **settings)
        self.notes: list[Note] = []
        self.panels: list[list[Axes]] = []  # row by row as they are drawn, however many stand beside each other


def note(ax: Axes, series: str | Sequence[str] = "", names: Mapping[str, str] | None = None, **columns: Any) -> None:
    """Note what was drawn into a panel.

    Args:
        ax: the panel.
        series: the line, mark or bar, as the legend calls it.
        names: what ``x``, ``y`` and ``value`` are, where no label says it.
        columns: ``x`` and ``y``, or ``value`` of cells, with ``_low`` and ``_high``; a scalar is of all rows.
    """
    if isinstance(picture := ax.get_figure(root=True), Picture):
        picture.notes.append(Note(ax, series, columns, names or {}))


def note_cells(ax: Axes, cells: AnyArray, x: Sequence[Any], y: Sequence[Any], names: Mapping[str, str]) -> None:
    """Note a map: (len(y), len(x)) values of cells by the names or numbers of their columns and rows."""
    note(ax, names=names, x=np.tile(np.asarray(x), len(y)), y=np.repeat(np.asarray(y), len(x)), value=cells)


def data_of(figure: Figure) -> pd.DataFrame:
    """What a figure draws, a row for each point, bar or cell.

    Args:
        figure: of one of our drawing functions.

    Returns:
        Columns ``panel`` and ``series`` where there are several; then what is drawn under the labels of its axes, with
        their units, or as ``x``, ``y`` and ``value`` with ``x_axis`` and so on where panels have different ones. Ends
        of intervals end in ``_low`` and ``_high``.
    """
    notes = figure.notes if isinstance(figure, Picture) else []
    if not notes:
        return pd.DataFrame()
    table = pd.concat([_frame(each) for each in notes], ignore_index=True)
    order = [name for name in ("panel", "series") if table[name].astype(bool).any()]
    renamed: dict[str, str] = {}
    for axis in _AXES:
        ends = [f"{axis}{end}" for end in _ENDS if f"{axis}{end}" in table]
        kept = [name for name in ends if name == axis or table[name].notna().any()]
        kept = [name for name in kept if name in table]
        labels = set(table[f"{axis}_axis"].dropna()) if kept else set()
        if len(labels) > 1:
            kept.insert(0, f"{axis}_axis")
        elif label := next(iter(labels - {*order, *renamed.values()}), ""):
            renamed |= {name: f"{label}{name[len(axis) :]}" for name in kept}
        order += kept
    return table[order].rename(columns=renamed).reset_index(drop=True)


def _frame(each: Note) -> pd.DataFrame:
    """The rows of one note, with the panel and what its axes show."""
    given = {name: np.ravel(np.asarray(each.columns[name])) for name in _ORDER if name in each.columns}
    long = max((len(values) for values in given.values()), default=0)
    series = _flat(each.series) if isinstance(each.series, str) else list(map(_flat, each.series))
    columns: dict[str, Any] = {"panel": _flat(_title(each.ax)), "series": series}
    for axis in _AXES:
        if any(f"{axis}{end}" in given for end in _ENDS):
            columns[f"{axis}_axis"] = _flat(each.names.get(axis) or _label(each.ax, axis))
    said = {name: np.array([_flat(str(text)) for text in values]) if values.dtype.kind in "OUS" else values
            for name, values in given.items()}  # fmt: skip
    plain = {name: np.broadcast_to(values, long) for name, values in said.items()}
    frame = pd.DataFrame(columns | plain, index=range(long))
    return frame.dropna(subset=[axis for axis in _AXES if axis in given])  # what is not known is not drawn


def _title(ax: Axes) -> str:
    """The title of a panel: its own, or that of its column."""
    return next((text for text in (each.get_title(loc="left") for each in _column(ax)) if text), "")


def _label(ax: Axes, axis: str) -> str:
    """What an axis shows: its own label, or that of the panels beside or below it."""
    if axis == "value":
        return ""
    read: Callable[[Axes], str] = (lambda a: a.get_xlabel()) if axis == "x" else (lambda a: a.get_ylabel())
    others = _column(ax, below=True) if axis == "x" else [ax, *_row(ax)]
    return next((text for text in map(read, others) if text), "")


def _rows(ax: Axes) -> list[list[Axes]]:
    picture = ax.get_figure(root=True)
    return picture.panels if isinstance(picture, Picture) else []


def _row(ax: Axes) -> list[Axes]:
    """The panels of the same row."""
    return next((row for row in _rows(ax) if ax in row), [])


def _column(ax: Axes, below: bool = False) -> list[Axes]:
    """A panel and those above it, or below it, the nearest first."""
    row = _row(ax)
    if not row:
        return [ax]
    column = [other[row.index(ax)] for other in _rows(ax) if len(other) > row.index(ax)]
    place = column.index(ax)
    return column[place:] if below else column[place::-1]


def _flat(text: str) -> str:
    return " ".join(text.replace("\\$", "$").split())
