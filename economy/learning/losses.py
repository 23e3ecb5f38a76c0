"""What a network is trained and examined by: cross-entropy where labels are classes, squared errors where numbers.

A loss knows the scores and labels of samples alone: its value, its gradient by the scores and the change of that
gradient. Networks carry the rest through their layers, so that paths and curvature are exact under every loss.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import torch
from torch import Tensor

Target: TypeAlias = Literal["class", "number"]  # what labels are


class Loss(Protocol):
    """A loss of single samples. Bounded it is 1 − exp(−ℓ), from 0 to 1: what is withheld must not become easy."""

    @property
    def target(self) -> Target:
        """What the labels are that it compares scores with."""
        ...

    def of_samples(self, scores: Tensor, labels: Tensor, bounded: Tensor | None = None) -> Tensor:
        """(R, S) losses of scores (R, S, C) and labels (R, S); bounded where ``bounded`` (S,) is True."""
        ...

    def deltas(
        self, scores: Tensor, labels: Tensor, weights: Tensor, bounded: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """(R, S) losses times weights (R, S), and their gradients by the scores, (R, S, C)."""
        ...

    def bend(self, scores: Tensor, moved: Tensor) -> Tensor:
        """(R, S, C) change of the gradients by the scores where these move by ``moved`` (R, S, C), not bounded."""
        ...

    def each(self, scores: Tensor, labels: Tensor, bounded: bool = False) -> Tensor:
        """(S,) losses of scores (S, C) and labels (S,), by operations that torch.func can transform."""
        ...


@dataclass(frozen=True)
class CrossEntropy:
    """−log p(label), nat; bounded: 1 − p(label)."""

    target: Target = "class"

    def of_samples(self, scores: Tensor, labels: Tensor, bounded: Tensor | None = None) -> Tensor:
        """As every loss; labels are int64."""
        return sample_losses(log_probabilities(scores), labels, bounded)

    def deltas(
        self, scores: Tensor, labels: Tensor, weights: Tensor, bounded: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """As every loss: p − 1[label] times the weight, and times p(label) where bounded."""
        return output_deltas(scores, labels, weights, bounded)

    def bend(self, scores: Tensor, moved: Tensor) -> Tensor:
        """(diag p − p pᵀ) times the movement."""
        chance = torch.softmax(scores, dim=2)
        pulled = chance * moved
        return pulled - chance * pulled.sum(2, keepdim=True)

    def each(self, scores: Tensor, labels: Tensor, bounded: bool = False) -> Tensor:
        """As every loss."""
        log_right = torch.log_softmax(scores, -1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)
        return 1 - log_right.exp() if bounded else -log_right


@dataclass(frozen=True)
class SquaredError:
    """½ (score − y)², y in standard deviations from the mean of the task: −log N(y | score, 1) without its constant.

    Bounded it is 1 − exp(−½ (score − y)²), Welsch's loss: 0 for who knows the target, near 1 from two standard
    deviations on.
    """

    target: Target = "number"

    def of_samples(self, scores: Tensor, labels: Tensor, bounded: Tensor | None = None) -> Tensor:
        """As every loss; scores are (R, S, 1) and labels numbers."""
        losses = (scores.squeeze(2) - labels).square() / 2
        return losses if bounded is None else torch.where(bounded, -torch.expm1(-losses), losses)

    def deltas(
        self, scores: Tensor, labels: Tensor, weights: Tensor, bounded: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """As every loss: score − y times the weight, and times exp(−ℓ) where bounded."""
        missed = scores.squeeze(2) - labels
        losses = self.of_samples(scores, labels, bounded)
        factor = weights if bounded is None else torch.where(bounded, weights * (1 - losses), weights)
        return losses * weights, (missed * factor).unsqueeze(2)

    def bend(self, scores: Tensor, moved: Tensor) -> Tensor:
        """The movement itself: the loss bends alike everywhere."""
        return moved

    def each(self, scores: Tensor, labels: Tensor, bounded: bool = False) -> Tensor:
        """As every loss."""
        losses = (scores.squeeze(-1) - labels).square() / 2
        return -torch.expm1(-losses) if bounded else losses


CROSS_ENTROPY, SQUARED_ERROR = CrossEntropy(), SquaredError()
LOSSES: dict[str, Loss] = {"class": CROSS_ENTROPY, "number": SQUARED_ERROR}  # by what labels are


def log_probabilities(logits: Tensor) -> Tensor:
    """(R, C, S) log-probabilities of scores (R, S, C)."""
    # Softmax over the middle axis is vectorised; over a short last axis it is five times slower.
    return torch.log_softmax(logits.transpose(1, 2).contiguous(), dim=1)


def sample_losses(log_probability: Tensor, labels: Tensor, bounded: Tensor | None = None) -> Tensor:
    """(R, S) losses of samples.

    Args:
        log_probability: (R, C, S).
        labels: (R, S) int64.
        bounded: (S,) True where the loss is 1 − p(label) instead of −log p(label).
    """
    losses = log_probability.gather(1, labels.unsqueeze(1)).squeeze(1).neg_()
    return losses if bounded is None else torch.where(bounded, -torch.expm1(-losses), losses)


def output_deltas(
    logits: Tensor, labels: Tensor, weights: Tensor, bounded: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Weighted losses of samples and their gradients with respect to the logits.

    Args:
        logits: (R, S, C).
        labels: (R, S) int64.
        weights: (R, S) weight of each sample.
        bounded: as in ``sample_losses``.

    Returns:
        (R, S) weighted losses and (R, S, C) deltas: p − 1[label] times the weight, and times p(label) if bounded.
    """
    log_probability, index = log_probabilities(logits), labels.unsqueeze(1)
    losses = sample_losses(log_probability, labels, bounded)
    factor = weights if bounded is None else torch.where(bounded, weights * (1 - losses), weights)
    deltas = log_probability.exp_()
    deltas.scatter_add_(1, index, deltas.new_full((), -1).expand(index.shape)).mul_(factor.unsqueeze(1))
    return losses * weights, deltas.transpose(1, 2).contiguous()
