"""What ``commonweal results DIR`` prints and writes: the cells of a sweep, one run, or the answer to a question."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.table import Table
from rich.text import Text

from commonweal.agents.errors import InputError
from commonweal.commands.console import console
from commonweal.scenarios.reading.cell_tables import MOST, failures, table_of_differences, table_of_means
from commonweal.scenarios.reading.cells import compare
from commonweal.scenarios.reading.one_run import describe_run, find_run
from commonweal.scenarios.reading.query import answer, check_free, export
from commonweal.scenarios.reading.stored import Stored, in_words, open_results
from commonweal.scenarios.runs.intervals import few_seeds
from commonweal.scenarios.runs.summary import MEASURES
from commonweal.scenarios.schema.relevance import quality_words

_MOST_ROWS = 100  # rows of an answer that are printed
_COMPARED = ("share_delegate", "accuracy", "welfare")  # metrics whose differences are shown


@dataclass(frozen=True)
class Exports:
    """Where a table is to be written."""

    csv: Path | None = None
    parquet: Path | None = None
    force: bool = False  # whether existing files may be replaced

    def files(self) -> list[tuple[str, Path]]:
        """Kinds and files asked for."""
        return [(kind, file) for kind, file in (("csv", self.csv), ("parquet", self.parquet)) if file is not None]


def results(folder: Path, sql: str | None = None, exports: Exports | None = None, run: str | None = None) -> None:
    """Print or write what is asked of a folder of results.

    Args:
        folder: of ``commonweal sweep`` or ``commonweal run``; a sweep need not be finished.
        sql: a question to the views ``runs`` and ``rounds``.
        exports: where to write the answer, or the table of runs if nothing is asked.
        run: the run to show.

    Raises:
        InputError: if that is not possible.
    """
    if sql is not None and run is not None:
        raise InputError("--sql and --run: give one of them")
    exports = exports or Exports()
    if run is not None and exports.files():
        raise InputError("--run shows a run; to write its rounds, ask for them with --sql")
    stored = open_results(folder)
    for _, file in exports.files():
        check_free(file, force=exports.force, guarded=stored)
    if run is not None:
        frame = stored.runs()
        print("\n".join(describe_run(stored, find_run(frame, run), stored.metrics(frame))))
    elif exports.files():
        _write(stored, sql or "SELECT * FROM runs", exports)
    elif sql is not None:
        _print_answer(stored, sql)
    else:
        _print_summary(stored)
    for notice in stored.notices:
        print(notice)


def _write(stored: Stored, sql: str, exports: Exports) -> None:
    for kind, file in exports.files():
        with answer(stored, sql) as rows:
            count = export(rows, file, kind, force=exports.force, guarded=stored)
        print(f"{file}: {count} rows")


def _print_answer(stored: Stored, sql: str) -> None:
    with answer(stored, sql) as rows:
        table, count = Table(), 0
        for name in rows.schema.names:
            table.add_column(Text(name), overflow="fold")
        for batch in rows:
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if (count := count + 1) <= _MOST_ROWS:
                    table.add_row(*[Text("" if value is None else in_words(value)) for value in row])
            if count > _MOST_ROWS:
                break
    console().print(table)
    if count > _MOST_ROWS:
        print(f"the first {_MOST_ROWS} rows; --csv FILE or --parquet FILE writes all")


def _print_summary(stored: Stored) -> None:
    runs = stored.runs()
    metrics = shown_metrics(stored, runs)
    if not metrics:
        raise InputError(f"{stored.folder}: every run failed; {failures(runs)[0]}")
    cells = compare(runs, stored.factors, metrics)
    seeds, points = runs["seed"].nunique(), len(cells.points)
    over = f"mean and 95 % interval over {seeds} seeds" if seeds > 1 else "one seed"
    print(f"{stored.name}: {points} {'point' if points == 1 else 'points'}, last quarter of the rounds played, {over}")
    quality = quality_words(stored.markets()).column
    console().print(table_of_means(cells, metrics, quality))
    if points > 1:
        first = ", ".join(f"{path} = {in_words(value)}" for path, value in cells.values.iloc[0].items())
        print(
            f"difference to point {cells.points[0]} ({first}), paired by seed"
            + "; * its interval leaves out 0" * (seeds > 1)
        )
        shown = [name for name in metrics if name in _COMPARED] or metrics[:3]
        console().print(table_of_differences(cells, metrics, shown, quality))
    if points > MOST:
        print(f"the first {MOST} of {points} points; --sql asks for others, --csv FILE writes all runs")
    for line in (*few_seeds(seeds), *failures(runs)):
        print(line)


def shown_metrics(stored: Stored, runs: pd.DataFrame) -> list[str]:
    """The metrics of the summary: those the sweep keeps if few, else the usual ones."""
    there = stored.metrics(runs)
    usual = [name for name in MEASURES if name in there and _varies(runs[name])]
    return there if len(there) <= len(MEASURES) else usual or there[: len(MEASURES)]


def _varies(column: pd.Series) -> bool:
    """Abstaining, for example, is not shown where nobody ever does."""
    return bool((column.dropna() != 0).any())
