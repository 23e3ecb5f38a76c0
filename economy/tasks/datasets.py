"""Which data the cooperative learns from: bundled, synthetic, or fetched once from OpenML."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from commonweal.agents.registry import Registry
from commonweal.agents.terms import PerRun
from commonweal.economy.tasks.dataset import Dataset, checked, standardised
from commonweal.economy.tasks.openml import fetch


@dataclass(frozen=True)
class TaskTerms:
    """The ``task`` section of R scenarios."""

    kind: str  # data set, a name of TASKS or openml:NAME
    partition: str  # equal, dirichlet, power, cgsv_power or class
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


Task = Callable[[TaskTerms, np.random.Generator], Dataset]

TASKS: Registry[Task, None] = Registry("task", "commonweal.tasks", "task.kind", None)
task = TASKS.register
OPENML = "openml:NAME"  # registered so; the scenario writes the data set's name in place of NAME


def draw_dataset(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """The data set of one run as its task gives it, not yet ``checked``: the same object where nothing is drawn.

    Args:
        terms: the task's terms.
        generator: the run's task generator; only tasks that draw their data move it.

    Raises:
        InputError: if there is no such task, or its data cannot be had.
    """
    return TASKS[OPENML if terms.kind.startswith("openml:") else terms.kind](terms, generator)


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
    return fetch(terms.kind.removeprefix("openml:"))
