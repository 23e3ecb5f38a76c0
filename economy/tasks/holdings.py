"""Who holds which samples: the split into training, validation and test, the partition, label noise and probes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints, Labels
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.economy.tasks.datasets import TaskTerms
from commonweal.economy.tasks.examples import Examples
from commonweal.economy.tasks.partition import OWNER, groups_of, spread
from commonweal.economy.tasks.parts import demand_owners, divided, sized
from commonweal.economy.tasks.probes import Made, ProbeTerms, pick_probes


@dataclass(frozen=True)
class Holdings:
    """What N principals hold of M samples in R runs; sample ids index the run's data set."""

    labels: Labels  # (R, M) classes or numbers, wrong in part for training samples of noisy principals
    held: Ints  # (R, T) training sample ids grouped by owner, in each owner's shuffled order
    start: Ints  # (R, N) place of a principal's first sample in held
    count: Ints  # (R, N) samples a principal holds, at least 1
    validation: Ints  # (R, V) sample ids
    test: Ints  # (R, E) sample ids
    probes: Ints  # (R, K, b) sample ids, any id where padded
    weights: Floats  # (R, K, b) 1 / samples of the probe, 0 where padded
    classes: int  # number of classes C
    features: int  # number of features d
    target: str = "class"  # what labels are: class or number
    owner_names: tuple[str, ...] = ()  # N names of principals; empty: they go by numbers
    sample_weights: Floats | None = None  # (R, M) what each sample counts, 1 on average over held; None: all alike
    made: tuple[tuple[int, int, Made], ...] = ()  # run, dimension, and the samples that its probe makes itself


@dataclass(frozen=True)
class _Run:
    """One run's holdings before they are stacked."""

    labels: Labels  # (M,)
    held: Ints  # (T,)
    count: Ints  # (N,)
    validation: Ints  # (V,)
    test: Ints  # (E,)


@dataclass(frozen=True)
class _Asked:
    """What the holdings of each run are drawn from."""

    examples: Examples
    principals: int  # N
    terms: TaskTerms
    sizes: Ints | None  # (N,) training samples that each holds; None: as many as the partition gives


def draw_holdings(
    examples: Examples,
    principals: int,
    terms: TaskTerms,
    dimensions: Sequence[ProbeTerms],
    streams: Streams,
    sizes: Ints | None = None,
) -> Holdings:
    """Split, spread and spoil the data of R runs, and pick the probes.

    Args:
        examples: the data of R runs.
        principals: N.
        terms: the task's terms.
        dimensions: K value dimensions.
        streams: the R runs' streams for the task and for probes of a rule.
        sizes: (N,) training samples that each holds; None: as many as the partition gives.

    Raises:
        InputError: if validation, test and one sample per principal do not fit in the data, or a probe is empty.
    """
    _demand_room(examples, principals, terms)
    labels = np.broadcast_to(examples.labels, (len(streams.task), examples.labels.shape[1]))
    asked = _Asked(examples, principals, terms, sizes)
    runs = [
        _draw_run(labels[run], asked, run, generator)
        for run, generator in enumerate(streams.task.generators)
    ]
    count = np.stack([run.count for run in runs])
    validation = np.stack([run.validation for run in runs])
    sample_weights = None if examples.weights is None else _counted(examples, runs)
    probed = pick_probes(examples, validation, dimensions, sample_weights, streams.probes)
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
        target=examples.target,
        owner_names=examples.owner_names if terms.partition == OWNER else (),
        sample_weights=sample_weights,
        made=probed.made,
    )


def no_holdings(runs: int, principals: int) -> Holdings:
    """Nobody holds anything, in an economy without a task."""
    none, each = np.zeros((runs, 0), dtype=np.int64), np.zeros((runs, principals), dtype=np.int64)
    return Holdings(none, none, each, each, none, none, none[..., None], np.zeros((runs, 0, 0)), classes=1, features=1)


def _demand_room(examples: Examples, principals: int, terms: TaskTerms) -> None:
    if terms.partition == OWNER:
        demand_owners(examples, principals)
    if examples.split is not None:
        return
    samples = examples.labels.shape[1]
    needed = terms.validation + terms.test + principals
    if needed > samples:
        raise InputError(
            f"task.validation = {terms.validation} + task.test = {terms.test} + population.count = {principals} "
            f"(one training sample each) = {needed} exceed the {samples} samples of {examples.name}"
        )


def _draw_run(labels: Labels, asked: _Asked, run: int, generator: np.random.Generator) -> _Run:
    examples, principals, terms = asked.examples, asked.principals, asked.terms
    order = generator.permutation(len(labels))
    owners = _row(examples.owners, run) if terms.partition == OWNER else None
    test, validation, train = divided(order, owners, _row(examples.split, run), terms.test, terms.validation)
    if owners is not None:
        owner = owners[train]
    else:
        groups = groups_of(labels[train])
        owner = spread(terms.partition, groups, principals, _of_run(terms.concentration, run), generator)
    # The training ids are in random order, so a stable sort leaves each owner's own samples in random order.
    held = train[np.argsort(owner, kind="stable")]
    count = np.bincount(owner, minlength=principals)
    if asked.sizes is not None:
        held, count = sized(held, count, asked.sizes, examples.owner_names if owners is not None else ())
    wrong = _wrong_places(count, _of_run(terms.noisy_share, run), _of_run(terms.label_noise, run), generator)
    spoiled = labels.copy()
    spoiled[held[wrong]] = _wrong_labels(labels[held], examples.classes, generator)[wrong]
    return _Run(spoiled, held, count, validation, test)


def _row(array: Ints | None, run: int) -> Ints | None:
    """(M,) of a run, from (F, M)."""
    return None if array is None else array[run % len(array)]


def _counted(examples: Examples, runs: Sequence[_Run]) -> Floats:
    """(R, M) what each sample counts: 1 on average over the training samples of each run.

    Raises:
        InputError: if nothing of a part counts.
    """
    assert examples.weights is not None
    weights = np.array([examples.weights[run % len(examples.weights)] for run in range(len(runs))])
    for own, run in zip(weights, runs, strict=True):
        for part, ids in (("training", run.held), ("validation", run.validation), ("test", run.test)):
            if not own[ids].any():
                raise InputError(f"task {examples.name}: every {part} sample weighs 0 (task.weight); some must count")
        own /= own[run.held].mean()
    return weights


def _wrong_labels(labels: Labels, classes: int, generator: np.random.Generator) -> Labels:
    """(T,) a wrong label for each sample: another class, each as likely, or a number drawn from N(0, 1) anew."""
    if labels.dtype.kind == "f":
        return generator.standard_normal(len(labels))
    return (labels + generator.integers(1, classes, size=len(labels))) % classes


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
