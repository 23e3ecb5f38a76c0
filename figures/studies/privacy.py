"""Figures of the study of privacy: leaks against what is left of credit, and what products give away by holding."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, blank, finish
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREEN, GREY, OCHRE, PURPLE, printed
from commonweal.scenarios.studies.base import Answer

_COLOURS = {"paths": GREY, "cut": BLACK, "cut-gradients": PURPLE, "secure": GREEN, "two-servers": OCHRE}
_SIZES = {"paths": 9.0, "cut": 6.8, "cut-gradients": 4.6, "secure": 5.6, "two-servers": 3.6}  # where marks coincide
_MARKERS = {"none": "o", "noise at the cut": "s", "NoPeek": "*", "clipped updates": "^", "rounded products": "D",
            "delayed products": "v", "smallest holding": "P", "U-shaped": "X"}  # fmt: skip


def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name."""
    seeds = len(answer.provenance.get("seeds", ()))
    figures = {"trade": _trade(answer.tables["trade"], seeds)}
    table = answer.tables.get("holdings")
    if table is not None and (table["defence"] == "none").sum() > 1:
        figures["holdings"] = _holdings(table[table["defence"] == "none"], seeds)
    return figures


@printed
def _trade(table: pd.DataFrame, seeds: int) -> Figure:
    """The strongest attacker's share against the correlation of credit, a mark per mode and defence."""
    known = table[table["recovered"].notna()]
    figure, ((left, right),) = blank(1, 2, TWO_COLUMNS, 3.0, sharey=True)
    heads = ((left, "pearson_undisturbed", "correlation with the undisturbed credit"),
             (right, "accuracy", "test accuracy after the last round"))  # fmt: skip
    for ax, column, head in heads:
        for _, row in known.iterrows():
            _mark(ax, row, column)
        ax.set_xlabel(head)
        ax.axhline(0.0, color=GREY, linewidth=0.6, zorder=0)
    left.set(ylim=(-0.05, 1.05), ylabel="share the best of six attackers recovers")
    low = float(np.nanmin(known["pearson_undisturbed_low"].fillna(known["pearson_undisturbed"])))
    left.set_xlim(max(-1.0, low - 0.05), 1.03)
    handles = [_key(name, colour, "o", "none") for name, colour in _COLOURS.items() if name in set(known["mode"])]
    kinds = [kind for kind in _MARKERS if kind in set(known["kind"])]
    handles += [_key("no defence" if kind == "none" else kind, GREY, _MARKERS[kind], GREY) for kind in kinds]
    caption = (
        f"Means over {seeds} seeds with 95 % intervals. 0: as good as guessing the mean; 1: samples exactly. A colour"
        " per wire mode, a mark per kind of defence, of which there are several strengths. Best: low and to the right."
    )
    return finish(figure, "What leaks, and what is left of credit and accuracy", caption, handles)


def _mark(ax: Axes, row: pd.Series, column: str) -> None:
    colour, marker = _COLOURS.get(row["mode"], BLACK), _MARKERS.get(row["kind"], "o")
    reach = [np.abs(np.nan_to_num([[row[c] - row[f"{c}_low"]], [row[f"{c}_high"] - row[c]]])) for c in
             (column, "recovered")]  # fmt: skip
    noted = {f"{axis}{end}": row[f"{name}{end}"] for axis, name in (("x", column), ("y", "recovered"))
             for end in ("", "_low", "_high")}  # fmt: skip
    note(ax, f"{row['mode']}, {'no defence' if row['kind'] == 'none' else row['kind']}", **noted)
    ax.errorbar(row[column], row["recovered"], xerr=reach[0], yerr=reach[1], color=colour, marker=marker,
                markersize=_SIZES.get(row["mode"], 4.6), markeredgecolor="white", markeredgewidth=0.4, elinewidth=0.6,
                linestyle="none", clip_on=False, zorder=3)  # fmt: skip


def _key(name: str, colour: str, marker: str, edge: str) -> Line2D:
    return Line2D([], [], linestyle="none", marker=marker, color=colour, markeredgecolor=edge, markersize=4.5,
                  label=name)  # fmt: skip


@printed
def _holdings(table: pd.DataFrame, seeds: int) -> Figure:
    """What products over rounds give away, by the size of a holding."""
    figure, ((ax,),) = blank(1, 1, ONE_COLUMN, 2.2)
    ends = table[["nmse_low", "nmse_high"]].to_numpy(dtype=float).T
    middle = table["nmse"].to_numpy(dtype=float)
    ax.errorbar(table["samples"], middle, yerr=np.abs(np.nan_to_num(ends - middle)), color=BLACK, marker="o",
                markersize=3, capsize=1.5)  # fmt: skip
    note(ax, "best of the attackers", x=table["samples"], y=middle, y_low=ends[0], y_high=ends[1])
    note(ax, "guessing the mean", x=table["samples"], y=table["guess"])
    ax.plot(table["samples"], table["guess"], color=GREY, linestyle="--")
    ax.set_xscale("log", base=2)
    ax.set_xticks(table["samples"], [str(size) for size in table["samples"]])
    ax.set(xlabel="samples in the holding", ylabel="nMSE", ylim=(0, None))
    caption = f"Means over {seeds} seeds with 95 % intervals. Dashes: guessing the mean."
    return finish(figure, "Products over rounds give a small holding away", caption)
