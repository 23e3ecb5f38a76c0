"""Sweeps: every combination of varied values over the same seeds, as tidy tables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.errors import InputError
from scenarios.loading import load, revise
from scenarios.notation import parse_path, write_value
from scenarios.schema import Scenario
from scenarios.tables import SweepResults, gather

if TYPE_CHECKING:
    from economy.results import Results

OnRound = Callable[[], None]


@dataclass(frozen=True)
class Point:
    """One economy of a sweep."""

    values: Mapping[str, Any]  # the varied fields by path; empty for a single economy
    scenario: Scenario


def sweep(
    scenario: Scenario | str | Path,
    vary: Mapping[str, Sequence[Any]] | None = None,
    seeds: int | Iterable[int] = 8,
    *,
    keep_ledger: bool = False,
    start: Callable[[int], OnRound] | None = None,
) -> SweepResults:
    """Play every combination of the varied values with every seed.

    Args:
        scenario: what to vary, or where to load it from.
        vary: the values to compare by dotted path; nothing varied plays the scenario itself.
        seeds: the seeds, or how many of them (0, 1, …).
        keep_ledger: keep every transfer of money.
        start: told the number of rounds before the first of them; returns what to call after each.

    Raises:
        InputError: if a point is not a valid economy.
    """
    base = scenario if isinstance(scenario, Scenario) else load(scenario)
    numbers = read_seeds(seeds)
    points = spread(base, vary or {})
    benchmarks = [benchmark(point.scenario) for point in points]
    distinct = {key.model_dump_json(): Point({}, key) for key in benchmarks}
    rounds = sum(point.scenario.rounds for point in [*points, *distinct.values()])
    on_round = start(rounds) if start else None
    results = play(points, numbers, keep_ledger=keep_ledger, on_round=on_round)
    ideal = dict(zip(distinct, play([*distinct.values()], numbers, on_round=on_round), strict=True))
    rewarded = [ideal[key.model_dump_json()] for key in benchmarks]
    return gather(base, numbers, [point.values for point in points], results, rewarded)


def play(
    points: Sequence[Point], seeds: Sequence[int], *, keep_ledger: bool = False, on_round: OnRound | None = None
) -> "list[Results]":
    """Play each point with all seeds, one ensemble a point. Larger engines replace this function alone.

    Args:
        points: the economies.
        seeds: one run of each economy per seed.
        keep_ledger: keep every transfer of money.
        on_round: called after each round of each ensemble.
    """
    from economy.ensemble import Ensemble  # imports torch

    return [
        Ensemble(point.scenario, list(seeds), keep_ledger=keep_ledger).run(point.scenario.rounds, on_round)
        for point in points
    ]


def spread(base: Scenario, vary: Mapping[str, Sequence[Any]]) -> list[Point]:
    """Every combination of the varied values, the last field varying fastest.

    Raises:
        InputError: if nothing or something twice is listed, or a combination is not a valid economy.
    """
    listed = {parse_path(path): list(values) for path, values in vary.items()}
    for path, values in listed.items():
        texts = [write_value(value) for value in values]
        if not texts or (twice := next((text for text in texts if texts.count(text) > 1), None)):
            raise InputError(f"{path} varies over {f'{twice} twice' if texts else 'nothing'}: list different values")
    combinations = [dict(zip(listed, values, strict=True)) for values in product(*listed.values())]
    return [Point(values, revise(base, values)) for values in combinations]


def benchmark(scenario: Scenario) -> Scenario:
    """The economy in which everybody always delegates, against which the price of anarchy is measured.

    Its credit, settlement and policy are always the same, so points that differ only in those share it: nobody
    reconsiders, and with equal shares and no reserve all revenue reaches the principals.
    """
    starts = {f"population.start_{action}": 0.0 for action in ("free_ride", "defect", "abstain")}
    return revise(
        scenario,
        {
            "name": "all-delegate",
            "description": "",
            "actions.available": sorted({*scenario.actions.available, "delegate"}),
            "policy": {"mix": {"fixed": 1.0}, "mutation": 0.0},
            "credit": {},
            "settlement": {"kind": "equal"},
            "population.start_delegate": 1.0,
            **starts,
        },
    )


def read_seeds(seeds: int | str | Iterable[int]) -> tuple[int, ...]:
    """Seeds from how many ("8": 0 to 7), from a list ("3,5"), or from numbers.

    Raises:
        InputError: if they are not different whole numbers from zero, at least one.
    """
    refuse = partial(InputError, f"seeds = {seeds}: must be a count of at least 1, or different whole numbers from 0")
    if isinstance(seeds, str):
        texts = seeds.split(",")
        if not all(text.strip().isascii() and text.strip().isdigit() for text in texts):
            raise refuse()
        seeds = int(texts[0]) if len(texts) == 1 else [int(text) for text in texts]
    numbers = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    if not numbers or len(set(numbers)) < len(numbers) or min(numbers) < 0:
        raise refuse()
    return numbers
