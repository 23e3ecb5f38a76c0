"""Every figure of a stored sweep: heat maps, response curves, main effects, sensitivity indices."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure

from commonweal.agents.errors import InputError
from commonweal.figures.effects import draw_main_effects
from commonweal.figures.heat_maps import draw_heat_maps
from commonweal.figures.indices import draw_indices
from commonweal.figures.printing import keep
from commonweal.figures.responses import draw_responses
from commonweal.figures.sweep_table import SweepTable, sweep_table
from commonweal.scenarios.reading.stored import Stored, open_results
from commonweal.scenarios.schema.notation import write_cell
from commonweal.scenarios.sweeps.indices import Sampled, sampled_of

METRICS = ("share_delegate", "accuracy", "welfare")  # shown if none is named
_MOST = 3  # metrics in a figure
_say = logging.getLogger("commonweal.figures").info


def draw_sweep(
    folder: Path,
    tell: Callable[[str], None] = _say,
    metrics: Sequence[str] | None = None,
    out: Path | None = None,
) -> list[Path]:
    """Draw every figure that the results of a sweep allow.

    Args:
        folder: of ``commonweal sweep``; it need not be finished.
        tell: called with a line for each figure that is skipped, since it does not apply, or not drawn, and why; the
            default logs it.
        out: folder for the figures; ``folder / "figures"`` if None.
        metrics: up to three columns to show; delegating, accuracy and welfare if not given.

    Returns:
        The files written: each figure in every format of the look, and its data as CSV.

    Raises:
        InputError: if results are missing or not readable, a figure cannot be written, or a metric is not there.
    """
    stored = open_results(folder)
    for notice in stored.notices:
        tell(notice)
    runs = stored.runs()
    words = stored.words()
    there = [name for name in stored.metrics(runs) if words.has(name)]
    table = replace(sweep_table(runs, stored.factors, chosen_metrics(there, metrics)), words=words)
    drawings = _drawings(table, _sample(stored), tell)
    source = {"Software": "commonweal", "Source": f"sweep {stored.name}"}
    drawn: list[Path] = []
    for name, draw in drawings.items():
        try:
            figure = draw()
        except InputError as error:
            tell(f"{name}: not drawn, {error}")
        else:
            drawn += keep(figure, (out or folder / "figures") / name, source)
    return drawn


def chosen_metrics(there: Sequence[str], wanted: Sequence[str] | None) -> list[str]:
    """The metrics to show: those named, else the usual ones, else the first there are.

    Raises:
        InputError: if one that is named is not there, or there are none.
    """
    if missing := [name for name in wanted or () if name not in there]:
        raise InputError(f"metrics: no {missing[0]!r}; there are {', '.join(there) or 'none'}")
    if not there:
        raise InputError("runs: nothing was measured; a figure needs at least one run that did not fail")
    return list(wanted or [name for name in METRICS if name in there] or there)[:_MOST]


def _drawings(
    table: SweepTable, sample: Sampled | None, tell: Callable[[str], None]
) -> dict[str, Callable[[], Figure]]:
    drawings: dict[str, Callable[[], Figure]] = {}
    if table.axes:
        drawings["main_effects"] = lambda: draw_main_effects(table)
    else:
        tell("main_effects: skipped, nothing varies")
    if len(table.axes) > 1:
        drawings["heat_maps"] = lambda: draw_heat_maps(table)
    else:
        tell("heat_maps: skipped, fewer than two factors vary")
    if any(axis.numeric for axis in table.axes):
        drawings["responses"] = lambda: draw_responses(table)
    else:
        tell("responses: skipped, no number varies")
    if sample is not None:
        drawings["indices"] = lambda: draw_indices(table, sample)
    return drawings


def _sample(stored: Stored) -> Sampled | None:
    """How the points were drawn, by the numbers that the folder gives them."""
    sample = sampled_of(stored.plan["design"]) if stored.plan else None
    if sample is None:
        return None
    numbers = {write_cell(values): number for number, values in enumerate(stored.cells)}
    factors = stored.plan["factors"]
    planned = [numbers[write_cell(dict(zip(factors, point, strict=True)))] for point in stored.plan["points"]]
    return replace(sample, rows=tuple(tuple(planned[row] for row in block) for block in sample.rows))
