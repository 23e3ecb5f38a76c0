"""How a run goes: small multiples of what principals do, how good the model is and what it pays, with event marks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.events import Course, Event, events
from commonweal.figures.browser.notes.tables import Table
from commonweal.figures.browser.pictures.course_panels import Content, contents, metric_names
from commonweal.figures.browser.pictures.screen import (
    DARK,
    FONT,
    FOOT,
    HEAD,
    SMALL,
    Box,
    Panel,
    Size,
    blank_sheet,
    head,
    keys,
    panel,
    picture,
    span_of,
    widened,
    write,
)
from commonweal.figures.ink import BLACK

SIZE: Size = (11.0, 6.5)  # inches
MARKS = 6  # events that are marked
_APART = 0.04  # of a panel's width, between two marks
_LEFT, _BETWEEN, _RIGHT = 0.5, 0.55, 0.2  # inches
_STRIP, _AXIS, _TOP = 0.5, 0.16, 0.3  # inches: for the events, the word "round", the headline


@dataclass(frozen=True)
class _Mark:
    number: int
    event: Event


def draw_dynamics(chronicle: Chronicle, *, round: int | None = None, size: Size = SIZE) -> Figure:
    """Courses of a run over its rounds.

    Args:
        chronicle: of the run.
        round: to point out with a line; none if not given.
        size: of the figure, inches.

    Returns:
        The figure: two rows of panels with numbered events, which are explained below.
    """
    course = chronicle.metrics()
    sheet = blank_sheet(size)
    rows = contents(chronicle.world)
    high = (size[1] - _STRIP - _AXIS - _TOP) / 2 - HEAD - FOOT
    found = events(chronicle)
    marks = _marked(found, course)
    for place, row in enumerate(rows):
        bottom = _STRIP + _AXIS + FOOT + (1 - place) * (high + HEAD + FOOT)
        for number, ((left, wide), shown) in enumerate(zip(_columns(row, size[0]), row, strict=True)):
            drawn = _draw(sheet, (left, bottom, wide, high), shown, course)
            if drawn is not None:
                _draw_marks(drawn, marks, round, numbered=place == number == 0)  # each text costs a millisecond
            if place and drawn is not None:
                drawn.below("round")
    _tell(sheet, size, chronicle, round, marks, len(found))
    return picture(sheet)


def _columns(row: Sequence[Content], width: float) -> list[tuple[float, float]]:
    """Left end and width of every panel of a row, inches."""
    free = width - _LEFT - _RIGHT - _BETWEEN * (len(row) - 1)
    widths = free * np.array([shown.weight for shown in row]) / sum(shown.weight for shown in row)
    lefts = _LEFT + np.concatenate([[0.0], np.cumsum(widths + _BETWEEN)[:-1]])
    return list(zip(lefts.tolist(), widths.tolist(), strict=True))


def _draw(sheet: Axes, box: Box, shown: Content, course: dict[str, Course]) -> Panel | None:
    """A panel with its lines; None where there is nothing to show."""
    if not shown.lines:
        head(sheet, box, shown.title)
        write(sheet, box[0], box[1] + box[3] - 0.1, "The scenario has no value dimensions.", va="top")
        return None
    rounds = course.get("round", np.zeros(0))
    values = [course.get(metric, np.zeros(0)) for metric, *_ in shown.lines]
    ends = (float(rounds[0]), float(rounds[-1])) if rounds.size else (0.0, 1.0)
    span = span_of(values, shown.low) if shown.y is None else widened(shown.y, values)
    drawn = panel(sheet, box, shown.title, ends, span)
    keys(sheet, box[0], box[1] + box[3] + 0.17, shown.keys)
    for (_, pen, width), line in zip(shown.lines, values, strict=True):
        drawn.line(rounds, np.where(np.isfinite(line), line, np.nan), pen, width)
    return drawn


def _marked(found: Sequence[Event], course: dict[str, Course]) -> list[_Mark]:
    """The newest events that stand apart, cooperation's half-life before all others, numbered in order of rounds."""
    if not found:
        return []
    span = max(course["round"][-1] - course["round"][0], 1.0)
    kept: list[Event] = []
    for event in sorted(found, key=lambda event: (event.kind != "half-life", -event.round)):
        if len(kept) < MARKS and all(abs(event.round - other.round) >= _APART * span for other in kept):
            kept.append(event)
    return [_Mark(number, event) for number, event in enumerate(sorted(kept, key=lambda event: event.round), start=1)]


def _draw_marks(drawn: Panel, marks: Sequence[_Mark], round: int | None, *, numbered: bool) -> None:
    if marks:
        drawn.upright(np.array([mark.event.round for mark in marks]), "0.75")
    if round is not None and round < drawn.x[1]:
        drawn.upright(round, BLACK, 1.0)
    for mark in marks if numbered else ():
        write(drawn.sheet, float(drawn.across(mark.event.round)), drawn.box[1] + drawn.box[3] + 0.02, str(mark.number),
              size=SMALL - 1, ha="center")


def _tell(sheet: Axes, size: Size, chronicle: Chronicle, round: int | None, marks: Sequence[_Mark], found: int) -> None:
    """The headline, and beneath the panels what the marks mean."""
    width, height = size
    last = chronicle.newest.round
    at = f"Round {last}" if round is None or round == last else f"Round {round} of {last} played"
    write(sheet, 0.15, height - 0.22, at, size=FONT + 1, colour=DARK, bold=True)
    if found:
        told = "all" if len(marks) == found else f"{len(marks)} of {found}"
        write(sheet, width - _RIGHT, height - 0.22, f"events marked: {told}", ha="right")
    for place, mark in enumerate(marks):
        column, row = divmod(place, 2)
        x = 0.15 + column * (width - 0.2) / 3
        text = f"{mark.number}   round {mark.event.round}: {mark.event.text}"
        write(sheet, x, 0.26 - 0.19 * row, text)


def metric_rows(chronicle: Chronicle, round: int | None = None) -> Table:
    """The metrics of a round with their units.

    Args:
        chronicle: of the run.
        round: which; the newest if not given.
    """
    row = chronicle.row(chronicle.newest.round if round is None else round) or {}
    names = metric_names(chronicle.world)
    return Table(("metric", "value"), tuple((name, f"{row[metric]:.4g}") for metric, name in names if metric in row))
