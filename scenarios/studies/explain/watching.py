"""The plays behind explanations: what everybody saw, chose and did, and the course of every metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.sights import DecisionLog, Decisions
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import round_metrics
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick

TOGETHER = 4  # seeds that are played as one ensemble
MOST = 2_000_000  # decisions that are kept


@dataclass(frozen=True)
class Run:
    """A run that is explained."""

    scenario: Scenario
    seed: int
    rounds: int  # it is played


@dataclass(frozen=True)
class Watched:
    """R runs as they went."""

    decisions: Decisions
    courses: Mapping[str, Floats]  # (R, T) of every metric

    def course(self, metric: str, run: int = 0) -> Floats:
        """(T,) of one metric in one run."""
        found: Floats = self.courses[metric][run]
        return found


@dataclass(frozen=True)
class _Asked:
    scenario: Scenario
    seeds: tuple[int, ...]
    rounds: int

    @property
    def piece(self) -> Piece:
        """To play, as one ensemble."""
        return Piece(_watch, self, self.rounds * len(self.seeds), (Watched, Decisions))


def seeds_that_fit(scenario: Scenario, seeds: Sequence[int], rounds: int) -> tuple[int, ...]:
    """The first seeds, at least one, whose decisions are not too many to keep."""
    return tuple(seeds[: max(1, MOST // max(1, scenario.population.count * rounds))])


def watch(scenario: Scenario, seeds: Sequence[int], rounds: int, pieces: Pieces, workers: int | None = 1) -> Watched:
    """Play runs and note everything that explanations of decisions need.

    Args:
        scenario: to play.
        seeds: R of them.
        rounds: T.
        pieces: plays and keeps them.
        workers: processes.
    """
    parts = [tuple(seeds[k : k + TOGETHER]) for k in range(0, len(seeds), TOGETHER)]
    asked = [_Asked(scenario, part, rounds).piece for part in parts]
    return _joined(pieces.play("runs as they went", asked, workers))


def metrics_of(scenario: Scenario, seed: int) -> list[str]:
    """The names of everything that is measured in a round."""
    ensemble = Ensemble(scenario, [seed])
    before, record = ensemble.state, ensemble.step()
    return list(round_metrics(record, before, ensemble.state, ensemble.people, ensemble.world))


def _watch(asked: _Asked, tick: Tick) -> Watched:
    ensemble = Ensemble(asked.scenario, asked.seeds)
    log, noted = DecisionLog(ensemble.world), []
    for _ in range(asked.rounds):
        before = ensemble.state
        log.see(before, ensemble.people)
        record = ensemble.step()
        log.note(record)
        noted.append(round_metrics(record, before, ensemble.state, ensemble.people, ensemble.world))
        tick(len(asked.seeds))
    courses = {name: np.stack([each[name] for each in noted], axis=1) for name in noted[0]}
    return Watched(log.decisions(), courses)


def _joined(parts: Sequence[Watched]) -> Watched:
    """All runs of parts (R', …)."""
    first = parts[0].decisions
    decisions = [each.decisions for each in parts]
    by_run = ("features", "law", "chose", "actions", "utility", "policy")
    arrays: dict[str, Any] = {name: np.concatenate([getattr(each, name) for each in decisions]) for name in by_run}
    names = parts[0].courses
    courses = {name: np.concatenate([np.asarray(each.courses[name]) for each in parts]) for name in names}
    return Watched(replace(first, **arrays), courses)


def demand_metrics(known: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise InputError where a metric is not measured."""
    if unknown := [name for name in wanted if name not in known]:
        raise InputError(f"outcome {unknown[0]!r}: must be one of {', '.join(known)}")


def demand_known(watched: Watched, metrics: Sequence[str], last: int) -> None:
    """Raise InputError where a metric has no value in the last rounds of a run."""
    for name in metrics:
        if not np.isfinite(watched.courses[name][:, -last:]).all():
            raise InputError(f"outcome {name}: has no value in the last {last} rounds of the run")
