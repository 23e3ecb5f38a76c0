"""Figures of the study of the best deviation: the trace of the search, and the best on held-out seeds."""

from textwrap import shorten

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, blank, finish
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREY, PURPLE, Ink, key, printed
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.judging import per_round

_TRIED, _BEST, _HELD = Ink(GREY, "-", "o"), Ink(BLACK, "-", "o"), Ink(PURPLE, "-", "s")


def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name."""
    held_out = answer.provenance.get("options", {}).get("held_out", "other")
    unit, tables = per_round(answer.provenance), answer.tables
    return {"trace": _trace(tables["trace"], unit), "best": _finalists(tables["best"], held_out, unit)}


@printed
def _trace(table: pd.DataFrame, unit: str) -> Figure:
    """Every deviation that was tried, and the best so far."""
    figure, ((ax,),) = blank(1, 1, ONE_COLUMN * 1.4, 2.2)
    ax.axhline(0, color=GREY, linewidth=0.7)
    ax.plot(table["tried"], table["gain"], _TRIED.marker, color=_TRIED.colour, markersize=3)
    note(ax, "tried", x=table["tried"], y=table["gain"])
    note(ax, "best so far", x=table["tried"], y=table["best"])
    ax.step(table["tried"], table["best"], where="post", color=_BEST.colour)
    ax.set(xlabel="deviations tried", ylabel=f"gain ({unit})")
    ax.ticklabel_format(axis="y", style="sci", scilimits=(-2, 4), useMathText=True)
    handles = [key("tried", _TRIED, marker=True), key("best so far", _BEST)]
    return finish(figure, "The search", "Means over the seeds of the search, which flatter the best.", handles)


@printed
def _finalists(table: pd.DataFrame, held_out: object, unit: str) -> Figure:
    """The best of the search, on its seeds and on others."""
    figure, ((ax,),) = blank(1, 1, TWO_COLUMNS * 0.75, 0.6 + 0.24 * len(table))
    height = np.arange(len(table))[::-1]
    ax.axvline(0, color=GREY, linewidth=0.7)
    names = [name.replace("_", " ") for name in table["deviation"]]
    note(ax, "in the search", {"y": "deviation"}, x=table["gain_in_search"], y=names)
    note(ax, "on held-out seeds", {"y": "deviation"}, x=table["gain"], x_low=table["gain_low"],
         x_high=table["gain_high"], y=names)  # fmt: skip
    ax.hlines(height - 0.12, table["gain_low"], table["gain_high"], color=_HELD.colour, linewidth=1.1)
    ax.plot(table["gain"], height - 0.12, _HELD.marker, color=_HELD.colour, markersize=3.5)
    ax.plot(table["gain_in_search"], height + 0.12, _BEST.marker, color=_BEST.colour, markersize=3.5)
    ax.set_yticks(height, [shorten(name, 60, placeholder=" …") for name in names])
    ax.set_xlabel(f"gain ({unit})")
    ax.ticklabel_format(axis="x", style="sci", scilimits=(-2, 4), useMathText=True)
    handles = [key("in the search", _BEST, marker=True), key("on held-out seeds", _HELD, marker=True)]
    return finish(figure, "The best found", f"Intervals over {held_out} held-out seeds.", handles)
