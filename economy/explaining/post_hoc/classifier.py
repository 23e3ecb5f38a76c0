"""A small convolutional classifier of courses, with the accuracy that it reaches on runs it has not seen."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from commonweal.agents.arrays import Bools, Floats

HELD_OUT = 0.3  # of the runs
_STEPS, _BATCH, _RATE = 400, 128, 2e-3


class CourseNet(nn.Module):
    """Logit of a good run from (R, T, C) standardised channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.look = nn.Sequential(
            nn.Conv1d(channels, 16, 7, padding=3), nn.ReLU(), nn.Conv1d(16, 16, 7, padding=3, stride=2), nn.ReLU(),
            nn.AdaptiveAvgPool1d(10), nn.Flatten(), nn.Linear(160, 1),
        )  # fmt: skip

    def forward(self, series: Tensor) -> Tensor:
        """(R,)."""
        logit: Tensor = self.look(series.transpose(1, 2))[:, 0]
        return logit


@dataclass(frozen=True)
class Classifier:
    """A fitted classifier of series in their own units."""

    net: CourseNet
    mean: Floats  # (C,) of the channels
    spread: Floats  # (C,)
    accuracy: float  # on runs that were held out

    def standardised(self, series: Floats) -> Tensor:
        """(R, T, C) as the network wants them."""
        return torch.as_tensor((series - self.mean) / self.spread, dtype=torch.float32)

    def logits(self, series: Floats) -> Floats:
        """(R,) of a good run, for series (R, T, C)."""
        with torch.no_grad():
            parts = [self.net(part) for part in self.standardised(series).split(4096)]
        found: Floats = torch.cat(parts).double().numpy()
        return found

    def gradients(self, series: Floats) -> Floats:
        """(R, T, C) of the logit by the series, per unit of each channel."""
        seen = self.standardised(series).requires_grad_()
        (found,) = torch.autograd.grad(self.net(seen).sum(), seen)
        slopes: Floats = found.double().numpy() / self.spread
        return slopes


def fit_classifier(series: Floats, good: Bools, seed: int = 0, steps: int = _STEPS) -> Classifier:
    """Learn to tell good runs by their courses.

    Args:
        series: (R, T, C).
        good: (R,).
        seed: of initial weights, of batches and of which runs are held out.
        steps: of Adam.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        order = torch.randperm(len(series)).numpy()
        held = int(HELD_OUT * len(series))
        net = CourseNet(series.shape[2])
        mean, spread = series.mean(axis=(0, 1)), series.std(axis=(0, 1))
        fitted = Classifier(net, mean, np.where(spread > 0, spread, 1.0), float("nan"))
        descend(net, fitted.standardised(series[order[held:]]), torch.as_tensor(good[order[held:]]).float(), steps)
    right = (fitted.logits(series[order[:held]]) > 0) == good[order[:held]]
    return Classifier(net, fitted.mean, fitted.spread, float(right.mean()))


def descend(net: nn.Module, seen: Tensor, labels: Tensor, steps: int, rate: float = _RATE) -> None:
    """Train a network that tells two classes apart, by Adam on batches drawn from torch's generator.

    Args:
        net: from series to logits (B,).
        seen: (R, T, C) series.
        labels: (R,) 0 or 1.
        steps: of Adam.
        rate: of learning.
    """
    optimiser = torch.optim.Adam(net.parameters(), lr=rate)
    for _ in range(steps):
        rows = torch.randint(0, len(seen), (_BATCH,))
        loss = nn.functional.binary_cross_entropy_with_logits(net(seen[rows]), labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
