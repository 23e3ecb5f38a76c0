"""Probe samples of the value dimensions: held-out samples of one class, with a high value of one feature, or of a rule.

A rule says which samples are in its group, or makes samples of its own. Register yours with ``@probe("name")`` or as an
entry point of the group ``commonweal.probes``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.registry import Registry
from commonweal.agents.streams import Stream
from commonweal.economy.tasks.dataset import Dataset
from commonweal.economy.tasks.examples import Examples

Probe = Callable[[Dataset, np.random.Generator], Any]
"""One run's data, and a generator of its own → (M,) which samples are in the group, or samples that it makes itself:
features (b, d), scaled as those of the data are, and labels (b,)."""

PROBES: Registry[Probe, None] = Registry("probe", "commonweal.probes", "values.dimensions[].probe", None)
probe = PROBES.register


@dataclass(frozen=True)
class ProbeTerms:
    """What one of ``values.dimensions`` needs of the data; exactly one of label, feature and rule is given."""

    label: int | None  # class the probe is made of
    feature: int | None  # feature in whose top quarter the probe's samples are
    samples: int  # wanted; fewer where the held-out group is smaller
    rule: str | None = None  # name of the probe that chooses or makes the samples


@dataclass(frozen=True)
class Made:
    """Samples that a probe makes itself, in one run."""

    features: Floats  # (b, d)
    labels: Ints | Floats  # (b,) as those of the data are

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Probed:
    """The probes of K dimensions in R runs."""

    ids: Ints  # (R, K, b) sample ids, any id where padded or made
    weights: Floats  # (R, K, b) 1 / samples of the probe, 0 where padded
    made: tuple[tuple[int, int, Made], ...] = ()  # run, dimension, and the samples that stand in the place of ids


def pick_probes(
    examples: Examples,
    validation: Ints,
    dimensions: Sequence[ProbeTerms],
    counted: Floats | None = None,
    stream: Stream | None = None,
) -> Probed:
    """The first validation samples of each dimension's group: never trained on, disjoint from the test set.

    Args:
        examples: the data of R runs.
        validation: (R, V) sample ids in random order.
        dimensions: K value dimensions.
        counted: (R, M) what samples count; None: all alike.
        stream: the R runs' stream for rules that draw.

    Raises:
        InputError: if a class or feature does not exist, no validation sample is in the group, none of it counts, or a
            rule answers neither a group nor samples.
    """
    runs = len(validation)
    chosen = [_chosen(examples, validation, k, dimension, stream) for k, dimension in enumerate(dimensions)]
    width = max((len(found) for dimension in chosen for found in dimension), default=0)
    probes = np.zeros((runs, len(chosen), width), np.int64)
    weights = np.zeros((runs, len(chosen), width))
    made = []
    for k, dimension in enumerate(chosen):
        for run, found in enumerate(dimension):
            weights[run, k, : len(found)] = 1 / len(found)
            if isinstance(found, Made):
                made.append((run, k, found))
                continue
            if counted is not None:
                weights[run, k, : len(found)] = _shares(counted[run, found], k)
            probes[run, k] = found[0]
            probes[run, k, : len(found)] = found
    return Probed(probes, weights, tuple(made))


def _shares(counted: Floats, k: int) -> Floats:
    if not counted.any():
        raise InputError(f"values.dimensions[{k}]: every sample of its probe weighs 0 (task.weight); some must count")
    shares: Floats = counted / counted.sum()
    return shares


def _chosen(
    examples: Examples, validation: Ints, k: int, dimension: ProbeTerms, stream: Stream | None
) -> Sequence[Ints | Made]:
    if dimension.rule is None:
        return _picked(examples, validation, *_group(examples, k, dimension), dimension.samples)
    if stream is None:
        raise TypeError("a rule needs the runs' stream")
    where = f"values.dimensions[{k}].probe = {dimension.rule!r}"
    rule = PROBES[dimension.rule]
    found = [answered(rule(data, generator), data, where) for data, generator in _by_run(examples, stream)]
    groups = [isinstance(each, Made) for each in found]
    if any(groups) and not all(groups):
        raise InputError(f"{where}: it answers a group in some runs and samples of its own in others")
    if any(groups):
        size = dimension.samples
        return [Made(each.features[:size], each.labels[:size]) for each in found if isinstance(each, Made)]
    return _picked(examples, validation, where, np.stack([np.asarray(each) for each in found]), dimension.samples)


def _by_run(examples: Examples, stream: Stream) -> Iterator[tuple[Dataset, np.random.Generator]]:
    for run, generator in enumerate(stream.generators):
        yield examples.of_run(run), generator


def answered(answer: Any, data: Dataset, where: str) -> Bools | Made:
    """What a probe's rule answers, checked.

    Args:
        answer: (M,) which samples are in its group; or features (b, d) and labels (b,).
        data: that it was asked about.
        where: for messages.

    Raises:
        InputError: if it is neither.
    """
    if isinstance(answer, tuple) and len(answer) == 2:
        return _made(*answer, data, where)
    group = np.asarray(answer)
    if group.dtype != bool or group.shape != data.labels.shape:
        found = f"{group.dtype} {group.shape}" if group.dtype != object else type(answer).__name__
        raise InputError(
            f"{where}: answers {found}: must be bool ({len(data.labels)},), which samples are in its group, or features"
            f" (b, {data.features.shape[1]}) and labels (b,)"
        )
    return group


def _made(features: Any, labels: Any, data: Dataset, where: str) -> Made:
    try:
        given = np.asarray(features, dtype=float)
        numbers = np.asarray(labels, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{where}: its samples must be numbers") from None
    width = data.features.shape[1]
    if given.ndim != 2 or given.shape[1] != width or numbers.shape != given.shape[:1] or not len(numbers):
        raise InputError(
            f"{where}: its samples have features {given.shape} and labels {numbers.shape}: must be (b, {width}) and"
            " (b,), b at least 1"
        )
    if not np.isfinite(given).all():
        raise InputError(f"{where}: its samples have features that are nan or infinite")
    if data.target == "number":
        if not np.isfinite(numbers).all():
            raise InputError(f"{where}: its samples have labels that are nan or infinite")
        return Made(given, numbers)
    if not (np.isin(numbers, np.arange(data.classes))).all():
        raise InputError(f"{where}: labels of its samples must be classes, 0 to {data.classes - 1}")
    return Made(given, numbers.astype(np.int64))


def _picked(examples: Examples, validation: Ints, where: str, group: Bools, samples: int) -> list[Ints]:
    inside = np.broadcast_to(group, (len(validation), group.shape[1]))
    picked = [ids[inside[run, ids]][:samples] for run, ids in enumerate(validation)]
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
        raise InputError(f"values.dimensions[{k}] needs exactly one of label, feature and probe")
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


@probe("rare")
def rare(data: Dataset, generator: np.random.Generator) -> Bools:
    """Samples of the class that has the fewest; of numbers the tenth farthest from their median."""
    if data.target == "number":
        distance = np.abs(data.labels - np.median(data.labels))
        return np.asarray(distance >= np.quantile(distance, 0.9))
    counts = np.bincount(data.labels, minlength=data.classes)
    return np.asarray(data.labels == np.where(counts > 0, counts, counts.sum() + 1).argmin())


@probe("unusual")
def unusual(data: Dataset, generator: np.random.Generator) -> Bools:
    """The tenth of all samples whose features lie farthest from the mean of their own class, or of all for numbers."""
    group = data.labels if data.target == "class" else np.zeros(len(data.labels), dtype=np.int64)
    one_hot = np.eye(data.classes)[group]  # (M, C)
    means = one_hot.T @ data.features / np.maximum(one_hot.sum(axis=0), 1)[:, None]  # (C, d)
    distance = np.linalg.norm(data.features - means[group], axis=1)
    return np.asarray(distance >= np.quantile(distance, 0.9))
