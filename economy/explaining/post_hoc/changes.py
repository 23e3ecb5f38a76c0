"""Explainers without a model: where the first channel changes most, by several measures, and chance."""

from collections.abc import Sequence

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.explaining.post_hoc.courses import Facts, Training, explainer

_WINDOW = 10  # rounds, of slopes


@explainer("random", Facts("chance"))
def random(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """Normal numbers."""
    return np.random.default_rng(training.seed).normal(size=(len(series), len(episodes)))


@explainer("change", Facts("change between the ends of an episode"))
def change(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """By how much the first channel moved from the round before an episode to its last."""
    return _moved(series[..., 0], episodes)


@explainer("unusual_change", Facts("the same, less that of the mean run"))
def unusual_change(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """By how much it moved beyond the mean course: what all runs do from the same start explains none of them."""
    return _moved(series[..., 0] - training.usual[:, 0], episodes)


@explainer("largest_step", Facts("largest change in one round"))
def largest_step(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """The largest change in one round of an episode, with its sign."""
    steps = np.diff(series[..., 0], axis=1, prepend=series[:, :1, 0])
    found = []
    for part in episodes:
        inside = steps[:, part.start : part.stop]
        found.append(np.take_along_axis(inside, np.abs(inside).argmax(axis=1)[:, None], axis=1)[:, 0])
    return np.stack(found, axis=1)


@explainer("drop", Facts("largest fall in one round"))
def drop(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """The largest fall in one round of an episode, negative."""
    steps = np.diff(series[..., 0], axis=1, prepend=series[:, :1, 0])
    return np.stack([np.minimum(steps[:, part.start : part.stop], 0).min(axis=1) for part in episodes], axis=1)


@explainer("slope", Facts("steepest slope by regression over 10 rounds"))
def slope(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """The steepest slope of a line through ten rounds whose middle is in the episode."""
    rounds = series.shape[1]
    width = min(_WINDOW, rounds)
    around = np.arange(width) - (width - 1) / 2
    windows = np.lib.stride_tricks.sliding_window_view(series[..., 0], width, axis=1)
    slopes = windows @ (around / (around**2).sum())  # (R, T − width + 1), by the first round
    found = []
    for part in episodes:
        firsts = np.clip(np.arange(part.start, part.stop) - width // 2, 0, slopes.shape[1] - 1)
        inside = slopes[:, firsts]
        found.append(np.take_along_axis(inside, np.abs(inside).argmax(axis=1)[:, None], axis=1)[:, 0])
    return np.stack(found, axis=1)


def _moved(channel: Floats, episodes: Sequence[range]) -> Floats:
    """(R, E) from the round before an episode, or its first, to its last round."""
    return np.stack([channel[:, part.stop - 1] - channel[:, max(0, part.start - 1)] for part in episodes], axis=1)
