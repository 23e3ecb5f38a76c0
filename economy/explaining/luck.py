"""Kinds of luck: what the random numbers of a round are for, so that one kind may be a stranger's and the others not.

A round takes its numbers from named streams, one purpose each. That of choices serves several purposes in a fixed
order: who reconsiders, who mutates and to what, then what policies draw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.streams import SharedStream, Stream, Streams
from commonweal.economy.world.replicas import share_streams
from commonweal.economy.world.world import World

Spot = tuple[int, int]  # which call of a stream in a round, and which row of what it answers


@dataclass(frozen=True)
class Purpose:
    """What some of a round's random numbers are for."""

    name: str  # in words
    stream: str  # field of ``Streams``
    spots: tuple[Spot, ...] = ()  # where its numbers stand; empty: all others of the stream


RECONSIDERING = Purpose("who reconsiders", "choice", ((0, 0),))
MUTATIONS = Purpose("mutations", "choice", ((0, 1), (0, 2)))
MEETINGS = Purpose("whom imitators meet", "choice", ((1, 0),))
ADOPTION = Purpose("whether imitators adopt", "choice")
POLICIES = Purpose("what policies draw", "choice")
OTHERS = (
    Purpose("batches and junk", "batch"),
    Purpose("audits and shocks", "shock"),
    Purpose("coalitions of credit", "credit"),
    Purpose("answers about values", "values"),
    Purpose("encounters and judges", "encounter"),
)


def purposes_of(world: World, moved: Sequence[str]) -> tuple[Purpose, ...]:
    """The kinds of luck that rounds of a world have.

    Args:
        world: of any runs.
        moved: streams from which its rounds take numbers.
    """
    alone = world.terms.policy.names == ("imitation",)
    choices = (RECONSIDERING, MUTATIONS, *((MEETINGS, ADOPTION) if alone else (POLICIES,)))
    return tuple(each for each in (*choices, *OTHERS) if each.stream in moved)


def moved_streams(before: Streams, after: Streams) -> tuple[str, ...]:
    """Names of streams from which somebody has taken numbers in between."""
    pairs = {part.name: (getattr(before, part.name), getattr(after, part.name)) for part in fields(Streams)}
    return tuple(name for name, (old, new) in pairs.items() if _states(old) != _states(new))


def _states(stream: Stream) -> list[Mapping[str, object]]:
    sources = stream.sources if isinstance(stream, SharedStream) else stream.generators
    return [generator.bit_generator.state for generator in sources]


class MixedStream(Stream):
    """R streams, each of which has the numbers for one purpose from one source and those for another from another.

    All sources advance together, so that the numbers for a purpose are those they would be alone.

    Args:
        sources: different generators; they advance.
        rest: (R,) which of them each run draws from.
        apart: (R,) which of them instead, where numbers stand apart.
    """

    sources: tuple[np.random.Generator, ...]
    rest: Ints
    apart: Mapping[Spot, Ints]
    calls: int  # in this round

    def __init__(self, sources: tuple[np.random.Generator, ...], rest: Ints, apart: Mapping[Spot, Ints]) -> None:
        vars(self).update(sources=sources, rest=rest, apart=apart, calls=0)

    def __len__(self) -> int:
        return len(self.rest)

    @property
    def generators(self) -> tuple[np.random.Generator, ...]:
        """None: numbers must be asked of the stream.

        Raises:
            InputError: always.
        """
        raise InputError("luck by purpose: a rule asks for the generators of choices, which are of several purposes")

    def begin_round(self) -> None:
        """The next call is the first of a round."""
        vars(self).update(calls=0)

    def uniform(self, *shape: int) -> Floats:
        """(R, *shape) uniform numbers in [0, 1)."""
        return self._mixed(Stream(self.sources).uniform(*shape))

    def normal(self, *shape: int) -> Floats:
        """(R, *shape) standard normal numbers."""
        return self._mixed(Stream(self.sources).normal(*shape))

    def _mixed(self, drawn: Floats) -> Floats:
        found = drawn[self.rest]
        for (call, row), rows in self.apart.items():
            if call == self.calls:
                found[:, row] = drawn[rows, row]
        vars(self).update(calls=self.calls + 1)
        return found


def mixed(luck: Streams, kept: Bools, strangers: Ints, purposes: Sequence[Purpose]) -> Streams:
    """Streams of runs that keep the luck of some purposes and have that of a stranger for the others.

    Args:
        luck: of 1 + K runs, the run's own first; copied.
        kept: (n, Q) which purposes each of n coalitions keeps.
        strangers: (K,) places of strangers among the runs of ``luck``.
        purposes: Q of them.

    Returns:
        n K streams, coalition by coalition.
    """
    whose = np.where(kept[:, None], 0, strangers[:, None]).reshape(-1, len(purposes))
    shared = share_streams(luck, np.arange(len(luck.choice)))
    return Streams(**{part.name: _one(getattr(shared, part.name), part.name, whose, purposes)
                      for part in fields(Streams)})  # fmt: skip


def _one(stream: SharedStream, name: str, whose: Ints, purposes: Sequence[Purpose]) -> Stream:
    """The stream of that name: ``whose`` (n K, Q) says from which run its numbers for each purpose are."""
    rest, apart = stream.rows[np.zeros(len(whose), dtype=np.int64)], dict[Spot, Ints]()
    for rows, purpose in zip(stream.rows[whose].T, purposes, strict=True):
        if purpose.stream == name and purpose.spots:
            apart |= dict.fromkeys(purpose.spots, rows)
        elif purpose.stream == name:
            rest = rows
    return MixedStream(stream.sources, rest, apart) if apart else SharedStream(stream.sources, rest)


def begin_round(streams: Streams) -> None:
    """Count the calls of a new round."""
    for part in fields(Streams):
        if isinstance(stream := getattr(streams, part.name), MixedStream):
            stream.begin_round()
