"""Figures of the study ``sensitivity``: how strongly every field moves every outcome, and what open choices change."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from commonweal.figures.canvas import TWO_COLUMNS, blank, finish, say_empty
from commonweal.figures.effects import title_of
from commonweal.figures.ink import BLACK, GREEN, GREY, PURPLE, Ink, key, printed
from commonweal.figures.marks import draw_marks
from commonweal.scenarios.schema.field_titles import field_title, field_titles, value_title
from commonweal.scenarios.schema.words import words_in
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.sensitivity.choices import OWN
from commonweal.scenarios.studies.sensitivity.influence import MAIN

_MOST = 4  # outcomes side by side
_WORDS = {"size": "mean size of effect", "total": "share of variance"}


def draw(answer: Answer) -> dict[str, Figure]:
    """All figures of an answer, by name."""
    figures = {"influence": _draw_influence(answer)}
    if "choices" in answer.tables:
        figures["choices"] = _draw_choices(answer)
    return figures


def _outcomes(table: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(table["outcome"]))[:_MOST]


def _seeds(answer: Answer) -> str:
    return f"{len(answer.provenance['seeds'])} seeds" if "seeds" in answer.provenance else "all seeds"


@printed
def _draw_influence(answer: Answer) -> Figure:
    """A panel per outcome, a row per field in the order of the first outcome; direction by colour and marker."""
    table = answer.tables["influence"]
    words = words_in(answer.provenance.get("document", {}), {})
    outcomes, kind = _outcomes(table), "sobol" if "total" in table else "morris"
    fields = list(table[table["outcome"] == outcomes[0]]["field"])
    titles = field_titles(fields, words)
    figure, (axes,) = blank(1, len(outcomes), TWO_COLUMNS, 0.6 + 0.19 * len(fields), sharey=True)
    for ax, outcome in zip(axes, outcomes, strict=True):
        rows = table[table["outcome"] == outcome].set_index("field").reindex(fields)
        _draw_measure(ax, rows, kind, titles)
        ax.set_title(title_of(outcome, words).replace(" (", "\n("), loc="left", color="0.2")
        ax.set_xlabel(_WORDS[MAIN[kind]])
    axes[0].set_yticks(range(len(fields)), titles, fontsize=7)
    axes[0].set_ylim(len(fields) - 0.5, -0.5)
    how = "Elementary effects over the whole range of a field" if kind == "morris" else "Sobol indices"
    caption = (
        f"{how}; means over {_seeds(answer)}, last quarter of rounds; 95 % bootstrap intervals over the sample. Grey: "
        "what luck would seem to do if points did not share their seeds."
    )
    return finish(figure, "What drives the outcome", caption, _influence_keys(kind))


_RAISES, _LOWERS, _ALONE = Ink(GREEN, "-", "^"), Ink(PURPLE, "-", "v"), Ink(GREEN, "-", "s")


def _influence_keys(kind: str) -> list[Line2D]:
    if kind == "morris":
        return [key("more of it raises the outcome", _RAISES, marker=True),
                key("lowers it", _LOWERS, marker=True)]  # fmt: skip
    return [key("with its interactions (total)", Ink(BLACK, "-", "o"), marker=True), key("alone", _ALONE, marker=True)]


def _draw_measure(ax: Axes, rows: pd.DataFrame, kind: str, names: list[str]) -> None:
    if rows[MAIN[kind]].isna().any():
        say_empty(ax, "not known")
        return
    places = np.arange(len(rows))
    ax.axvspan(0, rows["noise"].iloc[0], color="0.9", linewidth=0, zorder=0)
    if kind == "morris":
        up = rows["effect"].to_numpy() >= 0
        for pen, chosen, said in ((_RAISES, up, "raises the outcome"), (_LOWERS, ~up, "lowers it")):
            draw_marks(ax, rows[chosen], ("size", (places[chosen], np.array(names)[chosen])), pen, said)
    else:
        draw_marks(ax, rows, ("total", (places - 0.15, names)), Ink(BLACK, "-", "o"), "total")
        draw_marks(ax, rows, ("alone", (places + 0.15, names)), _ALONE, "alone")
    ax.axvline(0, color="0.6", linewidth=0.5)
    ax.locator_params(axis="x", nbins=3)


@printed
def _draw_choices(answer: Answer) -> Figure:
    """A panel per outcome: paired differences to the scenario's own choice, black where the interval is without 0."""
    table = answer.tables["choices"]
    table = table[table["field"] != OWN]
    words = words_in(answer.provenance.get("document", {}), {})
    outcomes = _outcomes(table)
    first = table[table["outcome"] == outcomes[0]]
    names = [f"{field_title(path, words)}: {value_title(path, str(value))}"
             for path, value in zip(first["field"], first["value"], strict=True)]  # fmt: skip
    figure, (axes,) = blank(1, len(outcomes), TWO_COLUMNS, 0.5 + 0.17 * len(names), sharey=True)
    for ax, outcome in zip(axes, outcomes, strict=True):
        rows = table[table["outcome"] == outcome]
        sure = ((rows["difference_low"] > 0) | (rows["difference_high"] < 0)).to_numpy()
        for pen, chosen in ((_SURE, sure), (_UNSURE, ~sure)):
            places = np.arange(len(rows))[chosen], np.array(names)[chosen]
            draw_marks(ax, rows[chosen], ("difference", places), pen)
        ax.axvline(0, color="0.6", linewidth=0.5, zorder=0)
        ax.set_title(title_of(outcome, words).replace(" (", "\n("), loc="left", color="0.2")
        ax.set_xlabel("difference")
        ax.locator_params(axis="x", nbins=3)
    axes[0].set_yticks(range(len(names)), names, fontsize=7)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    caption = (
        f"Differences to the scenario's own choice, one choice changed at a time; paired over {_seeds(answer)}, last "
        "quarter of rounds; 95 % intervals."
    )
    keys = [key("interval without 0", _SURE, marker=True), key("interval holds 0", _UNSURE, marker=True)]
    return finish(figure, "What hangs on the choices that are open", caption, keys)


_SURE, _UNSURE = Ink(BLACK, "-", "o"), Ink(GREY, "-", "o")
