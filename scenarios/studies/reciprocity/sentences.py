"""What the study of reciprocity says in words: no more than intervals show."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from commonweal.scenarios.studies.reciprocity.invasion import VERDICTS
from commonweal.scenarios.studies.reciprocity.maps import collapse_sentence
from commonweal.scenarios.studies.reciprocity.tables import ALL, STANDS, interval_of


def headline(tables: Mapping[str, pd.DataFrame]) -> str:
    """What learners come to, how much is given, which norms hold, who invades, and what slander pays."""
    sentences = [_giving(tables["cooperation"])]
    if "norms" in tables:
        sentences.append(_norms(tables["norms"]))
    if "adherence" in tables:
        sentences.insert(0, _learners(tables["adherence"]))
    if "invasion" in tables:
        sentences += [_invasion(rows, resident) for resident, rows in tables["invasion"].groupby("resident")]
    if "slander" in tables:
        sentences.append(_slander(tables["slander"]))
    if "rivals" in tables:
        sentences.append(_rivals(tables["rivals"]))
    if "collapse" in tables:
        sentences.append(collapse_sentence(tables["collapse"]))
    if "welfare" in tables:
        sentences.append(_welfare(tables["welfare"]))
    return " ".join(sentences)


def _learners(table: pd.DataFrame) -> str:
    row = int(np.flatnonzero(table["cell"] == ALL)[0])
    near = interval_of(table, row, "adherence")
    if np.isnan(near.value):
        return "No learner is scored: no cell decides enough and is met often enough."
    each = zip(table["cell"][:row], table["giving"][:row], strict=True)
    cells = ", ".join(f"{cell} {giving:.2f}" for cell, giving in each)
    return f"Learners adhere to their best rule by {near.text(2)}; they give with probability {cells}."


def _giving(table: pd.DataFrame) -> str:
    cells = {name: interval_of(table, 0, name).text(2) for name in ("cooperation", "good", "benefit_per_cost")}
    worth = ""
    if not np.isnan(table["benefit_per_cost"].iloc[0]):
        worth = f", and a gift is worth {cells['benefit_per_cost']} times its cost"
    return f"A gift is made in {cells['cooperation']} of encounters, {cells['good']} of names are good{worth}."


def _norms(table: pd.DataFrame) -> str:
    by = {stand: list(table["norm"][table["stands"] == stand]) for stand in STANDS}
    said = [f"{stand}: {', '.join(names)}" for stand, names in by.items() if names]
    return f"Norms at that ratio: {'; '.join(said)}."


def _invasion(table: pd.DataFrame, resident: object) -> str:
    number = {each: int((table["verdict"] == each).sum()) for each in VERDICTS}
    surely = table[table["verdict"] == VERDICTS[0]]
    who = ""
    if len(surely):
        row = int(surely["gain_share"].argmax())
        gain = interval_of(surely, row, "gain").text(4, "+")
        who = f" (most {surely['mutant'].iloc[row]}: {gain}, {surely['gain_share'].iloc[row]:+.0%} of a resident's pay)"
    return (
        f"Of {len(table)} mutants in place of {resident}, {number[VERDICTS[0]]} surely gain{who},"
        f" {number[VERDICTS[1]]} surely lose, and the intervals of the others hold 0."
    )


def _slander(table: pd.DataFrame) -> str:
    said = []
    for judges, rows in table.groupby("judges"):
        surely = rows[rows["gain_low"] > 0]
        name = "one judge" if judges == 1 else f"{judges} judges"
        played = f"surely gains as {', '.join(surely['policy'])}" if len(surely) else "does not surely gain"
        said.append(f"under {name} it {played}{_expected(rows)}")
    return f"Who calls everybody bad: {'; '.join(said)}."


def _expected(rows: pd.DataFrame) -> str:
    """The highest gain of a slanderer that is expected in mean field, in percent of its pay."""
    if rows["expected"].isna().all():
        return ""
    row = rows.iloc[int(rows["expected"].argmax())]
    scale = 100 * row["expected_share"] / row["expected"] if row["expected"] else 0.0
    value, low, high = (scale * row[f"expected{end}"] for end in ("", "_low", "_high"))
    return f" (expected {value:+.2f} % [{low:+.2f}, {high:+.2f}] of its pay)"


def _rivals(table: pd.DataFrame) -> str:
    each = enumerate(table["learner"])
    reached = ", ".join(f"{name} {interval_of(table, row, 'payoff_of_best').text(3)}" for row, name in each)
    return f"Of the best rule's payoff, one learner in a donation world at that ratio reaches: {reached}."


def _welfare(table: pd.DataFrame) -> str:
    best = table[table["highest"]].iloc[0]
    may = ", ".join(f"{share:g}" for share in table["share"][table["may_be_highest"]])
    highest = interval_of(table, int(np.flatnonzero(table["highest"])[0]), "welfare").text(4)
    return f"Money per head is highest where a share of {best['share']:g} gives, {highest}; it may be at {may}."


