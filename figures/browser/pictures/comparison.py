"""Two runs on the same seed beside each other, course by course."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.shown import accuracy_name, pays_money, rewards_differ
from commonweal.figures.browser.pictures.screen import (
    DARK,
    FONT,
    FOOT,
    HEAD,
    Size,
    Span,
    blank_sheet,
    keys,
    panel,
    picture,
    span_of,
    widened,
    width_of,
    write,
)
from commonweal.figures.ink import BLACK, BLUE, VERMILLION, Ink

SIZE: Size = (11.0, 5.4)  # inches
_PENS = (Ink(BLUE, "-", "o"), Ink(VERMILLION, "--", "s"))
_MOST = 6  # panels


def draw_comparison(chronicle_a: Chronicle, chronicle_b: Chronicle, labels: Sequence[str], *,
                    round: int | None = None, size: Size = SIZE) -> Figure:
    """Courses of two runs on the same axes.

    Args:
        chronicle_a: of the first run.
        chronicle_b: of the second.
        labels: what each is called, in this order.
        round: to point out with a line; none if not given.
        size: of the figure, inches.
    """
    courses = [chronicle.metrics() for chronicle in (chronicle_a, chronicle_b)]
    rounds = [course.get("round", np.zeros(0)) for course in courses]
    ends = np.concatenate(rounds)
    x = (float(ends.min()), float(ends.max())) if ends.size else (0.0, 1.0)
    sheet = blank_sheet(size)
    last = max(chronicle.newest.round for chronicle in (chronicle_a, chronicle_b))
    at = f"Round {last}" if round is None or round >= last else f"Round {round} of {last} played"
    write(sheet, 0.15, size[1] - 0.22, at, size=FONT + 1, colour=DARK, bold=True)
    keys(sheet, 0.45 + width_of(at, FONT + 1), size[1] - 0.22, list(zip(labels, _PENS, strict=True)))
    wide, high = (size[0] - 2.15) / 3, (size[1] - 0.65) / 2 - HEAD - FOOT
    for place, (metric, title, y) in enumerate(_panels([chronicle.world for chronicle in (chronicle_a, chronicle_b)])):
        row, column = divmod(place, 3)
        box = (0.65 + column * (wide + 0.65), 0.25 + FOOT + (1 - row) * (high + HEAD + FOOT), wide, high)
        values = [course.get(metric, np.zeros(0)) for course in courses]
        drawn = panel(sheet, box, title, x, span_of(values) if y is None else widened(y, values))
        for times, course, pen in zip(rounds, values, _PENS, strict=True):
            drawn.line(times, course, pen)
        if round is not None and round < x[1]:
            drawn.upright(round, BLACK, 1.0)
        if row:
            drawn.below("round")
    return picture(sheet)


def _panels(worlds: Sequence[World]) -> list[tuple[str, str, Span | None]]:
    """Metric, title and y axis of what is worth comparing in either economy."""
    pays, differ = any(map(pays_money, worlds)), any(map(rewards_differ, worlds))
    panels: tuple[tuple[bool, str, str, Span | None], ...] = (
        (True, "share_delegate", "delegate, share of principals", (0.0, 1.0)),
        (True, "accuracy", accuracy_name(worlds[0]), (0.0, 1.0)),
        (differ, "own_accuracy", "own model's accuracy, mean", (0.0, 1.0)),
        (pays, "revenue", "revenue, money per round", None),
        (True, "welfare", "welfare, money per round", None),
        (differ, "samples", "samples put in", None),
        (pays, "gini", "wealth, Gini index", (0.0, 1.0)),
        (worlds[0].market.learns, "screened_share", "screened, share of updates", (0.0, 1.0)),
    )
    return [(metric, title, y) for shown, metric, title, y in panels if shown][:_MOST]
