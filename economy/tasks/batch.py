"""The virtual batch, what is carried between rounds, and the terms that say what actions do to samples."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints
from commonweal.agents.terms import PerRun

Forms = NDArray[np.int8]


class Form(IntEnum):
    """What a principal's samples are in a round."""

    NOTHING = 0  # abstaining, idle, or leaking the model outside
    OWN = 1  # its own samples
    WRONG = 2  # its own samples, each label moved to the next class
    JUNK = 3  # Gaussian features and random labels
    STALE = 4  # its first few samples over and over
    DISGUISED = 5  # its first few samples, each time under fresh noise; under FedAvg a delta of noise
    REPLAY = 6  # the samples of one round over and over; under FedAvg the change that the model made last
    COPY = 7  # samples that somebody puts in already: another's, or its own under another name


# numpy compares arrays with plain numbers six times as fast as with the enum, and every round does.
NOTHING, OWN, WRONG = int(Form.NOTHING), int(Form.OWN), int(Form.WRONG)


@dataclass(frozen=True)
class ActionTerms:
    """The ``actions`` section: what each action does to samples."""

    free_ride: str  # idle, junk, stale, disguised or replay
    stale_samples: int  # samples that a stale or disguised free-rider puts in over and over
    noise: PerRun  # (R, 1) standard deviation of the noise under which a free-rider disguises its samples
    defect: str  # poison or leak


@dataclass(frozen=True)
class SamplingTerms:
    """The part of the ``learning`` section that says how many samples are put in."""

    sampling: str  # each or pool
    samples: int  # per contributor and round (each)
    batch: int  # per round (pool)


@dataclass(frozen=True)
class SupplyTerms:
    """Stacked from whole scenarios."""

    actions: ActionTerms
    learning: SamplingTerms


@dataclass(frozen=True)
class Batch:
    """The virtual batches of R runs, padded to the longest."""

    sample: Ints  # (R, S) sample ids; any valid id where padded or junk
    label: Ints  # (R, S) the labels claimed
    owner: Ints  # (R, S) principal, −1 where padded
    junk: Bools | None  # (R, S) places with noise in their features; None where nobody puts in such
    noise: Floats | None  # (n_junk, d) noise of the junk places, in row-major order
    visit: int = 0  # samples of each visited principal where they stand together, 0 where they are scattered
    added: Bools | None = None  # (n_junk,) whether noise is added to a sample's own features or stands in their place


@dataclass(frozen=True)
class Traversal:
    """How far one run has traversed a shuffled global index of all contributed samples, batch by batch."""

    form: Forms  # (N,) the Form of every principal's samples, which the index was made for
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
    form: Forms | None = None  # (R, N) the Form of every principal's samples; None where nothing is learned
