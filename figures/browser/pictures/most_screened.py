"""Whose updates screening takes off most: as a table, and as bars."""

import numpy as np
from matplotlib.axes import Axes

from commonweal.agents.arrays import Floats
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.tables import Table
from commonweal.figures.browser.notes.values import LATELY, screened_lately
from commonweal.figures.browser.pictures.screen import DARK, Box, head, strokes, write
from commonweal.figures.ink import GREEN

MOST = 10  # principals in the list
_NAME = 0.95  # inches, for a principal's name


def most_screened(chronicle: Chronicle, upto: int | None = None, most: int = MOST) -> Table:
    """The principals of whose updates screening took off most lately.

    Args:
        chronicle: of the run.
        upto: last round that counts; the newest if not given.
        most: rows.
    """
    upto = chronicle.newest.round if upto is None else upto
    taken, updates = screened_lately(chronicle, upto)
    dropped = np.stack([sight.gated for sight in chronicle.window(upto, LATELY)]).sum(axis=0)
    rows = [(f"principal {i}", f"{taken[i]:.1%}", str(updates[i]), str(dropped[i])) for i in _ranked(taken)[:most]]
    headers = ("principal", f"screened, mean of {LATELY} rounds", "updates screened", "dropped by the gate")
    return Table(headers, tuple(rows))


def draw_most_screened(sheet: Axes, box: Box, chronicle: Chronicle, upto: int) -> None:
    """Bars of the most screened, with their names.

    Args:
        sheet: to draw on.
        box: of the bars with their names and figures.
        chronicle: of the run.
        upto: last round that counts.
    """
    head(sheet, box, "most screened")
    edge, bottom, wide, high = box
    left, wide = edge + _NAME, wide - _NAME
    write(sheet, edge, bottom + high + 0.14, f"taken off, share of its updates, {LATELY} rounds")
    taken, _ = screened_lately(chronicle, upto)
    ranked = _ranked(taken)[:MOST]
    if not ranked:
        off = chronicle.world.terms.screening.mode == "off"
        write(sheet, edge, bottom + high - 0.25, "Screening is off." if off else "Nothing was screened.")
        return
    step, whole = high / MOST, max(1.0, float(taken[ranked[0]]))  # pulling back may take off more than there was
    for place, i in enumerate(ranked):
        y = bottom + high - (place + 0.7) * step
        sheet.fill_between([left, left + wide * float(taken[i]) / whole], y - 0.1, y + 0.1, color=GREEN, linewidth=0)
        write(sheet, left - 0.08, y - 0.045, f"principal {i}", ha="right")
        write(sheet, left + wide * float(taken[i]) / whole + 0.06, y - 0.045, f"{taken[i]:.0%}", colour=DARK)
    strokes(sheet, [[(left, bottom), (left, bottom + high)]], "0.5", 0.7)


def _ranked(taken: Floats) -> list[int]:
    """Who lost anything, who lost most first."""
    order = np.argsort(-np.nan_to_num(taken), kind="stable")
    return [int(i) for i in order if taken[i] > 0]
