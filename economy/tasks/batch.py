"""The virtual batch, what is carried between rounds, and the terms that say what actions do to samples."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints, Labels
from commonweal.agents.terms import PerRun

Forms = NDArray[np.int8]


class Form(IntEnum):
    """What a principal's samples are in a round."""

    NOTHING = 0  # abstaining, idle, or leaking the model outside
    OWN = 1  # its own samples
    WRONG = 2  # its own samples, each label moved to the next class, or mirrored where it is a number
    JUNK = 3  # Gaussian features and random labels, Gaussian where they are numbers
    STALE = 4  # its first few samples over and over
    DISGUISED = 5  # its first few samples, each time under fresh noise; under FedAvg a delta of noise
    REPLAY = 6  # the samples of one round over and over; under FedAvg the change that the model made last
    COPY = 7  # samples that somebody puts in already: another's, or its own under another name


# numpy compares arrays with plain numbers six times as fast as with the enum, and every round does.
NOTHING, OWN, WRONG = int(Form.NOTHING), int(Form.OWN), int(Form.WRONG)


@dataclass(frozen=True)
class ActionTerms:
    """``scenario.actions``: what each action does to samples."""

    available: tuple[str, ...]  # names of the actions a principal may take
    free_ride: str  # idle, junk, stale, disguised or replay
    stale_samples: int  # samples a stale free-rider puts in over and over
    noise: PerRun  # (R, 1) standard deviation of the noise under which a free-rider disguises its samples
    defect: str  # poison or leak
    defect_gain: PerRun  # (R, 1) money per round of defecting
    selection: str = "none"  # none or classes: what delegating principals leave out


class SamplingTerms(Protocol):
    """The part of ``scenario.learning`` that says how many samples are put in."""

    @property
    def sampling(self) -> str:
        """Either each or pool."""

    @property
    def samples(self) -> int:
        """Samples per contributor and round (each)."""

    @property
    def batch(self) -> int:
        """Samples per round (pool)."""


class SupplyTerms(Protocol):
    """The terms of an economy that say what is put in."""

    @property
    def actions(self) -> ActionTerms:
        """What each action does to samples."""

    @property
    def learning(self) -> SamplingTerms:
        """How many samples are put in."""


@dataclass(frozen=True)
class Batch:
    """The virtual batches of R runs, padded to the longest."""

    sample: Ints  # (R, S) sample ids; any valid id where padded or junk
    label: Labels  # (R, S) the labels claimed
    owner: Ints  # (R, S) principal, −1 where padded
    junk: Bools | None  # (R, S) places with noise in their features; None where nobody puts in such
    noise: Floats | None  # (n_junk, d) noise of the junk places, in row-major order
    visit: int = 0  # samples of each visited principal where they stand together, 0 where they are scattered
    added: Bools | None = None  # (n_junk,) whether noise is added to a sample's own features or stands in their place


@dataclass(frozen=True)
class Traversal:
    """How far one run has traversed a shuffled global index of all contributed samples, batch by batch."""

    form: Forms  # (N,) the Form of every principal's samples, which the index was made for
    amount: Ints  # (N,) and how many each puts in
    order: Ints  # (Q,) shuffled global index of Q contributed samples
    taken: int  # places of order already visited


@dataclass(frozen=True)
class Supply:
    """What is carried from round to round."""

    cursor: Ints  # (R, N) place in its own holding where a principal's walk goes on (each)
    traversals: tuple[Traversal, ...]  # one per run (pool); empty before the first round


@dataclass(frozen=True)
class PutIn:
    """How many samples each principal put into the round."""

    total: AnyArray  # (R, N) of any form; whole numbers but where nothing is learned
    delegated: AnyArray  # (R, N) honestly delegated: the ones that cost
    form: Forms | None = None  # (R, N) the Form of every principal's samples; None where there are no samples

    @property
    def copied(self) -> AnyArray:
        """(R, N) copies of samples that somebody else puts in, or the same under another name."""
        return self.total * (self.form == int(Form.COPY)) if self.form is not None else np.zeros_like(self.total)
