"""Norms side by side: at which benefits per cost each is stable, and how much its followers cooperate."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from commonweal.agents.arrays import Bools, Floats
from commonweal.figures.canvas import TWO_COLUMNS, blank, finish
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREEN, GREY, LIGHT, PURPLE, Ink, key, printed
from commonweal.figures.points import require
from commonweal.scenarios.runs.intervals import Interval

NORMS = ("norm", "low", "high", "cooperation")
_PRIVATE = Ink(PURPLE, "-", "D")
_LEAST = 3.0  # benefit per cost up to which the axis goes at least
_PALE = LIGHT.line


@printed
def draw_norms(norms: pd.DataFrame, note: str, measured: Interval | None = None) -> Figure:
    """For each norm the interval of benefit per cost at which it is stable, and its cooperation.

    Args:
        norms: a row per norm in the order they are drawn: norm, low and high (ends of the interval; nan: none; high may
            be inf), cooperation (share of encounters under public images); private (the same under private images, nan
            where unknown) if wanted.
        note: on errors and on what was played, for the caption.
        measured: benefit per cost of an economy; norms that are not stable there are drawn pale.

    Returns:
        The figure.

    Raises:
        InputError: if a column or every row is missing.
    """
    require(norms, "norms", NORMS)
    figure, grid = blank(1, 2, TWO_COLUMNS, 0.55 + 0.2 * len(norms), sharey=True)
    left, right = grid[0]
    low, high, gifts = (norms[name].to_numpy(dtype=np.float64) for name in NORMS[1:])
    inside = np.isfinite(low) if measured is None else (low < measured.value) & (measured.value < high)
    _draw_intervals(left, low, high, inside, measured)
    _draw_cooperation(right, gifts, inside)
    _note(left, right, norms)
    left.set_yticks(range(len(norms)), norms["norm"])
    left.set_ylim(len(norms) - 0.4, -0.6)
    caption = f"Stable: no other rule of action does as well (public images). {note}"
    handles: list[Artist] = []
    if measured is not None:
        handles.append(key(f"measured benefit per cost {_text(measured)}", Ink(GREEN, "-", "")))
    if not inside.all():
        handles.append(Patch(color=_PALE, label=f"not stable {'at any ratio' if measured is None else 'there'}"))
    if "private" in norms:
        right.plot(norms["private"], range(len(norms)), _PRIVATE.marker, color=_PRIVATE.colour, markersize=4.5,
                   clip_on=False)  # fmt: skip
        handles.append(key("private images", _PRIVATE, marker=True))
    return finish(figure, "Which norms are stable, and what they bring", caption, handles)


def _note(left: Axes, right: Axes, norms: pd.DataFrame) -> None:
    """What is drawn of norms, in the order of ``NORMS``."""
    names = {"y": "norm"}
    note(left, "stable", names, x_low=norms["low"], x_high=norms["high"], y=norms["norm"])
    note(right, "public images", names, x=norms["cooperation"], y=norms["norm"])
    if "private" in norms:
        note(right, "private images", names, x=norms["private"], y=norms["norm"])


def _text(measured: Interval) -> str:
    known = bool(np.isfinite(measured.low))
    return measured.text(2) if known else f"{float(measured.value):.2f}"


def _draw_intervals(ax: Axes, low: Floats, high: Floats, inside: Bools, measured: Interval | None) -> None:
    """A bar from end to end; what has no upper end goes on beyond the edge, where an arrow says so."""
    edge = _edge(low, high, measured)
    for place, (start, end, colour) in enumerate(zip(low, high, _colours(inside), strict=True)):
        if np.isfinite(start):
            ax.barh(place, min(end, edge) - start, left=start, color=colour, height=0.6)
        if end == np.inf:
            ax.plot(edge, place, ">", color=colour, markersize=6, clip_on=False, gid="guide")
        ax.text(1.05 * edge, place, _between(start, end), va="center", color="0.25")
    if measured is not None:
        ax.axvspan(float(measured.low), float(measured.high), color=GREEN, alpha=0.25, linewidth=0, zorder=0)
        ax.axvline(float(measured.value), color=GREEN)
        note(ax, "measured", {"y": "norm"}, x=measured.value, x_low=measured.low, x_high=measured.high, y="")
    ax.set_xlim(0, edge)
    ax.set(xlabel="benefit of a gift per cost")
    ax.set_title("stable", loc="left", color="0.2")


def _between(start: float, end: float) -> str:
    """The ends of an interval in words."""
    if np.isnan(start):
        return "never"
    if end == np.inf:
        return f"from {start:.3f}" if start > 0 else "always"
    return f"{start:.3f}–{end:.3f}" if start > 0 else f"up to {end:.3f}"


def _colours(inside: Bools) -> list[str]:
    return [BLACK if stable else _PALE for stable in inside]


def _edge(low: Floats, high: Floats, measured: Interval | None) -> float:
    """Where the axis ends: beyond every end that is known."""
    ends = np.concatenate([low, high, [] if measured is None else [measured.value, measured.high]])
    return float(max(_LEAST, 1.25 * np.max(ends, where=np.isfinite(ends), initial=0.0)))


def _draw_cooperation(ax: Axes, gifts: Floats, inside: Bools) -> None:
    ax.barh(range(len(gifts)), gifts, color=_colours(inside), height=0.6)
    for place, share in enumerate(gifts):
        ax.text(1.03, place, f"{share:.3f}", va="center", color="0.25")
    ax.set(xlim=(0, 1.18), xticks=(0, 0.5, 1), xlabel="encounters with a gift (share)")
    ax.set_title("cooperation", loc="left", color="0.2")
    ax.axvline(1.0, color=GREY, linewidth=0.5)
