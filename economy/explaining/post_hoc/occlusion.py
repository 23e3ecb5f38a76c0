"""Occlusion: what a classifier's logit loses where a window of the course is a straight line.

Zeiler and Fergus (2014), for series.
"""

from collections.abc import Sequence

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.explaining.post_hoc.classifier import Classifier
from commonweal.economy.explaining.post_hoc.courses import Facts, Training, by_episode, explainer
from commonweal.economy.explaining.segments import without

WINDOW = 10  # rounds


@explainer("occlusion", Facts("occlusion, windows of 10 rounds", "Zeiler and Fergus 2014", classifies=True))
def occlusion(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """The mean loss over the windows that hold a round, summed over the rounds of an episode."""
    return by_episode(occlusion_map(training.classifier, series), episodes)


def occlusion_map(classifier: Classifier, series: Floats, window: int = WINDOW) -> Floats:
    """(R, T) what the logit loses, mean over the windows that hold the round.

    Args:
        classifier: of series (R, T, C).
        series: (R, T, C).
        window: rounds.
    """
    rounds = series.shape[1]
    windows = [range(at, at + window) for at in range(rounds - window + 1)]
    covers = np.array([[t in part for t in range(rounds)] for part in windows], dtype=np.float64)  # (W, T)
    alone = ~np.eye(len(windows), dtype=bool)
    whole = classifier.logits(series)
    lost = np.stack(
        [score - classifier.logits(without(own, windows, alone)) for own, score in zip(series, whole, strict=True)]
    )
    found: Floats = lost @ covers / covers.sum(axis=0)
    return found
