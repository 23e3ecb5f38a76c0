"""What the model does to what principals value: probe levels against their limits, and how much was screened."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from commonweal.agents.errors import InputError
from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, balanced, blank, finish, rounds_axis
from commonweal.figures.ink import BLACK, GREEN, GREY, PURPLE, Ink, key, printed
from commonweal.figures.looks import look
from commonweal.figures.points import Point, course, draw_course, points_of, require

_INKS = {"level": Ink(BLACK, "-", "o"), "limit": Ink(PURPLE, "--", "s"), "mean_limit": Ink(GREY, ":", "^")}
_WORDS = {"level": "probe level", "limit": "tightest limit", "mean_limit": "mean limit"}
_SCREENED = Ink(GREEN, "-", "o")
_COLUMNS, _ROWS = 4, 9  # panels on a page, at most


def value_dimensions(rounds: pd.DataFrame) -> list[int]:
    """The value dimensions that a run measured: each k with a column ``level_k`` that is not empty."""
    found = (re.fullmatch(r"level_(\d+)", str(column)) for column in rounds.columns)
    return sorted(int(match[1]) for match in found if match and rounds[match[0]].notna().any())


@printed
def draw_probe_levels(rounds: pd.DataFrame, varied: Sequence[str] = (), names: Sequence[str] = (),
                      senses: Sequence[str] = ()) -> Figure:
    """Probe levels against the principals' limits over time, with the share of updates that were screened beneath.

    Args:
        rounds: run, round, screened_share, and level_k, limit_k, mean_limit_k for each value dimension k.
        varied: dotted paths of the varied fields, columns of ``rounds``.
        names: of all dimensions, with units.
        senses: protect or withhold for each dimension; if given, the far side of the tightest limit is grey.

    Returns:
        The figure: a column per point of the sweep, a row per dimension.

    Raises:
        InputError: if a column or every row is missing, or the scenario has no value dimensions.
    """
    require(rounds, "rounds", ("run", "round", "screened_share", *varied))
    dimensions = value_dimensions(rounds)
    if not dimensions:
        raise InputError("rounds: no column 'level_0' with values; the scenario has no value dimensions")
    require(rounds, "rounds", [f"{kind}_{k}" for k in dimensions for kind in _INKS])
    tall = len(dimensions) + 1
    points = points_of(rounds, varied, most=_COLUMNS * max(1, min(3, _ROWS // tall)))
    figure, stacks = _stacks(len(points.shown), tall)
    for stack, point in zip(stacks, points.shown, strict=True):
        _draw_stack(stack, rounds, point, dimensions)
    for row in list(zip(*stacks, strict=True))[:-1]:
        limits = np.array([ax.get_ylim() for ax in row])
        low, high = limits[:, 0].min(), limits[:, 1].max()
        for ax in row:
            ax.set_ylim(max(low, -0.03 * high), high)  # no loss is below 0, though an interval may be
    for stack, point in zip(stacks, points.shown, strict=True):
        for ax, k in zip(stack, dimensions, strict=False):
            _shade(ax, rounds, point, k, senses[k] if k < len(senses) else "")
    _label(stacks, [names[k] if k < len(names) else f"probe {k} (loss)" for k in dimensions])
    caption = points.statistic() + (" Grey: beyond the tightest limit." if senses else "") + points.note()
    handles = [key(_WORDS[kind], _INKS[kind]) for kind in _INKS] + [key("screened updates", _SCREENED)]
    return finish(figure, "Probe levels and the principals' limits", caption, handles)


def _stacks(count: int, tall: int) -> tuple[Figure, list[list[Axes]]]:
    """A figure with one stack of panels per point, at most four in a row."""
    columns = look().beside(min(_COLUMNS, count) if count not in (5, 6) else 3)
    bands = -(-count // columns)
    heights = ([1.0] * (tall - 1) + [0.6]) * bands
    figure, grid = blank(tall * bands, columns, ONE_COLUMN if count == 1 else TWO_COLUMNS, 1.35, heights,
                         sharex=True, sharey="row")
    stacks = [[row[i % columns] for row in grid[tall * (i // columns):][:tall]] for i in range(bands * columns)]
    for ax in (ax for stack in stacks[count:] for ax in stack):
        ax.remove()
    return figure, stacks[:count]


def _draw_stack(stack: list[Axes], rounds: pd.DataFrame, point: Point, dimensions: list[int]) -> None:
    stack[0].set_title(point.title, loc="left", color="0.2")
    for ax, k in zip(stack, dimensions, strict=False):
        for kind, pen in _INKS.items():
            draw_course(ax, course(rounds, point, f"{kind}_{k}"), pen, kind, series=_WORDS[kind])
    draw_course(stack[-1], course(rounds, point, "screened_share"), _SCREENED, "screened_share",
                series="screened updates")
    stack[-1].set_ylim(-0.03, 1.03)
    for ax in stack:
        rounds_axis(ax)
    stack[-1].set_xlabel("round")
    stack[-1].tick_params(labelbottom=True)


def _shade(ax: Axes, rounds: pd.DataFrame, point: Point, dimension: int, sense: str) -> None:
    """Grey where no principal wants the probe: above a protecting limit, below a withholding one."""
    if sense not in ("protect", "withhold"):
        return
    low, high = ax.get_ylim()
    limit = course(rounds, point, f"limit_{dimension}")
    edge = np.full_like(limit.mean, high if sense == "protect" else low)
    ax.fill_between(limit.rounds, limit.mean, edge, color="0.93", linewidth=0, zorder=0)
    ax.set_ylim(low, high)


def _label(stacks: list[list[Axes]], names: list[str]) -> None:
    """Name the rows at the left edge of each band."""
    for stack in stacks:
        if stack[0].get_subplotspec().is_first_col():  # type: ignore[union-attr]
            for ax, name, limit in zip(stack, [*names, "screened (share)"], [22] * len(names) + [12], strict=True):
                ax.set_ylabel(balanced(name, limit))
