"""The data sets of R runs as one: shared where all runs have the same, one per run where the task draws its data."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints, Labels
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Stream
from commonweal.economy.tasks.dataset import Dataset, checked, standardised
from commonweal.economy.tasks.datasets import TaskTerms, draw_dataset


@dataclass(frozen=True)
class Examples:
    """M samples of d features for each of R runs. F is 1 where all runs share their data, otherwise R."""

    name: str
    features: Floats  # (F, M, d)
    labels: Labels  # (F, M) classes, or numbers in standard deviations from their mean
    classes: int  # number of classes C; 1 where labels are numbers
    shape: tuple[int, int] | None  # rows and columns when the features are an image
    target: str = "class"  # what labels are: class or number
    owners: Ints | None = None  # (F, M) position of each sample's owner in owner_names
    owner_names: tuple[str, ...] = ()  # principals, in order
    weights: Floats | None = None  # (F, M) what a sample counts; None: all alike
    split: Ints | None = None  # (F, M) 0 training, 1 validation, 2 test; None: drawn
    class_names: tuple[str, ...] = ()  # C names; empty: their numbers
    feature_names: tuple[str, ...] = ()  # d names; empty: their numbers

    def of_run(self, run: int) -> Dataset:
        """The data of one run."""
        place = run if len(self.features) > 1 else 0
        by_run = ("features", "labels", "owners", "weights", "split")
        parts = {part.name: getattr(self, part.name) for part in fields(Examples)}
        return Dataset(**parts | {name: parts[name][place] for name in by_run if parts[name] is not None})

    def table(self, dtype: torch.dtype, device: torch.device | str = "cpu") -> "FeatureTable":
        """The features where the network computes, ready to be gathered."""
        copies, samples, width = self.features.shape
        rows = torch.tensor(self.features.reshape(-1, width), dtype=dtype, device=device)
        return FeatureTable(rows, torch.arange(copies, device=device)[:, None] * samples)


@dataclass(frozen=True)
class FeatureTable:
    """All features as rows, so that one index picks a sample of a run."""

    rows: torch.Tensor  # (F·M, d)
    first: torch.Tensor  # (F, 1) row of each run's sample 0

    def gather(
        self, sample: Ints, junk: Bools | None = None, noise: Floats | None = None, added: Bools | None = None
    ) -> torch.Tensor:
        """The features of samples.

        Args:
            sample: (R, S) sample ids.
            junk: (R, S) the places with noise, or None.
            noise: (n_junk, d) of the junk places, in row-major order.
            added: (n_junk,) where noise is added to the sample's own features; everywhere in their place if None.

        Returns:
            (R, S, d).
        """
        rows = torch.as_tensor(sample, device=self.rows.device) + self.first
        width = self.rows.shape[1]
        gathered = self.rows.index_select(0, rows.view(-1)).view(*rows.shape, width)  # a third of the time of an index
        if junk is not None and noise is not None:
            places = torch.as_tensor(junk, device=gathered.device)
            features = torch.as_tensor(noise, dtype=gathered.dtype, device=gathered.device)
            if added is not None and added.any():
                features = features + gathered[places] * torch.as_tensor(added, device=gathered.device)[:, None]
            gathered[places] = features
        return gathered


def no_examples() -> Examples:
    """No data at all, for an economy without a task."""
    return Examples("none", np.zeros((1, 0, 1)), np.zeros((1, 0), dtype=np.int64), 1, None)


def load_examples(terms: TaskTerms, stream: Stream) -> Examples:
    """The data of R runs.

    Args:
        terms: the task's terms.
        stream: the R runs' task stream.

    Raises:
        InputError: if the task or its data is not usable.
    """
    drawn = [draw_dataset(terms, generator) for generator in stream.generators]
    first = checked(drawn[0])
    sets = [first if each is drawn[0] else checked(each) for each in drawn]
    for other in sets:
        if _size(other) != _size(first):
            raise InputError(
                f"task {first.name}: runs of an ensemble must have equally many samples, features and classes, "
                f"not {_size(first)} and {_size(other)}"
            )
        if other.owner_names != first.owner_names:
            raise InputError(f"task {first.name}: runs of an ensemble must have the same owners")
    kept = [first] if all(_same(first, other) for other in sets) else sets
    arrays = {part: _stacked([getattr(each, part) for each in kept]) for part in _ARRAYS}
    if first.target == "number":  # every network learns them in the same unit, whatever they are measured in
        arrays["labels"] = standardised(arrays["labels"].T).T
    return Examples(
        name=first.name, classes=first.classes, shape=first.shape, owner_names=first.owner_names, target=first.target,
        class_names=first.class_names, feature_names=first.feature_names, **arrays,
    )  # fmt: skip


_ARRAYS = ("labels", "features", "owners", "weights", "split")  # of a data set, a place for each sample


def _size(data: Dataset) -> tuple[int | str, ...]:
    """Samples, features and classes; for numbers what they are."""
    return (*data.features.shape, data.classes, *(() if data.target == "class" else (data.target,)))


def _same(one: Dataset, other: Dataset) -> bool:
    return one is other or all(_equal(getattr(one, part), getattr(other, part)) for part in _ARRAYS)


def _equal(one: AnyArray | None, other: AnyArray | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))


def _stacked(arrays: Sequence[AnyArray | None]) -> Any:
    """(F, M, …) the arrays of F data sets as one; None where the first has none."""
    if arrays[0] is None:
        return None
    if len(arrays) == 1:  # a view: large shared data is not copied
        return arrays[0][None]
    return np.stack([each for each in arrays if each is not None])
