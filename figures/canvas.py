"""Figures of the width that is asked for: panels, names next to lines, a title above, a caption below."""

from collections.abc import Sequence
from itertools import chain
from textwrap import fill, wrap
from typing import Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, MaxNLocator
from scipy.optimize import isotonic_regression

from commonweal.figures.data import Picture
from commonweal.figures.looks import ONE_COLUMN, TWO_COLUMNS, look
from commonweal.figures.magnified import magnify, magnify_handles

__all__ = [
    "ONE_COLUMN", "TWO_COLUMNS", "balanced", "blank", "finish", "label_ends", "panels", "rounds_axis", "say_empty",
]
_TALLER = 1.4  # how much higher a single panel gets at most where it gets wider
_BROKEN = 0.15  # inches that labels need which are broken into lines
_SET = 13.0  # characters of an inch
_PAD = 0.04167  # inches around panels


def blank(rows: int, columns: int, width: float, row_height: float, heights: Sequence[float] | None = None,
          sharey: bool | Literal["row"] = False, sharex: bool = False) -> tuple[Figure, list[list[Axes]]]:
    """A figure with a grid of tidy axes.

    Args:
        rows: of the grid.
        columns: of the grid.
        width: of the figure, inches.
        row_height: of a row of height 1, inches.
        heights: relative heights of rows.
        sharey: which y axes are the same, as in ``Figure.subplots``.
        sharex: whether all x axes are the same.

    Returns:
        The figure and its axes, row by row. Where the look has no room for a row, its last panels stand below the
        first; they are in the same row of what is returned.
    """
    wide, beside = look().across(width), look().beside(columns)
    bands, tall = -(-columns // beside), list(heights or [1.0] * rows)
    if look().room < TWO_COLUMNS:
        row_height += _BROKEN
    if columns == 1 and wide > width:
        row_height *= min(wide / width, _TALLER)
    if bands > 1:
        tall = [height for height in tall for _ in range(bands)]
    figure = Picture(figsize=(wide, row_height * sum(tall)), dpi=200, layout="constrained")
    FigureCanvasAgg(figure)
    places: list[list[Axes]] = figure.subplots(
        rows * bands, beside, squeeze=False, sharex=sharex, sharey=sharey if bands == 1 else sharey is True,
        height_ratios=tall if heights else None).tolist()
    grid = places if bands == 1 else _folded(places, rows, columns, sharey == "row")
    for ax in chain.from_iterable(grid):
        # Explicit, because ticks are made when drawn: by then the caller's own settings are back.
        ax.tick_params(labelsize=8, width=0.6, length=2.5, pad=2)
        ax.locator_params(nbins=5)
    figure.panels = grid
    return figure, grid


def _folded(places: list[list[Axes]], rows: int, columns: int, by_row: bool) -> list[list[Axes]]:
    """The panels of every row, which stand in several rows of the figure; places that are left over are removed."""
    bands = len(places) // rows
    grid = []
    for first in range(0, len(places), bands):
        row = list(chain.from_iterable(places[first : first + bands]))
        for spare in row[columns:]:
            spare.remove()
        grid.append(row[:columns])
        for ax in row[1:columns] if by_row else ():
            ax.sharey(row[0])
    for ax in grid[-1]:
        ax.tick_params(labelbottom=True)
    return grid


def panels(titles: Sequence[str], ylabel: str, xlabel: str, columns: int = 3, row_height: float = 1.75,
           sharey: bool = True) -> tuple[Figure, list[Axes]]:
    """Small multiples that wrap: one panel per title, outer axes labelled.

    Args:
        titles: one per panel.
        ylabel: what the y axis shows, with its unit.
        xlabel: what the x axis shows, with its unit.
        columns: panels in a row, at most.
        row_height: inches.
        sharey: whether all panels have the same y axis.

    Returns:
        The figure and one axes per title.
    """
    count = len(titles)
    columns = look().beside(2 if count in (2, 4) else min(columns, count))
    figure, grid = blank(-(-count // columns), columns, ONE_COLUMN if count == 1 else TWO_COLUMNS,
                         2.2 if count == 1 else row_height, sharex=True, sharey=sharey)
    every = list(chain.from_iterable(grid))
    axes = every[:count]
    for spare in every[count:]:
        spare.remove()
    for place, (ax, title) in enumerate(zip(axes, titles, strict=True)):
        if title:
            ax.set_title(fill(title, 84 // columns), loc="left", color="0.2")
        if place % columns == 0:
            ax.set_ylabel(balanced(ylabel, int(row_height * 16)))
        if place + columns >= count:
            ax.set_xlabel(balanced(xlabel, 90 // columns if count > 1 else 44))
            ax.tick_params(labelbottom=True)
    return figure, axes


def balanced(text: str, limit: int) -> str:
    """Text in as few lines as fit the limit of characters, of about equal length."""
    lines = -(-len(text) // limit)
    return fill(text, limit if lines == 1 else len(text) // lines + 6)


def rounds_axis(ax: Axes) -> None:
    """Whole rounds on the x axis, no empty margin."""
    ax.margins(x=0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))


def label_ends(ax: Axes, heights: Sequence[float], texts: Sequence[str], colours: Sequence[str]) -> None:
    """Write each line's name next to its right end, spread just enough that names do not overlap.

    Args:
        ax: axes whose limits are final.
        heights: where each line ends, in data units; a line without an end (NaN) gets no name.
        texts: the names.
        colours: of the names.
    """
    low, high = ax.get_ylim()
    ends = (np.asarray(heights, dtype=float) - low) / (high - low)
    order = [int(i) for i in np.argsort(ends) if np.isfinite(ends[i])]
    if not order:
        return
    figure = ax.get_figure(root=True)
    assert figure is not None
    gap = 0.17 / (figure.get_size_inches()[1] * ax.get_position().height)
    # The nearest places at least a gap apart are an isotonic regression of the ends less their steps.
    steps = gap * np.arange(len(order))
    places = isotonic_regression(ends[order] - steps).x + steps
    for i, place in zip(order, places, strict=True):
        ax.annotate(texts[i], (1.0, ends[i]), (1.05, place), xycoords="axes fraction", textcoords="axes fraction",
                    color=colours[i], va="center", annotation_clip=False,
                    arrowprops={"arrowstyle": "-", "color": colours[i], "linewidth": 0.5, "shrinkA": 1, "shrinkB": 1})


def say_empty(ax: Axes, words: str) -> None:
    """Say in the middle of a panel why nothing is drawn in it; an axis of its own has no numbers then."""
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", color="0.35")
    for axis, shared in ((ax.xaxis, ax.get_shared_x_axes()), (ax.yaxis, ax.get_shared_y_axes())):
        if len(shared.get_siblings(ax)) == 1 and not ax.has_data():
            axis.set_ticks([])


def finish(figure: Figure, title: str, caption: str, handles: Sequence[Artist] = ()) -> Figure:
    """Add a title and a legend above the panels and a caption below, in space of their own.

    Args:
        figure: with its axes drawn; it grows by the space needed.
        title: one short line.
        caption: what is drawn: statistic, interval, number of seeds, what was left out.
        handles: legend entries.
    """
    if isinstance(figure, Picture):
        figure.panels = [[ax for ax in row if ax in figure.axes] for row in figure.panels]  # some were removed
        _repeat(figure.panels)
        _fit(figure)
    scale = look().scale
    width, body = figure.get_size_inches()
    heads, lines = wrap(title, int(width * 11.8)), wrap(caption, int(width * 15.5))
    entries = [0.5 + 0.068 * len(str(handle.get_label())) for handle in handles]
    columns = len(handles) if sum(entries) < width else max(1, int(width / max(entries)))
    headed = 0.27 + 0.17 * (len(heads) - 1)
    above = headed + 0.17 * -(-len(handles) // max(1, columns)) + (0.05 if handles else 0)
    below = 0.1 + 0.145 * len(lines)
    height = above + body + below
    magnify(figure, scale)
    figure.set_size_inches(width * scale, height * scale)
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.set(rect=(0, below / height, 1, body / height), hspace=0.06, wspace=0.04,  # type: ignore[call-arg]
               w_pad=scale * _PAD, h_pad=scale * _PAD)
    figure.text(0.06 / width, 1 - 0.06 / height, "\n".join(heads), va="top", fontsize=9 * scale, fontweight="bold")
    figure.text(0.06 / width, 0.05 / height, "\n".join(lines), va="bottom", fontsize=8 * scale, color="0.35")
    if handles:
        magnify_handles(handles, scale)
        figure.legend(handles=list(handles), loc="upper left", ncols=max(1, columns), fontsize=8 * scale,
                      bbox_to_anchor=(0.06 / width, 1 - (headed - 0.02) / height), borderpad=0, borderaxespad=0,
                      handlelength=2.2, columnspacing=1.2, labelspacing=0.3)
    return figure


def _fit(picture: Picture) -> None:
    """Break labels and titles that are longer than their panel, which was laid out for a page."""
    width, height = picture.get_size_inches()
    panels = list(chain.from_iterable(picture.panels))
    for bar in (ax.yaxis.label for ax in picture.axes if ax not in panels):
        if len(bar.get_text()) > _SET * height:
            bar.set_text(balanced(bar.get_text(), int(_SET * height)))
    for ax in panels:
        place = ax.get_subplotspec()
        if place is None:
            continue
        grid = place.get_gridspec()
        tall = np.asarray(grid.get_height_ratios(), dtype=np.float64)
        alike = ax.get_shared_y_axes().get_siblings(ax)
        names = max(_names_of_rows(each) for each in alike)
        once = grid.ncols if len(alike) > 1 else 1  # names stand at the left alone
        wide, inside = width / grid.ncols, width / grid.ncols - names / once
        high = height * float(tall[place.rowspan.start] / tall.sum())
        if look().room < TWO_COLUMNS:
            _turn(ax, inside - 0.4)
        title: Text = ax._left_title  # type: ignore[attr-defined]
        for text, room in ((ax.xaxis.label, wide), (ax.yaxis.label, high), (title, inside)):
            if len(max(text.get_text().split("\n"), key=len)) > _SET * room:
                text.set_text(balanced(" ".join(text.get_text().split()), max(12, int(_SET * room))))


def _turn(ax: Axes, room: float) -> None:
    """Turn names below a panel that would lie upon each other."""
    if isinstance(ax.xaxis.get_major_locator(), FixedLocator):
        names = [label.get_text() for label in ax.get_xticklabels()]
        if sum(max(map(len, name.split("\n"))) + 2 for name in names) > _SET * room:
            ax.tick_params(axis="x", labelrotation=90)


def _names_of_rows(ax: Axes) -> float:
    """Inches that the names of rows take up at the left; 0 where rows are numbers."""
    if not isinstance(ax.yaxis.get_major_locator(), FixedLocator):
        return 0.0
    lines = [line for label in ax.get_yticklabels() for line in label.get_text().split("\n")]
    return max(map(len, lines), default=0) / _SET


def _repeat(grid: Sequence[Sequence[Axes]]) -> None:
    """Where rows are folded, write what only their first panels say beside those below, and titles over each."""
    for row in grid:
        places = [ax.get_subplotspec() for ax in row]
        first = [ax for ax, place in zip(row, places, strict=True) if place is not None and place.is_first_col()]
        for ax in first[1:]:
            if not ax.get_ylabel() and ax.get_shared_y_axes().joined(ax, row[0]):
                ax.set_ylabel(row[0].get_ylabel())
        if len(first) > 1 and row is not grid[0]:
            for ax, above in zip(row, grid[0], strict=False):
                if not ax.get_title(loc="left"):
                    ax.set_title(above.get_title(loc="left"), loc="left", color="0.2")
