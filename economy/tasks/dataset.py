"""A data set: what a task gives, checked before anything learns from it."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.arrays import Floats, Ints, Labels, ratio
from commonweal.agents.errors import InputError

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Dataset:
    """One run's data: M samples of d features. Arrays are read-only once loaded."""

    name: str
    features: Floats  # (M, d) scaled
    labels: Labels  # (M,) classes from 0, or numbers
    classes: int  # number of classes C; 1 where labels are numbers
    shape: tuple[int, int] | None = None  # rows and columns when the features are an image, row by row
    target: str = "class"  # what labels are: class or number

    # what a table of one's own may say beside
    owners: Ints | None = None  # (M,) position of each sample's owner in owner_names
    owner_names: tuple[str, ...] = ()  # principals, in order
    weights: Floats | None = None  # (M,) what a sample counts, at least 0; None: all alike
    split: Ints | None = None  # (M,) 0 training, 1 validation, 2 test; None: drawn
    class_names: tuple[str, ...] = ()  # C names; empty: their numbers
    feature_names: tuple[str, ...] = ()  # d names; empty: their numbers


def checked(dataset: Dataset) -> Dataset:
    """The same data as read-only float64 features, and labels int64 for classes or float64 for numbers.

    Raises:
        InputError: if something is no number, shapes do not fit, a feature is not finite, a class is not whole, there
            are fewer than two classes, or all numbers are the same or some not finite.
    """
    features, given = _numbers(dataset, "features"), _numbers(dataset, "labels")
    labels: Labels = given
    if dataset.target == "class":
        _demand_whole(dataset.name, given)
        labels = given.astype(np.int64)
    if features.ndim != 2 or labels.shape != features.shape[:1]:
        raise InputError(
            f"task {dataset.name}: features {features.shape} and labels {labels.shape} "
            "must be (samples, features) and (samples,)"
        )
    _demand_finite(dataset.name, features)
    _demand_target(dataset, labels)
    beside: dict[str, Any] = {part: _beside(dataset, part) for part in ("owners", "weights", "split")}
    return replace(dataset, features=_read_only(features), labels=_read_only(labels), **beside)


def _beside(dataset: Dataset, part: str) -> NDArray[Any] | None:
    """Owners, weights or split, of which there is one for each sample."""
    given = getattr(dataset, part)
    if given is None:
        return None
    if np.shape(given) != np.shape(dataset.labels):
        samples = np.shape(dataset.labels)
        raise InputError(f"task {dataset.name}: {part} {np.shape(given)} must be one for each sample, {samples}")
    return _read_only(np.asarray(given, dtype=np.float64 if part == "weights" else np.int64))


def _numbers(dataset: Dataset, part: str) -> Floats:
    """Features or labels as float64, which holds every class number."""
    given = np.asarray(getattr(dataset, part))
    try:
        if given.dtype.kind != "c":  # the imaginary part would be lost
            return given.astype(np.float64, copy=False)
    except (TypeError, ValueError):
        pass
    raise InputError(f"task {dataset.name}: {part} of dtype {given.dtype}: they must be real numbers")


def _demand_whole(name: str, labels: Floats) -> None:
    broken = labels[~(np.isfinite(labels) & (labels == np.round(labels)))]
    if broken.size:
        raise InputError(
            f"task {name}: {broken.size} of {labels.size} labels are not whole, like {broken[0]}; "
            "a label must be the number of a class"
        )


def _demand_finite(name: str, features: Floats) -> None:
    broken = (~np.isfinite(features)).sum(axis=0)
    if broken.any():
        column = int(np.argmax(broken > 0))
        raise InputError(
            f"task {name}: {broken[column]} of {len(features)} values of feature {column} are nan or infinite "
            f"({np.count_nonzero(broken)} such features); every value must be finite"
        )


def _demand_target(dataset: Dataset, labels: Labels) -> None:
    """Raise InputError where labels are not what the data set says they are."""
    if dataset.target == "class":
        _demand_classes(dataset.name, labels, dataset.classes)
    elif dataset.target == "number":
        _demand_spread(dataset.name, labels, dataset.classes)
    else:
        raise InputError(f"task {dataset.name}: target = {dataset.target!r} must be class or number")


def _demand_spread(name: str, labels: Floats, scores: int) -> None:
    if broken := int((~np.isfinite(labels)).sum()):
        raise InputError(f"task {name}: {broken} of {labels.size} labels are nan or infinite; all must be finite")
    if labels.size < 2 or labels.min() == labels.max():
        raise InputError(f"task {name}: all labels are the same number; there must be something to explain")
    if scores != 1:
        raise InputError(f"task {name}: classes = {scores} must be 1 where labels are numbers: a network has one score")


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
