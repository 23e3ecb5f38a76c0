"""Who holds which samples: the split into training, validation and test, the partition, label noise and probes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Stream
from commonweal.economy.tasks.datasets import TaskTerms
from commonweal.economy.tasks.examples import Examples
from commonweal.economy.tasks.partition import spread
from commonweal.economy.tasks.probes import Made, ProbeTerms, pick_probes


@dataclass(frozen=True)
class Holdings:
    """What N principals hold of M samples in R runs; sample ids index the run's data set."""

    labels: Ints  # (R, M) classes, wrong in part for training samples of noisy principals
    held: Ints  # (R, T) training sample ids grouped by owner, in each owner's shuffled order
    start: Ints  # (R, N) place of a principal's first sample in held
    count: Ints  # (R, N) samples a principal holds, at least 1
    validation: Ints  # (R, V) sample ids
    test: Ints  # (R, E) sample ids
    probes: Ints  # (R, K, b) sample ids, any id where padded
    weights: Floats  # (R, K, b) 1 / samples of the probe, 0 where padded
    classes: int  # number of classes C
    features: int  # number of features d
    made: tuple[tuple[int, int, Made], ...] = ()  # run, dimension, and the samples that its probe makes itself


@dataclass(frozen=True)
class _Run:
    """One run's holdings before they are stacked."""

    labels: Ints  # (M,)
    held: Ints  # (T,)
    count: Ints  # (N,)
    validation: Ints  # (V,)
    test: Ints  # (E,)


def draw_holdings(
    examples: Examples,
    principals: int,
    terms: TaskTerms,
    dimensions: Sequence[ProbeTerms],
    stream: Stream,
    probing: Stream | None = None,
) -> Holdings:
    """Split, spread and spoil the data of R runs, and pick the probes.

    Args:
        examples: the data of R runs.
        principals: N.
        terms: the task's terms.
        dimensions: K value dimensions.
        stream: the R runs' task stream.
        probing: the R runs' stream for probes of a rule.

    Raises:
        InputError: if validation, test and one sample per principal do not fit in the data, or a probe is empty.
    """
    _demand_room(examples, principals, terms)
    labels = np.broadcast_to(examples.labels, (len(stream), examples.labels.shape[1]))
    runs = [
        _draw_run(labels[run], examples.classes, principals, terms, run, generator)
        for run, generator in enumerate(stream.generators)
    ]
    count = np.stack([run.count for run in runs])
    validation = np.stack([run.validation for run in runs])
    probed = pick_probes(examples, validation, dimensions, probing)
    return Holdings(
        labels=np.stack([run.labels for run in runs]),
        held=np.stack([run.held for run in runs]),
        start=np.cumsum(count, axis=1) - count,
        count=count,
        validation=validation,
        test=np.stack([run.test for run in runs]),
        probes=probed.ids,
        weights=probed.weights,
        classes=examples.classes,
        features=examples.features.shape[2],
        made=probed.made,
    )


def no_holdings(runs: int, principals: int) -> Holdings:
    """Nobody holds anything, in an economy without a task."""
    none, each = np.zeros((runs, 0), dtype=np.int64), np.zeros((runs, principals), dtype=np.int64)
    return Holdings(none, none, each, each, none, none, none[..., None], np.zeros((runs, 0, 0)), classes=1, features=1)


def _demand_room(examples: Examples, principals: int, terms: TaskTerms) -> None:
    samples = examples.labels.shape[1]
    needed = terms.validation + terms.test + principals
    if needed > samples:
        raise InputError(
            f"task.validation = {terms.validation} + task.test = {terms.test} + population.count = {principals} "
            f"(one training sample each) = {needed} exceed the {samples} samples of {examples.name}"
        )


def _draw_run(
    labels: Ints, classes: int, principals: int, terms: TaskTerms, run: int, generator: np.random.Generator
) -> _Run:
    order = generator.permutation(len(labels))
    test, validation, train = np.split(order, [terms.test, terms.test + terms.validation])
    owner = spread(terms.partition, labels[train], principals, _of_run(terms.concentration, run), generator)
    # The training ids are in random order, so a stable sort leaves each owner's own samples in random order.
    held = train[np.argsort(owner, kind="stable")]
    count = np.bincount(owner, minlength=principals)
    spoiled = labels.copy()
    wrong = _wrong_places(count, _of_run(terms.noisy_share, run), _of_run(terms.label_noise, run), generator)
    shift = generator.integers(1, classes, size=len(held))
    spoiled[held[wrong]] = (spoiled[held[wrong]] + shift[wrong]) % classes
    return _Run(spoiled, held, count, validation, test)


def _of_run(term: Floats, run: int) -> float:
    return float(term[run, 0])


def _wrong_places(
    count: Ints, noisy_share: float, label_noise: float, generator: np.random.Generator
) -> Bools:
    """(T,) places in ``held`` whose label is wrong: ``label_noise`` of each noisy principal's, rounded at random.

    The numbers drawn do not depend on the shares: scenarios that differ only in them share their luck.
    """
    principals, samples = len(count), int(count.sum())
    noisy = generator.permutation(principals) < round(noisy_share * principals)
    wrong = np.floor(label_noise * count + generator.random(principals)) * noisy
    owner = np.repeat(np.arange(principals), count)
    order = np.lexsort((generator.random(samples), owner))
    number = np.empty(samples, np.int64)  # each owner's samples counted 0, 1, 2, … in random order
    number[order] = np.arange(samples) - np.repeat(np.cumsum(count) - count, count)
    return number < np.repeat(wrong, count)
