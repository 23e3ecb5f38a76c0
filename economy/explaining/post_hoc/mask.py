"""A learned mask: the fewest rounds that let a classifier say what it says.

After Dynamask (Crabbé and van der Schaar 2021).
"""

from collections.abc import Sequence

import torch

from commonweal.agents.arrays import Floats
from commonweal.economy.explaining.post_hoc.classifier import Classifier
from commonweal.economy.explaining.post_hoc.courses import Facts, Training, by_episode, explainer

_STEPS, _RATE = 200, 0.05
_SIZE, _JUMPS = 0.5, 0.5  # weights of the mean of the mask and of its changes from round to round


@explainer("mask", Facts("learned mask", "Crabbé and van der Schaar 2021", signed=False, classifies=True))
def mask(series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """The mask, summed over the rounds of an episode."""
    return by_episode(learned_mask(training.classifier, series, training.usual), episodes)


def learned_mask(classifier: Classifier, series: Floats, baseline: Floats) -> Floats:
    """(R, T) in 0 … 1, how much of each round is kept and not the baseline's.

    Args:
        classifier: of series (R, T, C).
        series: (R, T, C).
        baseline: (T, C).
    """
    seen, usual = classifier.standardised(series), classifier.standardised(baseline[None])
    with torch.no_grad():
        said = classifier.net(seen)
    logits = torch.zeros(seen.shape[:2], requires_grad=True)
    optimiser = torch.optim.Adam([logits], lr=_RATE)
    for _ in range(_STEPS):
        kept = torch.sigmoid(logits)
        missed = (classifier.net(usual + kept[..., None] * (seen - usual)) - said).abs() / (1 + said.abs())
        jumps = (kept[:, 1:] - kept[:, :-1]).abs().mean(dim=1)
        loss = (missed + _SIZE * kept.mean(dim=1) + _JUMPS * jumps).sum()
        (slope,) = torch.autograd.grad(loss, logits)
        logits.grad = slope
        optimiser.step()
    found: Floats = torch.sigmoid(logits).detach().double().numpy()
    return found
