"""Settlements against attacks as two maps: what attackers gain, and what honest principals lose."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from commonweal.figures.canvas import TWO_COLUMNS, blank, finish
from commonweal.figures.data import note_cells
from commonweal.figures.ink import DIFFERENCES, printed
from commonweal.figures.looks import look
from commonweal.scenarios.runs.intervals import Interval

_COLOURS = DIFFERENCES.reversed()  # purple: the attack pays
_LEAST = 0.35  # inches of a map, and of a row in a narrow figure
_NAMES = 0.6  # inches of a narrow figure that the names of attacks take from each map
_BESIDE, _CELL = 0.9, 0.3  # inches of names beside a map, and of a cell that has room for a number


@dataclass(frozen=True)
class Scale:
    """What the numbers of a map are in."""

    words: str  # for the titles
    strongest: float  # from which on a colour gets no stronger
    sign: str = ""  # of the unit, for the caption
    decimals: int = 0


PERCENT = Scale("% of the mean honest payoff", 100.0, " %")


@printed
def draw_attacks(
    settlements: Sequence[str],
    attacks: Sequence[str],
    gain: Interval,
    loss: Interval,
    note: str,
    scale: Scale = PERCENT,
) -> Figure:
    """Draw both maps, one above the other.

    Args:
        settlements: names of the S rows.
        attacks: names of the A columns.
        gain: (S, A) mean gain of an attacker, as ``scale`` says.
        loss: (S, A) mean loss of an honest principal, as ``gain``.
        note: on what was played, for the caption.
        scale: what the numbers are in.
    """
    narrow = look().room < TWO_COLUMNS
    height = max(_LEAST, (_LEAST if narrow else 0.19) * len(settlements))
    figure, grid = blank(2, 1, TWO_COLUMNS, 0.5 + _NAMES * narrow + height, sharex=True)
    written = (look().across(TWO_COLUMNS) - _BESIDE) / len(attacks) >= _CELL
    titles = "gain of an attacker", "loss of an honest principal"
    for (ax,), title, found in zip(grid, titles, (gain, loss), strict=True):
        _draw_map(ax, found, scale, written)
        names = {"x": "attack", "y": "settlement", "value": title}
        note_cells(ax, found.value, list(attacks), list(settlements), names)
        ax.set_yticks(range(len(settlements)), settlements)
        ax.set_title(f"{title} ({scale.words})", loc="left", color="0.2")
    grid[-1][0].set_xticks(range(len(attacks)), attacks, rotation=40, ha="right", rotation_mode="anchor")
    caption = f"{note} Grey: the 95 % interval over seeds holds 0. Colours are strongest at"
    caption += f" ±{scale.strongest:.{scale.decimals}f}{scale.sign}."
    caption += "" if written else " Numbers are in the data beside the figure."
    caption += " White: not played." if np.isnan(gain.value).any() else ""
    return finish(figure, "Every settlement against every attack", caption)


def _draw_map(ax: Axes, found: Interval, scale: Scale, written: bool) -> None:
    """One map; numbers are written into its cells where there is room."""
    mean, sure = found.value, (found.low > 0) | (found.high < 0)
    shown = np.ma.masked_array(mean, ~sure)  # not a number is not sure either
    unsure = np.ma.masked_array(np.ones_like(mean), sure | np.isnan(mean))
    ax.imshow(unsure, cmap="gray", vmin=0, vmax=1 / 0.95, aspect="auto")
    ax.imshow(shown, cmap=_COLOURS, norm=Normalize(-scale.strongest, scale.strongest), aspect="auto")
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(mean) if written else ():
        dark = sure[row, column] and abs(value) > 0.6 * scale.strongest
        colour = "white" if dark else "black" if sure[row, column] else "0.55"
        if np.isnan(value):
            continue
        ax.text(column, row, _written(value, scale.decimals), ha="center", va="center", fontsize=6, color=colour)


def _written(value: float, decimals: int) -> str:
    """A number in few characters: +32, −1.9k."""
    text = f"{value:+.{decimals}f}" if abs(value) < 999.5 else f"{value / 1000:+.1f}k"
    return text.replace("-", "−") if float(text.removesuffix("k")) else "0"
