"""Tables of studies as people read them: numbers with their intervals, yes and no."""

import math

import numpy as np
import pandas as pd

from commonweal.scenarios.runs.text_table import MISSING, Column

ROWS = 40  # of a table that a report shows; the file has all
_LONGEST = 9  # signs of a number that is written with its decimals


def shown(table: pd.DataFrame, rows: int = ROWS) -> pd.DataFrame:
    """A table as people read it: texts, an estimate ``x`` with ``x_low`` and ``x_high`` as ``x [low, high]``."""
    table, columns = table.head(rows), dict[str, list[str]]()
    for name in map(str, table.columns):
        if name.removesuffix("_low").removesuffix("_high") != name and _stem(name) in table.columns:
            continue
        ends = (f"{name}_low", f"{name}_high")
        said, parts = (_with_interval, (name, *ends)) if set(ends) <= set(table.columns) else (_text, (name,))
        columns[name.replace("_", " ")] = [said(*row) for row in zip(*(table[part] for part in parts), strict=True)]
    return pd.DataFrame(columns)


def _with_interval(value: object, low: object, high: object) -> str:
    """An estimate as ``x [low, high]``, to so many decimals that the width of the interval has two digits.

    What is not 0 is not written as 0: on which side of it an interval ends is what people look for.
    """
    ends = (value, low, high)
    numbers = [float(each) for each in ends if isinstance(each, float | np.floating) and np.isfinite(each)]
    whole = len(numbers) == len(ends)
    texts = [_to(each, numbers[2] - numbers[1]) for each in numbers] if whole else [_text(each) for each in ends]
    return texts[0] if MISSING in texts[:2] else f"{texts[0]} [{texts[1]}, {texts[2]}]"


def _to(value: float, width: float) -> str:
    """A number to the decimals that an interval of such a width leaves."""
    text = f"{value:.{max(0, 1 - math.floor(math.log10(width)))}f}" if width > 0 else ""
    if not 0 < len(text) <= _LONGEST:
        return f"{value:.4g}"
    return text if float(text) or not value else f"{value:.1g}"


def as_columns(table: pd.DataFrame) -> list[Column]:
    """The columns of a table for a screen. Estimates, and what tells rows apart, matter more than other numbers."""
    texts = shown(table, len(table))
    kinds = {str(name).replace("_", " "): kind.kind for name, kind in table.dtypes.items()}
    estimates = [name for name in texts if f"{name} low" in kinds and f"{name} high" in kinds]

    def rank(place: int, name: str) -> int:
        if not place or name in estimates[:1]:
            return min(place, 1)
        if texts[name].nunique() == 1 < len(texts):
            return 5
        return 3 if name in estimates else 2 if kinds[name] not in "iuf" else 4

    return [
        Column(name, list(texts[name]), number=kinds[name] in "iuf", rank=rank(place, name))
        for place, name in enumerate(map(str, texts))
    ]


def _stem(name: str) -> str:
    return name.removesuffix("_low") if name.endswith("_low") else name.removesuffix("_high")


def _text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{float(value):.4g}" if isinstance(value, float | np.floating) else str(value)


def words(name: str) -> str:
    """The name of a table or a column, as people read it."""
    return name.replace("_", " ").replace("-", " ")
