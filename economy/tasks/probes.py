"""Probe samples of the value dimensions: held-out samples of one class, or with a high value of one feature."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.tasks.examples import Examples


@dataclass(frozen=True)
class ProbeTerms:
    """What one of ``values.dimensions`` needs of the data; exactly one of label and feature is given."""

    label: int | None  # class the probe is made of
    feature: int | None  # feature in whose top quarter the probe's samples are
    samples: int  # wanted; fewer where the held-out group is smaller


def pick_probes(
    examples: Examples, validation: Ints, dimensions: Sequence[ProbeTerms], counted: Floats | None = None
) -> tuple[Ints, Floats]:
    """The first validation samples of each dimension's group: never trained on, disjoint from the test set.

    Args:
        examples: the data of R runs.
        validation: (R, V) sample ids in random order.
        dimensions: K value dimensions.
        counted: (R, M) what samples count; None: all alike.

    Returns:
        (R, K, b) sample ids, and their (R, K, b) weights, which sum to 1: 1 / samples of the probe where all count
        alike, 0 where padded.

    Raises:
        InputError: if a class or feature does not exist, no validation sample is in the group, or none of it counts.
    """
    runs = len(validation)
    chosen = [_picked(examples, validation, k, dimension) for k, dimension in enumerate(dimensions)]
    width = max((len(ids) for dimension in chosen for ids in dimension), default=0)
    probes = np.zeros((runs, len(chosen), width), np.int64)
    weights = np.zeros((runs, len(chosen), width))
    for k, dimension in enumerate(chosen):
        for run, ids in enumerate(dimension):
            probes[run, k] = ids[0]
            probes[run, k, : len(ids)] = ids
            weights[run, k, : len(ids)] = 1 / len(ids) if counted is None else _shares(counted[run, ids], k)
    return probes, weights


def _shares(counted: Floats, k: int) -> Floats:
    if not counted.any():
        raise InputError(f"values.dimensions[{k}]: every sample of its probe weighs 0 (task.weight); some must count")
    shares: Floats = counted / counted.sum()
    return shares


def _picked(examples: Examples, validation: Ints, k: int, dimension: ProbeTerms) -> list[Ints]:
    where, group = _group(examples, k, dimension)
    inside = np.broadcast_to(group, (len(validation), group.shape[1]))
    picked = [ids[inside[run, ids]][: dimension.samples] for run, ids in enumerate(validation)]
    if any(len(ids) == 0 for ids in picked):
        raise InputError(
            f"{where}: none of the task.validation = {validation.shape[1]} held-out samples of {examples.name} "
            "is in this group; raise task.validation or choose another"
        )
    return picked


def _group(examples: Examples, k: int, dimension: ProbeTerms) -> tuple[str, Bools]:
    """The dimension's field for messages, and which samples are in its group, (F, M)."""
    if dimension.label is not None:
        where = f"values.dimensions[{k}].label = {dimension.label}"
        if examples.target == "number":
            raise InputError(f"{where}: task {examples.name} has numbers, not classes; give a feature instead")
        if not 0 <= dimension.label < examples.classes:
            raise InputError(f"{where}: classes of {examples.name} are 0 to {examples.classes - 1}")
        return where, examples.labels == dimension.label
    if dimension.feature is None:
        raise InputError(f"values.dimensions[{k}] needs exactly one of label and feature")
    where = f"values.dimensions[{k}].feature = {dimension.feature}"
    width = examples.features.shape[2]
    if not 0 <= dimension.feature < width:
        raise InputError(f"{where}: features of {examples.name} are 0 to {width - 1}")
    return where, _top_quarter(examples.features[:, :, dimension.feature])


def _top_quarter(values: Floats) -> Bools:
    """(F, M) at or above the third quartile, without the lowest value: ties at 0 make no group of a rare feature."""
    quartile = np.quantile(values, 0.75, axis=1, keepdims=True)
    group: Bools = (values >= quartile) & (values > values.min(axis=1, keepdims=True))
    return group
