"""Sobol indices and elementary effects of a sampled design, by SALib (the extra ``sensitivity``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from agents.errors import InputError
from figures.canvas import TWO_COLUMNS, balanced, blank, finish, say_empty
from figures.effects import title_of
from figures.ink import BLUE, ORANGE, Ink, key, printed
from figures.sweep_table import Floats, SweepTable

_KINDS = {"sobol": ("S1", "ST"), "morris": ("mu_star", "sigma")}
_WORDS = {
    "S1": "alone (first-order index S1)", "ST": "with all its interactions (total index ST)",
    "mu_star": "mean size μ* of an elementary effect", "sigma": "its standard deviation σ: interactions, curvature",
}  # fmt: skip


@dataclass(frozen=True)
class Sampled:
    """How the points of a sobol or morris design were drawn."""

    kind: str  # () sobol or morris
    factors: tuple[str, ...]  # (D,) dotted paths of the factors that were sampled
    units: Floats | None  # morris: (rows, D) the sample in the unit cube
    rows: tuple[tuple[int, ...], ...]  # per combination of the other factors, the point of each row
    second_order: bool  # () sobol: whether there are rows for interactions of two
    levels: int  # () morris: places of a factor


@dataclass(frozen=True)
class Indices:
    """What an analysis found in one metric."""

    names: tuple[str, str]  # what the two columns are
    values: Floats  # (2, D)
    half_width: Floats  # (2, D) of the 95 % bootstrap interval; nan where there is none


def analyse(sampled: Sampled, means: Floats) -> Indices | None:
    """Sensitivity of a metric to every sampled factor.

    Args:
        sampled: the design.
        means: (P,) the metric at every point.

    Returns:
        First-order and total Sobol indices (Saltelli et al. 2010), or the mean size and the standard deviation of
        elementary effects (Morris 1991, Campolongo et al. 2007); None where a point is missing or nothing varies.

    Raises:
        InputError: if SALib is not installed.
    """
    try:
        method = import_module(f"SALib.analyze.{sampled.kind}")
    except ImportError:
        raise InputError("needs SALib: pip install 'commonweal[sensitivity]'") from None
    y = np.mean([means[list(block)] for block in sampled.rows], axis=0)
    if not np.isfinite(y).all() or np.ptp(y) == 0:
        return None
    count = len(sampled.factors)
    problem = {"num_vars": count, "names": list(sampled.factors), "bounds": [[0.0, 1.0]] * count}
    names = _KINDS[sampled.kind]
    if sampled.kind == "sobol":
        found = method.analyze(problem, y, calc_second_order=sampled.second_order, seed=0)
        half = np.array([found["S1_conf"], found["ST_conf"]])
    else:
        found = method.analyze(problem, sampled.units, y, num_levels=sampled.levels, seed=0)
        half = np.array([found["mu_star_conf"], np.full(count, np.nan)])
    return Indices(names, np.array([found[name] for name in names], dtype=np.float64), half.astype(np.float64))


@printed
def draw_indices(table: SweepTable, sampled: Sampled) -> Figure:
    """Bars of the sensitivity indices, a panel per metric.

    Args:
        table: the sweep.
        sampled: how it was drawn.

    Returns:
        The figure.

    Raises:
        InputError: if SALib is not installed, or no metric can be analysed.
    """
    found = [analyse(sampled, table.means[:, m]) for m in range(len(table.metrics))]
    known = [indices for indices in found if indices is not None]
    if not known:
        raise InputError("a point is missing, or nothing varies")
    order = np.argsort(-np.mean([indices.values[1 if sampled.kind == "sobol" else 0] for indices in known], axis=0))
    figure, (row, *_) = blank(1, len(found), TWO_COLUMNS, 0.6 + 0.34 * len(order), sharey=True)
    for ax, metric, indices in zip(row, table.metrics, found, strict=True):
        ax.set_title(title_of(metric), loc="left", color="0.2")
        _draw_bars(ax, indices, order)
        ax.set_xlabel("index" if sampled.kind == "sobol" else "effect over the whole range")
    row[0].set_yticks(range(len(order)), [balanced(sampled.factors[i], 34) for i in order])
    row[0].set_ylim(len(order) - 0.4, -0.6)
    pens = zip(known[0].names, (BLUE, ORANGE), strict=True)
    return finish(figure, "How sensitive it is", _caption(table, sampled), [_entry(name, ink) for name, ink in pens])


def _entry(name: str, colour: str) -> Any:
    entry = key(_WORDS[name], Ink(colour, "-", "s"), marker=True)
    entry.set_markersize(6)
    return entry


def _draw_bars(ax: Axes, indices: Indices | None, order: NDArray[np.int64]) -> None:
    if indices is None:
        say_empty(ax, "not known")
        return
    bars = zip(indices.values, indices.half_width, (BLUE, ORANGE), strict=True)
    for place, (values, half, colour) in enumerate(bars):
        heights = np.arange(len(order)) + (place - 0.5) * 0.36
        errors = half[order] if np.isfinite(half).all() else None
        ax.barh(heights, values[order], height=0.34, color=colour, xerr=errors,
                error_kw={"elinewidth": 0.8, "capsize": 1.5, "ecolor": "0.25"})  # fmt: skip
    ax.axvline(0, color="0.6", linewidth=0.5)


def _caption(table: SweepTable, sampled: Sampled) -> str:
    rows, blocks = len(sampled.rows[0]), len(sampled.rows)
    what = "Sobol indices" if sampled.kind == "sobol" else "Elementary effects"
    over = f" and {blocks} combinations of the other factors" if blocks > 1 else ""
    return (
        f"{what} of the mean over {table.seeds()}{over}, last quarter of rounds; {rows} rows of the design. "
        f"Whiskers: 95 % bootstrap interval.{table.note()}"
    )


def sampled_of(design: Mapping[str, Any]) -> Sampled | None:
    """The sample that a plan's document tells of; None where its design is no sobol or morris sample."""
    if design.get("kind") not in _KINDS:
        return None
    return Sampled(
        kind=design["kind"],
        factors=tuple(design["sampled"]),
        units=np.asarray(design["units"], dtype=np.float64) if "units" in design else None,
        rows=tuple(map(tuple, design["rows"])),
        second_order=bool(design.get("second_order", False)),
        levels=int(design.get("levels", 4)),
    )
