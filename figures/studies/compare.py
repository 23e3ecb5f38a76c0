"""Figures of the study ``compare``: the league as ranks by every criterion, its values, and every attack."""

from collections.abc import Mapping
from itertools import chain

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from commonweal.figures.canvas import TWO_COLUMNS, balanced, blank, finish
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREY, ink, key, printed
from commonweal.figures.looks import look
from commonweal.figures.marks import draw_marks
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.compare.halves import ALL
from commonweal.scenarios.studies.judging import per_round

_ACROSS = 5  # panels of criteria
_FLAT = 1e-12  # numbers that differ by less are drawn as one
_ATTACKS = {"gain": "an attacker's gain ({})", "honest_loss": "loss of each other ({})"}


def draw(answer: Answer) -> dict[str, Figure]:
    """All figures of an answer, by name."""
    return {"league": _draw_league(answer), "criteria": _draw_criteria(answer), "attacks": _draw_attacks(answer)}


def _seeds(answer: Answer) -> str:
    return f"{len(answer.provenance['seeds'])} seeds" if "seeds" in answer.provenance else "all seeds"


@printed
def _draw_league(answer: Answer) -> Figure:
    """A panel per criterion, over all first: the ranks that every mechanism may have, the best at the left."""
    names, panels, alike = list(answer.tables["league"]["mechanism"]), _ranks(answer), _alike(answer)
    height = 0.6 + 0.16 * len(names)
    across = look().beside(_ACROSS)
    figure, grid = blank(-(-len(panels) // across), across, TWO_COLUMNS, height, sharey=True)
    axes = list(chain.from_iterable(grid))
    for spare in axes[len(panels) :]:
        spare.remove()
    for ax, (title, ranks) in zip(axes, panels.items(), strict=False):
        ax.set_title(title, loc="left", color="0.2", fontsize=7)
        _draw_ranks(ax, ranks)
        note(ax, names={"x": "rank", "y": "mechanism"}, x=ranks["first"], x_low=ranks["first"], x_high=ranks["last"],
             y=names)  # fmt: skip
    axes[0].set_yticks(range(len(names)), [balanced(name, 22) for name in names])
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    caption = (
        f"The dot is the rank, 1 + the number of mechanisms surely better in {_seeds(answer)}; the bar ends at the "
        "lowest rank left, with the surely worse ones behind it. Who is not told apart shares ranks. Surely: paired "
        "differences, all pairs of a panel together, 95 %. τ: how far rankings from two halves of the seeds agree, 1 "
        "if always."
    )
    caption += f" The same for all in every seed: {', '.join(alike)}." if alike else ""
    return finish(figure, "League of mechanisms: ranks from 1, the best", caption)


def _draw_ranks(ax: Axes, ranks: pd.DataFrame) -> None:
    """A bar over the ranks that each mechanism may have, and a dot at the first of them."""
    for place, (first, last) in enumerate(zip(ranks["first"], ranks["last"], strict=True)):
        ax.axhline(place, color="0.93", linewidth=0.5, zorder=0)
        ax.plot([first, last], [place, place], color=GREY, linewidth=3.2, solid_capstyle="round", zorder=1)
        ax.plot(first, place, marker="o", markersize=4, color=BLACK, linestyle="none", zorder=2)
    ax.set_xlim(0.4, len(ranks) + 0.6)
    ax.set_xticks(range(1, len(ranks) + 1, 1 + len(ranks) // 12))
    ax.tick_params(axis="x", labelsize=7, labelbottom=True)
    ax.tick_params(axis="y", length=0)


def _ranks(answer: Answer) -> dict[str, pd.DataFrame]:
    """The first and last ranks by mechanism in the order of the league, by title of a panel."""
    league, measures = answer.tables["league"], answer.tables["measures"]
    agreement = answer.tables["agreement"]
    tau = {str(name): float(value) for name, value in zip(agreement["criterion"], agreement["tau"], strict=True)}
    found = {_titled(ALL, tau): league.rename(columns={"rank": "first"})[["first", "last"]]}
    for name, rows in measures[~measures["criterion"].isin(_alike(answer))].groupby("criterion", sort=False):
        ranks = rows.set_index("mechanism").loc[list(league["mechanism"])]
        found[_titled(str(name), tau)] = ranks[["first", "last"]]
    return found


def _alike(answer: Answer) -> list[str]:
    """Criteria by which no half of the seeds orders anybody."""
    agreement = answer.tables["agreement"]
    return [name for name in agreement["criterion"][agreement["tau"].isna()] if name != ALL]


def _titled(name: str, tau: Mapping[str, float]) -> str:
    """What a criterion is called, and below it how far rankings from halves agree."""
    agreed = f"{tau[name]:.2f}".replace("-", "−") if np.isfinite(tau[name]) else "–"
    return f"{name}\nτ {agreed}"


@printed
def _draw_criteria(answer: Answer) -> Figure:
    """A panel per criterion: every mechanism's value with its interval."""
    measures, names = answer.tables["measures"], list(answer.tables["league"]["mechanism"])
    by = list(dict.fromkeys(measures["criterion"]))
    units = measures.drop_duplicates("criterion").set_index("criterion")
    titles = [f"{name}, {units.loc[name, 'better']} is better\n({units.loc[name, 'unit']})" for name in by]
    across = look().beside(_ACROSS)
    figure, grid = blank(-(-len(by) // across), across, TWO_COLUMNS, 0.85 + 0.17 * len(names), sharey=True)
    axes = list(chain.from_iterable(grid))
    for spare in axes[len(by) :]:
        spare.remove()
    for ax, name, title in zip(axes, by, titles, strict=False):
        rows = measures[measures["criterion"] == name].set_index("mechanism").loc[names]
        for place in range(len(names)):
            draw_marks(ax, rows.iloc[[place]], ("value", ([place], names[place : place + 1])), ink(place), names[place])
        ax.set_title(title.replace(", ", "\n", 1), loc="left", color="0.2", fontsize=7)
        if np.ptp(rows[["value", "value_low", "value_high"]].to_numpy(dtype=float)) < _FLAT:
            ax.set_xlim(rows["value"].mean() - 0.5, rows["value"].mean() + 0.5)
        ax.axvline(0, color="0.8", linewidth=0.6, zorder=0)
        ax.locator_params(axis="x", nbins=3)
        ax.ticklabel_format(axis="x", style="sci", scilimits=(-2, 3))
        ax.xaxis.get_offset_text().set_fontsize(6)
        ax.tick_params(axis="x", labelsize=7, labelbottom=True)
    axes[0].set_yticks(range(len(names)), [balanced(name, 22) for name in names])
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    caption = (
        f"Means over {_seeds(answer)} with 95 % intervals, each by itself. Mechanisms are compared by their paired "
        "differences, which are surer than the intervals shown."
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
            draw_marks(ax, rows, (column, (np.arange(len(attacks)) + shifts[place], attacks)), ink(place), name)
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
