"""Figures of the study ``compare``: the league as a table of values and ranks, every criterion, and every attack."""

from itertools import chain

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from commonweal.figures.canvas import TWO_COLUMNS, balanced, blank, finish
from commonweal.figures.ink import GREY, MAP, Ink, ink, key, printed, upon
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.judging import per_round

_ACROSS = 5  # panels of criteria
_ROW = 0.34  # inches of a row in which two lines of text fit
_ATTACKS = {"gain": "an attacker's gain ({})", "honest_loss": "loss of each other ({})"}


def draw(answer: Answer) -> dict[str, Figure]:
    """All figures of an answer, by name."""
    return {"league": _draw_league(answer), "criteria": _draw_criteria(answer), "attacks": _draw_attacks(answer)}


def _seeds(answer: Answer) -> str:
    return f"{len(answer.provenance['seeds'])} seeds" if "seeds" in answer.provenance else "all seeds"


@printed
def _draw_league(answer: Answer) -> Figure:
    """A row per mechanism, the best first, a column per criterion: the value, and below it the ranks it may have."""
    league, measures = answer.tables["league"], answer.tables["measures"]
    names, by = list(league["mechanism"]), list(dict.fromkeys(measures["criterion"]))
    values, first, last = (
        measures.pivot(index="mechanism", columns="criterion", values=column).loc[names, by].to_numpy(dtype=float)
        for column in ("value", "first", "last")
    )
    figure, ((ax,),) = blank(1, 1, TWO_COLUMNS, 0.5 + _ROW * len(names))
    middle = (first + last) / 2
    image = ax.imshow(-middle, cmap=MAP, vmin=-len(names), vmax=-1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        text = f"{_short(value)}\n{league[by[column]].iloc[row]}"
        beneath = MAP(image.norm(-middle[row, column]))
        ax.text(column, row, text, ha="center", va="center", fontsize=7, color=upon(beneath))
    ax.set_xticks(range(len(by)), [name.replace(" ", "\n") for name in by])
    ax.xaxis.tick_top()
    labels = zip(names, league["rank"], strict=True)
    ax.set_yticks(range(len(names)), [f"{balanced(name, 22)}   {rank}" for name, rank in labels])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    caption = (
        f"Mean over {_seeds(answer)} and, below it, the ranks that paired 95 % intervals leave open (1–2: tied for "
        "them); dark is better. Beside the name: rank over all criteria, by how many others a mechanism beats less "
        "how many beat it."
    )
    return finish(figure, "League of mechanisms", caption)


def _short(value: float) -> str:
    """Two significant digits."""
    if not np.isfinite(value):
        return "–"
    return np.format_float_positional(value, precision=2, fractional=False, trim="-").replace("-", "−")


@printed
def _draw_criteria(answer: Answer) -> Figure:
    """A panel per criterion: every mechanism's value with its interval."""
    measures, names = answer.tables["measures"], list(answer.tables["league"]["mechanism"])
    by = list(dict.fromkeys(measures["criterion"]))
    units = measures.drop_duplicates("criterion").set_index("criterion")
    titles = [f"{name}, {units.loc[name, 'better']} is better\n({units.loc[name, 'unit']})" for name in by]
    figure, grid = blank(-(-len(by) // _ACROSS), _ACROSS, TWO_COLUMNS, 0.85 + 0.17 * len(names), sharey=True)
    axes = list(chain.from_iterable(grid))
    for spare in axes[len(by) :]:
        spare.remove()
    for ax, name, title in zip(axes, by, titles, strict=False):
        rows = measures[measures["criterion"] == name].set_index("mechanism").loc[names]
        for place in range(len(names)):
            _intervals(ax, rows.iloc[[place]], "value", [place], ink(place))
        ax.set_title(title.replace(", ", "\n", 1), loc="left", color="0.2", fontsize=7)
        ax.axvline(0, color="0.8", linewidth=0.6, zorder=0)
        ax.locator_params(axis="x", nbins=3)
        ax.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3))
        ax.xaxis.get_offset_text().set_fontsize(6)
        ax.tick_params(axis="x", labelsize=7, labelbottom=True)
    axes[0].set_yticks(range(len(names)), [balanced(name, 22) for name in names])
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    caption = (
        f"Means over {_seeds(answer)} with 95 % intervals; cost over the parts of a run. Mechanisms are compared by "
        "their paired differences, which are surer than the intervals shown."
    )
    return finish(figure, "Every criterion", caption)


@printed
def _draw_attacks(answer: Answer) -> Figure:
    """What every attack brings and costs under every mechanism."""
    table, names = answer.tables["attacks"], list(answer.tables["league"]["mechanism"])
    attacks = list(dict.fromkeys(table["attack"]))
    figure, (axes,) = blank(1, 2, TWO_COLUMNS, 0.5 + (0.1 + 0.08 * len(names)) * len(attacks), sharey=True)
    shifts = np.linspace(-0.3, 0.3, len(names)) if len(names) > 1 else np.zeros(1)
    for ax, (column, label) in zip(axes, _ATTACKS.items(), strict=True):
        for place, name in enumerate(names):
            rows = table[table["mechanism"] == name].set_index("attack").loc[attacks]
            _intervals(ax, rows, column, np.arange(len(attacks)) + shifts[place], ink(place))
        ax.axvline(0, color=GREY, linewidth=0.7, zorder=0)
        ax.set_xlabel(label.format(per_round(answer.provenance)))
        for edge in range(1, len(attacks)):
            ax.axhline(edge - 0.5, color="0.92", linewidth=0.6, zorder=0)
    axes[0].set_yticks(range(len(attacks)), attacks)
    axes[0].set_ylim(len(attacks) - 0.5, -0.5)
    share = answer.provenance.get("options", {}).get("attackers")
    who = f"{share:.0%} of principals" if share is not None else "Some principals"
    caption = (
        f"{who} attack together (pair: two) against the same runs in which nobody attacks; means over {_seeds(answer)} "
        "with 95 % intervals. To the right of 0 an attack pays, or hurts others."
    )
    handles = [key(name, ink(place), marker=True) for place, name in enumerate(names)]
    return finish(figure, "What attacks bring and cost", caption, handles)


def _intervals(ax: Axes, rows: pd.DataFrame, column: str, places: ArrayLike, pen: Ink) -> None:
    middle = rows[column].to_numpy(dtype=float)
    ends = rows[[f"{column}_low", f"{column}_high"]].to_numpy(dtype=float).T
    ax.errorbar(middle, places, xerr=np.maximum(np.nan_to_num(np.stack([middle - ends[0], ends[1] - middle])), 0),
                color=pen.colour, marker=pen.marker, markersize=3.5, linestyle="none", elinewidth=0.9)  # fmt: skip
