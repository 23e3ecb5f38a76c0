"""How what principals value moves: trajectories of their limits in value space or over time."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.figures.canvas import finish, panels, rounds_axis
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREEN, GREY, Ink, key, printed
from commonweal.figures.points import Point, Points, points_of, require

_PATHS = 150  # trajectories a panel shows at most


def dimension_name(dimension: int, names: Sequence[str]) -> str:
    """A dimension's name with the unit of its limit, or its number if it has no name."""
    return names[dimension] if dimension < len(names) else f"dimension {dimension} (probe loss)"


@printed
def draw_value_map(profiles: pd.DataFrame, varied: Sequence[str] = (), dimensions: Sequence[int] | None = None,
                   names: Sequence[str] = ()) -> Figure:
    """How value profiles move: principals in the plane of two dimensions, or the limits of one dimension over time.

    Args:
        profiles: run, round, principal, dimension, limit (probe loss).
        varied: dotted paths of the varied fields, columns of ``profiles``.
        dimensions: one or two; the first two if not given.
        names: of all dimensions, with units.

    Returns:
        The figure: the trajectories of the first run of each point, and their mean.

    Raises:
        InputError: if a column or every row is missing, or there is no such dimension.
    """
    require(profiles, "profiles", ("run", "round", "principal", "dimension", "limit", *varied))
    known = sorted(int(k) for k in profiles["dimension"].unique())
    chosen = list(known[:2] if dimensions is None else dimensions)
    if not 1 <= len(chosen) <= 2 or not set(chosen) <= set(known):
        raise InputError(f"dimensions: {chosen} cannot be drawn; give one or two of {known}")
    points = points_of(profiles, varied)
    labels = [f"limit on {dimension_name(k, names)}" for k in chosen]
    x, y = labels if len(chosen) == 2 else ("round", labels[0])
    figure, axes = panels([point.title for point in points.shown], y, x, row_height=2.2)
    for ax, point in zip(axes, points.shown, strict=True):
        times, limits = _trajectories(profiles, point, chosen)
        _draw_paths(ax, times, limits)
    return finish(figure, "How values move", _map_caption(points, profiles), _map_handles())


def _trajectories(profiles: pd.DataFrame, point: Point,
                  dimensions: list[int]) -> tuple[Floats, list[Floats]]:
    own = profiles[profiles["run"] == point.runs[0]]
    tables = [own[own["dimension"] == k].pivot(index="round", columns="principal", values="limit") for k in dimensions]
    return tables[0].index.to_numpy(dtype=np.float64), [table.to_numpy(dtype=np.float64) for table in tables]


def _draw_paths(ax: Axes, times: Floats, limits: list[Floats]) -> None:
    """Trajectories of all principals, (T, N) limits of one or two dimensions, and their mean."""
    step = -(-limits[0].shape[1] // _PATHS)
    flat = len(limits) == 1
    x = np.broadcast_to(times[:, None], limits[0].shape) if flat else limits[0]
    y = limits[-1]
    for place in range(0, limits[0].shape[1], step):
        note(ax, f"principal {place}", x=x[:, place], y=y[:, place])
    note(ax, "mean of principals", x=np.nanmean(x, axis=1), y=np.nanmean(y, axis=1))
    ax.plot(x[:, ::step], y[:, ::step], color=GREY, linewidth=0.5, alpha=0.55)
    ax.plot(x[0, ::step], y[0, ::step], "o", markersize=2.8, markerfacecolor="white", markeredgecolor=GREY,
            markeredgewidth=0.6, clip_on=False)
    ax.plot(x[-1, ::step], y[-1, ::step], "o", markersize=2.8, color=GREEN, alpha=0.8, markeredgewidth=0, clip_on=False)
    ax.plot(np.nanmean(x, axis=1), np.nanmean(y, axis=1), color=BLACK, linewidth=1.6, label="mean")
    ax.plot(np.nanmean(x[-1]), np.nanmean(y[-1]), "D", color=BLACK, markersize=4.5, markeredgecolor="white",
            clip_on=False)
    if flat:
        rounds_axis(ax)


def _map_caption(points: Points, profiles: pd.DataFrame) -> str:
    count = int(profiles["principal"].nunique())
    shown = len(range(0, count, -(-count // _PATHS)))
    which = f"Of {count} principals, {shown}" if shown < count else f"All {count} principals"
    runs = "one run" if points.seeds() == "one seed" else f"the first of {points.seeds()}"
    return f"{which} of {runs}, and their mean.{points.note()}"


def _map_handles() -> list[Line2D]:
    start = key("start", Ink(GREY, "-", "o"), marker=True)
    start.set_markerfacecolor("white")
    mean = Line2D([], [], color=BLACK, marker="D", markersize=4.5, markeredgecolor="white", label="mean of principals")
    return [start, key("end", Ink(GREEN, "-", "o"), marker=True), mean]
