"""Figures of the study of reciprocity: what learners come to, how much is given, who invades, and which norms hold."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from commonweal.figures.canvas import TWO_COLUMNS, blank, finish, rounds_axis, say_empty
from commonweal.figures.collapse_map import draw_collapse
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREEN, GREY, OCHRE, PURPLE, Ink, ink, key, printed
from commonweal.figures.marks import draw_band, draw_marks
from commonweal.scenarios.studies.base import Answer

_RIGHT: dict[str, Any] = {"gid": "guide", "color": OCHRE, "linewidth": 2.5, "solid_capstyle": "butt", "zorder": 1}
_FARTHEST = 1.25  # of the highest ratio that is measured or needed: how far norms are drawn that hold without end
_GAINS = (("o", "gain", "played"), ("x", "expected", "expected"))
_SERIES = {"cooperation": "what is given", "good": "good names"}
_RIVALS = {"ppo": "PPO", "reinforce": "REINFORCE"}
_ROW = 0.13  # inches of a mutant or a norm


def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name."""
    seeds = len(answer.provenance.get("seeds", ()))
    figures = {"reciprocity": _overview(answer.tables, seeds)}
    if "signals" in answer.tables:
        figures["signals"] = _signals(answer.tables, seeds)
    if "collapse" in answer.tables:
        maps = {_RIVALS.get(str(name), str(name)): table for name, table in answer.tables["collapse"].groupby("rival")}
        figures["collapse"] = draw_collapse(maps, f"{seeds} seeds.")
    return figures


@printed
def _overview(tables: dict[str, pd.DataFrame], seeds: int) -> Figure:
    """Four panels: adherence, course, invasion, norms."""
    mutants = len(tables["invasion"]) if "invasion" in tables else 8
    rows = max(14, mutants)
    figure, ((cells, course), (invasion, norms)) = blank(2, 2, TWO_COLUMNS, 1.0, heights=(1.7, 0.5 + _ROW * rows))
    _cells(cells, tables.get("adherence"))
    _course(course, tables["course"])
    _invasion(invasion, tables.get("invasion"))
    _norms(norms, tables.get("norms"))
    caption = (
        f"Means over {seeds} seeds with 95 % intervals. Names of donor and recipient: B bad, G good. Gains are of one"
        " mutant at a time, on the same random numbers as without it; black where an interval holds no 0. Bars: the"
        " benefits per cost at which a norm is stable in a large population of its own, exactly; band: the ratio that"
        " is measured here."
    )
    handles = [key(name, ink(place)) for place, name in enumerate(_SERIES.values())]
    handles += [_entry("best rule", _RIGHT)] if "adherence" in tables else []
    return finish(figure, "Who gives to whom, who invades, and which norms hold", caption, handles)


def _cells(ax: Axes, table: pd.DataFrame | None) -> None:
    """Probability of giving by cell, beside the best rule."""
    ax.set_title("what learners mean to do", loc="left", color="0.2")
    if table is None:
        say_empty(ax, "nobody learns")
        return
    rows = table[table["giving"].notna()]
    place = np.arange(len(rows))
    for at, best in zip(place, rows["best"], strict=True):
        ax.plot([at - 0.3, at + 0.3], [best, best], **_RIGHT)
    note(ax, "best rule", {"x": "names of donor and recipient"}, x=rows["cell"], y=rows["best"])
    draw_marks(ax, rows, ((place, rows["cell"]), "giving"), Ink(BLACK, "-", "o"), "learners", markersize=4)
    ax.set_xticks(place, list(rows["cell"]))
    ax.set(ylim=(-0.04, 1.04), xlim=(-0.6, len(rows) - 0.4), ylabel="probability of giving")


def _course(ax: Axes, table: pd.DataFrame) -> None:
    """Shares given and good, round by round."""
    ax.set_title("course", loc="left", color="0.2")
    for place, name in enumerate(_SERIES):
        pen = ink(place)
        draw_band(ax, table, ("round", name), pen, _SERIES[name])
    ax.set(ylim=(-0.03, 1.03), xlabel="round", ylabel="share")
    rounds_axis(ax)


def _invasion(ax: Axes, table: pd.DataFrame | None) -> None:
    """What mutants gain, a row each."""
    ax.set_title("gain of one mutant (money per round)", loc="left", color="0.2")
    if table is None or table.empty:
        say_empty(ax, "no mutant is tried")
        return
    place, names = [], []
    at = 0.0
    for resident, rows in table.groupby("resident", sort=False):
        names.append(f"in place of {_called(str(resident))}")
        place.append(at)
        at += 1
        for _, row in rows.iterrows():
            surely = row["gain_low"] > 0 or row["gain_high"] < 0
            colour = BLACK if surely else GREY
            reach = [[max(0.0, row["gain"] - row["gain_low"])], [max(0.0, row["gain_high"] - row["gain"])]]
            said = {"x": "gain of one mutant (money per round)", "y": "mutant"}
            note(ax, f"in place of {_called(str(resident))}", said, x=row["gain"], x_low=row["gain_low"],
                 x_high=row["gain_high"], y=row["mutant"])  # fmt: skip
            ax.errorbar(row["gain"], at, xerr=np.nan_to_num(reach), fmt="o", color=colour, markersize=3, elinewidth=1.0)
            names.append(str(row["mutant"]))
            place.append(at)
            at += 1
    ax.axvline(0, color=GREY, linewidth=0.6, zorder=0)
    ax.set_yticks(place, names)
    for label in ax.get_yticklabels():
        label.set_fontsize(6.5)
        label.set_fontweight("bold" if label.get_text().startswith("in place of") else "normal")
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(at - 0.4, -0.6)


