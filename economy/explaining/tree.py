"""Replays: a run is played again for each coalition of reasons, and what coalitions share is played once.

Coalitions that agree on all that can matter until some round share a state until then. Over E reasons that begin to
matter one after the other, all coalitions take 2^(E+1) − 2 stretches instead of E 2^E.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from commonweal.agents.actions import action_shares
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.round.record import Record
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.metrics import SHARES, round_metrics
from commonweal.economy.world.replicas import pick_runs, pick_world, share_streams
from commonweal.economy.world.world import State, World

# What there is of a single principal, by the words before its number
OF_ONE: Mapping[str, Callable[[Record], Floats]] = {
    "payoff of ": lambda record: record.payday.payoffs,
    "payment of ": lambda record: record.payday.payments / MICRO,
    "credit of ": lambda record: record.produce.credit,
}
# Metrics of a round that spare names leave as they are; shares are those of principals
WITH_SPARES = ("accuracy", "validation_loss", "revenue", "paid", "treasury", "welfare", "clawed", "rival")


@dataclass(frozen=True)
class Outcome:
    """What is explained of a run: means of A metrics over its last rounds.

    Metrics are those of a round, and ``payoff of 7``, ``payment of 7`` and ``credit of 7``: of a principal under all
    its names, money per round; credit is of what it put in in the round.

    Raises:
        InputError: if there is no metric, or no round.
    """

    metrics: tuple[str, ...] = ("share_delegate",)
    last: int = 10  # rounds

    def __post_init__(self) -> None:
        if not self.metrics or self.last < 1:
            raise InputError(f"outcome: metrics {self.metrics}, last {self.last}: must be one metric and round or more")

    def of(
        self, record: Record, before: State, after: State, people: Population, world: World, bearer: Ints | None = None
    ) -> Floats:
        """(R, A) of a round.

        Args:
            record: of the round.
            before: it.
            after: it.
            people: after it.
            world: what does not change.
            bearer: (N + spares,) the principal behind each name, where there are spare names.

        Raises:
            InputError: if there is no such metric.
        """
        found = round_metrics(record, before, after, people, world)
        if bearer is not None:
            shares = action_shares(record.actions[:, : bearer.max() + 1])
            found = {name: found[name] for name in WITH_SPARES} | dict(zip(SHARES, shares.T, strict=True))
        return np.stack([self._one(name, found, record, bearer) for name in self.metrics], axis=1)

    def _one(self, name: str, found: Mapping[str, Floats], record: Record, bearer: Ints | None) -> Floats:
        if name in found:
            return found[name]
        for words, read in OF_ONE.items():
            number = name.removeprefix(words)
            if number != name and number.isdecimal() and int(number) < record.actions.shape[1]:
                each = read(record)
                own = [int(number)] if bearer is None else np.flatnonzero(bearer == int(number))
                total: Floats = each[:, own].sum(axis=1)
                return total
        raise InputError(f"outcome: unknown metric {name!r}: must be one of {', '.join(found)}, or payoff of 0")

    def words(self, rounds: int) -> str:
        """What it is of a run of that many rounds."""
        return f"mean of rounds {max(0, rounds - self.last)} to {rounds - 1}"


# Economy of n B runs at the beginning of a stage, its number, (n, P) coalitions → economy at its end, (n B, A) outcome
Play: TypeAlias = Callable[[Economy, int, Bools], tuple[Economy, Floats]]


def replay(start: Economy, coalitions: Bools, begun: Bools, play: Play, together: int = 4096) -> Floats:
    """Outcomes of runs under coalitions of P reasons, summed over the stages of the run.

    Args:
        start: B runs between two rounds; unchanged.
        coalitions: (C, P).
        begun: (S, P) which reasons can matter until the end of each of S stages; none of them stops to count.
        play: plays one stage for n coalitions, B runs each, coalition by coalition.
        together: runs computed at once, at most; a coalition's B runs are never parted.

    Returns:
        (C, B, A).
    """
    first = begun.argmax(axis=0)
    order = np.lexsort(coalitions[:, np.argsort(-first, kind="stable")].T)
    size = max(1, together // len(start.state.quality))
    blocks = [order[at : at + size] for at in range(0, len(order), size)]
    parts = [_replay_block(start, coalitions[block], begun, play) for block in blocks]
    found = np.empty((len(order), *parts[0].shape[1:]))
    found[order] = np.concatenate(parts)
    return found


def _replay_block(start: Economy, coalitions: Bools, begun: Bools, play: Play) -> Floats:
    bases = len(start.state.quality)
    economy, total = taken(start, np.arange(bases)), np.zeros((bases, 1))
    place = np.zeros(len(coalitions), dtype=np.int64)  # (C,) node of each coalition
    for stage, matter in enumerate(begun):
        nodes, first, after = np.unique(coalitions & matter, axis=0, return_index=True, return_inverse=True)
        runs = (place[first][:, None] * bases + np.arange(bases)).ravel()
        place = after.ravel()
        if len(runs) > bases or stage:
            economy, total = taken(economy, runs), total[runs]
        economy, added = play(economy, stage, nodes)
        total = total + added
    return total.reshape(-1, bases, total.shape[1])[place]


def taken(economy: Economy, runs: Ints) -> Economy:
    """Copies of some of the runs of an economy, which draw the same numbers and leave it unchanged."""
    return Economy(
        pick_world(economy.world, runs),
        pick_runs(economy.state, runs),
        pick_runs(economy.people, runs),
        share_streams(economy.streams, runs),
    )


def stretches(rounds: int, parts: int) -> list[range]:
    """The rounds of a run in parts that differ by at most one round, the longer ones first.

    Raises:
        InputError: if there are fewer rounds than parts, or no part.
    """
    if not 1 <= parts <= rounds:
        raise InputError(f"episodes = {parts}: must be from 1 to the {rounds} rounds of the run")
    return [range(int(part[0]), int(part[-1]) + 1) for part in np.array_split(np.arange(rounds), parts)]


def counted(outcome: Outcome, rounds: int) -> Sequence[bool]:
    """Of each round of a run, whether the outcome counts it."""
    return [t >= rounds - outcome.last for t in range(rounds)]
