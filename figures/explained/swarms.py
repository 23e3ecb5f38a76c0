"""Beeswarm of a course: a row for each reason, a point for each decision, coloured by what was seen."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.agents.population import ConditionalKind
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.sights import Decisions
from commonweal.figures.canvas import TWO_COLUMNS, blank, finish
from commonweal.figures.data import note
from commonweal.figures.explained.marks import called, how_known, name_of, number, parts_of, quantity, title_of
from commonweal.figures.explained.waterfalls import folded
from commonweal.figures.ink import ACTIONS, GREY, Ink, key, printed
from commonweal.figures.looks import look

MOST = 15  # reasons with a row of their own
_CODED: dict[str, type[IntEnum]] = {"last action": Action, "kind": ConditionalKind}
_BINS = 90  # places across a row in which points lie side by side
_HALF = 0.4  # of a row, that points may fill to each side
SEEN = LinearSegmentedColormap.from_list("seen", ["#E8B54A", "#9CB7C4", "#00456E"])  # little to much, for every eye


@printed
def beeswarm(course: Explanation, answer: int = 0, seen: pd.DataFrame | None = None) -> Figure:
    """All decisions of a course: how far each reason moved each of them.

    Args:
        course: with decisions as its runs.
        answer: which answer.
        seen: a row per decision, a column per reason, what was seen; reasons without a column are grey.

    Returns:
        The figure; rows by mean size, small reasons in one row, of their exact sum.

    Raises:
        InputError: if there is no such answer, or ``seen`` has other rows than the course.
    """
    parts_of(course, 0, answer)
    values = course.values[:, :, answer]
    if seen is not None and len(seen) != len(values):
        raise InputError(f"seen: {len(seen)} rows; the course has {len(values)} decisions")
    sizes = np.abs(values).mean(axis=0)
    alone, together = folded(sizes, MOST)
    rows = [values[:, place] for place in alone] + ([values[:, together].sum(axis=1)] if together else [])
    labels = [name_of(course.names[place]) for place in alone] + ([f"{len(together)} others"] if together else [])
    figure, ((ax,),) = blank(1, 1, TWO_COLUMNS, 0.5 + 0.3 * max(1, len(rows)))
    told: dict[str, str] = {}
    span = float(np.ptp(values)) if values.size else 0.0
    columns = [_column(course.names[place], seen) for place in alone] + [None] * bool(together)
    for row, (x, column) in enumerate(zip(rows, columns, strict=True)):
        told |= _draw_row(ax, row, x, column, span)
        seen_here = "" if column is None else [called(str(each)) for each in column]
        note(ax, seen_here, {"y": "reason"}, x=x, y=labels[row].replace("\n", " "))
    _dress(ax, rows, labels)
    ax.set_xlabel(f"added to {quantity(course, answer)}")
    if "scale" in told:
        _draw_bar(figure, ax)
    title = title_of(course, answer, look().across(TWO_COLUMNS))
    return finish(figure, title, _caption(course, answer, told), _handles(told))


def seen_by(decisions: Decisions, principal: int, run: int = 0) -> pd.DataFrame:
    """What a principal saw in all decisions of its course, actions and kinds by name.

    Args:
        decisions: of a play.
        principal: whose.
        run: of which run.

    Returns:
        A row per decision, a column per feature.
    """
    chosen = decisions.chose[run, :, principal]
    table = pd.DataFrame(decisions.features[run, chosen, principal], columns=list(decisions.names))
    for name in set(_CODED) & set(table):
        table[name] = [_CODED[name](int(code)).name.lower() for code in table[name]]
    return table


def spread(x: Floats, width: float, step: float) -> Floats:
    """How far points of a row are moved up or down so that those beside each other can be seen.

    Args:
        x: (R,) where they lie.
        width: of the whole axis, in units of x.
        step: between two points of the same place, in rows; smaller where a place is crowded.

    Returns:
        (R,) in rows, between −.4 and .4.
    """
    place = np.floor(x / width * _BINS) if width > 0 else np.zeros(len(x))
    _, group, count = np.unique(place, return_inverse=True, return_counts=True)
    rank = np.zeros(len(x))
    for each in range(len(count)):
        rank[group == each] = np.arange(count[each])
    level = np.ceil(rank / 2) * np.where(rank % 2, 1, -1)
    most = max(1.0, float(np.abs(level).max(initial=0.0)))
    moved: Floats = level * min(step, _HALF / most)
    return moved


def _column(name: str, seen: pd.DataFrame | None) -> pd.Series | None:
    return None if seen is None or name not in seen else seen[name]


def _draw_row(ax: Axes, row: int, x: Floats, column: pd.Series | None, span: float) -> dict[str, str]:
    """Points of one reason; what the legend must tell of their colours, and of which reason."""
    size = float(np.clip(1500 / max(1, len(x)), 5, 16))
    y = row + spread(x, span, 0.055 * np.sqrt(size / 5))
    look: dict[str, Any] = {"s": size, "linewidths": 0.25, "edgecolors": "0.35", "zorder": 2}
    if column is None or (not pd.api.types.is_numeric_dtype(column) and not set(column) <= set(ACTIONS)):
        ax.scatter(x, y, color=GREY, **look)
        return {"grey": ""}
    if not pd.api.types.is_numeric_dtype(column):
        ax.scatter(x, y, c=[ACTIONS[name].colour for name in column], **look)
        return {str(name): str(column.name) for name in column}
    numbers = column.to_numpy(dtype=np.float64)
    low, high = np.nanpercentile(numbers, (5, 95)) if np.isfinite(numbers).any() else (0.0, 0.0)
    shade = np.clip((numbers - low) / (high - low), 0, 1) if high > low else np.full(len(numbers), 0.5)
    ax.scatter(x, y, c=np.ma.masked_invalid(shade), cmap=SEEN, vmin=0, vmax=1, **look)
    return {"scale": ""}


def _dress(ax: Axes, rows: list[Floats], labels: list[str]) -> None:
    """Names to the left, mean sizes to the right, a line at 0."""
    ax.axvline(0, color=GREY, linewidth=0.7, zorder=0)
    ax.set_yticks(range(len(rows)), labels)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(1, len(rows)) - 0.4, -1.0)
    means = [float(np.abs(x).mean()) for x in rows]
    for row, mean in enumerate(means):
        ax.axhline(row, color="0.93", linewidth=0.6, zorder=0)
        ax.text(1.02, row, number(mean, max(means)), transform=ax.get_yaxis_transform(), va="center", color="0.25")
    ax.text(1.02, -0.75, "mean size", transform=ax.get_yaxis_transform(), va="center", color="0.25", fontsize=7)
    ax.spines["left"].set_visible(False)
    ax.ticklabel_format(axis="x", style="sci", scilimits=(-4, 6), useMathText=True)


def _draw_bar(figure: Figure, ax: Axes) -> None:
    bar = figure.colorbar(ScalarMappable(Normalize(0, 1), SEEN), ax=ax, pad=0.02, aspect=22, ticks=[0, 1])
    bar.ax.set_yticklabels(["little", "much"])
    bar.set_label("what was seen", labelpad=-12)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=7)


def _caption(course: Explanation, answer: int, told: Mapping[str, str]) -> str:
    text = f"{len(course.value)} decisions, each a point in every row. {how_known(course, answer)}"
    if "scale" in told:
        text += " Colours go from the 5th to the 95th percentile of what was seen in the row."
    if "grey" in told and len(told) > 1:
        text += " Grey: not coloured."
    return text


def _handles(told: Mapping[str, str]) -> list[Artist]:
    """What actions the points of a row of actions are; the first entry names the reason."""
    pens = {name: Ink(pen.colour, "-", "o") for name, pen in ACTIONS.items() if name in told}
    heads = [f"{name_of(told[name], lines=1)}: " for name in pens]
    return [key(f"{heads[0] if not place else ''}{called(name)}", pen, marker=True)
            for place, (name, pen) in enumerate(pens.items())]  # fmt: skip
