"""Regression trees over coalitions, and their exact values from the leaves (Witter et al. 2025, arXiv 2506.11849)."""

from typing import TYPE_CHECKING

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.credit.estimators.fitted import Fitted
from commonweal.economy.credit.estimators.sampling import Pairs
from commonweal.economy.credit.probabilistic import ProbabilisticValue

if TYPE_CHECKING:
    from sklearn.tree._tree import Tree

TREES, DEPTH, RATE = 100, 4, 0.1  # of the boosted ensemble


def fit_trees(pairs: Pairs, parity: int, value: ProbabilisticValue, generator: np.random.Generator) -> Fitted:
    """Gradient-boosted trees on the game itself, of which the part is taken afterwards."""
    from sklearn.ensemble import GradientBoostingRegressor  # half a second that most runs need not spend

    model = GradientBoostingRegressor(
        n_estimators=TREES, max_depth=DEPTH, learning_rate=RATE, random_state=int(generator.integers(1 << 31))
    )
    coalitions = np.vstack([pairs.coalitions, ~pairs.coalitions]).astype(np.float32)
    model.fit(coalitions, pairs.values.T.ravel())

    def predict(asked: Bools) -> Floats:
        found, of_complement = model.predict(np.vstack([asked, ~asked]).astype(np.float32)).reshape(2, -1)
        part: Floats = (found + parity * of_complement) / 2
        return part

    leaves = [tree_leaves(tree.tree_, value.players) for tree in model.estimators_[:, 0]]
    present, absent, heights = (np.concatenate(arrays) for arrays in zip(*leaves, strict=True))
    own, mirrored = (leaf_values(*sides, RATE * heights, value) for sides in ((present, absent), (absent, present)))
    return Fitted((own + parity * mirrored) / 2, predict)


def leaf_values(present: Bools, absent: Bools, heights: Floats, value: ProbabilisticValue) -> Floats:
    """Exact values of Σ_leaves height · 1[all its present players are in S, all its absent ones are not].

    Args:
        present: (L, n) players that a leaf needs.
        absent: (L, n) players that a leaf must lack; none that it needs.
        heights: (L,).
        value: for Shapley, +height (a−1)! b! / (a+b)! to those needed, −height a! (b−1)! / (a+b)! to those barred.

    Returns:
        (n,).
    """
    needed, barred = present.sum(axis=1), absent.sum(axis=1)
    chance = np.array([[value.chance(a, b) for b in range(barred.max() + 1)] for a in range(needed.max() + 1)])
    joins = heights * chance[np.maximum(needed - 1, 0), barred]
    spoils = heights * chance[needed, np.maximum(barred - 1, 0)]
    values: Floats = joins @ present - spoils @ absent
    return values


def tree_leaves(tree: "Tree", players: int) -> tuple[Bools, Bools, Floats]:
    """Who each leaf of a tree over coalitions needs (L, n) and must lack (L, n), and its height (L,)."""
    present, absent = np.zeros((2, tree.node_count, players), dtype=bool)
    inner = np.flatnonzero(tree.children_left >= 0)
    for node in inner:  # parents stand before their children
        left, right, player = tree.children_left[node], tree.children_right[node], tree.feature[node]
        present[[left, right]], absent[[left, right]] = present[node], absent[node]
        absent[left, player] = present[right, player] = True
    leaves = tree.children_left < 0
    return present[leaves], absent[leaves], tree.value[leaves, 0, 0]
