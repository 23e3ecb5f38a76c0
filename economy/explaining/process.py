"""A Gaussian process over action profiles whose covariance is a product over players, or a mean of two such products.

A product Π_i exp(−s_i δ_i(x_i, y_i)) is Π_i (1 + ρ_i κ(x_i, y_i)) up to scale where δ = 1[x ≠ y] and
κ = q 1[x = y] − 1: interactions of every order at once, each player with its own weight. Where actions are compared, δ
sums the weights of the splits of the actions into two sides that lie apart, the same for all players. The second
product has all s_i times one factor below 1: low orders alone. Scale and mean follow from the rest, which maximises the
marginal likelihood (Rasmussen and Williams 2006, section 5.4.1).
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
FACTORS = (1e-3, 1.0)  # of the scales in the second product
ODDS = (1e-4, 1e4)  # of the second product to the first
STEPS = 150  # of a search, at most
STARTS = (0.05, 0.4)  # ρ from which searches start
START = (0.1, 1.0, 0.05)  # factor, odds and noise


@dataclass(frozen=True, eq=False)
class Kernel:
    """A covariance of action profiles: a mean of C products over n players."""

    tables: Floats  # (C, n, q, q) covariance of two actions of a player, 1 on the diagonal
    shares: Floats  # (C,) of the products; sum to 1

    def gram(self, ours: Ints, theirs: Ints) -> Floats:
        """(a, b) covariances of profiles (a, n) and (b, n)."""
        levels = self.tables.shape[2]
        left, right = _one_hot(ours, levels), _one_hot(theirs, levels)
        parts = [np.exp(left @ _blocks(np.log(tables)) @ right.T) for tables in self.tables]
        return np.tensordot(self.shares, np.stack(parts), 1)


def product_kernel(weights: Floats, levels: int) -> Kernel:
    """The kernel Π_i (1 + ρ_i κ), κ = q 1[x = y] − 1, of weights ρ (n,), scaled to 1 on the diagonal."""
    apart = (1 - weights) / (1 + weights * (levels - 1))
    return Kernel(np.where(np.eye(levels, dtype=bool), 1.0, apart[:, None, None])[None], np.ones(1))


@dataclass(frozen=True, eq=False)
class Process:
    """The posterior of a function of action profiles, given noisy values at m of them."""

    profiles: Ints  # (m, n)
    kernel: Kernel
    scale: float  # prior variance of the function
    noise: float  # variance of an outcome around it
    mean: float
    solved: Floats  # (m,) (K + λ I)⁻¹ (y − mean)

    @cached_property
    def function(self) -> ProductSum:
        """The posterior mean: a term per profile and product, and one for the constant."""
        _, players, levels, _ = self.kernel.tables.shape
        rows = [tables[np.arange(players)[:, None], :, self.profiles.T] for tables in self.kernel.tables]
        factors = np.concatenate([*rows, np.ones((players, 1, levels))], axis=1).transpose(0, 2, 1)
        weights = np.concatenate([np.outer(self.kernel.shares, self.solved).ravel(), [self.mean]])
        return ProductSum(np.ascontiguousarray(factors), weights)

    @cached_property
    def _root(self) -> Floats:
        """(m, m) lower Cholesky factor of K + λ I in units of the scale."""
        gram = self.kernel.gram(self.profiles, self.profiles)
        found: Floats = cholesky(gram + self.noise / self.scale * np.eye(len(gram)), lower=True)
        return found

    def error(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n) posterior standard deviations of the Shapley values at profiles (R, n) under a law (n, q)."""
        absent, rows = self.function.expected(law)[:, :-1], self.function.factors(profiles)[..., :-1]
        (runs, players, _), shares = rows.shape, self.kernel.shares
        parts = shapley_parts(rows, absent).reshape(runs, players, len(shares), -1)
        known = np.einsum("rncm,c->mrn", parts, shares).reshape(-1, runs * players)
        prior = sum(
            share * _prior_variances(tables, profiles, law)
            for share, tables in zip(shares, self.kernel.tables, strict=True)
        )
        explained = (solve_triangular(self._root, known, lower=True) ** 2).sum(axis=0)
        spread: Floats = np.sqrt(self.scale * np.maximum(prior - explained.reshape(runs, players), 0.0))
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
        flat = product_kernel(np.zeros(len(levels)), int(levels.max()))
        return Process(profiles, flat, 1.0, 1.0, middle, np.zeros(len(profiles)))
    searched = np.unique(np.linspace(0, len(profiles) - 1, min(len(profiles), SEARCHED)).astype(np.int64))
    scaled = (outcomes - middle) / spread
    search = _Search(_one_hot(profiles[searched], int(levels.max())), scaled[searched], levels, splits)
    return condition(profiles, outcomes, *search.best())


