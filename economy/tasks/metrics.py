"""Metrics: what a model is worth to customers by its scores on the test set, whatever it was trained by.

A metric is one function; register your own with ``@metric("name")`` or as an entry point of ``commonweal.metrics``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.agents.registry import Registry

Metric: TypeAlias = Callable[[Tensor, Tensor, Tensor | None], Floats]
"""From scores (R, E, C), labels (R, E) and weights (R, E) of samples, None where all count alike, to quality (R,).

Quality is 1 at most, and the larger the better; 0 where the weights of a run are all 0.
"""


@dataclass(frozen=True)
class MetricFacts:
    """What is true of a metric."""

    target: str = "class"  # what it compares scores with: class, number or any
    words: str = ""  # its name in sentences, tables and figures; empty: the name it is registered under
    unit: str = "1"  # of quality
    balanced: bool = False  # whether classes count alike, however rare: losses are then weighted so
    guessing: Callable[[Floats], float] | None = None  # from shares (C,) of classes to what knowing only them scores

    def called(self, name: str) -> str:
        """What sentences, tables and figures call the metric of this name."""
        return self.words or name.replace("_", " ")


METRICS: Registry[Metric, MetricFacts] = Registry("metric", "commonweal.metrics", "task.metric", MetricFacts())
metric = METRICS.register
AUTO = "auto"  # in scenarios: the usual one of what labels are
USUAL = {"class": "accuracy", "number": "r2"}


def metric_of(chosen: str, target: str) -> str:
    """The name of the metric that a scenario asks for.

    Args:
        chosen: ``task.metric``.
        target: what the labels of the task are.
    """
    return USUAL[target] if chosen == AUTO else chosen


def demand_metric(chosen: str, target: str, task: str) -> None:
    """Raise InputError where a metric does not measure what the labels of a task are."""
    if (measures := METRICS.facts(chosen).target) not in (target, "any"):
        fitting = ", ".join(name for name in METRICS if METRICS.facts(name).target in (target, "any"))
        what = {"class": "classes", "number": "numbers"}
        raise InputError(
            f"task.metric = {chosen!r} is for {what[measures]}, and the labels of task {task} are {what[target]}: "
            f"must be one of {fitting}"
        )


@metric("accuracy", unit="share", guessing=lambda shares: float(shares.max()))
def accuracy(scores: Tensor, labels: Tensor, weights: Tensor | None = None) -> Floats:
    """Share of samples whose own class has the highest score, alone or with others."""
    right = scores.gather(2, labels.unsqueeze(2)).squeeze(2) == scores.amax(2)  # faster than argmax
    if weights is None:
        return _numbers(right.sum(1)) / right.shape[1]
    return _mean(right, weights)


@metric(
    "balanced_accuracy",
    words="balanced accuracy",
    unit="share",
    balanced=True,
    guessing=lambda shares: 1 / max(len(shares), 1),
)
def balanced_accuracy(scores: Tensor, labels: Tensor, weights: Tensor | None = None) -> Floats:
    """Mean over the classes that are there of the share of each that is classified right (Brodersen et al. 2010)."""
    counts = _counts(scores, weights)
    own = _one_hot(labels, scores.shape[2]) * counts.unsqueeze(2)  # (R, E, C)
    total = own.sum(1)
    right = scores.argmax(2) == labels
    recall = (own * right.unsqueeze(2)).sum(1) / total.clamp(min=_TINY)
    there = total > 0
    return _numbers((recall * there).sum(1) / there.sum(1).clamp(min=1))


@metric("auc", words="area under the ROC curve", unit="share of pairs", guessing=lambda shares: 0.5)
def auc(scores: Tensor, labels: Tensor, weights: Tensor | None = None) -> Floats:
    """Chance that a sample of a class is given a higher probability of it than one of another; ties count half.

    With two classes that of the second (Hanley and McNeil 1982); with more the mean over the classes that are there,
    each against the rest. By chance it is .5, so ``market.baseline`` is best .5 too.
    """
    counts = _counts(scores, weights)
    chances = torch.softmax(scores.double(), dim=2)
    if scores.shape[2] == 2:
        ranked = (scores[..., 1:] - scores[..., :1]).double()
        own = (labels == 1).double().unsqueeze(2)
    else:
        ranked, own = chances, _one_hot(labels, scores.shape[2])
    ranked, own = ranked.transpose(1, 2).contiguous(), own.transpose(1, 2)  # (R, C, E)
    inside, outside = own * counts.unsqueeze(1), (1 - own) * counts.unsqueeze(1)
    pairs = inside.sum(2) * outside.sum(2)
    won = (inside * _weight_below(ranked, outside)).sum(2) / pairs.clamp(min=_TINY)
    there = pairs > 0
    return _numbers((won * there).sum(1) / there.sum(1).clamp(min=1))


@metric("log_loss", words="log loss explained", unit="share", guessing=lambda shares: 0.0)
def log_loss(scores: Tensor, labels: Tensor, weights: Tensor | None = None) -> Floats:
    """Share of the log loss of guessing the shares of classes that the model takes away (McFadden 1974).

    Below 0 for a model that is worse than that guess.
    """
    counts = _counts(scores, weights)
    chances = torch.log_softmax(scores.double(), dim=2).gather(2, labels.unsqueeze(2)).squeeze(2)
    shares = (_one_hot(labels, scores.shape[2]) * counts.unsqueeze(2)).sum(1) / counts.sum(1, keepdim=True).clamp(_TINY)
    return _explained(-_mean_of(chances, counts), torch.special.entr(shares).sum(1))


@metric("r2", target="number", words="R²", unit="share of variance", guessing=lambda shares: 0.0)
def r2(scores: Tensor, labels: Tensor, weights: Tensor | None = None) -> Floats:
    """Share of the variance of the target that the model explains; below 0 for one worse than guessing the mean."""
    counts, target = _counts(scores, weights), labels.double()
    mean = _mean_of(target, counts)
    left = _mean_of((scores.squeeze(2).double() - target).square(), counts)
    return _explained(left, _mean_of((target - mean.unsqueeze(1)).square(), counts))


@metric(AUTO, target="any")
def auto(scores: Tensor, labels: Tensor, weights: Tensor | None = None) -> Floats:
    """Accuracy where labels are classes, R² where they are numbers."""
    usual = r2 if labels.is_floating_point() else accuracy
    return usual(scores, labels, weights)


_TINY = 1e-300  # instead of 0 below a line


def _explained(left: Tensor, whole: Tensor) -> Floats:
    """(R,) 1 − left / whole; where there is nothing to explain, 0."""
    return _numbers(torch.where(whole > 0, 1 - left / whole.clamp(min=_TINY), 0.0))


def _counts(scores: Tensor, weights: Tensor | None) -> Tensor:
    """(R, E) what samples count, in double precision."""
    return scores.new_ones(scores.shape[:2], dtype=torch.float64) if weights is None else weights.double()


def _one_hot(labels: Tensor, classes: int) -> Tensor:
    """(R, E, C) 1 at the class of each sample, double."""
    return torch.nn.functional.one_hot(labels, classes).double()


def _mean(values: Tensor, weights: Tensor) -> Floats:
    """(R,) weighted means of (R, E), 0 where nothing counts."""
    return _numbers(_mean_of(values.double(), weights.double()))


def _mean_of(values: Tensor, counts: Tensor) -> Tensor:
    return (values * counts).sum(1) / counts.sum(1).clamp(min=_TINY)


def _weight_below(ranked: Tensor, weights: Tensor) -> Tensor:
    """(R, C, E) weight of those with a lower value than each, and half of that of those with the same.

    Args:
        ranked: (R, C, E) values.
        weights: (R, C, E) of those that are counted.
    """
    ascending, order = ranked.sort(dim=2)
    total = torch.nn.functional.pad(weights.gather(2, order).cumsum(2), (1, 0))
    below, upto = (total.gather(2, torch.searchsorted(ascending, ranked, right=right)) for right in (False, True))
    return (below + upto) / 2


def _numbers(values: Tensor) -> Floats:
    return values.numpy(force=True).astype(np.float64, copy=False)
