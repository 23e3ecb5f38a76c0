"""Tables of studies as people read them: numbers with their intervals, yes and no."""

import numpy as np
import pandas as pd

from commonweal.scenarios.runs.text_table import MISSING, Column

ROWS = 40  # of a table that a report shows; the file has all


def shown(table: pd.DataFrame, rows: int = ROWS) -> pd.DataFrame:
    """A table as people read it: texts, an estimate ``x`` with ``x_low`` and ``x_high`` as ``x [low, high]``."""
    columns: dict[str, list[str]] = {}
    for name in map(str, table.columns):
        if name.removesuffix("_low").removesuffix("_high") != name and _stem(name) in table.columns:
            continue
        texts = [_text(value) for value in table[name].head(rows)]
        if f"{name}_low" in table.columns and f"{name}_high" in table.columns:
            ends = zip(table[f"{name}_low"].head(rows), table[f"{name}_high"].head(rows), strict=True)
            texts = [
                text if MISSING in (text, _text(low)) else f"{text} [{_text(low)}, {_text(high)}]"
                for text, (low, high) in zip(texts, ends, strict=True)
            ]
        columns[name.replace("_", " ")] = texts
    return pd.DataFrame(columns)


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
