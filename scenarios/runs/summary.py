"""The table a person sees after a run or a comparison: means over seeds with 95 % intervals."""

import numpy as np
import pandas as pd

from commonweal.agents.module_names import in_short
from commonweal.scenarios.runs.intervals import few_seeds
from commonweal.scenarios.runs.measures import brief_mean, rank_of, title, usual_measures
from commonweal.scenarios.runs.tables import NO_PRICE, SweepResults
from commonweal.scenarios.runs.text_table import Column, fits, labels
from commonweal.scenarios.schema.notation import write_value

_WIDEST = 3  # points side by side


def summary_table(results: SweepResults, width: int | None = None) -> list[Column]:
    """Means over seeds of the last quarter of rounds: a column a point where a few of them fit, else a row a point."""
    names, cells = summary_cells(results)
    side_by_side = [
        Column(" × ".join(results.varied) or "measure", [*cells], number=False),
        *(Column(name, [texts[place] for texts in cells.values()]) for place, name in enumerate(names)),
    ]
    if len(names) <= _WIDEST and fits(side_by_side, width):
        return side_by_side
    ranks = {heading: rank_of(name) for name, heading in titles(results).items()}
    varied = {path: [_name(group.iloc[0][path]) for group in _points(results)] for path in results.varied}
    measures = [Column(title, texts, rank=ranks[title]) for title, texts in cells.items()]
    return [*labels(varied), *measures]


def headline(results: SweepResults) -> str:
    """What the numbers of the table are."""
    seeds = f"mean and 95 % interval over {len(results.seeds)} seeds" if len(results.seeds) > 1 else "one seed"
    return f"{results.scenario.name}: last quarter of rounds, {seeds}"


def summary_cells(results: SweepResults) -> tuple[list[str], dict[str, list[str]]]:
    """The points' names, and for each measure its text at every point."""
    points = _points(results)
    names = [" × ".join(_name(group.iloc[0][path]) for path in results.varied) for group in points]
    cells = {title: [brief_mean(group[name], name) for group in points] for name, title in titles(results).items()}
    return [name or results.scenario.name for name in names], cells


def titles(results: SweepResults) -> dict[str, str]:
    """What measures that say something are called, by column."""
    words = results.words
    usual = usual_measures(results.runs.columns, words)
    there = (name for name in usual if words.has(name) and _happens(results.runs, name))
    return {name: title(name, words) for name in there}


def _points(results: SweepResults) -> list[pd.DataFrame]:
    """The runs of each point."""
    return [group for _, group in results.runs.groupby(np.arange(len(results.runs)) // len(results.seeds))]


def notes(results: SweepResults) -> list[str]:
    """What a reader of the table must know."""
    without = int((results.runs["price_of_anarchy_note"] == NO_PRICE).sum())
    reason = NO_PRICE.replace("delegating", results.words.doing)
    undefined = [f"price of anarchy {reason} in {without} of {len(results.runs)} runs"] if without else []
    return [*few_seeds(len(results.seeds)), *undefined, *solvency_notes(results.rounds), *wire_notes(results)]


def wire_notes(results: SweepResults) -> list[str]:
    """What went over the wire in a round, beside what federated averaging would send; of a single economy alone."""
    wire = results.wire
    if wire is None or wire.empty or results.varied:
        return []
    rounds = len(wire[["run", "round"]].drop_duplicates())
    down, up, each, questions = wire[["bytes_down", "bytes_up", "bytes_federated", "questions"]].sum() / rounds
    nodes = wire["node"].nunique()
    model = (wire["bytes_federated"] / (1 + wire["principals"])).iloc[0]
    lost = f"; {int(wire['lost'].sum())} times a node was lost" if wire["lost"].any() else ""
    return [
        f"wire = {results.scenario.learning.wire}, {nodes} nodes: {_kilobytes(down)} down and {_kilobytes(up)} up "
        f"a round, {questions / nodes:.1f} questions to a node; federated averaging: "
        f"{_kilobytes(2 * nodes * model)}, with every principal's delta {_kilobytes(each)}{lost}"
    ]


def _kilobytes(count: float) -> str:
    return f"{count / 1000:.1f} kB"


def solvency_notes(rounds: pd.DataFrame) -> list[str]:
    """Where an account of any kind ever held less than nothing, or somebody claimed money that is not there."""
    least = rounds[["least_balance", "least_escrow", "treasury"]].min()
    unfunded = rounds["unfunded"].abs().max()
    if least.min() >= 0 and unfunded == 0:
        return []
    amounts = ", ".join(f"{str(name).removeprefix('least_')} {amount:.6f}" for name, amount in least.items())
    return [f"INSOLVENT: least {amounts} money; claims on money that is not there: {unfunded:.6f}"]


def _happens(runs: pd.DataFrame, column: str) -> bool:
    """Abstaining and screening are shown only where there is any, since most scenarios have neither."""
    sometimes = column in ("share_abstain", "screened_share") or column.startswith("abstain_camp_")
    return not sometimes or bool((runs[column] > 0).any())


def _name(value: object) -> str:
    return in_short(value) if isinstance(value, str) else write_value(value)
