"""Lines with bands and marks with intervals from the columns of a table, noted as they are drawn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from commonweal.agents.arrays import Floats
from commonweal.figures.data import note
from commonweal.figures.ink import Ink


def draw_band(ax: Axes, rows: pd.DataFrame, columns: tuple[str, str], pen: Ink, series: str = "", **look: Any) -> None:
    """A line over a column, and its interval as a band where it is known.

    Args:
        ax: to draw on.
        rows: in the order of the line.
        columns: of x and y; the interval is in y_low and y_high.
        pen: its ink.
        series: what the legend calls it.
        look: more for the line, such as its marker.
    """
    x, y = columns
    found: dict[str, Any] = {"y": rows[y]}
    if f"{y}_low" in rows and rows[f"{y}_low"].notna().any():
        found |= {"y_low": rows[f"{y}_low"], "y_high": rows[f"{y}_high"]}
        ax.fill_between(rows[x], found["y_low"], found["y_high"], color=pen.colour, alpha=0.15, linewidth=0)
    ax.plot(rows[x], rows[y], color=pen.colour, linestyle=pen.dashes, **look)
    note(ax, series, x=rows[x], **found)


def draw_marks(ax: Axes, rows: pd.DataFrame, columns: tuple[Any, Any], pen: Ink, series: str | Sequence[str] = "",
               **look: Any) -> None:  # fmt: skip
    """Marks with the intervals of x and of y that are known.

    Args:
        ax: to draw on.
        rows: a row per mark.
        columns: of x and y: the name of a column, whose interval is in its _low and _high, or (places, names): where
            the marks are and what they are called there.
        pen: their ink.
        series: what the legend calls them.
        look: more for the marks, such as their size.
    """
    places: dict[str, ArrayLike] = {}
    noted: dict[str, Any] = {}
    called: dict[str, str] = {}  # what names are names of, as the table's index says
    reach: dict[str, Floats] = {}
    for axis, column in zip("xy", columns, strict=True):
        if not isinstance(column, str):
            places[axis], noted[axis] = column
            called[axis] = str(rows.index.name or "").replace("_", " ")
            continue
        places[axis] = noted[axis] = rows[column].to_numpy(dtype=float)
        if f"{column}_low" in rows:
            ends = rows[[f"{column}_low", f"{column}_high"]].to_numpy(dtype=float).T
            noted |= {f"{axis}_low": ends[0], f"{axis}_high": ends[1]}
            middle = np.asarray(places[axis])
            reach[f"{axis}err"] = np.maximum(np.nan_to_num(np.stack([middle - ends[0], ends[1] - middle])), 0)
    usual: dict[str, Any] = {"markersize": 3.5, "linestyle": "none", "elinewidth": 0.9}
    ax.errorbar(places["x"], places["y"], color=pen.colour, marker=pen.marker, **{**usual, **reach, **look})
    note(ax, series, called, **noted)
