"""What is played: the course of accuracy under each way of training, and cooperatives under each way of screening."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from commonweal.agents.arrays import Floats
from commonweal.agents.settings import own_settings
from commonweal.economy.credit import CREDITS
from commonweal.economy.round.learn import game_of
from commonweal.economy.round.record import Record
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import broken_limits, round_metrics
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.fairness.measures import spearman
from commonweal.scenarios.studies.pieces import Piece, Tick

POOLED = "traversal"  # a step of traversal learning is that of training on pooled data
WAYS: dict[str, dict[str, Any]] = {
    POOLED: {"learning.method": "traversal"},
    "FedAvg, 1 epoch": {"learning.method": "federated", "learning.local_epochs": 1},
    "FedAvg, 5 epochs": {"learning.method": "federated", "learning.local_epochs": 5},
    "FedAvg, 5 epochs, 4 × samples": {"learning.method": "federated", "learning.local_epochs": 5},
}
SAME = "FedAvg, 1 epoch"  # takes the step of traversal learning, so it is not played
PLAYED = tuple(way for way in WAYS if way != SAME)
MORE_SAMPLES = "FedAvg, 5 epochs, 4 × samples"  # its bytes do not depend on how many samples a round takes
MEASURES = {  # of a cooperative, by its metric; means over the second half of the rounds
    "accuracy": "accuracy", "violated": "violated", "delegating": "share_delegate", "welfare": "welfare",
    "screened": "screened_share",
}  # fmt: skip


def every_way(courses: Mapping[str, Floats]) -> dict[str, Floats]:
    """The courses of all ways from those that are played."""
    return {way: courses[POOLED if way == SAME else way] for way in WAYS}


def course(scenario: Scenario, way: str, seeds: Sequence[int]) -> Piece:
    """Training in one way: a piece that gives (R, T) test accuracy after each round."""
    changes = dict(WAYS[way])
    if way == MORE_SAMPLES:
        changes["learning.batch"] = 4 * scenario.learning.batch
    trained = revise(scenario, changes)
    return Piece(_trained, (trained, list(seeds)), len(seeds) * scenario.rounds)


def _trained(asked: tuple[Scenario, list[int]], tick: Tick) -> Floats:
    """(R, T) test accuracy."""
    scenario, seeds = asked
    ensemble, found = Ensemble(scenario, seeds), []
    for _ in range(scenario.rounds):
        found.append(ensemble.step().produce.quality)
        tick(len(seeds))
    return np.stack(found, axis=1)


@dataclass(frozen=True)
class Screened:
    """What became of a cooperative in R seeds."""

    measures: dict[str, Floats]  # (R,) by name of MEASURES, and taking part
    worst: Floats  # (R,) by how much the worst true probe level broke somebody's true limit, in its worst round
    agreement: Floats  # (R,) mean rank correlation of credit with the exact Shapley value of the screened game


def cooperative(scenario: Scenario, seeds: Sequence[int], checks: int) -> Piece:
    """A cooperative under one way of screening.

    Args:
        scenario: with values.
        seeds: R of them.
        checks: rounds, evenly spaced, in which every coalition of the screened game is evaluated.
    """
    return Piece(_screened, (scenario, list(seeds), checks), len(seeds) * scenario.rounds, (Screened,))


def _screened(asked: tuple[Scenario, list[int], int], tick: Tick) -> Screened:
    """Play it."""
    scenario, seeds, checks = asked
    ensemble, rounds = Ensemble(scenario, seeds), scenario.rounds
    checked = set(np.linspace(0, rounds - 1, checks + 1).astype(int)[1:].tolist())
    late: list[dict[str, Floats]] = []
    worst, agreements = np.zeros(len(seeds)), []
    for number in range(rounds):
        before, record = ensemble.state, ensemble.step()
        if number >= rounds // 2:
            late.append(round_metrics(record, before, ensemble.state, ensemble.people, ensemble.world))
            broken = broken_limits(record, ensemble.people, ensemble.world)
            worst = np.maximum(worst, broken.max(axis=(1, 2)))
        if number in checked:
            agreements.append(agreement(record, ensemble))
        tick(len(seeds))
    measures = {name: np.mean([each[metric] for each in late], axis=0) for name, metric in MEASURES.items()}
    measures["taking_part"] = 1 - np.mean([each["share_abstain"] for each in late], axis=0)
    return Screened(measures, worst, _known_mean(np.array(agreements).reshape(-1, len(seeds))))


def agreement(record: Record, ensemble: Ensemble) -> Floats:
    """(R,) Spearman's correlation of a round's credit with the exact Shapley value of its screened game.

    Over those whose updates were admitted in part at least; nan with fewer than three of them, or where all are worth
    the same.
    """
    lesson = record.taught
    with own_settings(), torch.inference_mode():
        exact = CREDITS["shapley"](game_of(lesson, ensemble.world, ensemble.streams.credit)).values
    found = np.full(len(exact), np.nan)
    for run, players in enumerate(lesson.active & ~lesson.gated & (lesson.screened.weights > 0)):
        if players.sum() >= 3:
            found[run] = spearman(lesson.credit[None, run, players], exact[None, run, players])[0]
    return found


def _known_mean(values: Floats) -> Floats:
    """(R,) means of what is known of (T, R); nan where nothing is."""
    known = np.isfinite(values)
    total, count = np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0)
    mean: Floats = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean
