"""Scenario value-conflict under several modes of screening: what its limits were worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import screened_share
from commonweal.scenarios.schema.loading import load, revise

SEEDS = range(8)
MODES = ("reject", "scale", "project")
SETTLED = 20  # round from which on limits must hold: an untrained network breaks the protected ones
Changes = Mapping[str, Any]


@dataclass(frozen=True)
class Protection:
    """What screening did to R runs with K value dimensions."""

    breach: Floats  # (R, K) worst distance to the wrong side of the tightest limit; negative: never there
    withheld: Floats  # (R,) test accuracy on the withheld class at the end
    others: Floats  # (R,) test accuracy on all other classes at the end
    screened: Floats  # (R,) screened share, mean over all rounds


def protection(changes: Changes, seeds: Sequence[int] = SEEDS) -> Protection:
    """Play value-conflict with some fields changed and measure what its limits were worth."""
    scenario = revise(load("value-conflict"), changes)
    ensemble = Ensemble(scenario, seeds)
    breaches, screened = [], []
    for _ in range(scenario.rounds):
        record = ensemble.step()
        screened.append(screened_share(record.taught, ensemble.world))
        if ensemble.state.round >= SETTLED:
            breaches.append(breach(record.taught.levels, ensemble))
    label = next(d.label for d in scenario.values.dimensions if d.sense == "withhold")
    assert label is not None
    return Protection(np.max(breaches, axis=0), *accuracy_by_class(ensemble, label), np.mean(screened, axis=0))


def breach(levels: Floats, ensemble: Ensemble) -> Floats:
    """(R, K) how far probe levels (R, K) are on the wrong side of the tightest principal's limit; negative if not."""
    senses = ensemble.world.senses
    strictest: Floats = (ensemble.people.limits * senses).max(axis=1)
    return strictest - levels * senses


def accuracy_by_class(ensemble: Ensemble, label: int) -> tuple[Floats, Floats]:
    """(R,) share of test samples classified right: of class ``label``, and of all other classes."""
    world, test = ensemble.world, ensemble.world.holdings.test
    scores = world.network.logits(ensemble.state.parameters, world.features.gather(test))
    truth = np.take_along_axis(world.holdings.labels, test, axis=1)
    right = scores.argmax(-1).cpu().numpy() == truth
    among = truth == label
    return (right & among).sum(1) / among.sum(1), (right & ~among).sum(1) / (~among).sum(1)
