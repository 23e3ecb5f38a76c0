"""Shapley values of episodes for a classifier's logit; an absent episode is a straight line, or the mean course."""

from collections.abc import Sequence

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.explaining.post_hoc.courses import Facts, Training, explainer
from commonweal.economy.explaining.segments import explain_segments


@explainer("shapley_line", Facts("episodes with Shapley values, straight line", "Shapley 1953", classifies=True))
def shapley_line(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """An episode that is absent is a straight line between the rounds beside it."""
    score = training.classifier.logits
    return np.stack([explain_segments(own, episodes, score).values[0, :, 0] for own in series])


@explainer("shapley_mean", Facts("episodes with Shapley values, mean course", "Shapley 1953", classifies=True))
def shapley_mean(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """An episode that is absent goes as in the mean run."""
    coalitions = all_coalitions(len(episodes))
    kept = np.ones((len(coalitions), series.shape[1]), dtype=bool)
    for part, own in zip(episodes, coalitions.T, strict=True):
        kept[:, part.start : part.stop] = own[:, None]
    return np.stack([_values(own, kept, training) for own in series])


def _values(own: Floats, kept: Bools, training: Training) -> Floats:
    """(E,) of one run (T, C); rounds that are kept by coalition, (2^E, T)."""
    worth = training.classifier.logits(np.where(kept[..., None], own, training.usual))
    values: Floats = shapley_value(worth[None])[0]
    return values
