"""Pictures for the screen: a sheet measured in inches, and panels on it.

A page draws many times a second, and an ``Axes`` with its ticks costs 20 ms. So a picture is one bare ``Axes``, panels
are places on it, and their frames single collections. Nothing here needs ``rc_context``, which is not safe where
several pages draw at once: ``png`` lets one draw after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from commonweal.agents.arrays import Floats
from commonweal.figures.ink import Ink

Size = tuple[float, float]  # inches: width, height
Box = tuple[float, float, float, float]  # inches from the lower left: left, bottom, width, height
Span = tuple[float, float]  # lowest and highest

DPI = 100
FONT, SMALL = 9.5, 8.5  # points
DARK, QUIET = "0.15", "0.4"  # what is read first, what explains
HEAD, FOOT = 0.52, 0.24  # inches above a panel for title, keys and marks, and below it for tick labels
_FRAME, _TICK, _SWATCH = "0.5", 0.04, 0.24  # grey; inches; inches
_WHOLE = MaxNLocator(nbins=3, integer=True, min_n_ticks=2, steps=[1, 2, 5, 10])
_ANY = MaxNLocator(nbins=4, steps=[1, 2, 5, 10])


def blank_sheet(size: Size) -> Axes:
    """An empty white picture whose data units are inches from the lower left."""
    figure = Figure(figsize=size, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    sheet = figure.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(0, size[1]), autoscale_on=False)
    sheet.set_axis_off()
    return sheet


def picture(sheet: Axes) -> Figure:
    """The figure that a sheet fills."""
    figure = sheet.get_figure(root=True)
    assert figure is not None
    return figure


def write(sheet: Axes, x: float, y: float, text: str, *, size: float = SMALL, colour: str = QUIET, ha: str = "left",
          va: str = "baseline", bold: bool = False) -> None:
    """Write on a sheet at a place in inches."""
    sheet.text(x, y, text, fontsize=size, color=colour, ha=ha, va=va, fontweight="bold" if bold else "normal",
               parse_math=False)


def strokes(sheet: Axes, lines: Sequence[Sequence[tuple[float, float]]], colour: str, width: float) -> None:
    """Several polylines of places in inches as one, behind the courses."""
    points = np.array([point for line in lines for point in (*line, (np.nan, np.nan))])
    sheet.add_line(Line2D(*points.T, color=colour, linewidth=width, zorder=0.6))


def width_of(text: str, size: float = SMALL) -> float:
    """About how wide a text is, inches: a letter of DejaVu Sans is 0.58 of its size wide in the mean."""
    return 0.58 * size / 72 * len(text)


def keys(sheet: Axes, x: float, y: float, entries: Sequence[tuple[str, Ink]]) -> None:
    """A row of line samples with their names, from a place in inches on."""
    for name, pen in entries:
        sheet.add_line(Line2D([x, x + _SWATCH], [y + 0.04] * 2, color=pen.colour, linestyle=pen.dashes, linewidth=1.6))
        write(sheet, x + _SWATCH + 0.05, y, name)
        x += _SWATCH + 0.17 + width_of(name)


@dataclass(frozen=True)
class Panel:
    """A place on a sheet with axes of its own."""

    sheet: Axes
    box: Box
    x: Span  # of the x axis, data units
    y: Span  # of the y axis, data units

    def across(self, x: Floats | float) -> Floats:
        """Inches from the left of the sheet; what lies outside is put on the edge."""
        return self.box[0] + self.box[2] * _share(x, self.x)

    def up(self, y: Floats | float) -> Floats:
        """Inches from the bottom of the sheet; what lies outside is put on the edge."""
        return self.box[1] + self.box[3] * _share(y, self.y)

    def line(self, x: Floats, y: Floats, pen: Ink, width: float = 1.5) -> None:
        """A course; a single point becomes a dot, which a line would not show."""
        self.sheet.add_line(Line2D(self.across(x), self.up(y), color=pen.colour, linestyle=pen.dashes, linewidth=width,
                                   marker=pen.marker if np.size(x) < 2 else "", markersize=4))

    def below(self, words: str, size: float = SMALL, colour: str = QUIET) -> None:
        """What the x axis shows."""
        left, bottom, wide, _ = self.box
        write(self.sheet, left + wide / 2, bottom - 0.36, words, size=size, colour=colour, ha="center")

    def upright(self, x: Floats | float, colour: str, width: float = 0.8) -> None:
        """Lines from bottom to top, behind the courses."""
        places, (_, bottom, _, high) = np.atleast_1d(self.across(x)), self.box
        strokes(self.sheet, [[(at, bottom), (at, bottom + high)] for at in places], colour, width)


def panel(sheet: Axes, box: Box, title: str, x: Span, y: Span, *, whole: bool = True,
          named: bool = True) -> Panel:
    """Draw the frame of a panel.

    Args:
        sheet: to draw on.
        box: of the panel without its ``HEAD`` and ``FOOT``.
        title: what the y axis shows, with its unit; written above, where it is quicker to read.
        x: of the x axis.
        y: of the y axis.
        whole: whether the x axis counts something, as rounds.
        named: whether the x axis means something at all.
    """
    made = Panel(sheet, box, _wide(x, 1.0 if whole else 1e-9), _wide(y, 1e-9))
    left, bottom, wide, high = box
    frame = [[(left, bottom + high), (left, bottom), (left + wide, bottom)]]
    for tick in _ticks(_WHOLE if whole else _ANY, made.x) if named else []:
        at = float(made.across(tick))
        frame.append([(at, bottom), (at, bottom - _TICK)])
        write(sheet, at, bottom - 0.06, f"{tick:g}", ha="center", va="top")
    for tick in _ticks(_ANY, made.y):
        at = float(made.up(tick))
        frame.append([(left, at), (left - _TICK, at)])
        write(sheet, left - 0.06, at - 0.04, f"{tick:g}", ha="right")
    strokes(sheet, frame, _FRAME, 0.7)
    head(sheet, box, title)
    return made


def head(sheet: Axes, box: Box, title: str) -> None:
    """The title of a panel."""
    write(sheet, box[0], box[1] + box[3] + HEAD - 0.15, title, size=FONT, colour=DARK)


def span_of(values: Sequence[Floats], low: float | None = None) -> Span:
    """From the lowest to the highest finite value with a little margin, or from ``low`` on."""
    known = np.concatenate([np.ravel(each) for each in values]) if values else np.zeros(0)
    known = known[np.isfinite(known)]
    if not known.size:
        return (0.0, 1.0)
    bottom, top = float(known.min()) if low is None else low, float(known.max())
    margin = 0.06 * (top - bottom) or 0.5 * abs(top) or 0.5
    return (bottom - margin if low is None else low, top + margin)


def widened(span: Span, values: Sequence[Floats]) -> Span:
    """A span that holds all finite values, too."""
    known = np.concatenate([np.ravel(each) for each in (*values, np.array(span))])
    known = known[np.isfinite(known)]
    return (float(known.min()), float(known.max()))


def _share(value: Floats | float, span: Span) -> Floats:
    share: Floats = np.clip((np.asarray(value) - span[0]) / (span[1] - span[0]), 0.0, 1.0)
    return share


def _wide(span: Span, least: float) -> Span:
    return span if span[1] - span[0] >= least else (span[0], span[0] + least)


def _ticks(locator: MaxNLocator, span: Span) -> list[float]:
    slack = 1e-9 * (span[1] - span[0])
    return [float(tick) for tick in locator.tick_values(*span) if span[0] - slack <= tick <= span[1] + slack]
