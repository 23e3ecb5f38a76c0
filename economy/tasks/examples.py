"""The data sets of R runs as one: shared where all runs have the same, one per run where the task draws its data."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Stream
from commonweal.economy.tasks.dataset import Dataset, checked
from commonweal.economy.tasks.datasets import TaskTerms, draw_dataset


@dataclass(frozen=True)
class Examples:
    """M samples of d features for each of R runs. F is 1 where all runs share their data, otherwise R."""

    name: str
    features: Floats  # (F, M, d)
    labels: Ints  # (F, M)
    classes: int  # number of classes C
    shape: tuple[int, int] | None  # rows and columns when the features are an image

    def of_run(self, run: int) -> Dataset:
        """The data of one run."""
        place = run if len(self.features) > 1 else 0
        return Dataset(self.name, self.features[place], self.labels[place], self.classes, self.shape)

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
        if other.features.shape != first.features.shape or other.classes != first.classes:
            raise InputError(
                f"task {first.name}: runs of an ensemble must have equally many samples, features and classes, "
                f"not {(*first.features.shape, first.classes)} and {(*other.features.shape, other.classes)}"
            )
    kept = [first] if all(_same(first, other) for other in sets) else sets
    return Examples(first.name, *_stacked(kept), first.classes, first.shape)


def _same(one: Dataset, other: Dataset) -> bool:
    return one is other or (np.array_equal(one.labels, other.labels) and np.array_equal(one.features, other.features))


def _stacked(sets: Sequence[Dataset]) -> tuple[Floats, Ints]:
    if len(sets) == 1:  # a view: large shared data is not copied
        return sets[0].features[None], sets[0].labels[None]
    return np.stack([each.features for each in sets]), np.stack([each.labels for each in sets])
