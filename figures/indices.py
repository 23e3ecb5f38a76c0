"""Sobol indices and elementary effects of a sampled design, as bars."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from commonweal.agents.arrays import Ints
from commonweal.agents.errors import InputError
from commonweal.figures.canvas import TWO_COLUMNS, balanced, blank, finish, say_empty
from commonweal.figures.data import note
from commonweal.figures.effects import title_of
from commonweal.figures.ink import BLACK, GREEN, Ink, key, printed
from commonweal.figures.sweep_table import SweepTable
from commonweal.scenarios.runs.intervals import Interval
from commonweal.scenarios.schema.field_titles import field_titles
from commonweal.scenarios.sweeps.indices import Indices, Sampled, analyse

_WORDS = {
    "S1": "alone (first-order index S1)", "ST": "with all its interactions (total index ST)",
    "mu_star": "mean size μ* of an elementary effect", "sigma": "its standard deviation σ: interactions, curvature",
}  # fmt: skip


@printed
def draw_indices(table: SweepTable, sampled: Sampled) -> Figure:
    """Bars of the sensitivity indices, a panel per metric.

    Args:
        table: the sweep.
        sampled: how it was drawn.

    Returns:
        The figure.

    Raises:
        InputError: if SALib is not installed, or no metric can be analysed.
    """
    found = [analyse(sampled, table.means[:, m]) for m in range(len(table.metrics))]
    known = [indices for indices in found if indices is not None]
    if not known:
        raise InputError("a point is missing, or nothing varies")
    order = np.argsort(-np.mean([indices.values[1 if sampled.kind == "sobol" else 0] for indices in known], axis=0))
    factors = field_titles(sampled.factors, table.words)
    figure, (row, *_) = blank(1, len(found), TWO_COLUMNS, 0.6 + 0.34 * len(order), sharey=True)
    for ax, metric, indices in zip(row, table.metrics, found, strict=True):
        ax.set_title(title_of(metric, table.words), loc="left", color="0.2")
        _draw_bars(ax, indices, order, factors)
        ax.set_xlabel("index" if sampled.kind == "sobol" else "effect over the whole range")
    row[0].set_yticks(range(len(order)), [balanced(factors[i], 34) for i in order])
    row[0].set_ylim(len(order) - 0.4, -0.6)
    pens = zip(known[0].names, (BLACK, GREEN), strict=True)
    return finish(figure, "How sensitive it is", _caption(table, sampled), [_entry(name, ink) for name, ink in pens])


def _entry(name: str, colour: str) -> Any:
    entry = key(_WORDS[name], Ink(colour, "-", "s"), marker=True)
    entry.set_markersize(6)
    return entry


def _draw_bars(ax: Axes, indices: Indices | None, order: Ints, factors: list[str]) -> None:
    if indices is None:
        say_empty(ax, "not known")
        return
    for place, colour in enumerate((BLACK, GREEN)):
        found = Interval(*indices.found.at((place, order)))
        heights = np.arange(len(order)) + (place - 0.5) * 0.36
        errors = found.reach if np.isfinite(found.low).all() else None
        ax.barh(heights, found.value, height=0.34, color=colour, xerr=errors,
                error_kw={"elinewidth": 0.8, "capsize": 1.5, "ecolor": "0.25"})  # fmt: skip
        note(ax, _WORDS[indices.names[place]], {"y": "factor"}, x=found.value, x_low=found.low, x_high=found.high,
             y=[factors[i] for i in order])  # fmt: skip
    ax.axvline(0, color="0.6", linewidth=0.5)


def _caption(table: SweepTable, sampled: Sampled) -> str:
    rows, blocks = len(sampled.rows[0]), len(sampled.rows)
    what = "Sobol indices" if sampled.kind == "sobol" else "Elementary effects"
    over = f" and {blocks} combinations of the other factors" if blocks > 1 else ""
    return (
        f"{what} of the mean over {table.seeds()}{over}, last quarter of rounds; {rows} rows of the design. "
        f"Whiskers: 95 % bootstrap interval.{table.note()}"
    )
