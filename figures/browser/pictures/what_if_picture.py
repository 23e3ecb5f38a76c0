"""What a deviation would bring: both futures' payoffs, and the gain with its interval."""

import numpy as np
from matplotlib.figure import Figure

from commonweal.agents.arrays import Floats
from commonweal.figures.browser.pictures.screen import (
    DARK,
    FONT,
    Panel,
    blank_sheet,
    keys,
    panel,
    picture,
    span_of,
    write,
)
from commonweal.figures.ink import BLACK, PURPLE, Ink
from commonweal.scenarios.runs.intervals import Interval, mean_interval

_PENS = (Ink(PURPLE, "-", "^"), Ink(BLACK, "--", "o"))  # with the deviation, without


def draw_what_if(courses_with: Floats, courses_without: Floats, gain: Interval, labels: tuple[str, str], *,
                 first: int = 1) -> Figure:
    """Mean payoffs over B futures with 95 % intervals, and what the deviation gains.

    Args:
        courses_with: (B, T) payoff with the deviation, money per round.
        courses_without: (B, T) payoff without, in the same futures.
        gain: () mean over futures and rounds of the difference, money per round; its ends are nan where there are none.
        labels: what is done with and without the deviation.
        first: number of the first round.
    """
    sheet = blank_sheet((8.0, 3.4))
    rounds = first + np.arange(courses_with.shape[1], dtype=np.float64)
    bands = [_band(courses) for courses in (courses_with, courses_without)]
    drawn = panel(sheet, (0.75, 0.5, 4.6, 2.2), "mean payoff, money per round", (rounds[0], rounds[-1]),
                  span_of([*bands[0], *bands[1]]))
    for (low, mean, high), pen in zip(bands, _PENS, strict=True):
        _fill(drawn, rounds, low, high, pen.colour)
        drawn.line(rounds, mean, pen, 1.8)
    keys(sheet, 0.75, 2.82, list(zip(labels, _PENS, strict=True)))
    drawn.below("round")
    _draw_gain(panel(sheet, (6.35, 0.5, 1.45, 2.2), "gain, money per round", (0.0, 1.0), _around_zero(gain),
                     named=False), gain)
    futures = len(courses_with)
    told = f"{futures} futures, 95 % interval" if futures > 1 else "one future, no interval"
    write(sheet, 7.8, 0.14, told, ha="right")
    return picture(sheet)


def _band(courses: Floats) -> tuple[Floats, Floats, Floats]:
    """(T,) lower end, mean and upper end."""
    found = mean_interval(courses)
    low, high = (np.where(np.isnan(end), found.value, end) for end in (found.low, found.high))
    return low, found.value, high


def _fill(drawn: Panel, x: Floats, low: Floats, high: Floats, colour: str) -> None:
    drawn.sheet.fill_between(drawn.across(x), drawn.up(low), drawn.up(high), color=colour, alpha=0.15, linewidth=0)


def _around_zero(gain: Interval) -> tuple[float, float]:
    reach = 1.25 * float(np.nanmax(np.abs([gain.value, gain.low, gain.high]))) or 1.0
    return (-reach, reach)


def _draw_gain(drawn: Panel, gain: Interval) -> None:
    zero, ends = drawn.up(0.0), drawn.up(np.array([gain.low, gain.high]))
    left, _, wide, _ = drawn.box
    middle: Floats = np.full(2, left + 0.35 * wide)
    drawn.sheet.plot([left, left + wide], [zero, zero], color="0.6", linewidth=0.8)
    drawn.sheet.plot(middle, ends, color=BLACK, linewidth=1.4, marker="_", markersize=9)
    drawn.sheet.plot(middle[:1], [drawn.up(gain.value)], "D", color=BLACK, markersize=6)
    told = f"{gain.value:+.3g}" + ("" if np.isnan(gain.low) else f"\n{gain.low:+.2g}\nto {gain.high:+.2g}")
    write(drawn.sheet, left + 0.45 * wide, float(drawn.up(gain.value)), told, size=FONT, colour=DARK, va="center")
