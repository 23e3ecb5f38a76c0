"""What probes of value dimensions promise: a group of samples, or samples of their own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from commonweal.agents.errors import InputError
from commonweal.economy.tasks import PROBES, Dataset, checked, draw_dataset
from commonweal.economy.tasks.probes import Made, answered
from commonweal.testing.promises import Promises, terms_of


def check_probe(name: str, changes: Mapping[str, Any] | None = None) -> None:
    """Hold a registered probe to what every probe promises.

    It answers which of the M samples are in its group, at least one and not all, or features and labels of samples of
    its own, of as many features and of classes of the data; the same generator gives the same answer; it answers the
    same kind for all data; and the data stay as they were.

    Args:
        name: as a scenario file says it.
        changes: fields of the scenario whose data it is asked about, ``{"task.kind": "wine"}``; digits if not given.

    Raises:
        AssertionError: which promise is broken, and for which seed.
        InputError: if there is no such probe, or no such data.
    """
    rule, says = PROBES[name], Promises(f"probe {name!r}")
    task = terms_of(changes or {}, 1).task

    def answer(data: Dataset, seed: int) -> Any:
        try:
            return answered(rule(data, np.random.default_rng(seed)), data, f"probe {name!r}")
        except InputError as error:
            raise AssertionError(str(error)) from None

    kinds = set()
    for seed in (0, 1):
        data = _writable(checked(draw_dataset(task, np.random.default_rng(seed))))
        before = {"features": data.features.copy(), "labels": data.labels.copy()}
        found, again = answer(data, seed), answer(data, seed)
        says.unchanged(data, before, f"seed {seed}")
        kinds.add(type(found))
        if isinstance(found, Made):
            same = np.array_equal(found.features, again.features) and np.array_equal(found.labels, again.labels)
        else:
            same = np.array_equal(found, again)
            says.demand(found.any(), "some sample is in its group", f"seed {seed}")
            says.demand(not found.all(), "not every sample is in its group", f"seed {seed}")
        says.demand(same, "the same generator gives the same answer", f"seed {seed}")
    says.demand(len(kinds) == 1, "it answers a group always, or samples of its own always")


def _writable(data: Dataset) -> Dataset:
    """Data that a rule could spoil, to see that it does not."""
    return replace(data, features=data.features.copy(), labels=data.labels.copy())
