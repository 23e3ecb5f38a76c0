"""Both futures of a principal as a document: what it would have if it did something else, and if it went on."""

from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.figures.browser.notes.numbers import known, known_or_none
from commonweal.scenarios.runs.intervals import Interval, mean_interval

Document = dict[str, Any]


def futures_document(
    sentence: str, deviates: Floats, follows: Floats, gain: Interval, names: tuple[str, str], first: int
) -> Document:
    """Mean payoffs over B futures, with 95 % bands.

    Args:
        sentence: what came out.
        deviates: (B, T) its payoff with the deviation, money.
        follows: (B, T) its payoff without, in the same futures.
        gain: () mean over futures and rounds of the difference, money per round; its ends are nan where there are none.
        names: what is done with and without the deviation.
        first: number of the first round.

    Returns:
        ``kind`` "futures"; ``title`` and ``sentence``; rounds ``first`` to ``last``; ``unit``; ``lines``, with the
        deviation and without, each with ``name``, ``mean``, ``low`` and ``high``, (T,) each; ``gain``: ``mean``,
        ``low`` and ``high``, None where there is no interval; and ``note``.
    """
    count, rounds = deviates.shape
    told = f"{count} futures on the same random numbers, 95 % bands" if count > 1 else "one future, no interval"
    return {
        "kind": "futures", "title": "Both futures", "sentence": sentence, "first": first, "last": first + rounds - 1,
        "unit": "payoff, money a round", "note": told,
        "lines": [_line(name, courses) for name, courses in zip(names, (deviates, follows), strict=True)],
        "gain": {"mean": known_or_none(float(gain.value)), "low": known_or_none(float(gain.low)),
                 "high": known_or_none(float(gain.high))},
    }


def _line(name: str, courses: Floats) -> Document:
    """A mean course with its band."""
    found = mean_interval(courses)
    low, high = (np.where(np.isnan(end), found.value, end) for end in (found.low, found.high))
    return {"name": name, "mean": known(found.value), "low": known(low), "high": known(high)}