def condition(profiles: Ints, outcomes: Floats, kernel: Kernel, noise: float) -> Process:
    """The posterior given the covariance: scale and mean of the largest likelihood.

    Args:
        profiles: (m, n).
        outcomes: (m,).
        kernel: of the function, up to scale.
        noise: variance of an outcome around the function, in prior variances of the function.
    """
    gram = kernel.gram(profiles, profiles) + noise * np.eye(len(profiles))
    solved, mean = _centred(cho_factor(gram, lower=True), outcomes)
    scale = float((outcomes - mean) @ solved) / len(outcomes)
    return Process(profiles, kernel, scale, noise * scale, mean, solved)


@dataclass(frozen=True, eq=False)
class _Search:
    """The marginal likelihood of what a kernel is made of, and of the noise.

    A point is: n log scales; log weights of splits, by number of actions; log factor and log odds of the second
    product; log noise.
    """

    one_hot: Floats  # (m, n q)
    outcomes: Floats  # (m,) of mean 0 and variance 1
    levels: Ints  # (n,)
    splits: Sequence[Floats]  # (n) of (s, q, q) whether a split sets two actions apart, by number of actions

    def best(self) -> tuple[Kernel, float]:
        """Kernel and noise of the largest likelihood from all starts."""
        lowest, highest = (self._scales(rho) for rho in RANGE)
        counts = [len(self.splits[player]) for player in self._first.values()]
        weights = [bounds for count in counts for bounds in [_logs(SPLITS) if count > 1 else (0.0, 0.0)] * count]
        bounds = [*zip(lowest, highest, strict=True), *weights, _logs(FACTORS), _logs(ODDS), _logs(NOISES)]
        rest = [*np.zeros(len(weights)), *np.log(START)]
        found = [
            minimize(
                self.loss,
                np.concatenate([self._scales(rho), rest]),
                jac=True,
                method="L-BFGS-B",
                bounds=bounds,
                options={"maxiter": STEPS},
            )
            for rho in STARTS
        ]
        chosen = min(found, key=lambda each: float(each.fun)).x
        players = len(lowest)
        chosen[:players] = np.where(chosen[:players] <= lowest + 1e-9, -np.inf, chosen[:players])
        factor, odds, noise = np.exp(chosen[-3:])
        apart = self._apart(chosen)
        return Kernel(np.exp(-np.stack([apart, factor * apart])), np.array([1.0, odds]) / (1 + odds)), float(noise)

    def loss(self, point: Floats) -> tuple[float, Floats]:
        """Negative log likelihood, up to a constant, and its gradient."""
        count, players = len(self.outcomes), len(self.levels)
        apart, (factor, odds, noise) = self._apart(point), np.exp(point[-3:])
        share = odds / (1 + odds)
        distance = self.one_hot @ _blocks(apart) @ self.one_hot.T
        first, second = (1 - share) * np.exp(-distance), share * np.exp(-factor * distance)
        root = cho_factor(first + second + noise * np.eye(count), lower=True)
        inverse = cho_solve(root, np.eye(count))
        mean = float((inverse @ self.outcomes).sum() / inverse.sum())
        solved = inverse @ (self.outcomes - mean)
        fit = float((self.outcomes - mean) @ solved)
        loss = count / 2 * np.log(fit) + np.log(np.diag(root[0])).sum()
        slope = (inverse - count / fit * np.outer(solved, solved)) / 2  # of the loss in the covariance
        in_factor = -float((slope * second * distance).sum()) * factor
        in_odds = float((slope * ((1 - share) * second - share * first)).sum())
        levels = apart.shape[1]
        moved = self.one_hot.T @ ((slope * (first + factor * second)) @ self.one_hot)
        own = moved.reshape(players, levels, players, levels)[np.arange(players), :, np.arange(players)]
        return float(loss), np.concatenate([self._chain(point, -own), [in_factor, in_odds, noise * slope.trace()]])

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

    def _apart(self, point: Floats) -> Floats:
        """(n, q, q) s_i δ_i."""
        weights = [np.exp(point[self._places[int(count)]]) for count in self.levels]
        distances = [np.tensordot(w, split, 1) / w.sum() for w, split in zip(weights, self.splits, strict=True)]
        scales: Floats = np.exp(point[: len(self.levels), None, None])
        apart: Floats = scales * np.stack(distances)
        return apart

    def _chain(self, point: Floats, by_pair: Floats) -> Floats:
        """Slopes in the logarithms of scales and weights of splits, from those in apart (n, q, q)."""
        slopes = np.zeros(len(point) - 3)
        apart, players = self._apart(point), len(self.levels)
        slopes[:players] = (by_pair * apart).sum(axis=(1, 2))
        for player, (count, split) in enumerate(zip(self.levels, self.splits, strict=True)):
            weights = np.exp(point[self._places[int(count)]])
            own = np.exp(point[player]) * np.tensordot(split, by_pair[player], 2) - slopes[player]
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
