"""Figures of a calibration: what people did and what the fitted mix does, and how far predictions miss by period."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from commonweal.figures.canvas import finish, panels
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREY, OCHRE, PURPLE, Ink, ink, key, printed
from commonweal.figures.marks import draw_band
from commonweal.scenarios.studies.base import Answer

_FITTED, _PREDICTED = ink(0), ink(1)
_BASELINES = {
    "constant": Ink(GREY, ":", "D"), "no_change": Ink(PURPLE, "-.", "v"), "linear_trend": Ink(OCHRE, "--", "^"),
}  # fmt: skip


def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name."""
    table = answer.tables["periods"]
    return {"series": _series(table), "error": _errors(table)}


def _each(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), rows) for name, rows in table.groupby("series", sort=False)]


def _axes(table: pd.DataFrame, ylabel: str) -> tuple[Figure, Sequence[Axes]]:
    figure, axes = panels([name for name, _ in _each(table)], ylabel, "period", row_height=2.0)
    for ax, (_, rows) in zip(axes, _each(table), strict=True):
        ahead = rows.loc[rows["ahead"], "period"]
        ax.axvspan(ahead.min() - 0.5, ahead.max() + 0.5, color=GREY, alpha=0.12, linewidth=0)
        ax.set_xlim(0.5, ahead.max() + 0.5)
    return figure, axes


@printed
def _series(table: pd.DataFrame) -> Figure:
    """Observed points, the fit to all periods, and the prediction from the first."""
    figure, axes = _axes(table, "mean contribution (share of the endowment)")
    for ax, (_, rows) in zip(axes, _each(table), strict=True):
        draw_band(ax, rows, ("period", "predicted"), _PREDICTED, "fitted to the white periods only")
        draw_band(ax, rows, ("period", "fitted"), _FITTED, "fitted to all periods")
        note(ax, "people", x=rows["period"], y=rows["observed"])
        ax.plot(rows["period"], rows["observed"], color=BLACK, marker="o", linestyle="none", markersize=3.5)
    axes[0].set_ylim(bottom=0)
    dots = Line2D([], [], color=BLACK, marker="o", linestyle="none", markersize=3.5, label="people")
    handles = [dots, key("fitted to all periods", _FITTED), key("fitted to the white periods only", _PREDICTED)]
    caption = "Bands hold 95 % of runs of the scenario's size, with seeds that the search did not see."
    return finish(figure, "What people contribute and what the fitted mix does", caption, handles)


@printed
def _errors(table: pd.DataFrame) -> Figure:
    """How far each prediction misses in each period, all fitted to the first periods alone."""
    figure, axes = _axes(table, "absolute error (share of the endowment)")
    for ax, (_, rows) in zip(axes, _each(table), strict=True):
        for name, pen in {"predicted": _PREDICTED, **_BASELINES}.items():
            shown = rows[rows["ahead"]] if name == "no_change" else rows  # before, it is what was observed
            error = (shown[name] - shown["observed"]).abs()
            note(ax, "fitted mix" if name == "predicted" else name.replace("_", " "), x=shown["period"], y=error)
            ax.plot(shown["period"], error, color=pen.colour, linestyle=pen.dashes, marker=pen.marker, markersize=3)
    axes[0].set_ylim(bottom=0)
    handles = [key("fitted mix", _PREDICTED), *(key(name.replace("_", " "), pen) for name, pen in _BASELINES.items())]
    caption = "All are fitted to the white periods only; shaded periods are predicted."
    return finish(figure, "How far predictions miss, by period", caption, handles)