def _norms(ax: Axes, table: pd.DataFrame | None) -> None:
    """The interval of b/c of every norm, and the ratio that is measured."""
    ax.set_title("benefit per cost", loc="left", color="0.2")
    if table is None:
        say_empty(ax, "exact for public names and requests alone")
        return
    ratio = {end: float(table[f"benefit_per_cost{end}"].iloc[0]) for end in ("", "_low", "_high")}
    tops = [value for value in (*ratio.values(), *table["stable_from"], *table["stable_to"]) if np.isfinite(value)]
    top = _FARTHEST * max([*tops, 1.5])
    for at, (_, row) in enumerate(table.iterrows()):
        if np.isnan(row["stable_from"]):
            ax.text(0.02 * top, at, "at no ratio", va="center", color="0.35", fontsize=7)
            continue
        note(ax, row["stands"], {"x": "benefit per cost", "y": "norm"}, x_low=row["stable_from"],
             x_high=row["stable_to"], y=row["norm"])  # fmt: skip
        colour = GREEN if row["stands"] == "stable" else GREY
        ax.barh(at, min(row["stable_to"], top) - row["stable_from"], left=row["stable_from"], height=0.6, color=colour,
                alpha=0.75, linewidth=0)  # fmt: skip
    if np.isfinite(ratio[""]):
        note(ax, "measured", {"x": "benefit per cost", "y": "norm"}, x=ratio[""], x_low=ratio["_low"],
             x_high=ratio["_high"], y="")  # fmt: skip
        if np.isfinite(ratio["_low"]):
            ax.axvspan(ratio["_low"], ratio["_high"], color=PURPLE, alpha=0.25, linewidth=0)
        ax.axvline(ratio[""], color=PURPLE)
    ax.set_yticks(range(len(table)), list(table["norm"]))
    ax.tick_params(axis="y", length=0)
    ax.set(ylim=(len(table) - 0.4, -0.6), xlim=(0, top))


@printed
def _signals(tables: dict[str, pd.DataFrame], seeds: int) -> Figure:
    """What learners say of whom, and what one slanderer gains, by number of judges."""
    table, pay = tables["signals"], tables["slander"]
    figure, ((calls, gains),) = blank(1, 2, TWO_COLUMNS, 2.0)
    number = sorted(set(table["judges"]))
    for place, judges in enumerate(number):
        rows, pen = table[table["judges"] == judges], ink(place)
        at = np.arange(len(rows)) + 0.22 * (place - (len(number) - 1) / 2)
        draw_marks(calls, rows, ((at, rows["cell"]), "calls_good"), pen, _judges(judges), zorder=3)
    first = table[table["judges"] == number[0]]
    note(calls, "the norm", x=first["cell"], y=first["says"])
    for cell, says in enumerate(first["says"]):
        calls.plot([cell - 0.38, cell + 0.38], [says] * 2, **_RIGHT)
    calls.set_xticks(range(len(first)), list(first["cell"]))
    calls.set(ylim=(-0.04, 1.04), ylabel="probability of calling good")
    calls.set_title("verdicts of learners", loc="left", color="0.2")
    for place, policy in enumerate(dict.fromkeys(pay["policy"])):
        rows = pay[pay["policy"] == policy]
        at = np.arange(len(rows)) + 0.2 * (place - 0.5)
        for mark, name, said in _GAINS:
            pen = Ink((BLACK, GREY)[place % 2], "-", mark)
            places = at + 0.08 * (mark == "x"), [str(each) for each in number]
            draw_marks(gains, rows, (places, name), pen, f"{_called(policy)}, {said}", zorder=3)
    gains.axhline(0, color=GREY, linewidth=0.6, zorder=0)
    gains.set_xticks(range(len(number)), [str(each) for each in number])
    gains.set(xlabel="judges of each", ylabel="money per round")
    gains.set_title("gain of one slanderer", loc="left", color="0.2")
    caption = (
        f"Means over {seeds} seeds with 95 % intervals. Left: learners who choose their verdicts, by names of donor and"
        " recipient and by act (D refused, C gave). Right: one judge who calls everybody bad among the honest;"
        f" {' and '.join(_sides(pay))}."
    )
    handles = [key(_judges(each), ink(place), marker=True) for place, each in enumerate(number)]
    handles += [_entry("what the norm says", _RIGHT)]
    handles += [key(f"gain as {said}", Ink(BLACK, "-", mark), marker=True) for mark, _, said in _GAINS]
    return finish(figure, "What judges say, and what slander brings", caption, handles)


def _sides(pay: pd.DataFrame) -> list[str]:
    """Policies by the colour of their marks."""
    names = list(dict.fromkeys(pay["policy"]))
    sides = ("black", "grey") if len(names) > 1 else ("both",)
    return [f"{_called(name)} {where}" for name, where in zip(names, sides, strict=False)]


def _called(policy: str) -> str:
    """A policy in words: "norm L6"."""
    return policy.replace(":", " ").replace("_", " ")


def _entry(label: str, look: dict[str, Any]) -> Line2D:
    return Line2D([], [], color=look["color"], linewidth=look["linewidth"], label=label)


def _judges(count: int) -> str:
    return f"{count} judge{'s' * (count > 1)}"
