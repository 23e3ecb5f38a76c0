"""Intervals of means over seeds: one rule for all tables, studies, figures and benchmarks.

Student's t-interval covers the mean of skewed numbers too rarely: it ends too soon on the side of their long tail.
That end is moved out by their skewness, more so where they are few, since few numbers seldom show their tail (the
corrections of Johnson 1978 and Hall 1992 are too small below 30 numbers). Where the range of what is measured is known,
the interval stays inside, by the delta method: on the logit scale between two bounds, which for correlations is
Fisher's z, and on the log scale towards a single one. ``benchmarks/intervals.py`` shows what that covers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, logit, stdtrit

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints

ENOUGH = 8  # seeds from which an interval of 95 % covers at least 93 % of skewed numbers too, but for rare jackpots
_TAIL, _MOST = 8.0, 4 / 3  # the end beside the long tail moves out by min(8 / (n − 2), 4/3) × √|skewness|
_MAPPED = 1 / 3  # of it on a scale that follows the bounds, which allows for skewness itself
_MANY = 10_000  # seeds that nobody plays
_ROUNDING = 1e-9


class Range(NamedTuple):
    """Where a quantity lies."""

    low: float = -inf
    high: float = inf

    @property
    def of_differences(self) -> "Range":
        """Where the difference of two such quantities lies."""
        return Range(self.low - self.high, self.high - self.low) if isfinite(self.high - self.low) else ANYWHERE


ANYWHERE, SHARE, CORRELATION, POSITIVE = Range(), Range(0.0, 1.0), Range(-1.0, 1.0), Range(0.0)

_SHARES = {
    "accuracy", "own_accuracy", "rival", "gini", "credit_concentration", "screened_share", "gated_share", "step_factor",
    "dealt_share", "promise_kept", "loosened", "violated", "permitted_accuracy", "belief_coverage", "misjudged",
    "samples_screened", "cooperation", "good_names",
}  # fmt: skip
_POSITIVE = {
    "validation_loss", "revenue", "paid", "clawed", "samples", "dealt", "tolerance_paid", "price_of_anarchy",
    "violation", "value_cost", "belief_error", "belief_rms", "queries", "gift_cost",
}  # fmt: skip
_OF_SHARES = ("share_", "violated_camp_", "abstain_camp_")  # how names of shares begin


def range_of(metric: str) -> Range:
    """Where a metric of a run lies, by its name."""
    if metric in _SHARES or metric.startswith(_OF_SHARES):
        return SHARE
    return POSITIVE if metric in _POSITIVE or metric.startswith("level_") else ANYWHERE


@dataclass(frozen=True)
class Interval:
    """Estimates and the ends of their intervals, which are nan with a single value."""

    value: Floats  # (...)
    low: Floats  # (...)
    high: Floats  # (...)

    def columns(self, name: str) -> dict[str, Floats]:
        """Columns ``name``, ``name_low`` and ``name_high`` of a table."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}

    def at(self, place: Any) -> tuple[Floats, Floats, Floats]:
        """Estimate and ends at a place of the arrays."""
        return self.value[place], self.low[place], self.high[place]

    @property
    def reach(self) -> Floats:
        """(2, ...) how far the ends are below and above the estimate, as ``errorbar`` takes it."""
        return np.stack([self.value - self.low, self.high - self.value])

    def text(self, digits: int = 3, sign: str = "") -> str:
        """A single estimate as ``0.970 [0.901, 0.992]``; a dash where there is none."""
        return written(float(self.value), float(self.low), float(self.high), digits, sign)


def beside(intervals: Sequence[Interval]) -> Interval:
    """(..., M) of M intervals (...)."""
    ends = ("value", "low", "high")
    return Interval(*(np.stack([getattr(each, end) for each in intervals], axis=-1) for end in ends))


def mean_interval(values: AnyArray, confidence: float = 0.95, within: Range = ANYWHERE) -> Interval:
    """Mean over seeds.

    Args:
        values: (S, ...) one value per seed; what is not finite is left out.
        confidence: of the interval.
        within: where such values lie; values beyond it have an interval as if they could lie anywhere.

    Returns:
        (...) estimates, nan without a value; the ends are nan with fewer than two.
    """
    values = np.asarray(values, dtype=np.float64)
    known = np.isfinite(values)
    count = known.sum(axis=0)
    mean, from_mean = _centred(values, known, count)
    error = standard_error(values)
    reach = stdtrit(np.maximum(count - 1, 1), (1 + confidence) / 2) * error
    tail = _tail(from_mean, error * np.sqrt(count), count)
    inside = (~known | ((values >= within.low - _ROUNDING) & (values <= within.high + _ROUNDING))).all(axis=0)
    low, high = _ends(mean, reach, tail, ANYWHERE)
    if within != ANYWHERE:
        bounded = _ends(mean, reach, tail, within)
        low, high = np.where(inside, bounded[0], low), np.where(inside, bounded[1], high)
    known_twice = count > 1
    return Interval(mean, np.where(known_twice, low, np.nan), np.where(known_twice, high, np.nan))


def around(value: Floats, reach: Floats, within: Range) -> Interval:
    """Estimates (...) with what others found their intervals to reach, inside a range if they lie in it."""
    low, high = value - reach, value + reach
    inside = (value >= within.low) & (value <= within.high)
    bounded = _ends(value, reach, np.zeros_like(value), within)
    return Interval(value, np.where(inside, bounded[0], low), np.where(inside, bounded[1], high))


