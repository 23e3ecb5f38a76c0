"""The economies whose payments are compared: every task, partition and kind of labels, with everybody delegating."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.honest import UNSCREENED

TASKS = ("digits", "breast_cancer", "wine", "synthetic")
PARTITIONS = ("equal", "dirichlet", "power", "class")

_QUARTER = {"breast_cancer": 140, "wine": 44}  # samples that validation and test may each take of a small data set


@dataclass(frozen=True)
class Economy:
    """A scenario without its way of training the network."""

    task: str
    partition: str
    labels: str  # clean, or noisy: some principals hold wrong labels
    scenario: Scenario


def economies(
    scenario: Scenario, tasks: Sequence[str], partitions: Sequence[str], noise: float, noisy_share: float
) -> Iterator[Economy]:
    """Every task × partition × kind of labels.

    Args:
        scenario: in which everybody delegates already.
        tasks: data sets; the scenario's own if empty.
        partitions: the scenario's own if empty.
        noise: share of wrong labels of a noisy principal; 0 leaves noisy labels out.
        noisy_share: share of principals that are noisy; 0 leaves noisy labels out.
    """
    own = scenario.task
    kinds = ("clean", "noisy") if noise and noisy_share else ("clean",)
    for task, partition, labels in product(tasks or [own.kind], partitions or [own.partition], kinds):
        most = own.validation + own.test if task == own.kind else _QUARTER.get(task, own.validation + own.test)
        changes: dict[str, Any] = {
            "task.kind": task,
            "task.partition": partition,
            "task.validation": min(own.validation, most),
            "task.test": min(own.test, most),
            "task.label_noise": noise if labels == "noisy" else 0.0,
            "task.noisy_share": noisy_share if labels == "noisy" else 0.0,
        }
        yield Economy(task, partition, labels, revise(scenario, changes))


def everybody_delegates(scenario: Scenario, principals: int, rounds: int) -> Scenario:
    """The scenario without behaviour: all delegate in every round, and nothing is gated or screened.

    Raises:
        InputError: if nobody can delegate in it, or it pays everybody the same.
    """
    if scenario.market.kind != "model":
        raise InputError(f"market.kind = {scenario.market.kind!r}: fairness compares ways of training a 'model'")
    if "delegate" not in scenario.actions.available:
        raise InputError("actions.available has no 'delegate': fairness is about payments for data that is delegated")
    if scenario.settlement.kind == "equal":
        raise InputError("settlement.kind = 'equal' pays everybody the same: fairness needs one that looks at credit")
    return revise(scenario, {**UNSCREENED, "rounds": rounds, "population.count": principals})
