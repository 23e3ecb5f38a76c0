"""Playing a matrix: under each settlement and seed one ensemble of the honest run and of all attacks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Others, play_futures
from commonweal.economy.round.worth import Judge
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.registry import Attack
from commonweal.scenarios.studies.honest import HONEST
from commonweal.scenarios.studies.incentives.playing import TOGETHER
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick


@dataclass(frozen=True)
class Span:
    """For how long attacks last, what others do, and what counts."""

    start: int  # rounds played before
    horizon: int  # rounds
    others: Others
    judge: Judge


@dataclass(frozen=True)
class Row:
    """One settlement and what is tried against it."""

    settlement: str
    scenario: Scenario
    attacks: tuple[Attack, ...]  # A
    firsts: tuple[int, ...]  # T principals who try each in turn; a pair is one and the next

    def deviations(self) -> list[Deviation]:
        """A × T deviations, attack by attack."""
        count = self.scenario.population.count
        return [
            replace(each.deviation, members=tuple((first + member) % count for member in each.deviation.members))
            for each in self.attacks
            for first in self.firsts
        ]


@dataclass(frozen=True)
class Outcome:
    """What A attacks brought under one settlement in S seeds, per round, means over those who tried."""

    gains: Floats  # (S, A) of an attacker
    losses: Floats  # (S, A) of each honest principal
    honest: Floats  # (S,) payoff of a principal where nobody attacks
    imbalance: int  # micro-units by which the ledger that is farthest off does not add up
    lowest: int  # micro-units on the lowest account other than the market's


@dataclass(frozen=True)
class _Asked:
    scenario: Scenario
    seed: int
    span: Span
    deviations: tuple[Deviation, ...]


def honest_base(scenario: Scenario) -> Scenario:
    """The same economy, in which everybody delegates.

    Raises:
        InputError: if delegating is not available.
    """
    return revise(scenario, HONEST)


def spread(count: int, principals: int) -> tuple[int, ...]:
    """So many principals, spread over the places 0 to N − 1.

    Args:
        count: how many; all if there are no more.
        principals: N.
    """
    count = min(count, principals)
    return tuple((2 * k + 1) * principals // (2 * count) for k in range(count))


def play_matrix(
    rows: Sequence[Row], seeds: Sequence[int], span: Span, pieces: Pieces, workers: int | None
) -> list[Outcome]:
    """Play all attacks under all settlements.

    Raises:
        InputError: if an attack makes no sense, or a run diverges.
    """
    parts = [(row, seed, part) for row in rows for seed in seeds for part in _parts(row.deviations())]
    asked = [_piece(row.scenario, seed, span, part) for row, seed, part in parts]
    given = iter(pieces.play("settlements against attacks", asked, workers))
    return [
        _outcome(row, [[next(given) for _ in _parts(row.deviations())] for _ in seeds]) for row in rows
    ]


def rounds_of(rows: Sequence[Row], seeds: Sequence[int], span: Span) -> int:
    """Rounds of single runs that it takes."""
    parts = [part for row in rows for part in _parts(row.deviations())]
    return len(seeds) * sum(span.start + span.horizon * (1 + len(part)) for part in parts)


def _parts(deviations: Sequence[Deviation]) -> list[tuple[Deviation, ...]]:
    return [tuple(deviations[k : k + TOGETHER]) for k in range(0, len(deviations), TOGETHER)]


def _piece(scenario: Scenario, seed: int, span: Span, deviations: tuple[Deviation, ...]) -> Piece:
    rounds = span.start + span.horizon * (1 + len(deviations))
    return Piece(_play, _Asked(scenario, seed, span, deviations), rounds)


def _play(asked: _Asked, tick: Tick) -> dict[str, Any]:
    """One settlement, one seed: gains (D,), losses of each other (D,), the honest payoff, and the ledgers."""
    ensemble, span, deviations = Ensemble(asked.scenario, [asked.seed]), asked.span, asked.deviations
    for _ in range(span.start):
        ensemble.step()
    told = 1 + len(deviations)
    futures = play_futures(
        ensemble.snapshot, deviations, span.horizon, others=span.others, judge=span.judge, on_round=lambda: tick(told)
    )
    others = futures.principals - np.array([len(each.members) for each in deviations])
    balances = futures.balances
    return {
        "gains": futures.gains[0],
        "losses": np.divide(futures.losses[0], others, out=np.zeros(len(others)), where=others > 0),
        "honest": float(futures.worth[0, 0, :, : futures.principals].mean()),
        "imbalance": int(np.abs(balances.sum(axis=2)).max()),
        "lowest": int(balances[..., :-1].min()),
    }


def _outcome(row: Row, given: Sequence[Sequence[dict[str, Any]]]) -> Outcome:
    """The means over those who tried each attack."""

    def by_attack(name: str) -> Floats:
        found = np.stack([np.concatenate([part[name] for part in seed]) for seed in given])  # (S, A T)
        means: Floats = found.reshape(len(found), len(row.attacks), len(row.firsts)).mean(axis=2)
        return means

    every = [part for seed in given for part in seed]
    honest = np.array([seed[0]["honest"] for seed in given])
    imbalance, lowest = max(part["imbalance"] for part in every), min(part["lowest"] for part in every)
    return Outcome(by_attack("gains"), by_attack("losses"), honest, imbalance, lowest)
