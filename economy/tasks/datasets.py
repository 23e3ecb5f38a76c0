"""Which data the cooperative learns from: bundled, synthetic, or fetched once from OpenML."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.arrays import Floats, Ints, ratio
from commonweal.agents.errors import InputError
from commonweal.agents.registry import Registry
from commonweal.agents.terms import PerRun

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class TaskTerms:
    """The ``task`` section of R scenarios."""

    kind: str  # data set, a name of TASKS or openml:NAME
    partition: str  # equal, dirichlet, power or class
    concentration: PerRun  # (R, 1) Dirichlet concentration
    label_noise: PerRun  # (R, 1) share of its labels a noisy principal holds wrong
    noisy_share: PerRun  # (R, 1) share of principals whose labels are noisy
    validation: int  # samples
    test: int  # samples
    drift: PerRun  # (R, 1) radian per round
    samples: int  # size of the synthetic data set
    features: int  # of the synthetic data set
    classes: int  # of the synthetic data set
    separation: float  # of the synthetic class centres from the origin, standard deviations


@dataclass(frozen=True)
class Dataset:
    """One run's data: M samples of d features. Arrays are read-only once loaded."""

    name: str
    features: Floats  # (M, d) scaled
    labels: Ints  # (M,) classes from 0
    classes: int  # number of classes C
    shape: tuple[int, int] | None = None  # rows and columns when the features are an image, row by row


Task = Callable[[TaskTerms, np.random.Generator], Dataset]

TASKS: Registry[Task, None] = Registry("task", "commonweal.tasks", "task.kind", None)
task = TASKS.register
OPENML = "openml:NAME"  # registered so; the scenario writes the data set's name in place of NAME


def load_dataset(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """The data set of one run, checked.

    Args:
        terms: the task's terms.
        generator: the run's task generator; only tasks that draw their data move it.

    Raises:
        InputError: if there is no such task, or its data cannot be learnt from.
    """
    return checked(draw_dataset(terms, generator))


def draw_dataset(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """The data set of one run as its task gives it: the same object each time where nothing is drawn."""
    return TASKS[OPENML if terms.kind.startswith("openml:") else terms.kind](terms, generator)


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


# scikit-learn takes a second to import, so it is imported only where its data is read.
@cache
def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    features, labels = load_digits(return_X_y=True)
    return checked(Dataset("digits", (features - 8.0) / 8.0, labels, classes=10, shape=(8, 8)))


@cache
def _breast_cancer() -> Dataset:
    from sklearn.datasets import load_breast_cancer

    features, labels = load_breast_cancer(return_X_y=True)
    return checked(Dataset("breast_cancer", standardised(features), labels, classes=2))


@cache
def _wine() -> Dataset:
    from sklearn.datasets import load_wine

    features, labels = load_wine(return_X_y=True)
    return checked(Dataset("wine", standardised(features), labels, classes=3))


@task("digits")
def digits(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """1797 handwritten digits of 8 × 8 grey levels 0 to 16, scaled to (x − 8)/8."""
    return _digits()


@task("breast_cancer")
def breast_cancer(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """569 tumours, 30 standardised features, benign or malignant."""
    return _breast_cancer()


@task("wine")
def wine(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """178 wines, 13 standardised features, 3 cultivars."""
    return _wine()


@task("synthetic")
def synthetic(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """Gaussian classes: unit noise around centres at distance ``separation`` from the origin in random directions."""
    centres = generator.standard_normal((terms.classes, terms.features))
    centres *= terms.separation / np.linalg.norm(centres, axis=1, keepdims=True)
    labels = np.arange(terms.samples) % terms.classes
    features = centres[labels] + generator.standard_normal((terms.samples, terms.features))
    return Dataset("synthetic", features, labels, terms.classes)


@task(OPENML)
def openml(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """A data set of openml.org by name, from the local cache after its first use."""
    from commonweal.economy.tasks.openml import fetch

    return fetch(terms.kind.removeprefix("openml:"))
