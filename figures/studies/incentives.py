"""Figures of the study of incentives: gains by deviation, a map over principals, and the gap as seeds are added."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, blank, finish
from commonweal.figures.data import note, note_cells
from commonweal.figures.ink import DIFFERENCES, GREY, Ink, ink, key, printed
from commonweal.figures.marks import draw_band
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.judging import per_round

_PENS = {"adapt": ink(0), "freeze": ink(1)}
_SAID = {"adapt": "the others may react", "freeze": "the others do as they would have done"}

def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name."""
    seeds = len(answer.provenance.get("seeds", ()))
    tables = answer.tables
    unit = per_round(answer.provenance)
    figures = {"gains": _gains(tables["by_deviation"], seeds, unit), "principals": _principals(tables, seeds, unit)}
    return figures | {"gap": _gap(tables["seeds"], unit)}


@printed
def _gains(table: pd.DataFrame, seeds: int, unit: str) -> Figure:
    """Mean gain of all who try a deviation, and the largest, with intervals."""
    names = list(table.groupby("deviation")["gain"].mean().sort_values().index)
    modes = _shown(table)
    figure, (axes,) = blank(1, 2, TWO_COLUMNS, 0.5 + 0.18 * len(names), sharey=True)
    titles = {"gain": "of all principals, on average", "largest": "of those to whom it pays most"}
    for ax, (column, title) in zip(axes, titles.items(), strict=True):
        ax.set_title(title, loc="left", color="0.2")
        ax.set_xlabel(f"gain ({unit})")
        for mode, pen in modes.items():
            rows = table[table["others"] == mode].set_index("deviation").loc[names]
            height = np.arange(len(names)) + (0.14 if mode == "adapt" else -0.14)
            ax.hlines(height, rows[f"{column}_low"], rows[f"{column}_high"], color=pen.colour, linewidth=1.1)
            note(ax, _SAID[mode], {"y": "deviation"}, x=rows[column], x_low=rows[f"{column}_low"],
                 x_high=rows[f"{column}_high"], y=[name.replace("_", " ") for name in names])  # fmt: skip
            ax.plot(rows[column], height, pen.marker, color=pen.colour, markersize=3.5)
        ax.axvline(0, color=GREY, linewidth=0.7)
        ax.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
        _thousandths(ax, "x")
    caption = f"Intervals over {seeds} seeds. Right: at the place in the order of principals where it is largest."
    handles = [key(_SAID[mode], pen, marker=True) for mode, pen in modes.items()]
    return finish(figure, "What deviations gain", caption, handles)


def _shown(table: pd.DataFrame) -> dict[str, Ink]:
    return {mode: pen for mode, pen in _PENS.items() if mode in set(table["others"])}


def _thousandths(ax: Axes, axis: str) -> None:
    """Plain numbers, or one power of ten for the whole axis."""
    ax.ticklabel_format(axis=axis, style="sci", scilimits=(-2, 4), useMathText=True)  # type: ignore[arg-type]


@printed
def _principals(tables: dict[str, pd.DataFrame], seeds: int, unit: str) -> Figure:
    """Mean gain of every place from every deviation."""
    modes = _shown(tables["gains"])
    figure, grid = blank(1, len(modes), TWO_COLUMNS if len(modes) > 1 else ONE_COLUMN * 1.3, 3.2, sharey=True)
    order = list(tables["gains"].groupby("deviation")["gain"].mean().sort_values(ascending=False).index)
    largest = float(tables["gains"]["gain"].abs().max()) or 1.0
    norm = TwoSlopeNorm(0.0, -largest, largest)
    for ax, mode in zip(grid[0], modes, strict=True):
        cells = tables["gains"].query("others == @mode").pivot(index="place", columns="deviation", values="gain")[order]
        note_cells(ax, cells.to_numpy(), [name.replace("_", " ") for name in order], list(cells.index),
                   {"x": "deviation", "y": "place", "value": f"gain ({unit})"})  # fmt: skip
        image = ax.imshow(cells.to_numpy(), cmap=DIFFERENCES, norm=norm, aspect="auto", interpolation="none")
        ax.set_title(_SAID[mode], loc="left", color="0.2")
        ax.set_xticks(range(len(order)), [name.replace("_", " ") for name in order], rotation=90)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    _name_places(grid[0], tables["by_principal"].query("others == @mode"))
    bar = figure.colorbar(image, ax=list(grid[0]), pad=0.02, aspect=24, ticks=MaxNLocator(5))
    bar.outline.set_visible(False)
    bar.set_label(f"gain ({unit})")
    _thousandths(bar.ax, "y")
    caption = f"Means over {seeds} seeds. Rows: principals by the action they begin with, then by cost (low on top)."
    return finish(figure, "Who gains by what", caption)


def _name_places(axes: list[Axes], places: pd.DataFrame) -> None:
    """Name blocks of principals that begin with the same action."""
    if "action" not in places:
        axes[0].set_ylabel("principals in order")
        axes[0].set_yticks([])
        return
    actions = places["action"].to_numpy()
    edges = np.flatnonzero(actions[1:] != actions[:-1]) + 1
    starts, ends = np.append(0, edges), np.append(edges, len(actions))
    axes[0].set_yticks((starts + ends - 1) / 2, [f"begin with\n{actions[k].replace('_', ' ')}" for k in starts])
    for ax in axes:
        for edge in edges:
            ax.axhline(edge - 0.5, color=GREY, linewidth=0.6)


@printed
def _gap(table: pd.DataFrame, unit: str) -> Figure:
    """The IC gap and its interval as it was known after so many seeds."""
    figure, ((ax,),) = blank(1, 1, ONE_COLUMN * 1.25, 2.1)
    for mode, pen in _shown(table).items():
        rows = table[table["others"] == mode]
        draw_band(ax, rows, ("seeds", "gap"), pen, _SAID[mode], marker=pen.marker, markersize=3.5)
    known = table[table["seeds"] >= min(4, table["seeds"].max())]
    low, high = known["gap_low"].min(), known["gap_high"].max()
    ax.set_ylim(min(0.0, low) - 0.05 * (high - low), max(0.0, high) + 0.05 * (high - low))
    ax.axhline(0, color=GREY, linewidth=0.7)
    ax.set(xlabel="seeds", ylabel=f"IC gap ({unit})")
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    _thousandths(ax, "y")
    handles = [key(_SAID[mode], pen) for mode, pen in _shown(table).items()]
    return finish(figure, "How well the gap is known", "With its interval, after so many seeds.", handles)
