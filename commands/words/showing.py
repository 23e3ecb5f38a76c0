"""Commands that show what is kept: numbers and figures of stored results."""

from pathlib import Path
from typing import Annotated

import typer

from commonweal.commands.words.options import Formats, Imports, Style, Width, look


def results(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Of a run, a sweep (finished or not) or a study.")],
    sql: Annotated[
        str | None, typer.Option(metavar="SELECT", help="Ask the views runs and rounds, or a study's tables (DuckDB).")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the answer, all runs or a study's first table as CSV.")
    ] = None,
    parquet: Annotated[Path | None, typer.Option(metavar="FILE", help="The same as Parquet.")] = None,
    run_id: Annotated[str | None, typer.Option("--run", metavar="ID", help="Show a run and how to repeat it.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Print all rows and differences, not a screen of them.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    import_: Imports = None,
) -> None:
    """Show what came out: points with intervals and their differences, one run, or the answer of a study.

    Examples:
    [cyan]commonweal results results/free-riding[/]

    [cyan]commonweal results results/mine --sql "SELECT seed, max(gini) FROM rounds GROUP BY seed" --csv gini.csv[/]

    [cyan]commonweal results results/mine --run 3f2a[/]

    [cyan]commonweal results results/staying-mine --sql "SELECT * FROM by_principal WHERE rule = 'credit'"[/]
    """
    from commonweal.commands import results as shown

    shown.results(folder, sql, shown.Exports(csv, parquet, force), run_id, all_)


def redraw(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of a run, a sweep, a study or a contract.")],
    figures: Formats = None,
    figures_style: Style = None,
    figures_width: Width = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for figures; where the results have theirs if not given.")
    ] = None,
    import_: Imports = None,
) -> None:
    """Draw the figures of stored results again, in another style or format, without playing anything.

    A column is 3.5 inches wide with type of 7 points, a page 7.2 with 8, a slide 10 with 14. Fonts are embedded, and
    the same results give the same bytes. Beside each figure lies what it draws, as CSV.

    Examples:
    [cyan]commonweal figures results/commons --figures pdf --figures-style column[/]

    [cyan]commonweal figures results/commons --figures svg,png --figures-width 5.5 --out paper/figures[/]
    """
    from commonweal.commands.run import draw

    with look(figures, figures_style, figures_width):
        draw(folder, out)
