"""Evidence of fairness: what each way of training pays everybody, and the true value of everybody's data under it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.economy.credit.exact import MOST_PLAYERS, all_coalitions, shapley_value
from commonweal.economy.futures.retraining import Retrained, retrain
from commonweal.economy.round.set_up import set_up
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.fairness.economies import Economy
from commonweal.scenarios.studies.pieces import Piece, Tick

Method = Literal["traversal", "federated"]
METHODS: tuple[Method, ...] = ("traversal", "federated")
MOST_RETRAINED = 8  # principals whose 2^N coalitions are all retrained
ESTIMATOR = "estimated_shapley"  # credit rule for rounds of more players than are enumerated


@dataclass(frozen=True)
class Effort:
    """How both ways of training are made comparable, and the effort of finding true values."""

    epochs: int  # E of FedAvg
    match: Literal["rounds", "steps"]  # what both ways of training have alike
    retraining: bool  # whether every coalition is retrained
    budget: int  # coalitions evaluated in a round that has too many for all


@dataclass(frozen=True)
class Attribution:
    """The outcome of one way of training in R runs of N principals."""

    payments: Floats  # (R, N) money over all rounds
    credit: Floats  # (R, N) sum over all rounds
    truths: dict[str, Floats]  # by name, each (R, N)
    accuracy: Floats  # (R,) test accuracy at the end


@dataclass(frozen=True)
class Found:
    """Both ways of training, on the same data with the same first network and the same random numbers."""

    samples: Floats  # (R, N) training samples held
    quality: Floats  # (R, N) share of the samples put in whose label is right
    centralised: Floats  # (R,) test accuracy after a step a round on as many samples, drawn from all data in one place
    attributions: dict[str, Attribution]  # by method


@dataclass(frozen=True)
class Evidence(Found):
    """What was found of an economy."""

    economy: Economy
    seeds: tuple[int, ...]  # R of them


def both_ways(economy: Economy, seeds: Sequence[int], effort: Effort) -> Piece:
    """An economy under both ways of training, and the true values.

    Args:
        economy: in which everybody delegates.
        seeds: R of them.
        effort: how alike both are, and what the truth may cost.

    Returns:
        A piece that gives what is ``Found``.

    Raises:
        InputError: if the economy cannot be played so.
    """
    trained = [_trained_by(method, economy.scenario, effort) for method in METHODS]
    others = [_with_shapley(scenario, effort.budget) for scenario in trained], _of_one_owner(economy.scenario)
    runs = 2 + len(_coalitions(economy.scenario.population.count, effort.retraining))
    rounds = (sum(scenario.rounds for scenario in trained) * runs + others[1].rounds) * len(seeds)
    return Piece(_played, (economy.scenario, list(seeds), effort), rounds, (Found, Attribution))


def _played(asked: tuple[Scenario, list[int], Effort], tick: Tick) -> Found:
    """Play an economy under both ways of training, and find the true values."""
    economy, seeds, effort = asked
    attributions: dict[str, Attribution] = {}
    pooled: Retrained | None = None  # traversal learning is training on pooled data
    for method in METHODS:
        scenario = _trained_by(method, economy, effort)
        retrained = _retrained(scenario, seeds, effort.retraining, tick)
        pooled = pooled or retrained
        results = Ensemble(scenario, seeds).run()
        columns = {name: _by_run(results.principals[name], seeds) for name in _COLUMNS}
        truths = _truths(retrained, pooled, effort.retraining)
        truths["per_round"] = _per_round(scenario, seeds, effort.budget)
        accuracy = results.rounds.groupby("run")["accuracy"].last().to_numpy()
        attributions[method] = Attribution(columns["payments"], columns["credit"], truths, accuracy)
    return Found(columns["samples_held"], columns["data_quality"], _centralised(economy, seeds), attributions)


def _trained_by(method: Method, scenario: Scenario, effort: Effort) -> Scenario:
    """The scenario under one way of training; where steps must match, every local epoch is a round of traversal."""
    slower = effort.epochs if method == "traversal" and effort.match == "steps" else 1
    changes = {"learning.method": method, "learning.local_epochs": effort.epochs, "rounds": scenario.rounds * slower}
    return revise(scenario, changes)


_COLUMNS = ("payments", "credit", "samples_held", "data_quality")


def _by_run(column: Any, seeds: Sequence[int]) -> Floats:
    values: Floats = column.to_numpy(dtype=np.float64).reshape(len(seeds), -1)
    return values


def _coalitions(principals: int, every: bool) -> Bools:
    """(C, N) the coalitions that are retrained: numbered as in ``all_coalitions``, or single principals alone."""
    return all_coalitions(principals) if every else np.eye(principals, dtype=bool)


def _retrained(scenario: Scenario, seeds: Sequence[int], every: bool, tick: Tick) -> Retrained:
    """Every coalition trained alone."""
    coalitions, rounds = _coalitions(scenario.population.count, every), scenario.rounds
    economy = set_up([scenario] * len(seeds), seeds)
    return retrain(economy, coalitions, rounds, on_run=lambda: tick(len(coalitions) * rounds))


def _truths(retrained: Retrained, pooled: Retrained, every: bool) -> dict[str, Floats]:
    """What principals are worth by retraining, and what they reach alone."""
    if not every:
        return {"standalone": retrained.accuracy}
    single = 1 << np.arange(retrained.accuracy.shape[1].bit_length() - 1)
    return {
        "retraining": shapley_value(retrained.accuracy),
        "retraining_loss": shapley_value(-retrained.loss),
        "pooled": shapley_value(pooled.accuracy),
        "standalone": retrained.accuracy[:, single],
    }


def _per_round(scenario: Scenario, seeds: Sequence[int], budget: int) -> Floats:
    """(R, N) Shapley values of the rounds' games, summed over rounds: the same runs with another credit rule."""
    return _by_run(Ensemble(_with_shapley(scenario, budget), seeds).run().principals["credit"], seeds)


def _with_shapley(scenario: Scenario, budget: int) -> Scenario:
    changes: dict[str, Any] = {"credit.kind": "shapley"}
    if scenario.population.count > MOST_PLAYERS:
        changes = {"credit.kind": ESTIMATOR, "credit.budget": budget}
    return revise(scenario, changes)


def demand_truth(principals: int, effort: Effort) -> None:
    """Raise InputError where the truth asked for would take too long."""
    if effort.retraining and principals > MOST_RETRAINED:
        raise InputError(
            f"option principals = {principals}: truth = 'retraining' trains 2^N coalitions, for at most"
            f" {MOST_RETRAINED} principals; use truth = 'per_round'"
        )


def _centralised(scenario: Scenario, seeds: Sequence[int]) -> Floats:
    """(R,) test accuracy of one owner of everything, after a step a round on batches as large."""
    central = _of_one_owner(scenario)
    everybody = np.ones((1, scenario.population.count), dtype=bool)
    return retrain(set_up([central] * len(seeds), seeds), everybody, scenario.rounds).accuracy[:, 0]


def _of_one_owner(scenario: Scenario) -> Scenario:
    learning = scenario.learning
    batch = learning.samples * scenario.population.count if learning.sampling == "each" else learning.batch
    return revise(scenario, {"learning.sampling": "pool", "learning.batch": batch, "learning.method": "traversal"})