def standard_error(values: Floats) -> Floats:
    """(...) of the means over seeds of (S, ...); what is not finite is left out, nan with fewer than two values."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    _, from_mean = _centred(values, known, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = (from_mean**2).sum(axis=0) / (count - 1) / count
    return np.where(count > 1, np.sqrt(squares), np.nan)


def _centred(values: Floats, known: Bools, count: Ints) -> tuple[Floats, Floats]:
    """(...) means of what is known, and (S, ...) how far it is from them, 0 where it is not known."""
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.asarray(np.where(known, values, 0.0).sum(axis=0) / count)
        return mean, np.where(known, values - mean, 0.0)


def _tail(from_mean: Floats, spread: Floats, count: Ints) -> Floats:
    """(...) by which share the end moves out, positive above the mean and negative below it; 0 with two values."""
    standard = np.divide(from_mean, spread, out=np.zeros_like(from_mean), where=spread > 0)
    skewness = count / np.maximum((count - 1) * (count - 2), 1) * (standard**3).sum(axis=0)
    moved: Floats = np.minimum(_TAIL / np.maximum(count - 2, 1), _MOST) * np.sqrt(np.abs(skewness))
    return np.where(count > 2, np.copysign(moved, skewness), 0.0)


def _ends(mean: Floats, reach: Floats, tail: Floats, within: Range) -> tuple[Floats, Floats]:
    """(...) lower and upper ends, by the delta method on the scale of the range."""
    mapped = tail if within == ANYWHERE else _MAPPED * tail
    below, above = reach * (1 + np.maximum(-mapped, 0.0)), reach * (1 + np.maximum(mapped, 0.0))
    if within == ANYWHERE:
        return mean - below, mean + above
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if not isfinite(within.high):
            over = mean - within.low
            low = np.where(over > 0, within.low + over * np.exp(-below / over), mean)
            return low, mean + reach * (1 + np.maximum(tail, 0.0))
        width = within.high - within.low
        place = np.clip((mean - within.low) / width, 0.0, 1.0)
        slope = 1 / (place * (1 - place) * width)
        ends = [within.low + width * expit(logit(place) + far * slope) for far in (-below, above)]
    at_a_bound = (place <= 0) | (place >= 1) | ~np.isfinite(slope)
    return np.where(at_a_bound, mean, ends[0]), np.where(at_a_bound, mean, ends[1])


def written(value: float, low: float, high: float, digits: int = 3, sign: str = "") -> str:
    """An estimate with its interval as ``0.97 [0.90, 0.99]``; alone without one, a dash where there is none."""
    if np.isnan(value):
        return "–"
    text = f"{value:{sign}.{digits}f}"
    return text if np.isnan(low) or np.isnan(high) else f"{text} [{low:{sign}.{digits}f}, {high:{sign}.{digits}f}]"


def in_brief(value: float, low: float, high: float, sign: str = "", most: int = 3) -> str:
    """The same for a narrow column: no more decimals than the interval is worth, no zero before the point.

    What is the same in all seeds stands alone.

    Args:
        value: the estimate.
        low: lower end of its interval; nan if it has none.
        high: upper end.
        sign: + for differences.
        most: decimals, as ``decimals_of`` gives them.
    """
    reach = (high - low) / 2
    if not reach > 0:
        text = written(value, np.nan, np.nan, sign=sign)
    else:
        digits = sum(reach < bound for bound in (10, 1, *(0.01 / 10**more for more in range(6))))
        text = written(value, low, high, min(digits, most), sign)
    return re.sub(r"(?<!\d)0\.", ".", text)


def decimals_of(metric: str) -> int:
    """How many decimals a metric may need: three of a share, more where it may be small, as money is."""
    return 3 if range_of(metric).high == 1 else 8


def seeds_to_tell(interval: Interval, seeds: int) -> int | None:
    """How many seeds would tell a mean from 0, if estimate and spread stay: None where none need or do.

    Args:
        interval: () of the mean.
        seeds: it is of, at least 2.
    """
    value, low, high = float(interval.value), float(interval.low), float(interval.high)
    if not low <= 0 <= high or value == 0:
        return None
    reach = (value - low if value > 0 else high - value) * np.sqrt(seeds) / stdtrit(seeds - 1, 0.975)
    counts = np.unique(np.geomspace(seeds + 1, _MANY, 400).astype(int))
    enough = stdtrit(counts - 1, 0.975) * reach / np.sqrt(counts) < abs(value)
    return int(counts[enough.argmax()]) if enough.any() else None


def wanted(interval: Interval, seeds: int) -> str:
    """`` (about 40 seeds would tell)`` where an interval () over seeds holds 0; else ""."""
    number = seeds_to_tell(interval, seeds) if seeds > 1 else None
    return "" if number is None else f" (about {number} seeds would tell)"


def few_seeds(seeds: int) -> list[str]:
    """A line for whoever reads results of few seeds; none where there are enough."""
    if seeds >= ENOUGH:
        return []
    if seeds == 1:
        return [f"one seed has no interval: what is shown may be luck; {ENOUGH} seeds will do"]
    wide = _width(seeds) / _width(ENOUGH)
    return [
        f"{seeds} seeds are few: intervals are about {wide:.1f} times as wide as with {ENOUGH}, and of skewed numbers"
        f" they cover less than they say; {ENOUGH} seeds will do"
    ]


def _width(seeds: int) -> float:
    return float(stdtrit(seeds - 1, 0.975) / np.sqrt(seeds))
