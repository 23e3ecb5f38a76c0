"""The cells of a sweep as tables a person reads: means, differences, and what failed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from rich.table import Table
from rich.text import Text

from commonweal.scenarios.reading.cells import Cells
from commonweal.scenarios.reading.stored import FAILED, in_words
from commonweal.scenarios.runs.intervals import in_brief
from commonweal.scenarios.runs.summary import MEASURES

MOST = 100  # points that are printed; all are in the tables on disk


def table_of_means(cells: Cells, metrics: Sequence[str], quality: str) -> Table:
    """A row a point: its number, its values, its runs, and its mean in each metric.

    Args:
        cells: the points.
        metrics: the names of all their metrics.
        quality: what the market calls its quality.
    """
    counts = {"runs": cells.runs} | ({"failed": cells.failed} if cells.failed.any() else {})
    table = _headed([*cells.values.columns], [*counts, *(_title(name, quality) for name in metrics)])
    for row in range(min(len(cells.points), MOST)):
        numbers = [str(count[row]) for count in counts.values()]
        numbers += [in_brief(*ends) for ends in zip(*cells.means.at(row), strict=True)]
        table.add_row(str(cells.points[row]), *_words(cells, row), *numbers)
    return table


def table_of_differences(cells: Cells, metrics: Sequence[str], shown: Sequence[str], quality: str) -> Table:
    """A row for each point but the first: its difference to the first, marked where the interval leaves out 0.

    Args:
        cells: the points.
        metrics: the names of all their metrics.
        shown: those to show.
        quality: what the market calls its quality.
    """
    columns = [list(metrics).index(name) for name in shown]
    table = _headed([*cells.values.columns], [f"Δ {_title(name, quality)}" for name in shown])
    for row in range(1, min(len(cells.points), MOST)):
        texts = [_difference(*ends) for ends in zip(*cells.differences.at((row, columns)), strict=True)]
        table.add_row(str(cells.points[row]), *_words(cells, row), *texts)
    return table


def _title(metric: str, quality: str) -> str:
    return quality if metric == "accuracy" else MEASURES.get(metric, metric)


def _headed(fields: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table()
    for name in ("point", *fields):
        table.add_column(Text(name), overflow="fold")
    for name in numbers:
        table.add_column(Text(name), justify="right")
    return table


def _words(cells: Cells, row: int) -> list[Text]:
    return [Text(in_words(value)) for value in cells.values.iloc[row]]


def _difference(value: float, low: float, high: float) -> str:
    mark = "" if np.isnan(low) else " *" if low > 0 or high < 0 else "  "
    return in_brief(value, low, high, "+") + mark


def failures(runs: pd.DataFrame) -> list[str]:
    """Which runs failed and why, in a line per reason, the most frequent first."""
    lost = runs[runs["status"] == FAILED]
    groups = [(key, group["run_id"]) for key, group in lost.groupby(["stage", "message"], dropna=False)]
    return [
        f"failed: {len(names)} {'run' if len(names) == 1 else 'runs'} at {stage}: {message} (such as {names.iloc[0]})"
        for (stage, message), names in sorted(groups, key=lambda group: -len(group[1]))
    ]
