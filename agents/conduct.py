"""Conduct: how single principals carry out what they do, where that is not as the scenario says.

Actions say what a principal does; conduct says how: what it puts in under that name, how much, which limits it claims
to have, since when it says it takes part, and whether it is a person at all or another's second name. Studies of
deviations set it; scenarios do not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Conduct:
    """R runs of N principals with K value dimensions."""

    form: NDArray[np.int8]  # (R, N) Form of what who takes part puts in; −1: as its action says
    share: Floats  # (R, N) of its samples that it puts in, 0 to 1
    claimed: Floats  # (R, N, K) added to the limits it reports; what it really minds is unchanged
    dearer: Floats  # (R, N) share by which it claims that its samples, and looser limits, cost it more than they do
    earlier: Ints  # (R, N) rounds by which it claims to have joined earlier than it did
    line: Ints  # (R, N) line of the menu it takes; −1: the one that is best for it
    exaggerates: Floats  # (R, N) share by which it claims that its update does more than it does
    pads: Floats  # (R, N) N-ths of an update along the validation gradient that it claims on top
    person: Bools  # (R, N) False: a name without a person, for whom nothing is useful and nothing gained
    slanders: Bools  # (R, N) as a judge calls everybody bad
    ring: Ints  # (R, N) ring whose members praise each other whatever they do; −1: none
    source: Ints  # (R, N) name whose samples it puts in where they are copies; its own elsewhere
    acts_as: Ints  # (R, N) name under which each takes part; its own unless it has gone on under another

    @classmethod
    def plain(cls, runs: int, principals: int, dimensions: int) -> "Conduct":
        """Everybody as the scenario says."""
        shape = (runs, principals)
        return cls(
            form=np.full(shape, -1, np.int8),
            share=np.ones(shape),
            claimed=np.zeros((*shape, dimensions)),
            dearer=np.zeros(shape),
            earlier=np.zeros(shape, np.int64),
            line=np.full(shape, -1),
            exaggerates=np.zeros(shape),
            pads=np.zeros(shape),
            person=np.ones(shape, dtype=bool),
            slanders=np.zeros(shape, dtype=bool),
            ring=np.full(shape, -1),
            source=np.tile(np.arange(principals), (runs, 1)),
            acts_as=np.tile(np.arange(principals), (runs, 1)),
        )
