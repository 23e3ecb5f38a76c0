"""Heat maps: a metric over the two factors that matter most for it, everything else averaged."""

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from commonweal.agents.arrays import Floats
from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, balanced, blank, finish
from commonweal.figures.data import note_cells
from commonweal.figures.effects import importance, title_of, top_two
from commonweal.figures.ink import MAP, printed, upon
from commonweal.figures.sweep_table import Axis, SweepTable

_ANNOTATED = 80  # cells of a map in which numbers still fit
_WIDE = 7  # columns of a map that leave room for another in the row


def grid_of(x: Axis, y: Axis, means: Floats) -> Floats:
    """Mean of a metric over all points with the same two levels.

    Args:
        x: axis of the columns.
        y: axis of the rows.
        means: (P,) one metric of every point.

    Returns:
        (levels of y, levels of x); nan where there is no point.
    """
    known = np.isfinite(means)
    place = (y.level * x.count + x.level)[known]
    count = np.bincount(place, minlength=x.count * y.count)
    with np.errstate(invalid="ignore"):
        cells: Floats = np.bincount(place, means[known], x.count * y.count) / count
    return cells.reshape(y.count, x.count)


@printed
def draw_heat_maps(table: SweepTable) -> Figure:
    """A map per metric over the two factors that explain most of it.

    Args:
        table: of a sweep in which at least two factors vary.

    Returns:
        The figure.
    """
    shares, means = importance(table), table.means
    pairs = [_oriented(*pair) for m in range(len(table.metrics)) if (pair := top_two(table, shares[:, m]))]
    widest, tallest = max(x.count for x, _ in pairs), max(y.count for _, y in pairs)
    longest = max(len(text) for _, y in pairs for text in y.texts)
    columns = min(len(pairs), 1 if widest > 2 * _WIDE else 2 if 6 * widest + longest > 40 else 3)
    rows = -(-len(pairs) // columns)
    width = ONE_COLUMN * 1.3 if columns == 1 and widest <= _WIDE else TWO_COLUMNS
    figure, grid = blank(rows, columns, width, 0.75 + 0.24 * max(4, tallest))
    axes = [ax for row in grid for ax in row]
    for m, (ax, (x, y)) in enumerate(zip(axes, pairs, strict=False)):
        _draw_map(ax, grid_of(x, y, means[:, m]), x, y, room=(16, 34, 75)[3 - columns])
        title = title_of(table.metrics[m], table.words)
        ax.set_title(title.replace(" (", "\n(") if len(title) > 66 // columns else title, loc="left", color="0.2")
    for spare in axes[len(pairs) :]:
        spare.remove()
    return finish(figure, "Where it holds", _caption(table, pairs))


def _oriented(first: Axis, second: Axis) -> tuple[Axis, Axis]:
    """Names read best as rows; of two numbers the one with more levels goes across."""
    key = [(axis.numeric, axis.count) for axis in (first, second)]
    return (first, second) if key[0] >= key[1] else (second, first)


def _draw_map(ax: Axes, cells: Floats, x: Axis, y: Axis, room: int) -> None:
    """One map; names of columns that fill more than ``room`` characters are turned."""
    ax.set_facecolor("0.9")
    upward: Literal["lower", "upper"] = "lower" if y.numeric else "upper"
    image = ax.imshow(np.ma.masked_invalid(cells), cmap=MAP, aspect="auto", origin=upward)
    ax.set_xticks(range(x.count), x.texts, rotation=45 if max(map(len, x.texts)) * x.count > room else 0)
    ax.set_yticks(range(y.count), y.texts)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    across, up = (list(axis.places if axis.numeric else axis.texts) for axis in (x, y))
    note_cells(ax, cells, across, up, {"value": "mean"})
    ax.set_xlabel(balanced(x.name, 40))
    ax.set_ylabel(balanced(y.name, 20))
    figure = ax.get_figure(root=True)
    assert figure is not None
    bar = figure.colorbar(image, ax=ax, pad=0.02, aspect=18, ticks=MaxNLocator(4))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, width=0.5, length=2)
    if cells.size <= _ANNOTATED and x.count <= _WIDE:
        _annotate(ax, image, cells)


def _annotate(ax: Axes, image: AxesImage, cells: Floats) -> None:
    """Write every cell's value in it, light on dark and dark on light."""
    span = np.nanmax(np.abs(cells))
    digits = next(digits for digits, least in enumerate((100, 10, 0.1, 0.01, 0)) if span >= least)
    beneath = image.to_rgba(cells)
    for (row, column), value in np.ndenumerate(cells):
        if np.isfinite(value):
            text = f"{value:.{digits}f}".replace("-", "−") if round(value, digits) else f"{0:.{digits}f}"
            ax.text(column, row, text, ha="center", va="center", fontsize=7,
                    color=upon(beneath[row, column]))  # fmt: skip


def _caption(table: SweepTable, pairs: list[tuple[Axis, Axis]]) -> str:
    shown = {axis.paths for pair in pairs for axis in pair}
    averaged = len(table.axes) > 2 or len(shown) > 2
    others = " and over all other factors" if averaged else ""
    bins = " Numbers at bins are means of the factor within bins of equal count." if any(
        axis.binned for pair in pairs for axis in pair) else ""  # fmt: skip
    missing = " Grey: no run." if any((np.bincount(y.level * x.count + x.level, minlength=x.count * y.count) == 0).any()
                                     for x, y in pairs) else ""  # fmt: skip
    chosen = " Each map shows the two factors that explain most of its metric." if averaged else ""
    return f"Mean over {table.seeds()}{others}, last quarter of rounds.{chosen}{bins}{missing}{table.note()}"
