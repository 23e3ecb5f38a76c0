"""Playing deviations: ensembles of one seed and many deviations each, on all cores."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Others, play_futures
from commonweal.economy.round.worth import Judge
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick

TOGETHER = 160  # deviations in an ensemble: with more nothing gets faster, and memory grows
_TRIED = 32  # deviations of one principal that are played together by all
_RUNS = 2400  # runs in an ensemble of many seeds: with more nothing gets faster


@dataclass(frozen=True)
class GainsAndLosses:
    """The gains from D deviations in S seeds, and what they cost the others."""

    gains: Floats  # (S, D) money per round and member, or utility
    losses: Floats  # (S, D) the same per round, of all others together


@dataclass(frozen=True)
class Span:
    """When deviations are tried, and what the others do meanwhile."""

    start: int  # rounds played before they begin
    rounds: int  # that they last
    others: Others  # whether the others may react
    judge: Judge = "utility"  # what gains are counted in


@dataclass(frozen=True)
class _Trial:
    """Some deviations, each tried in a run of one seed."""

    scenario: Scenario
    seed: int
    span: Span
    deviations: tuple[Deviation, ...]

    @property
    def piece(self) -> Piece:
        """To play, as one ensemble."""
        rounds = self.span.start + self.span.rounds * (1 + len(self.deviations))
        return Piece(_play, self, rounds, (GainsAndLosses,))


@dataclass(frozen=True)
class Tried:
    """Deviations to try in S seeds of a scenario."""

    scenario: Scenario
    seeds: Sequence[int]  # S
    deviations: Sequence[Sequence[Deviation]]  # D for each seed; those at the same place are compared between seeds
    span: Span

    @property
    def rounds(self) -> int:
        """Rounds of single runs that it takes."""
        return rounds_of(self.deviations, self.span)


def play_deviations(
    scenario: Scenario,
    seeds: Sequence[int],
    tried: Sequence[Sequence[Deviation]],
    span: Span,
    *,
    workers: int | None = None,
    pieces: Pieces | None = None,
    what: str = "deviations",
) -> GainsAndLosses:
    """Try D deviations in each of S seeds, each against the same run without it.

    Args:
        scenario: what to play.
        seeds: S of them.
        tried: D deviations for each seed; those at the same place are compared between seeds.
        span: when they are tried.
        workers: processes; as many as cores if None; 1 plays all in this process, which knows a notebook's rules.
        pieces: plays and keeps them.
        what: they are, for progress.

    Raises:
        InputError: if a deviation makes no sense, or a run diverges.
    """
    found = play_tried([Tried(scenario, seeds, tried, span)], workers=workers, pieces=pieces, what=what)
    return found[0]


def play_tried(
    asked: Sequence[Tried],
    *,
    workers: int | None = None,
    pieces: Pieces | None = None,
    what: str = "deviations",
) -> list[GainsAndLosses]:
    """Try deviations in several scenarios, all at once, so that no process waits for the last of a scenario.

    Args:
        asked: what to try.
        workers: processes; as many as cores if None; 1 plays all in this process, which knows a notebook's rules.
        pieces: plays and keeps them.
        what: they are, for progress.

    Raises:
        InputError: if a deviation makes no sense, or a run diverges.
    """
    places = [(k, row, part) for k, tried in enumerate(asked)
              for row, deviations in enumerate(tried.deviations) for part in _parts(deviations)]  # fmt: skip
    trials = [_trial(asked[k], row, part).piece for k, row, part in places]
    shapes = [(2, len(tried.seeds), len(tried.deviations[0])) for tried in asked]
    found = [np.empty(shape) for shape in shapes]
    for (k, row, part), outcome in zip(places, (pieces or Pieces()).play(what, trials, workers), strict=True):
        found[k][:, row, list(part)] = outcome.gains[0], outcome.losses[0]
    return [GainsAndLosses(*both) for both in found]


def _trial(tried: Tried, row: int, part: Sequence[int]) -> _Trial:
    return _Trial(tried.scenario, tried.seeds[row], tried.span, tuple(tried.deviations[row][k] for k in part))


def play_everybody(
    scenario: Scenario,
    seeds: Sequence[int],
    deviations: Sequence[Deviation],
    span: Span,
    *,
    workers: int | None = None,
    pieces: Pieces | None = None,
    what: str = "deviations",
) -> Floats:
    """Try D deviations by each of N principals in each of S seeds, many seeds together; the numbers are the same.

    That pays where a round costs the same whether few or many runs are played, since nothing is trained.

    Args:
        scenario: what to play.
        seeds: S of them.
        deviations: D of them, of any principal.
        span: when they are tried.
        workers: processes; as many as cores if None; 1 plays all in this process, which knows a notebook's rules.
        pieces: plays and keeps them.
        what: they are, for progress.

    Returns:
        (S, N, D) gains.
    """
    count, gains = scenario.population.count, np.empty((len(seeds), scenario.population.count, len(deviations)))
    parts = [part[k : k + _TRIED] for part in _parts(deviations) for k in range(0, len(part), _TRIED)]
    size = max(1, _RUNS // (1 + count * max(map(len, parts), default=1)))
    rows = [range(k, min(k + size, len(seeds))) for k in range(0, len(seeds), size)]
    asked = [
        _Everybody(scenario, tuple(seeds[k] for k in row), span, tuple(deviations[k] for k in part)).piece
        for row in rows
        for part in parts
    ]
    places = [(row, part) for row in rows for part in parts]
    for (row, part), found in zip(places, (pieces or Pieces()).play(what, asked, workers), strict=True):
        gains[np.ix_(list(row), range(count), list(part))] = found
    return gains


@dataclass(frozen=True)
class _Everybody:
    """Some deviations, each tried by every principal in runs of some seeds."""

    scenario: Scenario
    seeds: tuple[int, ...]
    span: Span
    deviations: tuple[Deviation, ...]

    @property
    def piece(self) -> Piece:
        """To play, as one ensemble."""
        runs = 1 + self.scenario.population.count * len(self.deviations)
        return Piece(_play_everybody, self, len(self.seeds) * (self.span.start + self.span.rounds * runs))


def _play_everybody(asked: _Everybody, tick: Tick) -> Floats:
    """(S, N, D) gains."""
    ensemble, span = Ensemble(asked.scenario, list(asked.seeds)), asked.span
    for _ in range(span.start):
        ensemble.step()
    count = asked.scenario.population.count
    tried = [replace(each, members=(i,)) for i in range(count) for each in asked.deviations]
    futures = play_futures(
        ensemble.snapshot, tried, span.rounds, others=span.others, judge=span.judge,
        on_round=lambda: tick(len(asked.seeds) * (1 + len(tried))),
    )  # fmt: skip
    return futures.gains.reshape(len(asked.seeds), count, -1)


def rounds_of(tried: Sequence[Sequence[Deviation]], span: Span) -> int:
    """Rounds of single runs that it takes to try deviations."""
    return sum(span.start + span.rounds * (1 + len(part)) for deviations in tried for part in _parts(deviations))


def _parts(deviations: Sequence[Deviation]) -> list[tuple[int, ...]]:
    """Which deviations play together: those that need spare names, which change what policies draw, by themselves."""
    by_spares: dict[int, list[int]] = defaultdict(list)
    for place, deviation in enumerate(deviations):
        by_spares[deviation.spares].append(place)
    return [tuple(group[k : k + TOGETHER]) for group in by_spares.values() for k in range(0, len(group), TOGETHER)]


def _play(trial: _Trial, tick: Tick) -> GainsAndLosses:
    """Play a trial as one ensemble."""
    ensemble, span = Ensemble(trial.scenario, [trial.seed]), trial.span
    for _ in range(span.start):
        ensemble.step()
        tick(1)
    futures = play_futures(
        ensemble.snapshot, trial.deviations, span.rounds, others=span.others, judge=span.judge,
        on_round=lambda: tick(1 + len(trial.deviations)),
    )  # fmt: skip
    return GainsAndLosses(futures.gains, futures.losses)
