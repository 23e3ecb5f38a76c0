"""A Gaussian process over action profiles whose covariance is a product over players.

Covariance Π_i exp(−s_i δ_i(x_i, y_i)), which is Π_i (1 + ρ_i κ(x_i, y_i)) up to scale where δ = 1[x ≠ y] and
κ = q 1[x = y] − 1: interactions of every order at once, each player with its own weight. Where actions are compared, δ
sums the weights of the splits of the actions into two sides that lie apart, the same for all players. Scale and mean
follow from the rest; scales of players, splits and the noise maximise the marginal likelihood (Rasmussen and Williams
2006, section 5.4.1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.economy.explaining.products import ProductSum, products_of_others, shapley_parts

SEARCHED = 400  # profiles that the likelihood is computed on, at most
RANGE = (1e-4, 0.98)  # of ρ: how much of a function of one player's action is not constant
NOISES = (1e-8, 10.0)  # noise variance, in variances of the function
SPLITS = (1e-3, 10.0)  # weight of a split
MOST_SPLIT = 5  # actions whose every split has a weight; of more, those that set one action apart
STEPS = 100  # of a search, at most
STARTS = (0.05, 0.4)  # ρ from which searches start


@dataclass(frozen=True, eq=False)
class Process:
    """The posterior of a function of action profiles, given noisy values at m of them."""

    profiles: Ints  # (m, n)
    tables: Floats  # (n, q, q) covariance of two actions of a player, 1 on the diagonal
    scale: float  # prior variance of the function
    noise: float  # variance of an outcome around it
    mean: float
    solved: Floats  # (m,) (K + λ I)⁻¹ (y − mean)

    @cached_property
    def function(self) -> ProductSum:
        """The posterior mean: a term per profile, and one for the constant."""
        players, levels = self.tables.shape[:2]
        rows = self.tables[np.arange(players)[:, None], :, self.profiles.T].transpose(0, 2, 1)
        constant = np.ones((players, levels, 1))
        return ProductSum(np.concatenate([rows, constant], axis=2), np.append(self.solved, self.mean))

    @cached_property
    def _root(self) -> Floats:
        """(m, m) lower Cholesky factor of K + λ I in units of the scale."""
        gram = np.exp(_log_gram(self.profiles, self.profiles, np.log(self.tables)))
        found: Floats = cholesky(gram + self.noise / self.scale * np.eye(len(gram)), lower=True)
        return found

    def error(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n) posterior standard deviations of the Shapley values at profiles (R, n) under a law (n, q)."""
        absent, rows = self.function.expected(law)[:, :-1], self.function.factors(profiles)[..., :-1]
        known = shapley_parts(rows, absent)
        prior = _prior_variances(self.tables, profiles, law)
        runs, players, size = known.shape
        explained = solve_triangular(self._root, known.reshape(-1, size).T, lower=True)
        left = prior - (explained**2).sum(axis=0).reshape(runs, players)
        spread: Floats = np.sqrt(self.scale * np.maximum(left, 0.0))
        return spread


def fit_process(profiles: Ints, outcomes: Floats, levels: Ints, *, alike: bool = True) -> Process:
    """The process with the largest marginal likelihood.

    Args:
        profiles: (m, n) actions, from 0.
        outcomes: (m,) of them.
        levels: (n,) actions of each player.
        alike: whether some actions may be more alike than others, the same for all players with so many.

    Returns:
        The posterior. A player whose ρ ends at its lower bound has no influence at all.
    """
    spread, middle = float(outcomes.std()), float(outcomes.mean())
    splits = [_splits(int(count), int(levels.max()), alike) for count in levels]
    if not spread > 0:
        ones = np.ones((len(levels), levels.max(), levels.max()))
        return Process(profiles, ones, 1.0, 1.0, middle, np.zeros(len(profiles)))
    searched = np.unique(np.linspace(0, len(profiles) - 1, min(len(profiles), SEARCHED)).astype(np.int64))
    scaled = (outcomes - middle) / spread
    search = _Search(_one_hot(profiles[searched], int(levels.max())), scaled[searched], levels, splits)
    tables, noise = search.best()
    return condition(profiles, outcomes, tables, noise)


