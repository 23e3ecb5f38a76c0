"""Games whose Shapley values are known, for comparing estimators: data, a round, features, a sum of groups, a vote."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import GradientBoostingRegressor

from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.credit import CREDITS, Credit, RoundGame, credit_rule
from commonweal.economy.credit.estimators import CoalitionGame, leverage_shap
from commonweal.economy.credit.estimators.trees import leaf_values
from commonweal.economy.credit.exact import all_coalitions, exact_value
from commonweal.economy.credit.probabilistic import shapley
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load

Play = Callable[[Bools], Floats]
TRUTH_BUDGET = 100_000  # coalitions behind the values of the round of forty


@dataclass(frozen=True)
class Known:
    """A game and its Shapley values."""

    name: str
    players: int
    play: Play  # (C, n) → (C,)
    values: Floats  # (n,)

    def error(self, found: Floats) -> float:
        """Squared error, relative to the squared values."""
        return float(((found - self.values) ** 2).sum() / (self.values**2).sum())


def games() -> Iterator[Known]:
    yield data_shards()
    yield commons_round(16)
    yield commons_round(40)
    yield features("breast cancer", *load_breast_cancer(return_X_y=True))
    yield features("diabetes", *load_diabetes(return_X_y=True))
    yield synthetic()
    yield voting()


def tabled(name: str, players: int, play: Play) -> Known:
    """A game that is small enough to be enumerated."""
    values, places = play(all_coalitions(players)), 1 << np.arange(players)
    exact = exact_value(values[None], shapley(players))[0]
    return Known(name, players, lambda coalitions: values[coalitions @ places], exact)


def data_shards(players: int = 12) -> Known:
    """R² on held-out patients of ridge regression on diabetes: three shards have random targets, two reversed ones."""
    generator = np.random.default_rng(0)
    features, target = load_diabetes(return_X_y=True)
    order = generator.permutation(len(target))
    features, target = ((data - data.mean(axis=0)) / data.std(axis=0) for data in (features[order], target[order]))
    claimed, shards = target.copy(), np.array_split(np.arange(300), players)
    for shard in shards[:3]:
        claimed[shard] = generator.normal(size=len(shard))
    for shard in shards[3:5]:
        claimed[shard] = -target[shard]
    grams = np.stack([features[shard].T @ features[shard] for shard in shards])
    moments = np.stack([features[shard].T @ claimed[shard] for shard in shards])

    def play(coalitions: Bools) -> Floats:
        gram = np.tensordot(coalitions.astype(float), grams, axes=1) + np.eye(features.shape[1])
        fitted = np.linalg.solve(gram, (coalitions @ moments)[..., None])[..., 0]
        missed = (target[300:] - fitted @ features[300:].T) ** 2
        return np.asarray(1 - missed.mean(axis=1) / (target[300:] ** 2).mean())

    return tabled(f"data shards, n = {players}", players, play)


def commons_round(players: int) -> Known:
    """The game of the tenth round of commons, where everybody puts something in: samples, noise or wrong labels."""
    changes = {"population.count": players, "screening.gate": False, "actions.free_ride": "junk"}
    game = captured(load("commons", {**changes, "credit.kind": "kept"}), 10)[-1]

    def play(coalitions: Bools) -> Floats:
        return game.run_values(0, coalitions)

    name = f"round of commons, n = {players}"
    if players <= 16:
        return tabled(name, players, play)
    rich = CoalitionGame(players, play, TRUTH_BUDGET)
    return Known(name, players, play, leverage_shap(rich, shapley(players), np.random.default_rng(0)).values)


def captured(scenario: Any, rounds: int, seed: int = 7) -> list[RoundGame]:
    """The games of a run's rounds; its credit rule must be ``kept``."""
    _kept.clear()
    ensemble = Ensemble(scenario, [seed])
    for _ in range(rounds):
        ensemble.step()
    return list(_kept)


_kept: list[RoundGame] = []


@credit_rule("kept")
def _keep(game: RoundGame) -> Credit:
    _kept.append(game)
    return CREDITS["aumann_shapley"](game)


def features(name: str, table: Floats, target: Floats) -> Known:
    """Prediction for one row by boosted trees, absent features taken from another row: values from the leaves."""
    target = (target - target.mean()) / target.std()
    model = GradientBoostingRegressor(max_depth=4, random_state=0).fit(table, target)
    row, background = table[3], table[np.random.default_rng(0).choice(len(table))]
    players = table.shape[1]

    def play(coalitions: Bools) -> Floats:
        return np.asarray(model.predict(np.where(coalitions, row, background)))

    values = sum(_tree_values(stump[0].tree_, row, background, players) for stump in model.estimators_)
    return Known(f"{name}, n = {players}", players, play, model.learning_rate * np.asarray(values))


def _tree_values(tree: Any, row: Floats, background: Floats, players: int) -> Floats:
    """Shapley values of one tree when every feature is the row's or the background's."""
    leaves: list[tuple[Bools, Bools, float]] = []
    waiting = [(0, np.zeros(players, dtype=bool), np.zeros(players, dtype=bool))]
    while waiting:
        node, needs, lacks = waiting.pop()
        if tree.children_left[node] < 0:
            leaves.append((needs, lacks, tree.value[node, 0, 0]))
            continue
        feature, edge = tree.feature[node], tree.threshold[node]
        ours, theirs = (bool(np.float32(data[feature]) <= edge) for data in (row, background))
        for child, is_left in ((tree.children_left[node], True), (tree.children_right[node], False)):
            own = np.arange(players) == feature
            if ours == is_left == theirs:
                waiting.append((child, needs, lacks))
            elif ours == is_left and not lacks[feature]:
                waiting.append((child, needs | own, lacks))
            elif theirs == is_left and not needs[feature]:
                waiting.append((child, needs, lacks | own))
    present, absent, heights = (np.array(part) for part in zip(*leaves, strict=True))
    return leaf_values(present, absent, heights, shapley(players))


def voting(players: int = 11) -> Known:
    """A weighted vote: weights from 1 to 8, worth 1 to who has more than half of all."""
    weights = np.random.default_rng(0).integers(1, 9, size=players)

    def play(coalitions: Bools) -> Floats:
        return np.asarray(2 * coalitions @ weights > weights.sum(), dtype=np.float64)

    return tabled(f"voting, n = {players}", players, play)


def synthetic(players: int = 60, terms: int = 300) -> Known:
    """A sum of unanimity games: random groups of one to five that are worth something only when all are there."""
    generator = np.random.default_rng(0)
    groups = np.zeros((terms, players), dtype=bool)
    for group in groups:
        group[generator.choice(players, generator.integers(1, 6), replace=False)] = True
    worth, size = generator.normal(size=terms), groups.sum(axis=1)

    def play(coalitions: Bools) -> Floats:
        return np.asarray((coalitions.astype(np.float32) @ groups.T.astype(np.float32) == size) @ worth)

    return Known(f"synthetic, n = {players}", players, play, (worth / size) @ groups)
