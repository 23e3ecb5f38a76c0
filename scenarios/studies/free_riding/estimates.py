"""Estimates over seeds as columns of a table: a mean with the ends of its 95 % t-interval."""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.scenarios.reading.cells import mean_and_half_width


def estimated(name: str, values: Floats) -> dict[str, Floats]:
    """Columns ``name``, ``name_low`` and ``name_high``.

    Args:
        name: of the estimate.
        values: (S, ...) one value per seed.

    Returns:
        (...) columns; nan where there are too few values.
    """
    mean, half = mean_and_half_width(values)
    return {name: mean, f"{name}_low": mean - half, f"{name}_high": mean + half}


def crossing(x: Floats, y: Floats, level: float) -> float:
    """Where a course first crosses a level, by linear interpolation; nan if it does not.

    Args:
        x: (T,) increasing or decreasing.
        y: (T,) the course.
        level: to cross, from either side.
    """
    above = y >= level
    turns = np.flatnonzero(above[1:] != above[:-1])
    if not len(turns):
        return float("nan")
    k = int(turns[0])
    return float(x[k] + (x[k + 1] - x[k]) * (level - y[k]) / (y[k + 1] - y[k]))
