"""Explanations made up for figures: parts that are given, and what follows from them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from commonweal.economy.explaining.explanation import Explanation


def explained(values: ArrayLike, names: Sequence[str] | None = None, base: float = 0.5) -> Explanation:
    """An exact explanation of one answer from parts (P,) of one run or (R, P) of several."""
    parts = np.atleast_2d(np.asarray(values, dtype=np.float64))[:, :, None]
    start = np.full((len(parts), 1), base)
    called = tuple(f"reason {place}" for place in range(parts.shape[1])) if names is None else tuple(names)
    return Explanation("outcome", "the outcome", "nobody", called, start, start + parts.sum(axis=1), parts)


def estimated(why: Explanation, errors: ArrayLike) -> Explanation:
    """The same, with standard errors (P,) of every run."""
    spread = np.broadcast_to(np.asarray(errors, dtype=np.float64)[None, :, None], why.values.shape)
    return replace(why, standard_error=spread, exact=False, evaluations=100)


def paired(why: Explanation, dividends: ArrayLike) -> Explanation:
    """The same, with dividends (P, P) of pairs in every run."""
    shape = (len(why.values), len(why.names), len(why.names), 1)
    return replace(why, interactions=np.broadcast_to(np.asarray(dividends, dtype=np.float64)[None, ..., None], shape))


def words(figure: Figure) -> str:
    """All that stands above and below the panels, in one line."""
    return " ".join(text.get_text().replace("\n", " ") for text in figure.texts)


def entries(figure: Figure) -> list[str]:
    """The legend."""
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]
