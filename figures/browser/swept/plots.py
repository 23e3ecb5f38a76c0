"""Pictures of lines as the browser gets them: where everything lies from left to right, and what values there are."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.browser.swept.sweep_axes import Scale
from commonweal.figures.sweep_table import Axis

Cell = dict[str, Any]

_INSET = 0.015  # of the width, beside the first and the last place
_NAMED = 8  # lines that can have their names beside them


def line_plot(
    across: Scale, up: Scale | None, cells: Sequence[Cell], chosen: tuple[int, int], *, share: bool
) -> dict[str, Any]:
    """A line for each row of a map; of one row the seeds and the interval of each mean.

    Args:
        across: the axis to the right.
        up: the axis of the rows; None where there is one.
        cells: of the map, with x, y, value, low, high and units.
        chosen: column and row of the cell that is chosen.
        share: whether values lie between 0 and 1.

    Returns:
        ``low`` and ``high``; ``xs``: pairs of a place from 0 to 1 and a text; ``across``: title of the axis;
        ``series``: lines with ``name``, ``kind`` (mine, other or "") and ``points``, each a place and a value or None;
        ``marks``: whether they are marks, not lines; ``dots``: places and values; ``reaches``: places and ends of
        intervals; ``targets``: places, values and numbers of cells, and whether they are to be ringed.
    """
    known, row = [cell for cell in cells if cell["value"] is not None], chosen[1]
    mine = [cell for cell in known if cell["y"] == row]
    dots = [[cell["x"], unit] for cell in mine for unit in cell["units"] if unit is not None]
    reaches = [[cell["x"], cell["low"], cell["high"]] for cell in mine if cell["low"] is not None]
    low, high = (0.0, 1.0) if share else _around([*(cell["value"] for cell in known), *(dot[1] for dot in dots)])
    places = places_of(across.axis)
    rows = range(up.axis.count if up else 1)
    series = [
        {"name": up.level(y) if up and (len(rows) <= _NAMED or y == row) else "", "kind": "mine" if y == row else "",
         "points": [[places[cell["x"]], cell["value"]] for cell in known if cell["y"] == y]}
        for y in rows
    ]  # fmt: skip
    return {
        "low": low, "high": high, "xs": [list(pair) for pair in zip(places, across.axis.texts, strict=True)],
        "across": across.title, "series": [line for line in series if line["points"]],
        "marks": not across.axis.numeric, "dots": [[places[x], value] for x, value in dots],
        "reaches": [[places[x], max(from_, low), min(to, high)] for x, from_, to in reaches],
        "targets": [[places[cell["x"]], cell["value"], place, up is None and cell["x"] == chosen[0]]
                    for place, cell in enumerate(cells) if cell["value"] is not None],
    }  # fmt: skip


def course_plot(title: str, lines: Sequence[dict[str, Any]], *, share: bool) -> dict[str, Any]:
    """How a measure went in some runs.

    Args:
        title: with its unit.
        lines: with ``seed``, ``other`` (whether of the point that is compared), ``rounds`` and ``values``.
        share: whether values lie between 0 and 1.

    Returns:
        As ``line_plot``, with ``title``, and ``seed`` of each line.
    """
    last = max((line["rounds"][-1] for line in lines if line["rounds"]), default=1)
    values = [value for line in lines for value in line["values"] if value is not None]
    low, high = (0.0, 1.0) if share else _around(values)
    own = [line for line in lines if not line["other"]]
    series = [
        {"name": f"seed {line['seed']}" if not line["other"] and len(own) <= _NAMED else "", "seed": line["seed"],
         "kind": "other" if line["other"] else "",
         "points": [[round(played / last, 4), value]
                    for played, value in zip(line["rounds"], line["values"], strict=True)]}
        for line in lines
    ]  # fmt: skip
    xs = [[0, "0"], [0.5, figure(last // 2)], [1, figure(last)]]
    return {"title": title, "low": low, "high": high, "xs": xs, "across": "", "series": series, "marks": False,
            "dots": [], "reaches": [], "targets": []}  # fmt: skip


def places_of(axis: Axis) -> list[float]:
    """Where the levels of an axis lie from 0 to 1: by their numbers, or evenly where they have none."""
    if not axis.numeric:
        return [(place + 0.5) / axis.count for place in range(axis.count)]
    numbers = np.log(axis.places) if axis.logarithmic else axis.places
    span = float(np.ptp(numbers)) or 1.0
    shares = (numbers - numbers.min()) / span
    return [round(float(_INSET + (1 - 2 * _INSET) * share), 5) for share in shares]


def _around(values: Iterable[float]) -> tuple[float, float]:
    return rounded(np.array(list(values), dtype=np.float64))


def rounded(values: Floats) -> tuple[float, float]:
    """Round numbers around some values that are known, for the ends of an axis; 0 and 1 where there is none."""
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if low == high:
        return (0.0, 1.0) if low == 0 else (min(low, 0.0), max(high, 0.0))
    step = next(size for power in range(-12, 13) for size in (10.0**power, 2 * 10.0**power, 5 * 10.0**power)
                if size >= (high - low) / 3.001)  # fmt: skip
    return step * (low // step), step * -(-high // step)
