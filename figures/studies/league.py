"""Figures of the study of a league: what attacks gain beside the catalogue, mixes by stage, courses of learning."""

from textwrap import fill, shorten

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, blank, finish, panels
from commonweal.figures.ink import GREY, Ink, ink, key, printed
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.judging import per_round

_KINDS = ("catalogue", "family", "searched", "combined", "learned")
_LEAST = 0.02  # share of a mix below which a strategy is not named
_WIDE, _LONG = 40, 72  # letters of a line of a name, and of a name in a legend


def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name."""
    options = answer.provenance.get("options", {})
    seeds, unit = int(options.get("held_out", 0)), per_round(answer.provenance)
    figures = {"attacks": _attacks(answer.tables["attacks"], seeds, unit), "mixes": _mixes(answer.tables["mixes"])}
    if "learning" in answer.tables:
        figures["learning"] = _learning(answer.tables["learning"], unit)
    return figures


def _kind(origin: str) -> str:
    return origin if origin in _KINDS else "family"


def _pens(table: pd.DataFrame) -> dict[str, Ink]:
    """The ink of each kind of attack in a table; the catalogue, beside which all others stand, is grey."""
    pens = {"catalogue": Ink(GREY, "-", "o")} | {kind: ink(k) for k, kind in enumerate(_KINDS[1:])}
    return {kind: pens[kind] for kind in _KINDS if kind in {_kind(each) for each in table["origin"]}}


@printed
def _attacks(table: pd.DataFrame, seeds: int, unit: str) -> Figure:
    """What each attack gains, and how far it is ahead of the catalogue's strongest, with intervals."""
    table = table.sort_values("gain", ignore_index=True)
    figure, (axes,) = blank(1, 2, TWO_COLUMNS, 0.6 + 0.21 * len(table), sharey=True)
    heights, pens = np.arange(len(table)), _pens(table)
    titles = {"gain": "gain over going by one's policy", "over_catalogue": "ahead of the catalogue's strongest"}
    for ax, (column, title) in zip(axes, titles.items(), strict=True):
        ax.set_title(title, loc="left", color="0.2")
        ax.set_xlabel(unit)
        ax.axvline(0, color=GREY, linewidth=0.7)
        for kind, pen in pens.items():
            own = np.array([_kind(each) == kind for each in table["origin"]])
            rows = table[own]
            ax.hlines(heights[own], rows[f"{column}_low"], rows[f"{column}_high"], color=pen.colour, linewidth=1.1)
            ax.plot(rows[column], heights[own], pen.marker, color=pen.colour, markersize=3.5)
        ax.ticklabel_format(axis="x", style="sci", scilimits=(-2, 4), useMathText=True)
    axes[0].set_yticks(heights, [fill(str(each), _WIDE) for each in table["attack"]], fontsize=7)
    for label, role in zip(axes[0].get_yticklabels(), table["role"], strict=True):
        label.set_fontweight("bold" if role == "challenger" else "normal")
    caption = (
        f"Means and intervals over {seeds} held-out seeds, of several principals that attack one at a time. Bold: the"
        " challenger, which other seeds chose. Right: the lower end is the lowest against any of the catalogue's"
        " strongest."
    )
    handles = [key(kind, pen, marker=True) for kind, pen in pens.items()]
    return finish(figure, "What attacks gain, beside the catalogue", caption, handles)


@printed
def _mixes(table: pd.DataFrame) -> Figure:
    """The mix of each stage as a bar of shares."""
    stages = sorted(table["stage"].unique())
    wide = table.pivot(index="stage", columns="strategy", values="share").reindex(stages).fillna(0.0)
    used = [name for name in dict.fromkeys(table["strategy"]) if wide[name].max() >= _LEAST]
    figure, ((ax,),) = blank(1, 1, TWO_COLUMNS * 0.8, 0.55 + 0.34 * len(stages))
    left, shades = np.zeros(len(stages)), _shades(len(used))
    for name, colour in zip(used, shades, strict=True):
        ax.barh(range(len(stages)), wide[name], left=left, color=colour, height=0.7, edgecolor="white", linewidth=0.6)
        left += wide[name].to_numpy()
    ends = [f"while learners of stage {stage} train" for stage in stages[:-1]]
    ax.set_yticks(range(len(stages)), [*ends, "in the end"])
    ax.invert_yaxis()
    ax.set(xlim=(0, 1), xlabel="share of those who attack")
    handles = [key(shorten(name, _LONG, placeholder=" …"), Ink(colour, "-", "s"), marker=True)
               for name, colour in zip(used, shades, strict=True)]  # fmt: skip
    caption = "Shares at which the game among the strategies known by then stands still: nobody earns more by another."
    return finish(figure, "What attackers play against each other, by stage", caption, handles)


def _shades(count: int) -> list[str]:
    """Colours of strategies, those of the palette first."""
    palette = [ink(k).colour for k in range(4)]
    return [palette[k] if k < len(palette) else str(0.55 + 0.35 * (k - 4) / max(count - 4, 1)) for k in range(count)]


@printed
def _learning(table: pd.DataFrame, unit: str) -> Figure:
    """Mean reward by batch of episodes, a panel for each stage."""
    stages = sorted(table["stage"].unique())
    learners = list(dict.fromkeys(table["learner"]))
    figure, axes = panels([f"stage {stage}" for stage in stages], f"reward ({unit})", "batches of episodes")
    for ax, stage in zip(axes, stages, strict=True):
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        for k, learner in enumerate(learners):
            rows, pen = table[(table["stage"] == stage) & (table["learner"] == learner)], ink(k)
            ax.plot(rows["update"], rows["reward"], color=pen.colour, linestyle=pen.dashes, linewidth=1.1)
    handles = [key(learner, ink(k)) for k, learner in enumerate(learners)]
    caption = (
        "Mean reward of the episodes of a batch, each on seeds of its own: of programmes that of the leading one, of"
        " networks that of the best of a generation, or of the policy as it was (ppo)."
    )
    width = ONE_COLUMN if len(stages) == 1 else TWO_COLUMNS
    figure.set_size_inches(width, figure.get_size_inches()[1])
    return finish(figure, "How learners did", caption, handles)
