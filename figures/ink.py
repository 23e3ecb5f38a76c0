"""Palette and house style: colours after Okabe and Ito (2008), dashes and markers that survive a grey copy."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, ParamSpec

from matplotlib import rc_context, rcParamsDefault
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

Dashes = Literal["-", "--", "-.", ":"]
# What a reader's own settings files say of figures does not reach these: all but how windows are opened is named.
DEFAULTS = {name: value for name, value in rcParamsDefault.items() if not name.startswith(("backend", "interactive"))}
STYLE: dict[Any, Any] = DEFAULTS | {
    "font.family": "DejaVu Sans", "font.size": 8.0, "axes.titlesize": 8.0, "axes.labelsize": 8.0,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6,
    "lines.linewidth": 1.3, "legend.frameon": False, "legend.fontsize": 8.0, "axes.unicode_minus": True,
}
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK, GREY = "#E69F00", "#56B4E9", "#000000", "#8C8C8C"
_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
_DASHES: tuple[Dashes, ...] = ("-", "--", "-.", ":")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_Call = ParamSpec("_Call")


@dataclass(frozen=True)
class Ink:
    """How one thing is drawn wherever it appears: scalars only."""

    colour: str  # ()
    dashes: Dashes  # ()
    marker: str  # ()


ACTIONS = {  # what a principal can do, its ink
    "delegate": Ink(BLUE, "-", "o"), "free_ride": Ink(ORANGE, "--", "s"), "defect": Ink(VERMILLION, "-.", "^"),
    "abstain": Ink(GREY, ":", "D"),
}


def ink(place: int) -> Ink:
    """The ink of the thing at ``place``; the first 28 differ, and neighbours differ in colour and dashes."""
    return Ink(_COLOURS[place % 7], _DASHES[place % 4], _MARKERS[place % 7])


def printed(draw: Callable[_Call, Figure]) -> Callable[_Call, Figure]:
    """Decorator: draw in the house style without changing the caller's matplotlib settings."""

    @wraps(draw)
    def styled(*args: _Call.args, **kwargs: _Call.kwargs) -> Figure:
        with rc_context(STYLE):
            return draw(*args, **kwargs)

    return styled


def key(label: str, pen: Ink, marker: bool = False) -> Line2D:
    """A legend entry: a line, or a marker alone."""
    if marker:
        return Line2D([], [], color=pen.colour, marker=pen.marker, linestyle="none", markersize=4.5, label=label)
    return Line2D([], [], color=pen.colour, linestyle=pen.dashes, label=label)
