"""The cells of a sweep as tables a person reads: means, differences, and what failed."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Ints
from commonweal.economy.round.words import Words
from commonweal.scenarios.reading.cells import Cells
from commonweal.scenarios.reading.stored import FAILED, in_words
from commonweal.scenarios.runs.intervals import Interval, decimals_of, in_brief
from commonweal.scenarios.runs.measures import rank_of, title
from commonweal.scenarios.runs.text_table import Column, labels


def order_of(cells: Cells) -> Ints:
    """(P,) rows in the order that matters: along the only factor, or by the first metric, the largest first."""
    if cells.values.shape[1] < 2:
        return np.arange(len(cells.points))
    return np.argsort(-np.nan_to_num(cells.means.value[:, 0], nan=-np.inf), kind="stable")


def table_of_means(cells: Cells, metrics: Sequence[str], words: Words, order: Ints) -> list[Column]:
    """A row a point: its number, its values, its mean in each metric, and its runs where those differ.

    Args:
        cells: the points.
        metrics: the names of all their metrics, those that matter most first.
        words: what the runs call things.
        order: rows of the cells in the order in which they are shown.
    """
    counts = {"runs": cells.runs, "failed": cells.failed}
    told = [Column(name, [str(count[row]) for row in order], rank=1) for name, count in counts.items() if np.ptp(count)]
    numbers = [_texts(cells.means, place, name) for place, name in enumerate(metrics)]
    return [*_points(cells, order), *told, *_metrics(metrics, numbers, words, order)]


def table_of_differences(
    cells: Cells, metrics: Sequence[str], shown: Sequence[str], words: Words, order: Ints
) -> list[Column]:
    """A row for each point but the first: its difference to the first, marked where the interval leaves out 0.

    Args:
        cells: the points.
        metrics: the names of all their metrics.
        shown: those to show.
        words: what the runs call things.
        order: rows of the cells in the order in which they are shown; the first point is left out of them.
    """
    numbers = [_texts(cells.differences, list(metrics).index(name), name, _difference) for name in shown]
    others = order[order != 0]
    return [*_points(cells, others), *_metrics(shown, numbers, words, others, "Δ ")]


def _texts(found: Interval, place: int, metric: str, text: Callable[..., str] = in_brief) -> list[str]:
    """An estimate of every point, of the metric at one place."""
    return [text(*ends, most=decimals_of(metric)) for ends in zip(*found.at((slice(None), place)), strict=True)]


def _difference(value: float, low: float, high: float, most: int) -> str:
    mark = "" if np.isnan(low) else " *" if low > 0 or high < 0 else "  "
    return in_brief(value, low, high, "+", most) + mark


def _points(cells: Cells, order: Ints) -> list[Column]:
    number = Column("point", [str(cells.points[row]) for row in order])
    shown = cells.values.iloc[order]
    return [number, *labels({str(path): [in_words(value) for value in shown[path]] for path in shown})]


def _metrics(
    names: Sequence[str], numbers: Sequence[Sequence[str]], words: Words, order: Ints, before: str = ""
) -> list[Column]:
    """The first of them stays whatever else has no room; those that are compared go before the others."""
    return [
        Column(before + title(name, words), [texts[row] for row in order], rank=rank_of(name) if place else 0)
        for place, (name, texts) in enumerate(zip(names, numbers, strict=True))
    ]


def failures(runs: pd.DataFrame) -> list[str]:
    """Which runs failed and why, in a line per reason, the most frequent first."""
    lost = runs[runs["status"] == FAILED]
    groups = [(key, group["run_id"]) for key, group in lost.groupby(["stage", "message"], dropna=False)]
    return [
        f"failed: {len(names)} {'run' if len(names) == 1 else 'runs'} at {stage}: {message} (such as {names.iloc[0]})"
        for (stage, message), names in sorted(groups, key=lambda group: -len(group[1]))
    ]
