"""Figures of the study of free-riding: Schelling's diagram, threshold surfaces, tipping points, and the course."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, NullLocator

from commonweal.economy.round.words import Words
from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, blank, finish, rounds_axis
from commonweal.figures.data import note_cells
from commonweal.figures.ink import ACTIONS, BLACK, GREY, MAP, PURPLE, Ink, key, printed, upon
from commonweal.figures.marks import draw_band
from commonweal.scenarios.schema.words import words_in
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.judging import per_round

_SURFACES = {
    "surface_count": ("population.count", "principals"),
    "surface_alpha": ("settlement.alpha", "exponent alpha"),
}
_RATIO = "cost over benefit of {}"
_MEAN = "Means over {seeds} seeds with 95 % intervals. "


def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name; a surface that was left out has none."""
    seeds = len(answer.provenance.get("seeds", ()))
    words = words_in(answer.provenance.get("document", {}), {})
    figures = {"schelling": _schelling(answer.tables["schelling"], seeds, words, per_round(answer.provenance))}
    if any(name in answer.tables for name in _SURFACES):
        figures["surfaces"] = _surfaces(answer.tables, seeds, words)
    figures["hysteresis"] = _hysteresis(answer.tables["hysteresis"], seeds, words)
    figures["course"] = _course(answer.tables["course"], seeds, words)
    return figures


@printed
def _schelling(table: pd.DataFrame, seeds: int, words: Words, unit: str) -> Figure:
    """Pay of both choices, and the difference, whose sign is what counts."""
    figure, ((left, right),) = blank(1, 2, TWO_COLUMNS, 2.2)
    honest, free = words.delegate, words.free_ride
    choices = {honest.doing: "payoff_delegate", free.doing: "payoff_free_ride"}
    pens = dict(zip(choices, (ACTIONS["delegate"], ACTIONS["free_ride"]), strict=True))
    for name, column in choices.items():
        draw_band(left, table, ("others_delegating", column), pens[name], name, **_marked(pens[name]))
    pen = Ink(BLACK, "-", "o")
    draw_band(right, table, ("others_delegating", "gain_from_delegating"), pen, **_marked(pen))
    right.axhline(0, color=GREY, linewidth=0.7)
    left.set_ylabel(f"payoff ({unit})")
    right.set_ylabel(f"gain from {honest.doing} ({unit.split()[0]})")
    for ax in (left, right):
        ax.set_xlabel(f"others who {honest.do}")
        _stretch(ax, table["gain_from_delegating"].to_numpy())
    caption = _MEAN.format(seeds=seeds) + "Everybody keeps its choice; second half of the rounds. Symmetric log scale."
    handles = [key(name, pen) for name, pen in pens.items()]
    return finish(figure, f"What {honest.doing} and {free.doing} pay", caption, handles)


def _marked(pen: Ink) -> dict[str, Any]:
    return {"marker": pen.marker, "markersize": 3.5}


def _stretch(ax: Axes, gains: np.ndarray) -> None:
    """A symmetric log scale, linear up to the smallest gain that matters."""
    sizes = np.abs(gains[np.isfinite(gains) & (gains != 0)])
    if len(sizes) and sizes.max() > 30 * sizes.min():
        ax.set_yscale("symlog", linthresh=float(10 ** np.floor(np.log10(sizes.min()))))
        ax.yaxis.set_minor_locator(NullLocator())


@printed
def _surfaces(tables: dict[str, pd.DataFrame], seeds: int, words: Words) -> Figure:
    """Share delegating over cost and a field, with the line where half delegate."""
    shown = {name: labels for name, labels in _SURFACES.items() if name in tables}
    figure, grid = blank(1, len(shown), TWO_COLUMNS if len(shown) > 1 else ONE_COLUMN * 1.2, 2.2)
    for ax, (name, (path, label)) in zip(grid[0], shown.items(), strict=True):
        _surface(ax, tables[name], path, label, words)
    caption = f"Means over {seeds} seeds, last quarter of rounds."
    return finish(figure, f"Share of principals that {words.delegate.does}", caption)


def _surface(ax: Axes, table: pd.DataFrame, path: str, label: str, words: Words) -> None:
    cells = table.pivot(index=path, columns="cost_factor", values="share_delegate")
    said = {"value": f"share that {words.delegate.does}"}
    note_cells(ax, cells.to_numpy(), list(cells.columns), list(cells.index), said)
    image = ax.imshow(cells.to_numpy(), cmap=MAP, vmin=0, vmax=1, aspect="auto", origin="lower")
    ax.set_xticks(range(cells.shape[1]), [f"{factor:g}×" for factor in cells.columns])
    ax.set_yticks(range(cells.shape[0]), [f"{level:g}" for level in cells.index])
    ax.set_xlabel(f"cost of {words.delegate.doing} (multiple of the scenario's)")
    ax.set_ylabel(label)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(cells.to_numpy()):
        ax.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=upon(MAP(value)))
    root = ax.get_figure(root=True)
    assert root is not None
    root.colorbar(image, ax=ax, pad=0.02, aspect=18).outline.set_visible(False)


@printed
def _hysteresis(table: pd.DataFrame, seeds: int, words: Words) -> Figure:
    """Share delegating while costs rise and while they fall."""
    figure, ((ax,),) = blank(1, 1, ONE_COLUMN * 1.25, 2.3)
    pens = {"rising": Ink(PURPLE, "-", "^"), "falling": Ink(BLACK, "--", "v")}
    for costs, pen in pens.items():
        rows = table[table["costs"] == costs]
        draw_band(ax, rows, ("cost_over_benefit", "share_delegate"), pen, f"costs {costs}", **_marked(pen))
    ax.set_xscale("log")
    _plain_ticks(ax, sorted(set(table["cost_over_benefit"])))
    ax.axhline(0.5, color=GREY, linewidth=0.7)
    ax.set(xlabel=_RATIO.format(words.delegate.doing), ylabel=f"share that {words.delegate.does}", ylim=(-0.02, 1.02))
    caption = _MEAN.format(seeds=seeds) + "Every step starts where the one before ended."
    return finish(figure, "Does cooperation come back?", caption, [key(f"costs {c}", pen) for c, pen in pens.items()])


def _plain_ticks(ax: Axes, places: Sequence[float]) -> None:
    ax.set_xticks(places, [f"{place:.2g}" for place in places])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())


@printed
def _course(table: pd.DataFrame, seeds: int, words: Words) -> Figure:
    """Share delegating by round, and half of what it was at first."""
    figure, ((ax,),) = blank(1, 1, ONE_COLUMN * 1.25, 2.1)
    draw_band(ax, table, ("round", "share_delegate"), ACTIONS["delegate"])
    half = table["share_delegate"].iloc[0] / 2
    ax.axhline(half, color=GREY, linewidth=0.7, linestyle="--")
    ax.set(xlabel="round", ylabel=f"share that {words.delegate.does}", ylim=(-0.02, 1.02))
    rounds_axis(ax)
    handles = [Line2D([], [], color=GREY, linewidth=0.7, linestyle="--", label="half of the first round's share")]
    return finish(figure, "How long cooperation lasts", _MEAN.format(seeds=seeds), handles)
