"""Conditional means and Shapley values that neural networks learn, where every decision is the only one of its kind.

The two networks of FastSVERL (Beechey and Şimşek 2025, arXiv 2511.06094) with other inputs and coalitions: what is
unknown is 0 beside a flag, or in a one-hot code, where theirs is −2; every row of a batch has its own coalition, and
comes again with the complement (paired as by Covert and Lee 2021, arXiv 2012.01536), where theirs share one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.explaining.rows import BINS

_LAYERS = 2  # hidden
_CHECKS = 20  # times that a network is tested while it learns; the best one is kept
_ROUNDED = 1e-5  # of sums in single precision
_DRAWN = 4  # coalitions of each row that is tested

Worth: TypeAlias = Callable[[Tensor, Tensor], Tensor]  # rows (B,), known (B, F) → answers (B, A)


@dataclass(frozen=True)
class Training:
    """How a network learns: Adam, from its rate down to 0 along a cosine."""

    updates: int = 4000
    units: int = 128  # of each of two hidden layers
    batch: int = 256  # rows of an update, half of them the other half again with the complement known
    rate: float = 1e-3
    seed: int = 0


@dataclass(frozen=True)
class Inputs:
    """How a network reads features: those of few values as one-hot codes, others as a number beside a flag."""

    owner: Ints  # (I,) the feature of each input
    values: Floats  # (I,) the value that an input stands for; nan of a number, inf of a flag
    centre: Floats  # (F,)
    scale: Floats  # (F,) standard deviation

    @classmethod
    def of(cls, features: Floats, few: int = BINS) -> "Inputs":
        """Inputs for what varies in features (M, F) as their rows do; up to a few values are codes."""
        each = [np.unique(column) for column in features.T]
        inputs = [values if len(values) <= few else np.array([np.nan, np.inf]) for values in each]
        owner = np.repeat(np.arange(len(each)), [len(own) for own in inputs])
        spread = features.std(axis=0)
        return cls(owner, np.concatenate(inputs), features.mean(axis=0), np.where(spread > 0, spread, 1.0))

    def read(self, features: Floats) -> Tensor:
        """(M, I) of features (M, F), all of them known."""
        own = features[:, self.owner]
        number = (own - self.centre[self.owner]) / self.scale[self.owner]
        read = np.where(np.isnan(self.values), number, (own == self.values) | np.isinf(self.values))
        return torch.from_numpy(read.astype(np.float32))


class Network:
    """A perceptron with two hidden layers, from inputs to answers whose rows may have to sum to 0."""

    def __init__(self, inputs: int, outputs: tuple[int, ...], units: int, generator: torch.Generator) -> None:
        sizes = [inputs, *[units] * _LAYERS, int(np.prod(outputs))]
        self.outputs, self.balanced = outputs, False
        self.parameters: list[Tensor] = []
        for before, after in pairwise(sizes):
            for shape in ((after, before), (after,)):
                drawn = torch.empty(shape).uniform_(-1, 1, generator=generator) / before**0.5
                self.parameters.append(drawn.requires_grad_())

    def __call__(self, read: Tensor) -> Tensor:
        """(B, *outputs) of inputs (B, I)."""
        for place in range(0, len(self.parameters), 2):
            read = torch.nn.functional.linear(read, *self.parameters[place : place + 2])
            if place + 2 < len(self.parameters):
                read = torch.relu(read)
        read = read.reshape(-1, *self.outputs)
        return read - read.mean(dim=-1, keepdim=True) if self.balanced else read


def fit(
    network: Network, loss: Callable[[], Tensor], training: Training, test: Callable[[], float] | None = None
) -> None:
    """Update a network by the gradient of a loss; with a test, keep it as it was when that was lowest.

    Args:
        network: that learns.
        loss: of a new batch.
        training: updates and rate.
        test: the error of the network as it is.
    """
    adam = torch.optim.Adam(network.parameters, lr=training.rate, fused=True)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(adam, training.updates)
    every = max(1, training.updates // _CHECKS)
    best, kept = np.inf, None
    for update in range(1, training.updates + 1):
        adam.zero_grad()
        loss().backward()
        adam.step()
        falling.step()
        if test is not None and (update % every == 0 or update == training.updates) and (error := test()) < best:
            best, kept = error, [each.detach().clone() for each in network.parameters]
    if kept is not None:
        network.parameters = kept


def coalitions(law: Tensor, rows: int, generator: torch.Generator) -> Tensor:
    """(B, F) random coalitions whose sizes 0 … F follow a law (F + 1,)."""
    features = len(law) - 1
    sizes = torch.multinomial(law, rows, replacement=True, generator=generator)
    order = torch.rand(rows, features, generator=generator).argsort(dim=1).argsort(dim=1)
    return order < sizes[:, None]


def kernel_sizes(features: int) -> Tensor:
    """(F + 1,) how often the Shapley kernel has coalitions of each size, but for those of none and of all."""
    size = torch.arange(1, features)
    return torch.nn.functional.pad(1 / (size * (features - size)), (1, 1))


def paired(law: Tensor, training: Training, generator: torch.Generator, weights: Tensor) -> tuple[Tensor, Tensor]:
    """(B,) rows drawn by weights (M,), summed up, and (B, F) what is known of each; each comes with its complement."""
    drawn = torch.rand(training.batch // 2, generator=generator, dtype=torch.float64) * weights[-1]
    rows = torch.searchsorted(weights, drawn, right=True).clamp_max(len(weights) - 1)
    known = coalitions(law, len(rows), generator)
    return torch.cat([rows, rows]), torch.cat([known, ~known])


@dataclass(frozen=True)
class Means:
    """Learned conditional means b̂(s, C) of A answers."""

    inputs: Inputs
    network: Network
    centre: Tensor  # (A,) b(∅), the mean answer
    scale: float  # of answers
    tested: tuple[float, float, float] | None = None  # mean squared errors on rows left out: all known, some, none

    def of(self, read: Tensor, known: Tensor) -> Tensor:
        """(B, A) with features read (B, I) of which some are known (B, F); none known is the mean answer itself."""
        found = self.centre + self.scale * self.network(read * known[:, torch.from_numpy(self.inputs.owner)])
        return torch.where(known.any(dim=1, keepdim=True), found, self.centre)


def learn_means(features: Floats, answers: Floats, weights: Floats, training: Training, left_out: float = 0.0) -> Means:
    """Learn E[answer | some features], every number of known features equally likely.

    Args:
        features: (M, F) of decisions.
        answers: (M, A).
        weights: (M,) how much each counts.
        training: of the network.
        left_out: share of rows to test on; the network is kept that does best on them.
    """
    generator = torch.Generator().manual_seed(training.seed)
    inputs = Inputs.of(features)
    mean = np.average(answers, axis=0, weights=weights)
    scale = float(np.sqrt(np.average((answers - mean) ** 2, axis=0, weights=weights).mean())) or 1.0
    network = Network(len(inputs.owner), (answers.shape[1],), training.units, generator)
    network.balanced = answers.shape[1] > 1 and bool(np.ptp(answers.sum(axis=1)) < 1e-9)
    means = Means(inputs, network, torch.from_numpy(mean), scale)
    read, targets = inputs.read(features), torch.from_numpy(answers)
    left = torch.rand(len(features), generator=generator) < left_out
    counts = torch.from_numpy(weights)
    summed, law = torch.where(left, 0.0, counts).cumsum(0), torch.ones(features.shape[1] + 1)

    def loss() -> Tensor:
        rows, known = paired(law, training, generator, summed)
        return ((means.of(read[rows], known) - targets[rows]) ** 2).mean() / scale**2

    if not (counts[left] > 0).any():
        fit(network, loss, training)
        return means
    known = coalitions(law, _DRAWN * int(left.sum()), generator)

    def error(known: Tensor, times: int) -> float:
        with torch.no_grad():
            missed = (means.of(read[left].repeat(times, 1), known) - targets[left].repeat(times, 1)) ** 2
        counted = counts[left].repeat(times)
        return float((missed.mean(dim=1) * counted).sum() / counted.sum())

    fit(network, loss, training, lambda: error(known, _DRAWN))
    none = torch.zeros(int(left.sum()), features.shape[1], dtype=torch.bool)
    return replace(means, tested=(error(~none, 1), error(known, _DRAWN), error(none, 1)))


@dataclass(frozen=True)
class Values:
    """Learned Shapley values φ̂(s) of F features for A answers."""

    network: Network
    scale: float

    def of(self, read: Tensor, gain: Tensor) -> Tensor:
        """(B, F, A) for features read (B, I), with what is missing to b(all) − b(∅) (B, A) added in equal parts."""
        found = self.scale * self.network(read).double()
        return found + ((gain - found.sum(dim=1)) / found.shape[1])[:, None]


def learn_values(read: Tensor, worth: Worth, weights: Floats, shape: tuple[int, int], training: Training) -> Values:
    """Learn Shapley values of b as the additive game nearest to it in the Shapley kernel.

    FastSHAP (Jethani et al. 2022, arXiv 2107.07436).

    Args:
        read: (M, I) features of decisions as the network reads them.
        worth: b of some rows with some features known.
        weights: (M,) how much each row counts.
        shape: F and A.
        training: of the network.
    """
    generator = torch.Generator().manual_seed(training.seed)
    features = shape[0]
    everything = torch.arange(len(read))
    all_known = torch.ones(len(read), features, dtype=torch.bool)
    base, whole = worth(everything, ~all_known), worth(everything, all_known)
    gain = whole - base
    scale = float(gain.square().mean().sqrt()) or 1.0
    network = Network(read.shape[1], shape, training.units, generator)
    network.balanced = shape[1] > 1 and float(gain.sum(dim=1).abs().max()) < _ROUNDED * scale
    values, summed = Values(network, scale), torch.from_numpy(weights).cumsum(0)
    law = kernel_sizes(features)

    def loss() -> Tensor:
        rows, known = paired(law, training, generator, summed)
        added = (values.of(read[rows], gain[rows]) * known[:, :, None]).sum(dim=1)
        return ((worth(rows, known) - base[rows] - added) ** 2).mean() / scale**2

    if features > 1:  # one alone has all of it
        fit(network, loss, training)
    return values
