"""Figures of the study of synthesis: the frontier, what attacks gain from finalists, and which part stops what."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, blank, finish
from commonweal.figures.data import note, note_cells
from commonweal.figures.ink import DIFFERENCES, GREY, ink, key, printed
from commonweal.figures.looks import look
from commonweal.scenarios.studies.base import Answer

_TRIED, _FINAL, _WINNER = ink(0), ink(1), ink(2)
_UNIT = "money per round"
_ACROSS = 4  # columns of a map whose names stand level
_ROWS = 24  # attacks of a map; the less gainful are left out


def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name."""
    served = str(answer.provenance.get("options", {}).get("served", "welfare"))
    figures = {"frontier": _frontier(answer.tables, served)}
    figures["attacks"] = _map(
        answer.tables["attacks"].pivot(index="attack", columns="rule", values="gain"),
        "What attacks gain", f"gain ({_UNIT})", "Means over held-out seeds, against everybody delegating honestly.",
    )  # fmt: skip
    if "parts" in answer.tables:
        figures["parts"] = _map(
            answer.tables["parts"].pivot(index="attack", columns="left_out", values="more"),
            "Which part stops what", f"gain without that part, more ({_UNIT})",
            "Each part of the winner is left out in turn; means over held-out seeds.")  # fmt: skip
    return figures


@printed
def _frontier(tables: dict[str, pd.DataFrame], served: str) -> Figure:
    """Every rule that was tried by what attacks may gain and what it serves; finalists with intervals."""
    figure, ((ax,),) = blank(1, 1, ONE_COLUMN * 1.6, 2.8)
    rules, final = tables["rules"], tables["frontier"]
    ax.axvline(0, color=GREY, linewidth=0.7)
    ax.plot(rules["exploited"], rules["served"], _TRIED.marker, color=GREY, markersize=3)
    note(ax, list(rules["rule"]), x=rules["exploited"], y=rules["served"])
    for winner, pen in ((False, _FINAL), (True, _WINNER)):
        rows = final[final["winner"] == winner]
        x, y = rows["epsilon_high"], rows[served]
        note(ax, "winner" if winner else "finalist", x=x, x_low=rows["epsilon"], x_high=x, y=y,
             y_low=rows[f"{served}_low"], y_high=rows[f"{served}_high"])  # fmt: skip
        ax.hlines(y, rows["epsilon"], x, color=pen.colour, linewidth=0.9)
        ax.vlines(x, rows[f"{served}_low"], rows[f"{served}_high"], color=pen.colour, linewidth=0.9)
        ax.plot(x, y, pen.marker, color=pen.colour, markersize=4.5)
    known = rules[~rules["rule"].str.startswith("rule ")]
    for number, x, y in known[["tried", "exploited", "served"]].itertuples(index=False):
        ax.annotate(str(number), (x, y), xytext=(3, 2), textcoords="offset points", fontsize=7, color="0.25")
    ax.set(xlabel=f"upper end of the largest gain from an attack ({_UNIT})", ylabel=f"{served}{_units(served)}")
    pens = {"tried, seeds of the search": _TRIED, "finalist, held-out seeds": _FINAL, "winner": _WINNER}
    handles = [key(name, pen, marker=True) for name, pen in pens.items()]
    handles[0].set_color(GREY)
    named = "; ".join(f"{number} {name}" for number, name in known[["tried", "rule"]].itertuples(index=False))
    caption = f"Better is up and left; lines run from the mean of the largest gain to its upper end. {named}."
    return finish(figure, "What rules serve, and how far they are exploited", caption, handles)


def _units(served: str) -> str:
    return {"welfare": f" ({_UNIT})", "accuracy": " (share)", "participation": " (share)"}[served]


@printed
def _map(cells: pd.DataFrame, title: str, label: str, caption: str) -> Figure:
    """A map of gains: attacks by rows, the most gainful on top."""
    order = cells.max(axis=1).sort_values(ascending=False).index
    cells, left = cells.loc[order[:_ROWS]], len(order) - _ROWS
    largest = float(np.nanmax(np.abs(cells.to_numpy()))) or 1.0
    figure, ((ax,),) = blank(1, 1, TWO_COLUMNS * 0.8, 1.3 + 0.19 * len(cells))
    norm = TwoSlopeNorm(0.0, -largest, largest)
    image = ax.imshow(cells.to_numpy(), cmap=DIFFERENCES.reversed(), norm=norm, aspect="auto", interpolation="none")
    note_cells(ax, cells.to_numpy(), list(map(str, cells.columns)), [str(n).replace("_", " ") for n in cells.index],
               {"x": str(cells.columns.name).replace("_", " "), "y": "attack", "value": label})  # fmt: skip
    ax.xaxis.tick_top()
    across = len(cells.columns) <= _ACROSS and look().room >= TWO_COLUMNS
    names = [fill(str(name), 24 if across else 14) for name in cells.columns]
    ax.set_xticks(range(len(names)), names, rotation=0 if across else 45, ha="center" if across else "left", fontsize=7)
    ax.set_yticks(range(len(cells)), [fill(str(name).replace("_", " "), 60) for name in cells.index], fontsize=7)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=ax, pad=0.02, aspect=24, ticks=MaxNLocator(5))
    bar.outline.set_visible(False)
    bar.set_label(label)
    caption += f" {left} less gainful attacks are left out." if left > 0 else ""
    return finish(figure, title, caption)