def condition(profiles: Ints, outcomes: Floats, tables: Floats, noise: float) -> Process:
    """The posterior given the covariance: scale and mean of the largest likelihood.

    Args:
        profiles: (m, n).
        outcomes: (m,).
        tables: (n, q, q) covariance of two actions of a player, 1 on the diagonal.
        noise: variance of an outcome around the function, in prior variances of the function.
    """
    gram = np.exp(_log_gram(profiles, profiles, np.log(tables))) + noise * np.eye(len(profiles))
    solved, mean = _centred(cho_factor(gram, lower=True), outcomes)
    scale = float((outcomes - mean) @ solved) / len(outcomes)
    return Process(profiles, tables, scale, noise * scale, mean, solved)


def tables_of(weights: Floats, levels: int) -> Floats:
    """(n, q, q) covariance tables of the kernel Π_i (1 + ρ_i κ), κ = q 1[x = y] − 1, for ρ (n,); 1 on the diagonal."""
    apart = (1 - weights) / (1 + weights * (levels - 1))
    return np.where(np.eye(levels, dtype=bool), 1.0, apart[:, None, None])


@dataclass(frozen=True, eq=False)
class _Search:
    """The marginal likelihood of n scales, the weights of the splits and the noise, all as logarithms."""

    one_hot: Floats  # (m, n q)
    outcomes: Floats  # (m,) of mean 0 and variance 1
    levels: Ints  # (n,)
    splits: Sequence[Floats]  # (n) of (s, q, q) whether a split sets two actions apart, by number of actions

    def best(self) -> tuple[Floats, float]:
        """Tables (n, q, q) and noise of the largest likelihood from all starts."""
        lowest, highest = (self._scales(rho) for rho in RANGE)
        kinds = sum(len(self.splits[place]) for place in self._first.values())
        bounds = [*zip(lowest, highest, strict=True), *[_logs(SPLITS)] * kinds, _logs(NOISES)]
        if kinds == len(self._first):  # nothing to compare: the only weight of each is 1
            bounds[len(lowest) : -1] = [(0.0, 0.0)] * kinds
        found = [
            minimize(
                self.loss,
                np.concatenate([self._scales(rho), np.zeros(kinds), [np.log(0.05)]]),
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"maxiter": STEPS},
            )
            for rho in STARTS
        ]
        chosen = min(found, key=lambda each: float(each.fun)).x
        scales = np.where(chosen[: len(lowest)] <= lowest + 1e-9, -np.inf, chosen[: len(lowest)])
        apart = self._apart(np.concatenate([scales, chosen[len(lowest) :]]))
        return np.exp(-apart), float(np.exp(chosen[-1]))

    def loss(self, logs: Floats) -> tuple[float, Floats]:
        """Negative log likelihood, up to a constant, and its gradient."""
        count, players = len(self.outcomes), len(self.levels)
        apart, noise = self._apart(logs), float(np.exp(logs[-1]))
        kernel = np.exp(-self.one_hot @ _blocks(apart) @ self.one_hot.T)
        factor = cho_factor(kernel + noise * np.eye(count), lower=True)
        inverse = cho_solve(factor, np.eye(count))
        mean = float((inverse @ self.outcomes).sum() / inverse.sum())
        solved = inverse @ (self.outcomes - mean)
        fit = float((self.outcomes - mean) @ solved)
        loss = count / 2 * np.log(fit) + np.log(np.diag(factor[0])).sum()
        slope = (inverse - count / fit * np.outer(solved, solved)) / 2
        levels = apart.shape[1]
        moved = (self.one_hot.T @ ((slope * kernel) @ self.one_hot)).reshape(players, levels, players, levels)
        by_pair = -moved[np.arange(players), :, np.arange(players)]  # (n, q, q) slope of the loss in apart
        return float(loss), np.concatenate([self._chain(logs, by_pair), [noise * slope.trace()]])

    @cached_property
    def _first(self) -> dict[int, int]:
        """The first player with each number of actions."""
        return {int(count): int(np.flatnonzero(self.levels == count)[0]) for count in np.unique(self.levels)}

    @cached_property
    def _places(self) -> dict[int, slice]:
        """Where the weights of splits stand, by number of actions."""
        at, places = len(self.levels), {}
        for count, player in self._first.items():
            places[count] = slice(at, at + len(self.splits[player]))
            at = places[count].stop
        return places

    def _apart(self, logs: Floats) -> Floats:
        """(n, q, q) s_i δ_i."""
        weights = [np.exp(logs[self._places[int(count)]]) for count in self.levels]
        distances = [np.tensordot(w, split, 1) / w.sum() for w, split in zip(weights, self.splits, strict=True)]
        scales: Floats = np.exp(logs[: len(self.levels), None, None])
        apart: Floats = scales * np.stack(distances)
        return apart

    def _chain(self, logs: Floats, by_pair: Floats) -> Floats:
        """Slopes in the logarithms of scales and weights of splits."""
        slopes = np.zeros(len(logs) - 1)
        apart, players = self._apart(logs), len(self.levels)
        slopes[:players] = (by_pair * apart).sum(axis=(1, 2))
        for player, (count, split) in enumerate(zip(self.levels, self.splits, strict=True)):
            weights = np.exp(logs[self._places[int(count)]])
            own = np.exp(logs[player]) * np.tensordot(split, by_pair[player], 2) - slopes[player]
            slopes[self._places[int(count)]] += weights / weights.sum() * own
        return slopes

    def _scales(self, rho: float) -> Floats:
        """(n,) log s at which ρ is so large."""
        found: Floats = np.log(-np.log((1 - rho) / (1 + rho * (self.levels - 1))))
        return found


