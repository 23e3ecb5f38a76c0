"""The economies that are compared: every data set and partition, everybody delegating, and every way of screening."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import log
from typing import Any

import numpy as np

from commonweal.agents.errors import InputError
from commonweal.agents.terms import stack
from commonweal.economy.tasks import Dataset, TaskTerms, draw_dataset
from commonweal.economy.tasks.partition import OWNER
from commonweal.economy.wire.sizes import Sizes
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.fairness.economies import everybody_delegates

TASKS = ("digits", "breast_cancer", "wine", "japanese_vowels", "mnist_5k", "adult")
OFF = "off"


@dataclass(frozen=True)
class Place:
    """A data set, spread in one way."""

    task: str
    partition: str
    scenario: Scenario
    features: int
    classes: int


@dataclass(frozen=True)
class Design:
    """A way of screening."""

    mode: str
    scope: str  # "" where nothing is screened

    @property
    def changes(self) -> dict[str, Any]:
        """Fields of the scenario."""
        return {"screening.mode": self.mode} | ({"screening.scope": self.scope} if self.scope else {})


def places(
    scenario: Scenario, tasks: Sequence[str], partitions: Sequence[str]
) -> tuple[tuple[Place, ...], list[str]]:
    """Every data set × partition, and what was left out of ``all`` because it is not installed.

    Args:
        scenario: what is played on them.
        tasks: data sets, or all; the scenario's own if empty.
        partitions: the scenario's own if empty.

    Raises:
        InputError: if a data set that was named cannot be had.
    """
    found, left_out = [], []
    for task in TASKS if "all" in tasks else tasks or [scenario.task.kind]:
        try:
            data = _data(revise(scenario, {"task.kind": task}))
        except InputError as error:
            if "all" not in tasks:
                raise
            left_out.append(f"{task} is left out: {error}.")
            continue
        splits = _splits(scenario, data) | {"task.kind": task}
        for partition in _partitions(scenario, task, partitions):
            own = revise(scenario, splits | {"task.partition": partition})
            found.append(Place(task, partition, own, data.features.shape[1], data.classes))
    return tuple(found), left_out


def _partitions(scenario: Scenario, task: str, partitions: Sequence[str]) -> Sequence[str]:
    """Those that are asked for; of data that have owners, the scenario's own before all others."""
    owned = scenario.task.partition == OWNER and task == scenario.task.kind and OWNER not in partitions
    return [OWNER, *partitions] if owned else partitions or [scenario.task.partition]


def _data(scenario: Scenario) -> Dataset:
    terms = stack(TaskTerms, [scenario.task], "task")
    return draw_dataset(terms, np.random.default_rng(0))


def _splits(scenario: Scenario, data: Dataset) -> dict[str, Any]:
    """Validation and test take a quarter of the data each, at most."""
    quarter = len(data.labels) // 4
    own = scenario.task
    return {"task.validation": min(own.validation, quarter), "task.test": min(own.test, quarter)}


def learning(place: Place, principals: int, rounds: int) -> Scenario:
    """The place without behaviour and screening: everybody delegates, batches are drawn from all data."""
    scenario = everybody_delegates(place.scenario, principals, rounds)
    batch = place.scenario.learning.samples * principals
    pool = {"learning.sampling": "pool", "learning.batch": batch, "credit.kind": "first_order"}
    return revise(scenario, pool | {"values.concern": "none"})


def sizes(scenario: Scenario, place: Place, nodes: int) -> Sizes:
    """What the bytes of its rounds depend on."""
    learns = scenario.learning
    return Sizes(nodes, scenario.population.count, learns.batch, (place.features, *learns.hidden, place.classes))


def valued(place: Place, principals: int, rounds: int) -> Scenario:
    """The place with its own behaviour, where the first class is protected and the last one withheld.

    One rule for any number of classes C: the loss on the protected class may not rise above .87 ln C, that on the
    withheld one must stay above what guessing gives, 1 − .7 / C.
    """
    classes, protect = place.classes, 0.87 * log(place.classes)
    samples = max(1, min(32, place.scenario.task.validation // (2 * classes)))
    dimensions = [
        {"sense": "protect", "label": 0, "limit": protect, "spread": protect / 10, "samples": samples},
        {"sense": "withhold", "label": classes - 1, "limit": 1 - 0.7 / classes, "spread": 0.3 / classes,
         "samples": samples},
    ]  # fmt: skip
    return revise(place.scenario, {
        "rounds": rounds, "population.count": principals, "values.camps": [],
        "values.dimensions": dimensions,
    })  # fmt: skip


def designs(modes: Sequence[str], scopes: Sequence[str]) -> Iterator[Design]:
    """Every mode × scope; off once."""
    for mode in modes:
        if mode == OFF:
            yield Design(OFF, "")
    yield from (Design(mode, scope) for mode, scope in product(modes, scopes) if mode != OFF)
