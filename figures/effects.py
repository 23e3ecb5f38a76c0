"""Which factors matter: the share of the variance between points that each explains, and maps and bars of it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from commonweal.agents.arrays import Floats
from commonweal.economy.round.words import Words
from commonweal.figures.canvas import TWO_COLUMNS, balanced, blank, finish, say_empty
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREY, printed
from commonweal.figures.sweep_table import Axis, SweepTable
from commonweal.scenarios.runs.measure_titles import OTHERS
from commonweal.scenarios.runs.measures import SHARES, title

_TOGETHER = "together only"  # what no factor explains by itself
_TALLEST = 14  # bars of a panel at most


def title_of(metric: str, words: Words) -> str:
    """What a metric is called in figures, with its unit."""
    if metric in SHARES:
        return f"{title(metric, words)} (share)"
    said = {"accuracy": words.axis, "welfare": words.welfare_axis} | {name: told for name, (_, told) in OTHERS.items()}
    return said.get(metric, metric.replace("_", " "))


def explained(axis: Axis, means: Floats) -> float:
    """First-order share of the variance of points' means: the correlation ratio η² of a one-way analysis of variance.

    For bins of a sampled factor it is ε², which takes off what chance would explain (Kelley 1935).

    Args:
        axis: whose levels are compared.
        means: (P,) one metric of every point; nan is left out.

    Returns:
        In [0, 1]; nan where nothing varies.
    """
    known = np.isfinite(means)
    level, y = axis.level[known], means[known]
    total = ((y - y.mean()) ** 2).sum() if known.any() else 0.0
    if total <= 1e-12 * max(1.0, (y**2).sum()):
        return float("nan")
    count = np.bincount(level, minlength=axis.count)
    inside = y - (np.bincount(level, y, axis.count) / np.maximum(count, 1))[level]
    within, groups = (inside**2).sum(), np.count_nonzero(count)
    if axis.binned and len(y) > groups:
        within *= (len(y) - 1) / (len(y) - groups)
    return float(np.clip(1 - within / total, 0.0, 1.0))


def importance(table: SweepTable) -> Floats:
    """(A, M) first-order share of variance of every axis in every metric; nan where a metric does not vary."""
    means = table.means
    return np.array([[explained(axis, means[:, m]) for m in range(len(table.metrics))] for axis in table.axes])


@printed
def draw_main_effects(table: SweepTable) -> Figure:
    """How much of what differs between points each factor explains by itself.

    Args:
        table: of a sweep in which something varies.

    Returns:
        The figure: a panel per metric, a bar per factor, the most important first, and one for the rest.
    """
    shares = importance(table)
    order = np.argsort(-np.nan_to_num(shares).mean(axis=1), kind="stable")[:_TALLEST]
    names = [table.axes[i].name for i in order]
    height = 0.5 + 0.21 * (len(names) + 1)
    figure, (row, *_) = blank(1, len(table.metrics), TWO_COLUMNS, height, sharey=True)
    for m, (ax, metric) in enumerate(zip(row, table.metrics, strict=True)):
        ax.set_title(title_of(metric, table.words), loc="left", color="0.2")
        _draw_bars(ax, shares[order, m], [*names, _TOGETHER])
        ax.set_yticks(range(len(names) + 1), [*(balanced(name, 34) for name in names), _TOGETHER])
    row[0].set_ylim(len(names) + 0.6, -0.6)
    caption = (
        f"First-order share of the variance of {table.values.shape[1]} points' means over {table.seeds()}, last "
        "quarter of rounds (analysis of variance). Grey: what no factor explains by itself, that is their interactions "
        + ("and chance, and the spread within bins of equal count." if table.sampled else "and chance.")
    )
    return finish(figure, "Which factors matter", caption + table.note())


def _draw_bars(ax: Axes, shares: Floats, names: list[str]) -> None:
    if np.isnan(shares).all():
        say_empty(ax, "does not vary")
        return
    bars = np.append(shares, max(0.0, 1 - np.nansum(shares)))
    note(ax, names={"y": "factor"}, x=bars, y=names)
    ax.barh(range(len(bars)), bars, color=[BLACK] * len(shares) + [GREY], height=0.7)
    for place, share in enumerate(bars):
        ax.text(share + 0.02, place, f"{share:.2f}", va="center", color="0.25")
    ax.set(xlim=(0, 1.18), xticks=(0, 0.5, 1), xlabel="share of variance")


def top_two(table: SweepTable, shares: Floats) -> tuple[Axis, Axis] | None:
    """The two axes that explain most of a metric; None where there are not two.

    Args:
        table: of the sweep.
        shares: (A,) share of variance of every axis.
    """
    order = np.argsort(-np.nan_to_num(shares), kind="stable")
    return (table.axes[order[0]], table.axes[order[1]]) if len(order) > 1 else None
