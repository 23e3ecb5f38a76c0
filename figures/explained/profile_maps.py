"""Map of what each principal added to the outcome of each action profile, with the outcomes beside it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation
from commonweal.figures.canvas import TWO_COLUMNS, blank, finish
from commonweal.figures.data import note, note_cells
from commonweal.figures.explained.marks import (
    CERTAIN,
    called,
    common_words,
    how_known,
    name_of,
    number,
    parts_of,
    plain,
    quantity,
    shortened,
    title_of,
)
from commonweal.figures.ink import ACTIONS, BLACK, DIFFERENCES, GREY, key, printed, upon
from commonweal.figures.looks import look

_ROOM = 120  # cells in which something can be written
_TALLEST = 60  # rows that are named


@printed
def profile_map(
    why: Explanation,
    answer: int = 0,
    labels: Sequence[str] | None = None,
    chosen: Sequence[Sequence[str]] | None = None,
) -> Figure:
    """A row for each profile, a column for each principal, and a bar from the base to the outcome.

    Args:
        why: with profiles as its runs.
        answer: which outcome.
        labels: (R,) names of profiles; their numbers if not given.
        chosen: (R, P) what each chose, drawn into its cell: actions as marks, other words as they are; what it added if
            not given.

    Returns:
        The figure.

    Raises:
        InputError: if there is no such answer or reason, or there are not as many labels as profiles.
    """
    parts_of(why, 0, answer)
    values = why.values[:, :, answer]
    rows, columns = values.shape
    for name, given in (("labels", labels), ("chosen", chosen)):
        if given is not None and len(given) != rows:
            raise InputError(f"{name}: {len(given)} of them; the explanation has {rows} profiles")
    for row in chosen or ():
        if len(row) != columns:
            raise InputError(f"chosen: a row of {len(row)} words; there are {columns} reasons")
    if not columns:
        raise InputError("profile map: there are no reasons to draw")
    short, turned = _columns(why.names)
    height = 1.0 + float(np.clip(0.2 * rows, 0.6, 6.0)) + (0.075 * max(map(len, short)) if turned else 0.0)
    figure, ((left, right),) = blank(1, 2, TWO_COLUMNS, height, sharey=True)
    left.get_gridspec().set_width_ratios([3, 1])  # type: ignore[union-attr]
    largest = float(np.abs(values).max()) or 1.0
    image = left.imshow(values, cmap=DIFFERENCES, vmin=-largest, vmax=largest, aspect="auto", interpolation="nearest")
    rowed = [str(row) for row in range(rows)] if labels is None else list(labels)
    note_cells(left, values, list(map(plain, why.names)), rowed,
               {"x": "reason", "y": "profile", "value": f"added to {quantity(why, answer)}"})  # fmt: skip
    acts = chosen is not None and {word for row in chosen for word in row} <= set(ACTIONS)
    if acts:
        _mark(left, chosen or ())
    else:
        _write(left, image, values, _texts(values, chosen, largest))
    _stipple(left, values, None if why.standard_error is None else why.standard_error[:, :, answer])
    left.set_xticks(range(columns), short, rotation=90 if turned else 0)
    _name(left, why, rowed)
    _draw_outcomes(right, why, answer)
    for series, ends in (("base", why.base), ("outcome", why.value)):
        note(right, series, {"x": "", "y": "profile", "value": quantity(why, answer)}, y=rowed, value=ends[:, answer])
    bar = figure.colorbar(image, ax=[left, right], location="bottom", pad=0.03, aspect=50, shrink=0.6,
                          ticks=MaxNLocator(5))  # fmt: skip
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, width=0.5, length=2)
    bar.set_label(f"added to {quantity(why, answer)}")
    return finish(figure, title_of(why, answer, look().across(TWO_COLUMNS)), _caption(why, answer),
                  _handles(chosen) if acts else ())  # fmt: skip


def _texts(values: Floats, chosen: Sequence[Sequence[str]] | None, largest: float) -> list[list[str]]:
    """What is written into each cell."""
    if chosen is not None:
        return [[plain(word) for word in row] for row in chosen]
    return [[number(value, largest) for value in row] for row in values]


def _write(ax: Axes, image: AxesImage, values: Floats, texts: list[list[str]]) -> None:
    wide = max((len(text) for row in texts for text in row), default=0)
    if values.size > _ROOM or wide * values.shape[1] > 80:
        return
    beneath = image.to_rgba(values)
    for (row, column), _ in np.ndenumerate(values):
        ax.text(column, row, texts[row][column], ha="center", va="center", fontsize=6.5,
                color=upon(beneath[row, column]))  # fmt: skip


def _mark(ax: Axes, chosen: Sequence[Sequence[str]]) -> None:
    """Marks of actions in their colours."""
    size = 4.0 if len(chosen) <= 30 else 2.0
    for name, pen in ACTIONS.items():
        rows, columns = np.nonzero(np.array(chosen) == name)
        if len(rows) and len(chosen) <= _TALLEST:
            ax.plot(columns, rows, pen.marker, color=pen.colour, markersize=size, markeredgecolor="white",
                    markeredgewidth=0.6)  # fmt: skip


def _stipple(ax: Axes, values: Floats, errors: Floats | None) -> None:
    """A dot in the corner of cells that may as well be 0."""
    if errors is None or values.size > 4 * _ROOM:
        return
    rows, columns = np.nonzero((np.abs(values) < CERTAIN * np.nan_to_num(errors)) & (errors > 0))
    ax.plot(columns + 0.4, rows + 0.32, ".", color="0.3", markersize=3, markeredgewidth=0)


def _columns(names: Sequence[str]) -> tuple[list[str], bool]:
    """Names of columns, in two lines where there are few, and whether they are turned."""
    short = [name_of(name, 16, 2 if len(names) <= 6 else 1) for name in shortened(names)]
    return short, sum(len(max(name.split("\n"), key=len)) + 2 for name in short) > 70


def _name(ax: Axes, why: Explanation, labels: Sequence[str]) -> None:
    rows, columns = len(labels), len(why.names)
    if rows <= _TALLEST:
        ax.set_yticks(range(rows), [name_of(label, 26, 1) for label in labels])
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelsize=7 if columns > 20 else 8)
    if common := common_words(why.names):
        ax.set_xlabel(name_of(common, 60, 1))
        ax.xaxis.set_label_position("top")
    ax.spines[:].set_visible(False)


def _draw_outcomes(ax: Axes, why: Explanation, answer: int) -> None:
    """Bars from base to outcome, a line at the base where there is one."""
    base, value = why.base[:, answer], why.value[:, answer]
    ax.barh(range(len(base)), value - base, left=base, color="0.6", height=0.62)
    ax.plot(value, range(len(base)), "D", color=BLACK, markersize=3 if len(base) <= _TALLEST else 1.5, clip_on=False)
    if _one_base(why, answer):
        ax.axvline(base[0], color=GREY, linewidth=0.8)
    ax.use_sticky_edges = False
    ax.margins(x=0.08)
    ax.set_title("outcome", loc="left", color="0.2")
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.ticklabel_format(axis="x", style="sci", scilimits=(-4, 6), useMathText=True)
    ax.locator_params(axis="x", nbins=3)


def _one_base(why: Explanation, answer: int) -> bool:
    """Whether all runs have the same base."""
    base = why.base[:, answer]
    return bool(np.ptp(base) <= 1e-12 * float(np.abs(base).max()))


def _caption(why: Explanation, answer: int) -> str:
    dots = "" if why.standard_error is None else " A dot in the corner: within two standard errors of 0."
    line = " (line)" if _one_base(why, answer) else ""
    bars = f"Bars beside it go from {plain(why.baseline)}{line} to what is explained (diamond)."
    return f"{how_known(why, answer)}{dots} {bars}"


def _handles(chosen: Sequence[Sequence[str]] | None) -> list[Artist]:
    """The actions that were chosen."""
    words = {word for row in chosen or () for word in row}
    return [key(called(name), pen, marker=True) for name, pen in ACTIONS.items() if name in words]
