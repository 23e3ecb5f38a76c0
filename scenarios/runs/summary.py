"""The table a person sees after a run or a sweep: means over seeds with 95 % intervals, one column or row a point."""

import numpy as np
import pandas as pd
from rich.table import Table

from commonweal.scenarios.runs.intervals import few_seeds, in_brief, mean_interval, range_of
from commonweal.scenarios.runs.tables import NO_PRICE, SweepResults
from commonweal.scenarios.schema.notation import write_value
from commonweal.scenarios.schema.relevance import quality_words

MEASURES = {
    "share_delegate": "delegating",
    "share_free_ride": "free-riding",
    "share_defect": "defecting",
    "share_abstain": "abstaining",
    "accuracy": "test accuracy",  # or what the market calls it
    "welfare": "welfare (money per round)",
    "gini": "Gini, last quarter",  # of wealth, mean over rounds; the figure of wealth shows that at the end
    "screened_share": "screened share",
    "price_of_anarchy": "price of anarchy",
}
_WIDEST = 3  # points side by side that fit 80 columns
_CELL = 7  # characters of a mean without its interval


def summary_table(results: SweepResults) -> Table:
    """Means over seeds of the last quarter of rounds: a column a point, or a row a point where there are many."""
    names, cells = summary_cells(results)
    table = Table()
    measures = list(cells)
    tall = len(names) <= _WIDEST
    table.add_column(" × ".join(results.varied) or "measure", no_wrap=True)
    for head in names if tall else measures:
        table.add_column(head, justify="right", no_wrap=tall, min_width=_CELL)
    for row, name in enumerate(measures if tall else names):
        table.add_row(name, *(cells[name] if tall else [cells[measure][row] for measure in measures]))
    return table


def headline(results: SweepResults) -> str:
    """What the numbers of the table are."""
    seeds = f"mean and 95 % interval over {len(results.seeds)} seeds" if len(results.seeds) > 1 else "one seed"
    return f"{results.scenario.name}: last quarter of rounds, {seeds}"


def summary_cells(results: SweepResults) -> tuple[list[str], dict[str, list[str]]]:
    """The points' names, and for each measure its text at every point."""
    per_point = np.arange(len(results.runs)) // len(results.seeds)
    points = [group for _, group in results.runs.groupby(per_point)]
    names = [" × ".join(_name(group.iloc[0][path]) for path in results.varied) for group in points]
    titles = MEASURES | {"accuracy": quality_words(market_kinds(results)).column}
    shown = {column: title for column, title in titles.items() if _happens(results.runs, column)}
    cells = {title: [_cell(group[column], column) for group in points] for column, title in shown.items()}
    return [name or results.scenario.name for name in names], cells


def market_kinds(results: SweepResults) -> set[str]:
    """The markets of all runs."""
    path = "market.kind"
    return set(results.runs[path]) if path in results.varied else {results.scenario.market.kind}


def notes(results: SweepResults) -> list[str]:
    """What a reader of the table must know."""
    without = int((results.runs["price_of_anarchy_note"] == NO_PRICE).sum())
    undefined = [f"price of anarchy {NO_PRICE} in {without} of {len(results.runs)} runs"] if without else []
    return [*few_seeds(len(results.seeds)), *undefined, solvency_note(results.rounds)]


def solvency_note(rounds: pd.DataFrame) -> str:
    """The smallest amount that any account of each kind ever held, and claims on money that is not there."""
    least = rounds[["least_balance", "least_escrow", "treasury"]].min()
    unfunded = rounds["unfunded"].abs().max()
    verdict = "solvent" if least.min() >= 0 and unfunded == 0 else "INSOLVENT"
    amounts = ", ".join(f"{str(name).removeprefix('least_')} {amount:.6f}" for name, amount in least.items())
    return f"{verdict} in every round: least {amounts} money; claims on money that is not there: {unfunded:.6f}"


def _happens(runs: pd.DataFrame, column: str) -> bool:
    """Abstaining is shown only where somebody abstains, since most scenarios do not allow it."""
    return column != "share_abstain" or bool((runs[column] > 0).any())


def _name(value: object) -> str:
    return value if isinstance(value, str) else write_value(value.item() if isinstance(value, np.generic) else value)


def _cell(values: pd.Series, column: str) -> str:
    found = mean_interval(values.to_numpy(), within=range_of(column))
    return in_brief(float(found.value), float(found.low), float(found.high))
