"""Numbers that stand among others, in the cells of a map or the rows of a column: all with the same decimals."""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.scenarios.runs.intervals import range_of


def aligned(value: float, decimals: int, sign: str = "") -> str:
    """A number among others with the same decimals.

    Args:
        value: the number; a dash where it is not known.
        decimals: that all of them have.
        sign: + for differences.
    """
    if not np.isfinite(value):
        return "–"
    text = f"{value:{sign}.{decimals}f}"
    return (text if float(text) else f"{0:.{decimals}f}").replace("-", "−")


def between(low: float, high: float, decimals: int, sign: str = "") -> str:
    """The ends of an interval in words."""
    return f"{aligned(low, decimals, sign)} to {aligned(high, decimals, sign)}"


def decimals_of(measure: str, values: Floats) -> int:
    """Decimals that tell values of a measure apart: two of a share, else by how far the largest is from 0."""
    known = np.abs(values[np.isfinite(values)])
    span = 1.0 if range_of(measure).high == 1 else float(known.max(initial=0.0))
    return 0 if span >= 100 else 1 if span >= 10 else 2 if span >= 0.1 else 3 if span >= 0.01 else 4
