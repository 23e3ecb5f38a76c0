"""What ``commonweal results DIR`` prints and writes: the cells of a sweep, one run, or the answer to a question."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from commonweal.agents.errors import InputError
from commonweal.commands.answered import show_answer
from commonweal.commands.console import height, say, show, width
from commonweal.scenarios.reading.cell_tables import failures, order_of, table_of_differences, table_of_means
from commonweal.scenarios.reading.cells import compare
from commonweal.scenarios.reading.one_run import describe_run, find_run
from commonweal.scenarios.reading.query import Asked, answer, check_free, export
from commonweal.scenarios.reading.stored import FAILED, Stored, in_words, open_results
from commonweal.scenarios.runs.intervals import few_seeds
from commonweal.scenarios.runs.measures import COMPARED, MEASURES, title, usual_measures
from commonweal.scenarios.runs.outcome import Outcome, sentences
from commonweal.scenarios.runs.text_table import Column, lines
from commonweal.scenarios.studies.answers import KeptAnswer, is_answer, read

_ALL = "--all shows them"


@dataclass(frozen=True)
class Exports:
    """Where a table is to be written."""

    csv: Path | None = None
    parquet: Path | None = None
    force: bool = False  # whether existing files may be replaced

    def files(self) -> list[tuple[str, Path]]:
        """Kinds and files asked for."""
        return [(kind, file) for kind, file in (("csv", self.csv), ("parquet", self.parquet)) if file is not None]


def results(
    folder: Path, sql: str | None = None, exports: Exports | None = None, run: str | None = None,
    everything: bool = False,
) -> None:  # fmt: skip
    """Print or write what is asked of a folder of results.

    Args:
        folder: of ``commonweal sweep``, ``run`` or ``study``; a sweep need not be finished.
        sql: a question to the views ``runs`` and ``rounds``, or to the tables of a study.
        exports: where to write the answer, or the table of runs, or the first table of a study, if nothing is asked.
        run: the run to show.
        everything: print all rows, also those beyond a screen.

    Raises:
        InputError: if that is not possible.
    """
    if sql is not None and run is not None:
        raise InputError("--sql and --run: give one of them")
    exports = exports or Exports()
    if is_answer(folder):
        _of_study(folder, sql, exports, run, everything)
        return
    if run is not None and exports.files():
        raise InputError("--run shows a run; to write its rounds, ask for them with --sql")
    stored = open_results(folder)
    for _, file in exports.files():
        check_free(file, force=exports.force, guarded=stored)
    if run is not None:
        frame = stored.runs()
        print("\n".join(describe_run(stored, find_run(frame, run), stored.metrics(frame), width())))
    elif exports.files():
        _write(stored, sql or "SELECT * FROM runs", exports)
    elif sql is not None:
        _print_answer(stored, sql, everything)
    else:
        _print_summary(stored, everything)
    for notice in stored.notices:
        say(notice)


def _of_study(folder: Path, sql: str | None, exports: Exports, run: str | None, everything: bool) -> None:
    """Show the answer of a study, or write or print what is asked of its tables."""
    if run is not None:
        raise InputError(f"--run: {folder} holds the answer of a study, not runs")
    kept = KeptAnswer(folder, read(folder))
    for _, file in exports.files():
        check_free(file, force=exports.force, guarded=kept)
    if exports.files():
        first = next(iter(kept.answer.tables))
        _write(kept, sql or f'SELECT * FROM "{first}"', exports)
    elif sql is not None:
        _print_answer(kept, sql, everything)
    else:
        show_answer(kept.answer, _ALL, everything)


def _write(stored: Asked, sql: str, exports: Exports) -> None:
    for kind, file in exports.files():
        with answer(stored, sql) as rows:
            count = export(rows, file, kind, force=exports.force, guarded=stored)
        print(f"{file}: {count} rows")


def _print_answer(stored: Asked, sql: str, everything: bool) -> None:
    high = None if everything else height()
    with answer(stored, sql) as rows:
        names, kinds = rows.schema.names, rows.schema.types
        cells: list[list[str]] = [[] for _ in names]
        for batch in rows:
            for column, values in zip(cells, batch.columns, strict=True):
                column += ["" if value is None else in_words(value) for value in values.to_pylist()]
            if high is not None and len(cells[0]) > high:
                break
        part = next(iter(rows), None) is not None
    numbers = [not (pa.types.is_string(kind) or pa.types.is_large_string(kind)) for kind in kinds]
    table = [Column(*column) for column in zip(names, cells, numbers, strict=True)]
    show(table, high, f"{_ALL}; --csv FILE or --parquet FILE writes them", part)


def _print_summary(stored: Stored, everything: bool) -> None:
    runs = stored.runs()
    metrics = shown_metrics(stored, runs)
    if not metrics:
        raise InputError(f"{stored.folder}: every run failed; {failures(runs)[0]}")
    cells, words = compare(runs, stored.factors, metrics), stored.words()
    seeds, points, order = runs["seed"].nunique(), len(cells.points), order_of(cells)
    over = f"mean and 95 % interval over {seeds} seeds" if seeds > 1 else "one seed"
    by = "" if len(stored.factors) < 2 or points < 2 else f", the most {title(metrics[0], words)} first"
    counted = f"{points} {'point' if points == 1 else 'points'}"
    about = f"{stored.name}: {counted}, last quarter of the rounds played, {over}{by}"
    end = [*few_seeds(seeds), *failures(runs), sentences(_outcome(stored, runs, metrics))]
    high = None if everything else height([about, *end])
    say(about)
    means = table_of_means(cells, metrics, words, order)
    taken = show(means, high, f"{_ALL}; --sql asks for some, --csv FILE writes all runs")
    if points > 1:
        shown = [name for name in metrics if name in COMPARED] or metrics[:3]
        first = ", ".join(f"{path} = {in_words(value)}" for path, value in cells.values.iloc[0].items())
        what = f"differences to point {cells.points[0]}"
        about = f"{what} ({first}), paired by seed" + "; * its interval leaves out 0" * (seeds > 1)
        table = table_of_differences(cells, metrics, shown, words, order)
        if high is None or taken + len(lines(table, width())) <= high:
            say(about)
            show(table)
        else:
            say(f"{what}, paired by seed: {_ALL}")
    for line in end:
        say(line)


def _outcome(stored: Stored, runs: pd.DataFrame, metrics: list[str]) -> Outcome:
    played = runs[runs["status"] != FAILED]
    return Outcome(played, stored.factors, stored.words(), tuple(metrics), stored.start())


def shown_metrics(stored: Stored, runs: pd.DataFrame) -> list[str]:
    """The metrics of the summary: those the sweep keeps if few, else the usual ones."""
    words = stored.words()
    there = [name for name in stored.metrics(runs) if words.has(name)]
    usual = [name for name in usual_measures(there, words) if _varies(runs[name])]
    return there if len(there) <= len(MEASURES) else usual or there[: len(MEASURES)]


def _varies(column: pd.Series) -> bool:
    """Abstaining, for example, is not shown where nobody ever does."""
    return bool((column.dropna() != 0).any())