def _splits(levels: int, padded: int, alike: bool) -> Floats:
    """(s, q, q) whether a split of the actions into two sides sets two of them apart, padded to q actions.

    Distances that are sums of splits are those of points in L1, so that exp(−δ) is a covariance (Schoenberg 1938).
    Where actions are not compared, one entry says whether two actions differ. The mean of two different actions is 1.
    """
    actions: Ints = np.arange(levels)
    if not alike or levels <= 2:
        labels: list[AnyArray] = [actions]
    else:
        sizes = range(1, levels // 2 + 1) if levels <= MOST_SPLIT else (1,)
        sides = [side for size in sizes for side in combinations(range(levels), size)]
        labels = [np.isin(actions, side) for side in sides if 2 * len(side) < levels or 0 in side]
    found = np.zeros((len(labels), padded, padded))
    for place, label in enumerate(labels):
        found[place, :levels, :levels] = label[:, None] != label
    scaled: Floats = found * (levels * (levels - 1) / np.maximum(found.sum(axis=(1, 2), keepdims=True), 1))
    return scaled


def _logs(bounds: tuple[float, float]) -> tuple[float, float]:
    return float(np.log(bounds[0])), float(np.log(bounds[1]))


def _one_hot(profiles: Ints, levels: int) -> Floats:
    """(m, n q) which action each player takes."""
    found: Floats = (profiles[:, :, None] == np.arange(levels)).reshape(len(profiles), -1).astype(np.float64)
    return found


def _blocks(tables: Floats) -> Floats:
    """(n q, n q) tables (n, q, q) along the diagonal."""
    players, levels = tables.shape[:2]
    found = np.zeros((players, levels, players, levels))
    found[np.arange(players), :, np.arange(players)] = tables
    return found.reshape(players * levels, -1)


def _log_gram(ours: Ints, theirs: Ints, logs: Floats) -> Floats:
    """(a, b) sums over players of tables (n, q, q) at pairs of profiles (a, n) and (b, n)."""
    levels = logs.shape[1]
    found: Floats = _one_hot(ours, levels) @ _blocks(logs) @ _one_hot(theirs, levels).T
    return found


def _centred(factor: tuple[Floats, bool], outcomes: Floats) -> tuple[Floats, float]:
    """(m,) (K + λ I)⁻¹ (y − mean) and the mean, by generalised least squares."""
    ones = cho_solve(factor, np.ones_like(outcomes))
    mean = float(ones @ outcomes / ones.sum())
    solved: Floats = cho_solve(factor, outcomes - mean)
    return solved, mean


def _prior_variances(tables: Floats, profiles: Ints, law: Floats) -> Floats:
    """(R, n) prior variances of Shapley values: the integral over both diagonals of the covariance of two games."""
    players = len(tables)
    to_absent = (tables @ law[..., None])[..., 0]  # (n, q)
    absent = (law * to_absent).sum(axis=1)[:, None]
    present = to_absent[np.arange(players), profiles][..., None]  # (R, n, 1) to who is absent
    nodes, shares = np.polynomial.legendre.leggauss((players + 1) // 2)
    nodes, shares = (nodes + 1) / 2, shares / 2
    ours, theirs = (each.ravel() for each in np.meshgrid(nodes, nodes, indexing="ij"))
    both = ours * theirs  # (M,) of who is there in both games the covariance is 1
    mixed = ours + theirs - 2 * both
    factors = both + mixed * present + (1 - both - mixed) * absent
    second = (1 - 2 * present + absent)[..., 0]
    found: Floats = second * (products_of_others(factors) @ np.outer(shares, shares).ravel())
    return found
