"""Decisions of a play as rows that can agree: features cut into bins, and what stood behind each."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints

BINS = 4  # of a feature


@dataclass(frozen=True)
class Bins:
    """Where features are cut, so that decisions can agree on them."""

    edges: tuple[Floats, ...]  # of each feature, ascending; a value at an edge is above it

    @classmethod
    def of(cls, features: Floats, bins: int = BINS) -> "Bins":
        """Cut each feature into bins of about as many rows; a feature with few values keeps each apart.

        Args:
            features: (M, F).
            bins: most of a feature.
        """
        return cls(tuple(_edges(column, bins) for column in features.T))

    def codes(self, features: Floats) -> Ints:
        """(M, F) bin of each value of features (M, F)."""
        codes = np.zeros(features.shape, dtype=np.int64)
        for feature, edges in enumerate(self.edges):
            codes[:, feature] = np.searchsorted(edges, features[:, feature], side="right")
        return codes


def _edges(column: Floats, bins: int) -> Floats:
    """(B − 1,) where one feature is cut."""
    values = np.unique(column)
    if len(values) <= bins:
        return np.array(values[1:])
    edges = np.quantile(column, np.arange(1, bins) / bins, method="higher")
    return np.array(np.unique(np.maximum(edges, values[1])))  # where most have the lowest value, it keeps a bin


@dataclass(frozen=True)
class Rows:
    """Decisions of a play: what was seen, in bins, and the answer that stood behind it."""

    codes: Ints  # (M, F)
    answers: Floats  # (M, A) law of the action, or a value
    weights: Floats  # (M,) how much a row counts
    counts: Floats  # (M,) decisions that a row stands for

    @classmethod
    def of(cls, codes: Ints, answers: Floats, weights: Floats | None = None) -> "Rows":
        """Rows that count alike unless weights (M,) say otherwise; those that saw the same are made one.

        Args:
            codes: (M, F) from 0.
            answers: (M, A).
            weights: (M,) at least 0.
        """
        weights = np.ones(len(codes)) if weights is None else weights
        _, first, place, counts = np.unique(
            _numbered(codes), return_index=True, return_inverse=True, return_counts=True
        )
        whole = np.bincount(place, weights, len(first)).astype(np.float64)
        sums = [np.bincount(place, weights * column, len(first)) for column in answers.T]
        mean = np.stack(sums, axis=1) / np.where(whole > 0, whole, 1.0)[:, None]
        return cls(codes[first], mean, whole, counts.astype(np.float64))


def _numbered(codes: Ints) -> Ints:
    """(M,) numbers that are the same where rows (M, F) of small codes are."""
    numbers = np.zeros(len(codes), dtype=np.int64)
    for column in codes.T:
        numbers = numbers * (int(column.max(initial=0)) + 1) + column
        if numbers.max(initial=0) > 1 << 40:  # whole numbers would not hold another feature of many codes
            numbers = np.unique(numbers, return_inverse=True)[1].ravel()
    return numbers


def agreement(codes: Ints, decision: Ints) -> Ints:
    """(M,) number of the coalition of features on which each row (M, F) agrees with one decision (F,)."""
    masks = np.zeros(len(codes), dtype=np.int64)
    for feature, code in enumerate(decision):
        masks |= (codes[:, feature] == code).astype(np.int64) << feature
    return masks
