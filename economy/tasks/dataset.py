"""A data set: what a task gives, checked before anything learns from it."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.arrays import Floats, Ints, ratio
from commonweal.agents.errors import InputError

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Dataset:
    """One run's data: M samples of d features. Arrays are read-only once loaded."""

    name: str
    features: Floats  # (M, d) scaled
    labels: Ints  # (M,) classes from 0
    classes: int  # number of classes C
    shape: tuple[int, int] | None = None  # rows and columns when the features are an image, row by row


def checked(dataset: Dataset) -> Dataset:
    """The same data as read-only float64 features and int64 labels.

    Raises:
        InputError: if shapes do not fit, a feature is not finite, or there are fewer than two classes.
    """
    features, labels = np.asarray(dataset.features, np.float64), np.asarray(dataset.labels, np.int64)
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise InputError(
            f"task {dataset.name}: features {features.shape} and labels {labels.shape} "
            "must be (samples, features) and (samples,)"
        )
    _demand_finite(dataset.name, features)
    _demand_classes(dataset.name, labels, dataset.classes)
    return Dataset(dataset.name, _read_only(features), _read_only(labels), dataset.classes, dataset.shape)


def _demand_finite(name: str, features: Floats) -> None:
    broken = (~np.isfinite(features)).sum(axis=0)
    if broken.any():
        column = int(np.argmax(broken > 0))
        raise InputError(
            f"task {name}: {broken[column]} of {len(features)} values of feature {column} are nan or infinite "
            f"({np.count_nonzero(broken)} such features); every value must be finite"
        )


def _demand_classes(name: str, labels: Ints, classes: int) -> None:
    present = np.unique(labels)
    if len(present) < 2:
        raise InputError(f"task {name}: labels name {len(present)} class(es); at least 2 are needed")
    if present[0] < 0 or present[-1] >= classes:
        raise InputError(f"task {name}: labels from {present[0]} to {present[-1]} must lie from 0 to {classes - 1}")


def _read_only(array: NDArray[Scalar]) -> NDArray[Scalar]:
    view = array.view()  # the owner of the array keeps the right to write
    view.flags.writeable = False
    return view


def standardised(features: Floats) -> Floats:
    """Columns with mean 0 and standard deviation 1; a constant column becomes 0.

    Args:
        features: (M, d).

    Returns:
        (M, d).
    """
    deviation = features.std(axis=0)
    scaled: Floats = ratio(features - features.mean(axis=0), deviation)
    return scaled
