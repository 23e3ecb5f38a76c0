"""Explicit randomness: every run has its own named generators, whatever runs it is computed with."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, fields
from operator import index
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError


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


class SharedStream(Stream):
    """R streams some of which are the same: what these draw is drawn once.

    Every run takes as many numbers, so that it draws what a generator of its own would. Who asks for the generators
    themselves gets one for each run.

    Args:
        sources: the different generators; they advance.
        rows: (R,) which of them each run draws from.
    """

    sources: tuple[np.random.Generator, ...]
    rows: Ints
    own: tuple[np.random.Generator, ...] | None  # of each run, once somebody has asked for them

    def __init__(self, sources: tuple[np.random.Generator, ...], rows: Ints) -> None:
        vars(self).update(sources=sources, rows=rows, own=None)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def generators(self) -> tuple[np.random.Generator, ...]:
        """R generators; from now on each run draws from its own."""
        own = self.own or tuple(deepcopy(self.sources[row]) for row in self.rows)
        vars(self).update(own=own)
        return own

    def uniform(self, *shape: int) -> Floats:
        """(R, *shape) uniform numbers in [0, 1)."""
        return super().uniform(*shape) if self.own else Stream(self.sources).uniform(*shape)[self.rows]

    def normal(self, *shape: int) -> Floats:
        """(R, *shape) standard normal numbers."""
        return super().normal(*shape) if self.own else Stream(self.sources).normal(*shape)[self.rows]

    def copied(self, runs: Ints) -> "SharedStream":
        """Copies of some of the runs, which do not move these."""
        if self.own:
            return SharedStream(tuple(deepcopy(self.own[run]) for run in runs), np.arange(len(runs)))
        return SharedStream(deepcopy(self.sources), self.rows[runs])


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
    values: Stream  # camps and concerns; what principals answer when their agents ask
    encounter: Stream  # who meets and judges whom; what goes wrong in it
    rehearsal: Stream  # first weights of networks that decide; which decisions they go over again
    audit: Stream  # who opens an update; whose sum is checked beside that of all
    privacy: Stream  # the secrets that principals draw the noise on what leaves their nodes from
    probes: Stream  # samples of value dimensions that a rule of its own chooses or makes
    masks: Stream  # the secret that the masks of dropout come from, in networks of one's own

    @classmethod
    def from_seeds(cls, seeds: Sequence[int]) -> "Streams":
        """Spawn the streams of each seed once: the same seed draws the same numbers alone or in any ensemble."""
        names = [field.name for field in fields(cls)]
        spawned = [[np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(len(names))] for seed in seeds]
        return cls(**{name: Stream(tuple(run[i] for run in spawned)) for i, name in enumerate(names)})


def plain_seeds(seeds: Any, where: str = "seeds") -> tuple[int, ...]:
    """Seeds as plain numbers, from a list, a range or an array.

    Raises:
        InputError: if they are a count, or one of them is not a whole number from 0.
    """
    try:
        given = tuple(seeds)
    except TypeError:
        count = seeds if isinstance(seeds, int | np.integer) and seeds > 0 else 8
        raise InputError(f"{where} = {seeds!r}: must be a seed for each run, like range({count})") from None
    return tuple(_plain_seed(seed, where) for seed in given)


def _plain_seed(seed: Any, where: str) -> int:
    try:
        number = -1 if isinstance(seed, bool | np.bool_) else index(seed)
    except TypeError:
        number = -1
    if number < 0:
        raise InputError(f"{where}: {' '.join(repr(seed).split())} is no seed: must be a whole number from 0")
    return number
