"""Runs with their chronicles, played once for all tests that look at them."""

import json
from functools import cache
from typing import Any

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.scenarios.schema.loading import load

SMALL = {"task.kind": "synthetic", "task.samples": 900, "task.features": 6, "learning.hidden": [4],
         "population.count": 12, "population.endowment": 1.0}
VALUES = {"values.dimensions": [{"sense": "protect", "label": 0, "limit": 1.0, "spread": 0.5},
                                {"sense": "withhold", "label": 1, "limit": 0.5, "spread": 0.3}]}


@cache
def noted(scenario: str, rounds: int, fields: str, seed: int) -> tuple[Chronicle, Ensemble]:
    ensemble = Ensemble(load(scenario, json.loads(fields)), [seed])
    chronicle = Chronicle(ensemble.world)
    chronicle.begin(ensemble.state, ensemble.people, ensemble.opening)
    for _ in range(rounds):
        before = ensemble.state
        chronicle.note(ensemble.step(), before, ensemble.state, ensemble.people)
    return chronicle, ensemble


def chronicle_of(scenario: str, rounds: int, fields: dict[str, Any] | None = None, seed: int = 5) -> Chronicle:
    """The chronicle of a library scenario with some fields changed, after some rounds."""
    return noted(scenario, rounds, json.dumps(fields or {}), seed)[0]


def leaky(rounds: int = 6, **fields: Any) -> Chronicle:
    """The chronicle of a small "leaky" economy with stakes and audits."""
    return chronicle_of("leaky", rounds, SMALL | {"stakes.stake": 0.1, "stakes.audit": 0.5} | fields)
