"""Layers of a small network, plain arrays: tanh units, and a score for every code of every factor at the end."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from commonweal.agents.arrays import Floats, Ints

Layer = tuple[Floats, Floats]  # weights (..., I, O) and offsets (..., 1, O)


def scores_of(layers: Sequence[Layer], inputs: Floats) -> Floats:
    """(..., B, Σ sizes) score of each code.

    Args:
        layers: of one network, or with an axis in front of one network each.
        inputs: (..., B, I).
    """
    value = inputs
    for place, (weights, offsets) in enumerate(layers):
        value = value @ weights + offsets
        value = np.tanh(value) if place < len(layers) - 1 else value
    return value


def by_factor(scores: Floats, sizes: Sequence[int] | Ints) -> list[Floats]:
    """Scores (..., Σ sizes) of one factor after the other."""
    return np.split(scores, np.cumsum(sizes)[:-1], axis=-1)


def best_codes(scores: Floats, sizes: Sequence[int] | Ints) -> Ints:
    """(..., D) the code of the highest score of each factor, the first at a tie."""
    return np.stack([each.argmax(axis=-1) for each in by_factor(scores, sizes)], axis=-1)


def drawn_codes(scores: Floats, sizes: Sequence[int] | Ints, rng: np.random.Generator) -> Ints:
    """(..., D) codes drawn by the softmax of their scores (Gumbel 1954)."""
    return best_codes(scores + rng.gumbel(size=scores.shape), sizes)


def layer_sizes(inputs: int, hidden: Sequence[int], sizes: Sequence[int] | Ints) -> list[tuple[int, int]]:
    """Inputs and outputs of each layer."""
    return list(pairwise((inputs, *hidden, sum(sizes))))


def first_layers(shapes: Sequence[tuple[int, int]], rng: np.random.Generator, last: float) -> list[Layer]:
    """Layers that have learned nothing; the last one's weights are small, so that all codes score nearly alike.

    Args:
        shapes: inputs and outputs of each.
        rng: draws weights.
        last: factor of the weights of the last.
    """
    layers = []
    for place, (before, after) in enumerate(shapes):
        factor = last if place == len(shapes) - 1 else 1.0
        layers.append((factor * rng.standard_normal((before, after)) / np.sqrt(before), np.zeros((1, after))))
    return layers


def unpacked(vectors: Floats, shapes: Sequence[tuple[int, int]]) -> list[Layer]:
    """Layers with an axis in front, of vectors (C, P) that hold all weights of C networks."""
    layers, place = [], 0
    for before, after in shapes:
        weights = vectors[:, place : place + before * after].reshape(-1, before, after)
        place += before * after
        layers.append((weights, vectors[:, None, place : place + after]))
        place += after
    return layers


def number_of_weights(shapes: Sequence[tuple[int, int]]) -> int:
    """P, of all layers together."""
    return sum((before + 1) * after for before, after in shapes)
