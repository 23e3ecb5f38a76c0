"""Response curves: how a metric answers to each number that varies, by the name that matters most."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from commonweal.agents.arrays import Floats
from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, balanced, blank, finish
from commonweal.figures.data import note
from commonweal.figures.effects import importance, title_of
from commonweal.figures.ink import Ink, ink, key, printed
from commonweal.figures.sweep_table import Axis, SweepTable
from commonweal.scenarios.runs.intervals import Interval, beside, mean_interval, range_of

_LINES = 6  # that can be told apart on one pair of axes
_COLUMNS = 4  # factors in a figure
_SHARES = ("share_", "accuracy", "gini")  # metrics between 0 and 1


@printed
def draw_responses(table: SweepTable) -> Figure:
    """Each metric against each numeric factor, a line per level of the most important factor that is a name.

    Args:
        table: of a sweep in which a number varies.

    Returns:
        The figure: a row per metric, a column per factor.
    """
    weight = np.nan_to_num(importance(table)).mean(axis=1)
    order = [table.axes[i] for i in np.argsort(-weight, kind="stable")]
    numbers, names = [a for a in order if a.numeric], [a for a in order if not a.numeric and a.count <= _LINES]
    shown, by = numbers[:_COLUMNS], names[0] if names else None
    width = ONE_COLUMN * 1.15 if len(shown) == 1 else TWO_COLUMNS
    figure, grid = blank(len(table.metrics), len(shown), width, 1.5, sharey="row")
    for m, row in enumerate(grid):
        for ax, axis in zip(row, shown, strict=True):
            _draw_lines(ax, table, m, axis, by)
            _scale(ax, axis, bottom=m == len(grid) - 1, columns=len(shown))
        row[0].set_ylabel(title_of(table.metrics[m], table.words).replace(" (", "\n("))
        _bound(row[0], table, m)
    handles = _handles(by) if by else []
    return finish(figure, "How it responds", _caption(table, shown, len(numbers), by), handles)


def curve(table: SweepTable, metric: int, axis: Axis, chosen: np.ndarray) -> Interval:
    """Mean of a metric at every level of an axis and its 95 % interval.

    In a crossed design every seed's mean over the other factors is one value, so that the interval tells how far
    other seeds would move the curve. In a sampled one every point in a bin is one value.

    Args:
        table: of the sweep.
        metric: which.
        axis: whose levels.
        chosen: (P,) points that count.

    Returns:
        (L,) means, nan without a point; their ends are nan with fewer than two values.
    """
    at_levels = [table.values[:, chosen & (axis.level == level), metric] for level in range(axis.count)]
    each = [_known_mean(values, 0 if axis.binned else 1) for values in at_levels]
    return beside([mean_interval(values, within=range_of(table.metrics[metric])) for values in each])


def _known_mean(values: Floats, over: int) -> Floats:
    """Means over an axis of what is known; nan where nothing is."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=over) / known.sum(axis=over))


def _draw_lines(ax: Axes, table: SweepTable, metric: int, axis: Axis, by: Axis | None) -> None:
    everything = np.ones(len(axis.level), dtype=bool)
    groups = [by.level == level for level in range(by.count)] if by else [everything]
    for place, chosen in enumerate(groups):
        found = curve(table, metric, axis, chosen)
        pen, there = ink(place), np.isfinite(found.value)
        label = by.texts[place] if by else "_"
        ax.plot(axis.places[there], found.value[there], color=pen.colour, linestyle=pen.dashes, marker=pen.marker,
                markersize=3.2, label=label)  # fmt: skip
        note(ax, by.texts[place] if by else "", x=axis.places[there], y=found.value[there], y_low=found.low[there],
             y_high=found.high[there])  # fmt: skip
        ax.fill_between(axis.places[there], found.low[there], found.high[there], color=pen.colour, alpha=0.16,
                        linewidth=0)  # fmt: skip


def _scale(ax: Axes, axis: Axis, *, bottom: bool, columns: int) -> None:
    if axis.logarithmic:
        ax.set_xscale("log")
    if not axis.binned and axis.count <= (7 if columns < 4 else 5):
        ax.set_xticks(axis.places, axis.texts)
        ax.xaxis.set_minor_locator(NullLocator())
    ax.tick_params(labelbottom=bottom)
    if bottom:
        ax.set_xlabel(balanced(axis.name, 84 // columns if columns > 1 else 44))


def _bound(ax: Axes, table: SweepTable, metric: int) -> None:
    """Keep a share's axis within 0 and 1, which an interval may leave."""
    if table.metrics[metric].startswith(_SHARES):
        low, high = ax.get_ylim()
        ax.set_ylim(max(low, -0.03), min(high, 1.03))


def _handles(by: Axis) -> list[Line2D]:
    entries = []
    for place, text in enumerate(by.texts):
        pen: Ink = ink(place)
        entry = key(text, pen)
        entry.set_marker(pen.marker)
        entry.set_markersize(3.2)
        entries.append(entry)
    return entries


def _caption(table: SweepTable, shown: list[Axis], numbers: int, by: Axis | None) -> str:
    over = " over all other factors" if len(table.axes) > 1 + (by is not None) else ""
    if any(axis.binned for axis in shown):
        interval = "Points in bins of equal count, mean and 95 % interval over the points of a bin"
    elif len(table.values) > 1:
        interval = f"Mean{over} and 95 % interval over {table.seeds()}"
    else:
        interval = f"Mean{over}; one seed: no interval"
    lines = f" Lines: {by.name}." if by else ""
    left = f" The {len(shown)} most important of {numbers} numbers that vary." if len(shown) < numbers else ""
    return f"{interval}, last quarter of rounds.{lines}{left}{table.note()}"
