"""Playing deviations: ensembles of one seed and many deviations each, on all cores."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from importlib import import_module

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.registry import plugin_modules
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Others, play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.executors import engine_named

TOGETHER = 160  # deviations in an ensemble: with more nothing gets faster, and memory grows
SMALL = 30_000  # rounds of single runs, below which starting processes does not pay


@dataclass(frozen=True)
class GainsAndLosses:
    """The gains from D deviations in S seeds, and what they cost the others."""

    gains: Floats  # (S, D) money per round and member
    losses: Floats  # (S, D) money per round, of all others together


@dataclass(frozen=True)
class _Trial:
    """Some deviations, each tried in a run of one seed."""

    scenario: Scenario
    seed: int
    start: int  # rounds played before they begin
    rounds: int  # that they last
    others: Others
    deviations: tuple[Deviation, ...]
    plugins: tuple[str, ...]  # modules whose rules the scenario may name
    place: tuple[int, tuple[int, ...]]  # of the outcomes: the seed's row, the deviations' columns


def play_deviations(
    scenario: Scenario,
    seeds: Sequence[int],
    tried: Sequence[Sequence[Deviation]],
    others: Others,
    rounds: int,
    *,
    start: int = 0,
    workers: int | None = None,
    tell: Callable[[int], None] = lambda deviations: None,
) -> GainsAndLosses:
    """Try D deviations in each of S seeds, each against the same run without it.

    Args:
        scenario: what to play.
        seeds: S of them.
        tried: D deviations for each seed; those at the same place are compared between seeds.
        others: whether they may react.
        rounds: T that a deviation lasts.
        start: rounds played before it.
        workers: processes; as many as cores if None; 1 plays all in this process, which knows a notebook's rules.
        tell: told how many deviations were just played.

    Raises:
        InputError: if a deviation makes no sense, or a run diverges.
    """
    single = workers == 1 or rounds * sum(1 + len(deviations) for deviations in tried) < SMALL
    engine = engine_named("serial" if single else "processes", None if single else workers, None)
    plugins = () if single else plugin_modules()
    trials = [
        _Trial(scenario, seed, start, rounds, others, tuple(deviations[k] for k in part), plugins, (row, part))
        for row, (seed, deviations) in enumerate(zip(seeds, tried, strict=True))
        for part in _parts(deviations)
    ]
    gains, losses = np.empty((2, len(seeds), len(tried[0])))
    futures: list[Future[GainsAndLosses]] = []
    with engine.pool(engine.workers) as pool:
        for trial in trials:
            futures.append(pool.submit(_play, trial))
            futures[-1].add_done_callback(partial(_told, tell, len(trial.deviations)))
        for trial, future in zip(trials, futures, strict=True):
            row, columns = trial.place
            outcome = future.result()
            gains[row, list(columns)], losses[row, list(columns)] = outcome.gains[0], outcome.losses[0]
    return GainsAndLosses(gains, losses)


def _told(tell: Callable[[int], None], deviations: int, _: Future[GainsAndLosses]) -> None:
    tell(deviations)


def _parts(deviations: Sequence[Deviation]) -> list[tuple[int, ...]]:
    """Which deviations play together: those that need spare names, which change what policies draw, by themselves."""
    by_spares: dict[int, list[int]] = defaultdict(list)
    for place, deviation in enumerate(deviations):
        by_spares[deviation.spares].append(place)
    return [tuple(group[k : k + TOGETHER]) for group in by_spares.values() for k in range(0, len(group), TOGETHER)]


def _play(trial: _Trial) -> GainsAndLosses:
    """Play a trial as one ensemble."""
    for module in trial.plugins:
        import_module(module)
    ensemble = Ensemble(trial.scenario, [trial.seed])
    for _ in range(trial.start):
        ensemble.step()
    futures = play_futures(ensemble.snapshot, trial.deviations, trial.rounds, others=trial.others)
    return GainsAndLosses(futures.gains, futures.losses)
