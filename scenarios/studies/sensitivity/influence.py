"""How strongly every field moves every outcome, compared with what chance alone would show.

Elementary effects (Morris 1991; Campolongo, Cariboni and Saltelli 2007) or Sobol indices (Saltelli et al. 2010). Both
attribute differences between points to fields, so chance that remains in a mean over seeds counts as influence.
``noise`` is the measure that a field without influence would get if points had independent random numbers; they share
their seeds, so the true figure is lower.
"""

from collections.abc import Sequence
from math import pi, sqrt

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.scenarios.reading.cells import Cells
from commonweal.scenarios.runs.intervals import Interval
from commonweal.scenarios.studies.sensitivity.fields import LEVELS
from commonweal.scenarios.sweeps.designs import Drawn, Sample
from commonweal.scenarios.sweeps.designs import Sampled as Factor
from commonweal.scenarios.sweeps.indices import Indices, Sampled, analyse

MEASURES = {"morris": ("size", "spread"), "sobol": ("alone", "total")}  # as in the figures: μ*, σ; S1, ST
MAIN = {"morris": "size", "sobol": "total"}  # by which fields are ranked
_STEP = LEVELS / (2 * (LEVELS - 1))  # Δ of an elementary effect, in widths of the range


def influence_table(
    factors: Sequence[Factor], sample: Sample, drawn: Drawn, cells: Cells, outcomes: Sequence[str]
) -> pd.DataFrame:
    """A row per outcome and field, the most influential first; nan where a point has no run, or no variance has shares.

    Args:
        factors: D fields.
        sample: how they were sampled.
        drawn: the points that came of it.
        cells: what the points came to, in M outcomes.
        outcomes: M names.
    """
    paths = tuple(factor.path for factor in factors)
    design = Sampled(sample.kind, paths, drawn.units, drawn.rows, sample.second_order, sample.levels)
    labels = {"field": paths, "low": [f.at(0.0) for f in factors], "high": [f.at(1.0) for f in factors]}
    tables = []
    for m, outcome in enumerate(outcomes):
        found = analyse(design, cells.means.value[:, m]) or _nothing(sample.kind, cells.means.value[:, m], len(factors))
        columns = _columns(sample.kind, found) | {"noise": _noise(sample.kind, cells, m)}
        table = pd.DataFrame({"outcome": outcome, **labels, **columns})
        tables.append(table.sort_values(MAIN[sample.kind], ascending=False, kind="stable"))
    return pd.concat(tables, ignore_index=True)


def _nothing(kind: str, means: Floats, count: int) -> Indices:
    """Of an outcome that is the same everywhere, every elementary effect is 0 and shares of variance are undefined."""
    known = kind == "morris" and bool(np.isfinite(means).all())
    values = np.full((2, count), 0.0 if known else np.nan)
    return Indices(("", ""), Interval(values, values, values), values[0])


def _columns(kind: str, found: Indices) -> dict[str, Floats]:
    """The main measure with its interval, then the other one."""
    parts = {name: Interval(*found.found.at(place)) for place, name in enumerate(MEASURES[kind])}
    columns = parts[MAIN[kind]].columns(MAIN[kind])
    if kind == "morris":
        return columns | {"effect": found.signed, "spread": parts["spread"].value}
    return columns | parts["alone"].columns("alone")


def _noise(kind: str, cells: Cells, m: int) -> float:
    """Main measure of a field that does nothing, from the spread of means over seeds.

    Elementary effects are the differences of two means with standard error e over Δ: E|difference| = 2 e / √π.
    """
    with np.errstate(invalid="ignore"):
        variance = float(np.mean(cells.error[:, m] ** 2))
    if kind == "morris":
        return 2 * sqrt(variance / pi) / _STEP
    total = float(np.var(cells.means.value[:, m]))
    return min(variance / total, 1.0) if total > 0 else float("nan")


def surely_influential(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The rows whose main measure is above the noise with its whole interval."""
    return table[table[f"{MAIN[kind]}_low"] > table["noise"]]
