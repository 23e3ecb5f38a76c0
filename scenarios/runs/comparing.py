"""Economies side by side: every combination of varied values, and the economy that each is measured against."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.notation import parse_path, write_value
from commonweal.scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from commonweal.economy.runs.results import Results

OnRound = Callable[[], None]


@dataclass(frozen=True)
class Point:
    """One economy of a sweep."""

    values: Mapping[str, Any]  # the varied fields by path; empty for a single economy
    scenario: Scenario


def play(
    points: Sequence[Point], seeds: Sequence[int], *, keep_ledger: bool = False, on_round: OnRound | None = None
) -> "list[Results]":
    """Play each point with all seeds, one ensemble a point. ``commonweal.scenarios.sweeps.engine`` plays larger sweeps.

    Args:
        points: the economies.
        seeds: one run of each economy per seed.
        keep_ledger: keep every transfer of money.
        on_round: called after each round of each ensemble.
    """
    from commonweal.economy.runs.ensemble import Ensemble  # imports torch

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
