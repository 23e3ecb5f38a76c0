"""Who ends up with the money: Lorenz curves and Gini indices of wealth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from commonweal.agents.arrays import Floats, gini
from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, blank, finish
from commonweal.figures.data import note
from commonweal.figures.ink import ink, key, printed
from commonweal.figures.points import Point, Points, points_of, require
from commonweal.scenarios.runs.intervals import SHARE, mean_interval

WEALTH = ("balance", "escrow")  # columns whose sum a principal owns
_GRID = np.linspace(0.0, 1.0, 101)


def lorenz(wealth: Floats) -> Floats:
    """Lorenz curve: share of all wealth that the poorest share of principals holds.

    Args:
        wealth: (N,) money.

    Returns:
        (101,) at 0, 1 %, ..., 100 % of principals; NaN if there is no wealth.
    """
    total = wealth.sum()
    if not total > 0:
        return np.full(_GRID.shape, np.nan)
    heights = np.concatenate([[0.0], np.cumsum(np.sort(wealth)) / total])
    return np.asarray(np.interp(_GRID, np.linspace(0.0, 1.0, heights.size), heights), dtype=np.float64)


def gini_of_run(wealth: Floats) -> float:
    """Gini index of what principals own (N,); NaN, so that it is left out of means, where they own nothing."""
    return float(gini(wealth[None])[0]) if wealth.sum() > 0 else float("nan")


def wealth_by_run(principals: pd.DataFrame, point: Point) -> list[Floats]:
    """What each principal owns at the end, balance and escrow: (N,) money for each run of a point."""
    own = principals[principals["run"].isin(point.runs)]
    total = own["balance"] + own["escrow"]
    return [group.to_numpy(dtype=np.float64) for _, group in total.groupby(own["run"], sort=False)]


def lorenz_curves(principals: pd.DataFrame, point: Point) -> Floats:
    """(seeds, 101) Lorenz curves of the runs of a point."""
    return np.stack([lorenz(wealth) for wealth in wealth_by_run(principals, point)])


def draw_lorenz(ax: Axes, curves: Sequence[Floats], names: Sequence[str]) -> None:
    """Mean Lorenz curve of each point with its interval.

    Args:
        ax: to draw on.
        curves: (seeds, 101) for each point, in the points' order.
        names: of the points.
    """
    ax.plot([0, 1], [0, 1], color="0.7", linewidth=0.7, gid="guide")
    ax.text(0.42, 0.46, "equality", color="0.45", ha="right", va="bottom")
    for place, values in enumerate(curves):
        found = mean_interval(values, within=SHARE)
        pen = ink(place)
        ax.plot(_GRID, found.value, color=pen.colour, linestyle=pen.dashes, label=f"point {place}")
        ax.fill_between(_GRID, found.low, found.high, color=pen.colour, linewidth=0,
                        alpha=0.18 if len(curves) < 4 else 0.06)
        note(ax, names[place], x=_GRID, y=found.value, y_low=found.low, y_high=found.high)
    lowest = min((float(np.nanmin(values, initial=0.0)) for values in curves), default=0.0)  # debts bend it below 0
    ax.set(xlim=(0, 1), ylim=(lowest, 1), xlabel="share of principals, poorest first", ylabel="share of wealth")


@printed
def draw_wealth(principals: pd.DataFrame, varied: Sequence[str] = ()) -> Figure:
    """Distribution of wealth at the end: Lorenz curves, and the Gini index of every run.

    Args:
        principals: one row per run and principal: run, balance, escrow (money).
        varied: dotted paths of the varied fields, columns of ``principals``.

    Returns:
        The figure.

    Raises:
        InputError: if a column or every row is missing.
    """
    require(principals, "principals", ("run", *WEALTH, *varied))
    points = points_of(principals, varied)
    curves = [lorenz_curves(principals, point) for point in points.shown]
    ginis = [np.array([gini_of_run(wealth) for wealth in wealth_by_run(principals, point)]) for point in points.shown]
    caption = f"{points.statistic()} Wealth is balance and escrow at the end."
    if not points.header:
        figure, grid = blank(1, 1, ONE_COLUMN, 2.8)
        draw_lorenz(grid[0][0], curves, points.names())
        grid[0][0].text(0.05, 0.95, f"Gini index at the end\n{_with_interval(ginis[0])}", va="top", color=ink(0).colour)
        return finish(figure, "Who ends up with the money", caption)
    figure, ((left, right),) = blank(1, 2, TWO_COLUMNS, max(2.6, 0.3 * len(points.shown)))
    draw_lorenz(left, curves, points.names())
    _draw_ginis(right, ginis, points)
    handles = [key(point.name, ink(place)) for place, point in enumerate(points.shown)]
    caption += f" Small dots: one run each.{points.note('Lines')}"
    return finish(figure, "Who ends up with the money", caption, handles)


def _with_interval(values: Floats) -> str:
    found = mean_interval(values, within=SHARE)
    return "no wealth" if np.isnan(found.value) else found.text(2)


def _draw_ginis(ax: Axes, ginis: Sequence[Floats], points: Points) -> None:
    """One row per point: the Gini index of every run, their mean, its interval, and the mean in figures."""
    for place, values in enumerate(ginis):
        pen = ink(place)
        found = mean_interval(values, within=SHARE)
        reach = None if np.isnan(found.low) else found.reach[:, None]
        ax.errorbar(found.value, place, xerr=reach, color=pen.colour, marker=pen.marker,
                    markersize=4.5, capsize=2, linewidth=1)
        ax.plot(values, np.full(values.size, place + 0.3), linestyle="none", marker=".", markersize=3,
                color=pen.colour, alpha=0.6)
        note(ax, "mean", x=found.value, x_low=found.low, x_high=found.high, y=points.shown[place].name)
        note(ax, "one run", x=values, y=points.shown[place].name)
        ax.text(1.03, place, _with_interval(values), transform=ax.get_yaxis_transform(), va="center", color=pen.colour)
    ax.set_yticks(range(len(ginis)), [point.name for point in points.shown])
    ax.set(xlabel="Gini index of wealth at the end (0 equal, 1 one owns all)", ylabel=points.header,
           ylim=(len(ginis) - 0.4, -0.6))
