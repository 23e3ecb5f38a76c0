"""Shapelets: short patterns learned with a classifier, and Shapley values of the segments that they resemble.

A small own version of learned shapelets (Grabocka et al. 2014) as ShapeX uses them (Huang et al. 2025), with true
Shapley values over segments in the place of leave-one-out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.explaining.post_hoc.classifier import descend
from commonweal.economy.explaining.post_hoc.courses import Facts, Training, by_episode, explainer
from commonweal.economy.explaining.segments import explain_segments

_SHAPELETS, _LENGTH = 4, 20  # and rounds
_STEPS, _RATE = 400, 5e-3
_SHARPNESS = 2.0  # of likeness, e^(−sharpness · mean squared difference)
_SEGMENTS = 8  # at most, those that are most alike


@explainer("shapelets", Facts("shapelets, segments with Shapley values", "Huang et al. 2025", classifies=True))
def shapelets(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """Values of segments, shared equally by their rounds and summed over the rounds of an episode."""
    return by_episode(shapelet_map(series, training), episodes)


def shapelet_map(series: Floats, training: Training, threshold: float = 0.6) -> Floats:
    """(R, T) values for the classifier's logit of the segments that resemble a shapelet.

    Args:
        series: (R, T, C).
        training: courses and their classifier.
        threshold: of likeness between a round's lowest and its highest, from which it is part of a segment.
    """
    score = training.classifier.logits
    learned = training.classifier.standardised(training.courses.series)
    net = fit_shapelets(learned, training.good, training.seed)
    with torch.no_grad():
        alike = net.rounds(training.classifier.standardised(series)).double().numpy()
    found = np.zeros(series.shape[:2])
    for own, likeness, values in zip(series, alike, found, strict=True):
        segments = _segments(likeness, threshold)
        for segment, value in zip(segments, explain_segments(own, segments, score).values[0, :, 0], strict=True):
            values[segment.start : segment.stop] = value / len(segment)
    return found


@dataclass(frozen=True)
class _Span:
    likeness: float
    rounds: range


def _segments(likeness: Floats, threshold: float) -> list[range]:
    """Runs of rounds above a threshold, the most alike of them, in order."""
    low, high = likeness.min(), likeness.max()
    above = likeness >= low + threshold * (high - low)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], above, [False]]).astype(int)))
    spans = [_Span(float(likeness[a:b].max()), range(int(a), int(b))) for a, b in edges.reshape(-1, 2)]
    best = sorted(spans, key=lambda span: -span.likeness)[:_SEGMENTS]
    return sorted((span.rounds for span in best), key=lambda rounds: rounds.start)


class ShapeletNet(nn.Module):
    """Logit of a good run from how much its best windows resemble each shapelet."""

    def __init__(self, windows: Tensor) -> None:
        super().__init__()
        self.shapes = nn.Parameter(windows)  # (S, C, L)
        self.weigh = nn.Linear(len(windows), 1)

    def alike(self, series: Tensor) -> Tensor:
        """(R, S, W) likeness of each window of series (R, T, C) to each shapelet."""
        windows = series.unfold(1, self.shapes.shape[2], 1)  # (R, W, C, L)
        flat, shapes = windows.flatten(2), self.shapes.flatten(1)
        apart = (flat**2).sum(dim=2)[:, None] + (shapes**2).sum(dim=1)[None, :, None]
        apart = (apart - 2 * torch.einsum("rwd,sd->rsw", flat, shapes)) / shapes.shape[1]
        found: Tensor = torch.exp(-_SHARPNESS * apart.clamp(min=0))
        return found

    def forward(self, series: Tensor) -> Tensor:
        """(R,)."""
        logit: Tensor = self.weigh(self.alike(series).amax(dim=2))[:, 0]
        return logit

    def rounds(self, series: Tensor) -> Tensor:
        """(R, T) likeness to the shapelet that is most alike, of the best window that holds the round."""
        best = self.alike(series).amax(dim=1)
        length = self.shapes.shape[2]
        padded = nn.functional.pad(best[:, None], (length - 1, length - 1), value=0.0)
        found: Tensor = nn.functional.max_pool1d(padded, length, stride=1)[:, 0]
        return found


def fit_shapelets(series: Tensor, good: Bools, seed: int = 0, length: int = _LENGTH) -> ShapeletNet:
    """Learn shapelets, from windows of the training runs, with a classifier of their likeness.

    Args:
        series: (R, T, C) standardised.
        good: (R,).
        seed: of windows and batches.
        length: rounds of a shapelet.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        length = min(length, series.shape[1])
        runs = torch.randint(0, len(series), (_SHAPELETS,))
        starts = torch.randint(0, series.shape[1] - length + 1, (_SHAPELETS,))
        windows = [series[run, at : at + length].T for run, at in zip(runs.tolist(), starts.tolist(), strict=True)]
        net = ShapeletNet(torch.stack(windows).clone())
        descend(net, series, torch.as_tensor(good).float(), _STEPS, _RATE)
    return net
