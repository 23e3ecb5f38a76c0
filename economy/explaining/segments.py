"""Which segments of a series made a score what it is, for series that cannot be played again.

It explains the score, a classifier's say, and not what happened: of a run, ``episodes`` says that.
"""

from collections.abc import Callable, Sequence

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.economy.credit.exact import MOST_PLAYERS
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.values import Effort, value_games


def explain_segments(
    series: Floats, segments: Sequence[range], score: Callable[[Floats], Floats], target: str = "the score"
) -> Explanation:
    """Exact Shapley values of segments of one series; a segment that is absent is a straight line between its ends.

    Args:
        series: (T,), or (T, D) of D channels.
        segments: P of them, none with a sample of another; 16 at most.
        score: of C series (C, T) or (C, T, D) → (C,).
        target: what the score is, in words.

    Raises:
        InputError: if segments overlap, leave the series or are too many.
    """
    samples = [t for segment in segments for t in segment]
    inside = set(samples) <= set(range(len(series)))
    if not samples or not inside or len(set(samples)) < len(samples) or len(segments) > MOST_PLAYERS:
        allowed = f"1 to {MOST_PLAYERS} that do not overlap, within 0 to {len(series) - 1}"
        raise InputError(f"segments {', '.join(map(_words, segments))}: must be {allowed}")
    players = len(segments)
    found = value_games(
        players, lambda kept: score(without(series, segments, kept))[:, None], Effort(budget=2**MOST_PLAYERS)
    )
    return Explanation(
        kind="segments",
        target=target,
        baseline="straight lines instead of all segments",
        names=tuple(map(_words, segments)),
        base=found.base[:, None],
        value=found.whole[:, None],
        values=found.values[:, :, None],
        evaluations=found.evaluations,
    )


def without(series: Floats, segments: Sequence[range], kept: Bools) -> Floats:
    """(C, T) or (C, T, D) the series with straight lines through the segments that are not kept.

    Lines go from the last sample before to the first one after; at an end of the series they are level.

    Args:
        series: (T,), or (T, D) of D channels.
        segments: P of them.
        kept: (C, P).
    """
    masked = np.zeros((len(kept), len(series)), dtype=bool)
    for segment, own in zip(segments, kept.T, strict=True):
        masked[:, segment.start : segment.stop] |= ~own[:, None]
    return np.stack([_bridged(series, gone) for gone in masked])


def _bridged(series: Floats, gone: Bools) -> Floats:
    if gone.all():
        return np.broadcast_to(series.mean(axis=0), series.shape)
    if series.ndim == 2:
        return np.stack([_bridged(channel, gone) for channel in series.T], axis=1)
    left = np.flatnonzero(~gone)
    return np.where(gone, np.interp(np.arange(len(series)), left, series[left]), series)


def _words(segment: range) -> str:
    return f"{segment.start} to {segment.stop - 1}"
