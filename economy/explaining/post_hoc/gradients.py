"""Integrated gradients of a classifier along the line from the mean course (Sundararajan, Taly and Yan 2017)."""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from commonweal.agents.arrays import Floats
from commonweal.economy.explaining.post_hoc.classifier import Classifier
from commonweal.economy.explaining.post_hoc.courses import Facts, Training, by_episode, explainer

STEPS = 64  # along the line
SMOOTH = 10  # rounds


@explainer("gradients", Facts("integrated gradients", "Sundararajan et al. 2017", classifies=True))
def gradients(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """Integrated gradients, summed over channels and the rounds of an episode."""
    return by_episode(integrated_gradients(training.classifier, series, training.usual), episodes)


@explainer(
    "smooth_gradients",
    Facts("integrated gradients, sizes smoothed", "Sundararajan et al. 2017", signed=False, classifies=True),
)
def smooth_gradients(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """Sizes of integrated gradients, averaged over ten rounds: signs that alternate do not cancel."""
    return by_episode(smoothed(integrated_gradients(training.classifier, series, training.usual)), episodes)


def integrated_gradients(classifier: Classifier, series: Floats, baseline: Floats, steps: int = STEPS) -> Floats:
    """(R, T) what the rounds add to the logit of the baseline; over rounds it sums to the difference of logits.

    Args:
        classifier: of series (R, T, C).
        series: (R, T, C).
        baseline: (T, C).
        steps: midpoints of the line.
    """
    away = series - baseline
    slopes = [classifier.gradients(baseline + (step + 0.5) / steps * away) for step in range(steps)]
    found: Floats = (np.mean(slopes, axis=0) * away).sum(axis=2)
    return found


def smoothed(rounds: Floats, width: int = SMOOTH) -> Floats:
    """(R, T) sizes, averaged over some rounds."""
    found: Floats = uniform_filter1d(np.abs(rounds), width, axis=1)
    return found
