"""The choices that the published framework (arXiv 2606.28217) leaves open, each tried by itself."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.scenarios.reading.cells import Cells
from commonweal.scenarios.runs.intervals import Interval
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.notation import write_value
from commonweal.scenarios.schema.relevance import learns, matters, settles_by_credit
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.sensitivity.fields import own_value
from commonweal.scenarios.sweeps.designs import Point, same

OWN = "own choices"


def open_choices(scenario: Scenario) -> dict[str, tuple[Any, ...]]:
    """Alternatives by path; only choices that matter under the scenario's rules."""
    offered: dict[str, tuple[Any, ...]] = {
        "screening.mode": ("off", "reject", "scale", "project"),
        "screening.scope": ("own", "all", "quorum", "aggregate"),
        "screening.budget": ("level", "step"),
        "screening.gate": (True, False),
        "settlement.clip": ("net", "gross"),
        "settlement.horizon": (1, 10, 50, 200),
        "settlement.discount": (0.8, 0.95, 1.0),
        "settlement.alpha": (0.5, 1.0, 2.0),
    }
    credited = learns(scenario) and settles_by_credit(scenario)  # credit may be paid with models, too
    return {path: values for path, values in offered.items()
            if (credited if path.startswith("settlement.") else matters(scenario, path))}  # fmt: skip


def choice_points(scenario: Scenario) -> list[Point]:
    """The scenario's own choice in everything first, then with one thing chosen otherwise, as far as that is valid."""
    choices = open_choices(scenario)
    own = {path: own_value(scenario, path) for path in choices}
    points: list[Point] = [own]
    for path, values in choices.items():
        others = [value for value in values if not same(value, own[path]) and _valid(scenario, path, value)]
        points += [own | {path: value} for value in others]
    return points


def _valid(scenario: Scenario, path: str, value: Any) -> bool:
    try:
        revise(scenario, {path: value})
    except InputError:
        return False
    return True


def choice_table(points: Sequence[Point], cells: Cells, outcomes: Sequence[str]) -> pd.DataFrame:
    """A row per outcome and choice: its mean, and the paired difference to the scenario's own choices."""
    fields, values = zip((OWN, ""), *(_changed(points[0], point) for point in points[1:]), strict=True)
    tables = []
    for m, outcome in enumerate(outcomes):
        columns: dict[str, Any] = {"outcome": outcome, "field": fields, "value": values}
        for name, found in (("mean", cells.means), ("difference", cells.differences)):
            columns |= Interval(*found.at((slice(None), m))).columns(name)
        tables.append(pd.DataFrame(columns))
    table = pd.concat(tables, ignore_index=True)
    table.loc[table["field"] == OWN, ["difference", "difference_low", "difference_high"]] = np.nan
    return table


def _changed(own: Point, point: Point) -> tuple[str, str]:
    path = next(path for path in own if not same(own[path], point[path]))
    return path, write_value(point[path]).strip("'")


def surely_different(table: pd.DataFrame) -> Iterator[Any]:
    """The rows whose difference to the scenario's own choice has an interval without 0, the largest first."""
    sure = table[(table["difference_low"] > 0) | (table["difference_high"] < 0)]
    yield from sure.iloc[sure["difference"].abs().to_numpy().argsort()[::-1]].itertuples()
