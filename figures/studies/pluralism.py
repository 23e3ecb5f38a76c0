"""Figures of the study of pluralism: designs by accuracy, participation and violations, and the courses of camps."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from commonweal.economy.round.words import Words
from commonweal.figures.canvas import TWO_COLUMNS, balanced, blank, finish, rounds_axis
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREY, MAP, Ink, ink, key, printed
from commonweal.figures.marks import draw_band
from commonweal.scenarios.schema.field_words import choice_words
from commonweal.scenarios.schema.words import words_in
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.pluralism.designs import FREE, UNSCREENED

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "8", "d", "*")
_DESIGNS = 2  # of which courses are drawn beside the references: those in which most delegate
_HEADS = {"violated": "share violated", "away": "share that stays away"}


def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name."""
    seeds = len(answer.provenance.get("seeds", ()))
    words = words_in(answer.provenance.get("document", {}), {})
    figures = {"frontier": _frontier(answer.tables["frontier"], seeds, words)}
    figures["course"] = _course(answer.tables, seeds)
    if "camps_spread" in answer.tables:
        figures["camps"] = _camps(answer.tables["camps_spread"], seeds)
    return figures


@printed
def _frontier(table: pd.DataFrame, seeds: int, words: Words) -> Figure:
    """Accuracy against the share that delegates, a mark per cooperative, as dark as it is violated."""
    names = list(table["design"])
    figure, ((ax, legend),) = blank(1, 2, TWO_COLUMNS, 3.2)
    norm = Normalize(0.0, 1.0)
    for place, (_, row) in enumerate(table.iterrows()):
        colour = MAP(norm(row["violated"]))
        note(ax, row["design"], {"value": "share violated"}, x=row["delegating"], x_low=row["delegating_low"],
             x_high=row["delegating_high"], y=row["accuracy"], y_low=row["accuracy_low"], y_high=row["accuracy_high"],
             value=row["violated"])  # fmt: skip
        reach = [[[row[c] - row[f"{c}_low"]], [row[f"{c}_high"] - row[c]]] for c in ("delegating", "accuracy")]
        ax.errorbar(row["delegating"], row["accuracy"], xerr=reach[0], yerr=reach[1], color=GREY, linestyle="none",
                    elinewidth=0.7, zorder=1)  # fmt: skip
        for axes, x, y in ((ax, row["delegating"], row["accuracy"]), (legend, 0.0, -float(place))):
            axes.plot(x, y, _MARKERS[place % len(_MARKERS)], color=colour, markeredgecolor=BLACK, markersize=6,
                      markeredgewidth=1.4 if row["frontier"] is True else 0.5, zorder=3, clip_on=False)  # fmt: skip
        text = f"{row['design']}: {row['violated']:.0%} violated"
        legend.text(0.06, -place, text, va="center", fontsize=7, color="0.2")
    legend.set(xlim=(-0.04, 1), ylim=(-len(names) + 0.5, 0.5))
    legend.set_axis_off()
    ax.set(xlabel=f"share of principals that {words.delegate.does}", ylabel="accuracy on what nobody withholds")
    ax.set_xlim(-0.02, 1.02)
    caption = (
        f"Means over {seeds} seeds, with 95 % intervals; the darker a mark, the more principals are violated (palest:"
        " none). Heavy outline: no other design is surely better by one of the three and by none worse on average."
    )
    return finish(figure, "Who takes part, how good the model is, and who is violated", caption)


def _shown(table: pd.DataFrame) -> list[str]:
    """The cooperatives whose courses are drawn: the references, and the designs in which most delegate."""
    others = table[~table["design"].isin([FREE, UNSCREENED])].sort_values("delegating", ascending=False)
    return [FREE, UNSCREENED, *others["design"].head(_DESIGNS)]


@printed
def _course(tables: dict[str, pd.DataFrame], seeds: int) -> Figure:
    """Shares violated and away, by camp, round by round."""
    names, table = _shown(tables["frontier"]), tables["course"]
    figure, grid = blank(len(_HEADS), len(names), TWO_COLUMNS, 1.45, sharex=True, sharey=True)
    camps = sorted(set(table["camp"]))
    for axes, (column, head) in zip(grid, _HEADS.items(), strict=True):
        for ax, name in zip(axes, names, strict=True):
            for camp in camps:
                rows = table[(table["design"] == name) & (table["camp"] == camp)]
                draw_band(ax, rows, ("round", column), ink(camp), f"camp {camp}" if len(camps) > 1 else "")
            ax.set_ylim(-0.03, 1.03)
        axes[0].set_ylabel(head)
    for ax, name in zip(grid[0], names, strict=True):
        ax.set_title(balanced(name, 24), loc="left", color="0.2")
    for ax in grid[-1]:
        ax.set_xlabel("round")
        rounds_axis(ax)
    handles = [key(f"camp {camp}", ink(camp)) for camp in camps] if len(camps) > 1 else []
    caption = f"Means over {seeds} seeds with 95 % intervals: both references, and the designs in which most take part."
    return finish(figure, "Who is violated, and who leaves", caption, handles)


@printed
def _camps(table: pd.DataFrame, seeds: int) -> Figure:
    """The spread between the camps' mean limits, by dimension, for every way of camps to meet."""
    dimensions = sorted(set(table["dimension"]))
    settings = list(dict.fromkeys(zip(table["influence"], table["homophily"], strict=True)))
    figure, (axes,) = blank(1, len(dimensions), TWO_COLUMNS, 2.0)
    named: Sequence[str] = [f"{choice_words('values.influence', influence)}, homophily {h:g}"
                            for influence, h in settings]  # fmt: skip
    pens = [Ink(ink(place // 2).colour, "--" if place % 2 else "-", "o") for place in range(len(settings))]
    for ax, dimension in zip(axes, dimensions, strict=True):
        for (influence, homophily), pen, name in zip(settings, pens, named, strict=True):
            rows = table[(table["influence"] == influence) & (table["homophily"] == homophily)]
            draw_band(ax, rows[rows["dimension"] == dimension], ("round", "spread"), pen, name)
        ax.set_title(f"dimension {dimension}", loc="left", color="0.2")
        ax.set_ylim(bottom=0)
        ax.set_xlabel("round")
        rounds_axis(ax)
    axes[0].set_ylabel("spread between camps")
    handles = [key(name, pen) for name, pen in zip(named, pens, strict=True)]
    return finish(figure, "How far camps stay apart", f"Means over {seeds} seeds with 95 % intervals.", handles)
