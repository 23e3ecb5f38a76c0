"""Digits in slices, and a perceptron on them: first or trained, in double precision."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.streams import Stream
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners, Parameters, descend, scaled
from commonweal.economy.learning.traversal import PathPassage

ONE = torch.ones(1, 1, dtype=torch.float64)


@dataclass(frozen=True)
class Digits:
    """1797 digits in [−1, 1], shuffled: 400 that the attacker holds, 1197 to learn from, 200 to test."""

    features: Floats
    labels: Ints

    @property
    def held(self) -> tuple[Floats, Ints]:
        return self.features[:400], self.labels[:400]

    @property
    def learned(self) -> tuple[Floats, Ints]:
        return self.features[400:1597], self.labels[400:1597]

    @property
    def test(self) -> tuple[Floats, Ints]:
        return self.features[1597:], self.labels[1597:]

    @property
    def variance(self) -> float:
        return float(self.features.var())


@cache
def digits(seed: int = 0) -> Digits:
    features, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(labels))
    return Digits((features[order] - 8) / 8, labels[order])


@cache
def perceptron(hidden: int, seed: int = 0) -> tuple[MLP, Parameters]:
    network = MLP((64, hidden, 10), dtype=torch.float64)
    return network, network.initial(Stream((np.random.default_rng(seed),)))


def visited(network: MLP, parameters: Parameters, features: Floats, labels: Ints) -> PathPassage:
    owners = Owners(torch.zeros(1, len(labels), dtype=torch.int64), 1)
    return network.traverse(parameters, torch.tensor(features)[None], torch.tensor(labels)[None], owners)


@cache
def course(hidden: int, steps: int, seed: int = 0) -> tuple[Parameters, ...]:
    """θ before each of so many steps on 320 samples, and after the last."""
    network, parameters = perceptron(hidden, seed)
    (features, labels), generator = digits().learned, np.random.default_rng(seed + 1)
    found = [parameters]
    for _ in range(steps):
        batch = generator.choice(len(labels), 320)
        step = visited(network, found[-1], features[batch], labels[batch]).weighted_sum(ONE)
        found.append(descend(found[-1], scaled(step, torch.tensor([0.5], dtype=torch.float64))))
    return tuple(found)


def trained(hidden: int, steps: int = 200, seed: int = 0) -> Parameters:
    return course(hidden, steps, seed)[-1]
