"""Explicit randomness: every run has its own named generators, whatever runs it is computed with."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from commonweal.agents.arrays import Floats


@dataclass(frozen=True)
class Stream:
    """R independent generators that answer as one, run axis first."""

    generators: tuple[np.random.Generator, ...]

    def __len__(self) -> int:
        return len(self.generators)

    def uniform(self, *shape: int) -> Floats:
        """(R, *shape) uniform numbers in [0, 1)."""
        drawn = np.empty((len(self), *shape))
        for row, generator in zip(drawn, self.generators, strict=True):
            generator.random(out=row)
        return drawn

    def normal(self, *shape: int) -> Floats:
        """(R, *shape) standard normal numbers."""
        drawn = np.empty((len(self), *shape))
        for row, generator in zip(drawn, self.generators, strict=True):
            generator.standard_normal(out=row)
        return drawn


@dataclass(frozen=True)
class Streams:
    """The named streams of R runs: one purpose each, so that using one never moves another."""

    task: Stream  # splits, partitions, label noise, the network's first weights
    graph: Stream  # who knows whom
    population: Stream  # costs, profiles, types, first actions
    batch: Stream  # which samples are put in, junk
    choice: Stream  # decisions of principals
    shock: Stream  # audits and other luck
    credit: Stream  # coalitions that an estimate of credit looks at

    @classmethod
    def from_seeds(cls, seeds: Sequence[int]) -> "Streams":
        """Spawn the streams of each seed once: the same seed draws the same numbers alone or in any ensemble."""
        names = [field.name for field in fields(cls)]
        spawned = [[np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(len(names))] for seed in seeds]
        return cls(**{name: Stream(tuple(run[i] for run in spawned)) for i, name in enumerate(names)})
