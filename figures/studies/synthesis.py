"""Figures of the study of synthesis: the frontier, what attacks gain from finalists, and which part stops what."""

from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, blank, finish
from commonweal.figures.ink import DIFFERENCES, GREY, ink, key, printed
from commonweal.scenarios.studies.base import Answer

_TRIED, _FINAL, _WINNER = ink(0), ink(1), ink(2)
_UNIT = "money per round"


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
    """Every rule that was tried by what attacks gain and what it serves; finalists with intervals."""
    figure, ((ax,),) = blank(1, 1, ONE_COLUMN * 1.5, 2.8)
    rules, final = tables["rules"], tables["frontier"]
    ax.axvline(0, color=GREY, linewidth=0.7)
    ax.plot(rules["exploited"], rules["served"], _TRIED.marker, color=GREY, markersize=3, alpha=0.6)
    for winner, pen in ((False, _FINAL), (True, _WINNER)):
        rows = final[final["winner"] == winner]
        x, y = rows["epsilon"], rows[served]
        ax.errorbar(x, y, xerr=[x - rows["epsilon_low"], rows["epsilon_high"] - x],
                    yerr=[y - rows[f"{served}_low"], rows[f"{served}_high"] - y], fmt=pen.marker, color=pen.colour,
                    markersize=4, linewidth=0.9, capsize=0)  # fmt: skip
    known = rules[~rules["rule"].str.startswith("rule ")]
    for name, x, y in known[["rule", "exploited", "served"]].itertuples(index=False):
        ax.annotate(fill(str(name), 18), (x, y), xytext=(3, 3), textcoords="offset points", fontsize=6, color="0.3")
    ax.set(xlabel=f"the largest gain from an attack ({_UNIT})", ylabel=f"{served}{_units(served)}")
    pens = {"tried, seeds of the search": _TRIED, "finalist, held-out seeds": _FINAL, "winner": _WINNER}
    handles = [key(name, pen, marker=True) for name, pen in pens.items()]
    handles[0].set_color(GREY)
    return finish(figure, "What rules serve, and how far they are exploited", "Better is up and left.", handles)


def _units(served: str) -> str:
    return {"welfare": f" ({_UNIT})", "accuracy": " (share)", "participation": " (share)"}[served]


@printed
def _map(cells: pd.DataFrame, title: str, label: str, caption: str) -> Figure:
    """A map of gains: attacks by rows, the most gainful on top."""
    cells = cells.loc[cells.max(axis=1).sort_values(ascending=False).index]
    largest = float(np.nanmax(np.abs(cells.to_numpy()))) or 1.0
    figure, ((ax,),) = blank(1, 1, TWO_COLUMNS * 0.8, 1.2 + 0.19 * len(cells))
    norm = TwoSlopeNorm(0.0, -largest, largest)
    image = ax.imshow(cells.to_numpy(), cmap=DIFFERENCES, norm=norm, aspect="auto", interpolation="none")
    ax.set_xticks(range(len(cells.columns)), [fill(str(name), 16) for name in cells.columns], rotation=90, fontsize=6)
    ax.set_yticks(range(len(cells)), [fill(str(name).replace("_", " "), 60) for name in cells.index], fontsize=6)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=ax, pad=0.02, aspect=24, ticks=MaxNLocator(5))
    bar.outline.set_visible(False)
    bar.set_label(label)
    return finish(figure, title, caption)
