"""Palette and house style of figures and page. Colour is data: actions and rules have it, everything else is grey.

Any two colours of a kind stay apart for protan, deutan and tritan eyes; dashes and markers survive a grey copy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, ParamSpec

import numpy as np
from matplotlib import rc_context, rcParamsDefault
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

Dashes = Literal["-", "--", "-.", ":"]
ThemeName = Literal["light", "dark"]
# What a reader's own settings files say of figures does not reach these: all but how windows are opened is named.
DEFAULTS = {name: value for name, value in rcParamsDefault.items() if not name.startswith(("backend", "interactive"))}
STYLE: dict[Any, Any] = DEFAULTS | {
    "font.family": "DejaVu Sans", "font.size": 8.0, "axes.titlesize": 8.0, "axes.labelsize": 8.0,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.6,
    "lines.linewidth": 1.3, "legend.frameon": False, "legend.fontsize": 8.0, "axes.unicode_minus": True,
}


@dataclass(frozen=True)
class Theme:
    """The colours of a page or figure, as #RRGGBB."""

    paper: str
    ink: str
    quiet: str  # second text
    faint: str  # third text, and lines that matter less
    line: str
    panel: str  # behind fields and strip
    chosen: str  # behind what is chosen
    actions: Mapping[str, str]  # by name, as marks and fields
    texts: Mapping[str, str]  # by name of the action, as text on the paper: at least 4.5 : 1
    rules: tuple[str, ...]  # of what is compared; none wears an action's colour
    map: tuple[str, str]  # one hue, from little to much
    differences: tuple[str, str]  # less, more; between them the paper
    field: str  # of free-riding over large fields
    edge: str  # around marks of free-riding


LIGHT = Theme(
    paper="#FFFFFF", ink="#1B1F24", quiet="#56606B", faint="#98A1AA", line="#DDE1E6", panel="#F6F7F9", chosen="#FFF1B8",
    actions={"delegate": "#0072B2", "free_ride": "#E69F00", "defect": "#B23A0E", "abstain": "#8A929B"},
    texts={"delegate": "#005A8E", "free_ride": "#7A5200", "defect": "#9C3A06", "abstain": "#56606B"},
    rules=("#1B1F24", "#00875F", "#A5478F", "#B58A00"), map=("#EDF3F7", "#00456E"),
    differences=("#A5478F", "#00875F"), field="#F4D090", edge="#7A5200",
)  # fmt: skip
DARK = Theme(
    paper="#12161B", ink="#F2F4F6", quiet="#A3ADB8", faint="#6E7883", line="#2C343D", panel="#191E25", chosen="#4A4218",
    actions={"delegate": "#3FA7E0", "free_ride": "#FFC857", "defect": "#E4572E", "abstain": "#76818C"},
    texts={"delegate": "#6FC0EE", "free_ride": "#FFD98A", "defect": "#FF8A66", "abstain": "#A3ADB8"},
    rules=("#F2F4F6", "#2FC08F", "#D073B8", "#808000"), map=("#1D2B36", "#8CCBF0"),
    differences=("#D073B8", "#2FC08F"), field="#C9A24F", edge="#FFC857",
)  # fmt: skip
THEMES: dict[ThemeName, Theme] = {"light": LIGHT, "dark": DARK}

BLACK, GREEN, PURPLE, OCHRE = LIGHT.rules
GREY = LIGHT.faint
_DASHES: tuple[Dashes, ...] = ("-", "--", ":", "-.")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
MAP = LinearSegmentedColormap.from_list("map", LIGHT.map)
DIFFERENCES = LinearSegmentedColormap.from_list("differences", (LIGHT.differences[0], "white", LIGHT.differences[1]))
_Call = ParamSpec("_Call")


@dataclass(frozen=True)
class Ink:
    """How one thing is drawn wherever it appears: scalars only."""

    colour: str  # ()
    dashes: Dashes  # ()
    marker: str  # ()


ACTIONS = {  # what a principal can do, its ink
    "delegate": Ink(LIGHT.actions["delegate"], "-", "o"), "free_ride": Ink(LIGHT.actions["free_ride"], "--", "s"),
    "defect": Ink(LIGHT.actions["defect"], "-.", "^"), "abstain": Ink(LIGHT.actions["abstain"], ":", "D"),
}  # fmt: skip


def ink(place: int) -> Ink:
    """The ink of the rule at ``place``; the first 28 differ, and neighbours differ in colour and dashes."""
    return Ink(LIGHT.rules[place % 4], _DASHES[(place + place // 4) % 4], _MARKERS[place % 7])


def contrast(one: Any, other: Any) -> float:
    """Contrast of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted(_luminance(to_rgb(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: tuple[float, float, float]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def upon(colour: Any) -> str:
    """Ink or white, whichever is read better upon a colour of matplotlib; black where neither reaches 4.5 : 1."""
    best = max((BLACK, "#FFFFFF"), key=lambda text: contrast(text, colour))
    return best if contrast(best, colour) >= 4.5 else "#000000"


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
