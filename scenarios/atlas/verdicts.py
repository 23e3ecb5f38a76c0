"""Verdicts: whether a published result holds here. They are computed from both numbers, never typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import floor, log10

import numpy as np

from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.runs.intervals import Interval, mean_interval

_ROUNDING = 1e-12


class Verdict(StrEnum):
    """From the best to the worst."""

    REPRODUCED = "reproduced"
    MET = "theory met"  # the number follows from their definitions; they did not print it
    UNCHECKED = "not checkable offline"
    DIFFERS = "differs"
    UNEXPLAINED = "differs, unexplained"


HOLDS = (Verdict.REPRODUCED, Verdict.MET)
_RANK = (Verdict.REPRODUCED, Verdict.MET, Verdict.DIFFERS, Verdict.UNEXPLAINED)


@dataclass(frozen=True)
class Judged:
    """A check and what became of it."""

    check: Check
    verdict: Verdict
    theirs: str
    ours: str
    by: str  # how far ours is from theirs; "" where both are the same words, or nothing is known
    why: str  # what else there is to say: the cause of a difference, what is missing, an interval that is too wide


def judge(check: Check) -> Judged:
    """The verdict on a check."""
    if check.missing:
        theirs = "–" if check.theirs is None else _text(check, check.theirs)
        return Judged(check, Verdict.UNCHECKED, theirs, "–", "", f"missing: {check.missing}")
    assert check.theirs is not None
    if isinstance(check.theirs, str):
        return _judge_words(check, check.theirs)
    values = np.array(check.each, dtype=np.float64)
    interval = mean_interval(values, within=check.lies)
    low, high = (float(np.where(np.isnan(end), interval.value, end)) for end in (interval.low, interval.high))
    unclear = ""
    if check.kind == "exact":
        holds = bool((np.abs(values - check.theirs) <= check.reach).all())
    elif check.kind == "claim":
        holds = high <= check.theirs + _ROUNDING if check.at_most else low >= check.theirs - _ROUNDING
    else:
        assert check.resolution is not None
        holds = low - _ROUNDING <= check.theirs <= high + _ROUNDING
        if holds and not (high - low) / 2 <= check.resolution:
            holds, unclear = False, f"the interval reaches further than {check.resolution:g}: play more seeds"
    by = "" if check.kind == "claim" and holds else _distance(check, interval)
    return _judged(check, holds, (_text(check, check.theirs), _numbers(check, values, interval), by), unclear)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on a result: the worst of its checks that can be checked."""
    checked = [_RANK.index(verdict) for verdict in verdicts if verdict in _RANK]
    return _RANK[max(checked)] if checked else Verdict.UNCHECKED


def _judge_words(check: Check, theirs: str) -> Judged:
    found = [str(each) for each in check.each]
    kinds = sorted(set(found), key=lambda each: (-found.count(each), each))
    some = len(found) > 1
    ours = "; ".join(f"{each} ({found.count(each)} of {len(found)})" if some else each for each in kinds)
    return _judged(check, kinds == [theirs], (theirs, ours, ""), "")


def _judged(check: Check, holds: bool, texts: tuple[str, str, str], unclear: str) -> Judged:
    if holds:
        verdict = Verdict.MET if check.source == "derived" else Verdict.REPRODUCED
        return Judged(check, verdict, *texts, "")
    cause = unclear or check.cause
    return Judged(check, Verdict.DIFFERS if cause else Verdict.UNEXPLAINED, *texts, cause)


def _text(check: Check, number: float | str) -> str:
    if isinstance(number, str):
        return number
    if check.digits is not None:
        return f"{number:.{check.digits}f}"
    sign = {True: "≤ ", False: "≥ "}[check.at_most] if check.kind == "claim" else ""
    return f"{sign}{number:.7g}"


def _numbers(check: Check, values: np.ndarray, interval: Interval) -> str:
    """Ours in words: of exact numbers the one that is farthest off, of others the mean with its interval."""
    assert isinstance(check.theirs, int | float)
    if check.kind != "exact" and len(values) > 1 and np.ptp(values) > 0:
        return interval.text(_decimals(check))
    farthest = float(values[np.argmax(np.nan_to_num(np.abs(values - check.theirs), nan=np.inf))])
    more = check.digits is not None and abs(farthest - check.theirs) > check.reach
    return f"{farthest:.{check.digits + 2 * more}f}" if check.digits is not None else f"{farthest:.7g}"


def _distance(check: Check, interval: Interval) -> str:
    if check.kind == "exact":
        values = np.array(check.each, dtype=np.float64) - check.theirs  # type: ignore[operator]
        farthest = float(values[np.argmax(np.nan_to_num(np.abs(values), nan=np.inf))])
        return "0" if abs(farthest) <= _ROUNDING else f"{farthest:+.2g}"
    assert isinstance(check.theirs, int | float)
    ends = (end - check.theirs for end in (interval.value, interval.low, interval.high))
    return Interval(*ends).text(_decimals(check), "+")


def _decimals(check: Check) -> int:
    """Decimals of an interval: one more than theirs has, or than its reach needs."""
    if check.digits is not None:
        return check.digits + 1
    return 3 if check.resolution is None else max(1 - floor(log10(check.resolution)), 0)
