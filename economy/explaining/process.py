"""A Gaussian process over action profiles whose covariance is a product over players, or a mean of two such products.

A product Π_i exp(−s_i δ_i(x_i, y_i)) is Π_i (1 + ρ_i κ(x_i, y_i)) up to scale where δ = 1[x ≠ y] and
κ = q 1[x = y] − 1: interactions of every order at once, each player with its own weight. Where actions are compared, δ
sums the weights of the splits of the actions into two sides that lie apart, the same for all players. The second
product has all s_i times one factor below 1: low orders alone. Scale and mean follow from the rest, which maximises the
marginal likelihood (Rasmussen and Williams 2006, section 5.4.1).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.special import ndtr

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
ALTERNATIVES = 8  # weights that are drawn around the best ones, for standard errors
WIDEST = 3.0  # standard deviation of a logarithm of a weight of which the profiles say nothing
STEP = 1e-3  # of differences


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
    alternatives: tuple["Process", ...] = ()  # the same with other weights that are likely too

    @cached_property
    def function(self) -> ProductSum:
        """The posterior mean: a term per profile and product, and one for the constant."""
        _, players, levels, _ = self.kernel.tables.shape
        rows = [tables[np.arange(players)[:, None], :, self.profiles.T] for tables in self.kernel.tables]
        factors = np.concatenate([*rows, np.ones((players, 1, levels))], axis=1).transpose(0, 2, 1)
        weights = np.concatenate([np.outer(self.kernel.shares, self.solved).ravel(), [self.mean]])
        return ProductSum(np.ascontiguousarray(factors), weights)

    @cached_property
    def root(self) -> Floats:
        """(m, m) lower Cholesky factor of K + λ I in units of the scale."""
        gram = self.kernel.gram(self.profiles, self.profiles)
        found: Floats = cholesky(gram + self.noise / self.scale * np.eye(len(gram)), lower=True)
        return found

    def error(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n) standard errors of the Shapley values at profiles (R, n) under a law (n, q)."""
        return self._doubted(lambda each: each.variance(profiles, law), lambda each: each.shapley(profiles, law))

    def pair_error(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n, n) standard errors of the dividends of pairs; profiles and law as for ``error``."""
        return self._doubted(lambda each: each.pair_variance(profiles, law), lambda each: each.pairs(profiles, law))

    def _doubted(self, variance: Callable[["Process"], Floats], found: Callable[[ProductSum], Floats]) -> Floats:
        """Variance given the weights, as a mean over likely ones, and that between them; the root of both."""
        several = self.alternatives or (self,)
        inside = np.mean([variance(each) for each in several], axis=0)
        middle = found(self.function)
        between = np.mean([(found(each.function) - middle) ** 2 for each in several], axis=0)
        doubt: Floats = np.sqrt(inside + between)
        return doubt

    def variance(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n) posterior variances of Shapley values, given the weights."""
        known = self.covariances(self.profiles, profiles, law)
        parts = [_prior_variances(tables, profiles, law) for tables in self.kernel.tables]
        return self._left(np.tensordot(self.kernel.shares, np.stack(parts), 1), known)

    def covariances(self, outcomes: Ints, profiles: Ints, law: Floats) -> Floats:
        """(m, R n) prior covariances of the outcomes of profiles (m, n) and the Shapley values at others (R, n)."""
        rows = np.arange(profiles.shape[1])
        found: Floats = np.zeros((len(outcomes), profiles.size))
        for share, tables in zip(self.kernel.shares, self.kernel.tables, strict=True):
            factors = tables[rows[:, None], :, outcomes.T].transpose(0, 2, 1)  # (n, q, m)
            parts = shapley_parts(factors[rows, profiles], (law[:, None] @ factors)[:, 0])
            found += share * parts.reshape(profiles.size, -1).T
        return found

    def pair_variance(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n, n) posterior variances of the dividends of pairs, given the weights."""
        (runs, players), shares = profiles.shape, self.kernel.shares
        first, second = np.triu_indices(players, 1)
        prior, known = np.zeros((runs, len(first))), np.zeros((len(self.profiles), runs * len(first)))
        for share, tables in zip(shares, self.kernel.tables, strict=True):
            present, absent = _to_absent(tables, profiles, law)
            prior += share * _of_pairs((1 - 2 * present + absent)[..., None], absent[:, None], first, second)[..., 0]
            factors = tables[np.arange(players)[:, None], :, self.profiles.T].transpose(0, 2, 1)
            expected = (law[:, None] @ factors)[:, 0]
            gained = factors[np.arange(players), profiles] - expected
            known += share * _of_pairs(gained, expected, first, second).reshape(runs * len(first), -1).T
        left = np.zeros((runs, players, players))
        left[:, first, second] = left[:, second, first] = self._left(prior, known)
        return left

    def _left(self, prior: Floats, known: Floats) -> Floats:
        """Prior variances (R, P) less what outcomes of covariances (m, R P) explain."""
        explained = (solve_triangular(self.root, known, lower=True) ** 2).sum(axis=0)
        left: Floats = self.scale * np.maximum(prior - explained.reshape(prior.shape), 0.0)
        return left


def fit_process(
    profiles: Ints, outcomes: Floats, levels: Ints, *, alike: bool = True, alternatives: int = ALTERNATIVES
) -> Process:
    """The process with the largest marginal likelihood.

    Args:
        profiles: (m, n) actions, from 0.
        outcomes: (m,) of them.
        levels: (n,) actions of each player.
        alike: whether some actions may be more alike than others, the same for all players with so many.
        alternatives: how many other weights are drawn from what the likelihood leaves open (its Laplace approximation;
            Rasmussen and Williams 2006, section 5.2), so that standard errors know of the doubt about weights.

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
    best = search.best()
    likely = search.around(best, alternatives)
    others = tuple(condition(profiles, outcomes, *search.kernel(point)) for point in likely)
    return replace(condition(profiles, outcomes, *search.kernel(best)), alternatives=others)


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

    def best(self) -> Floats:
        """The point of the largest likelihood from all starts."""
        lower, upper = self._bounds
        rest = [*np.zeros(len(lower) - len(self.levels) - len(START)), *np.log(START)]
        found = [
            minimize(
                self.loss,
                np.concatenate([self._scales(rho), rest]),
                jac=True,
                method="L-BFGS-B",
                bounds=[*zip(lower, upper, strict=True)],
                options={"maxiter": STEPS},
            )
            for rho in STARTS
        ]
        chosen: Floats = min(found, key=lambda each: float(each.fun)).x
        return chosen

    def around(self, best: Floats, count: int) -> Floats:
        """(count, P) points from the normal distribution that has the likelihood's curvature at its best point.

        A scale at its lower bound, where the likelihood falls from the start, is drawn from the exponential
        distribution of that slope instead.
        """
        if not count:
            return np.zeros((0, len(best)))
        moved = STEP * np.eye(len(best))
        slopes = [self.loss(best + step)[1] - self.loss(best - step)[1] for step in moved]
        curved, turned = np.linalg.eigh((np.stack(slopes) + np.stack(slopes).T) / (4 * STEP))
        widths = 1 / np.sqrt(np.maximum(curved, 0.0) + WIDEST**-2)
        drawn = np.random.default_rng(0).normal(size=(count, len(best)))  # the same at every fit
        points = best + (drawn * widths) @ turned.T
        lowest = np.flatnonzero(best[: len(self.levels)] <= self._bounds[0][: len(self.levels)] + 1e-9)
        falls = np.maximum(self.loss(best)[1][lowest], 0.0) / np.exp(best[lowest])
        points[:, lowest] = np.log(np.exp(best[lowest]) - np.log(ndtr(drawn[:, lowest])) / np.maximum(falls, 1.0))
        clipped: Floats = np.clip(points, *self._bounds)
        return clipped

    def kernel(self, point: Floats) -> tuple[Kernel, float]:
        """The kernel and the noise at a point; a player at its lowest scale has no influence."""
        players, chosen = len(self.levels), point.copy()
        chosen[:players] = np.where(chosen[:players] <= self._bounds[0][:players] + 1e-9, -np.inf, chosen[:players])
        factor, odds, noise = np.exp(chosen[-3:])
        apart = self._apart(chosen)
        return Kernel(np.exp(-np.stack([apart, factor * apart])), np.array([1.0, odds]) / (1 + odds)), float(noise)

    @cached_property
    def _bounds(self) -> tuple[Floats, Floats]:
        """(P,) lowest and highest points."""
        counts = [len(self.splits[player]) for player in self._first.values()]
        weights = [_logs(SPLITS) if count > 1 else (0.0, 0.0) for count in counts for _ in range(count)]
        rest = np.array([*weights, _logs(FACTORS), _logs(ODDS), _logs(NOISES)])
        lowest, highest = (self._scales(rho) for rho in RANGE)
        return np.concatenate([lowest, rest[:, 0]]), np.concatenate([highest, rest[:, 1]])

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
    present, absent = (each[..., None] for each in _to_absent(tables, profiles, law))
    nodes, shares = np.polynomial.legendre.leggauss((len(tables) + 1) // 2)
    nodes, shares = (nodes + 1) / 2, shares / 2
    ours, theirs = (each.ravel() for each in np.meshgrid(nodes, nodes, indexing="ij"))
    both = ours * theirs  # (M,) of who is there in both games the covariance is 1
    mixed = ours + theirs - 2 * both
    factors = both + mixed * present + (1 - both - mixed) * absent
    second = (1 - 2 * present + absent)[..., 0]
    found: Floats = second * (products_of_others(factors) @ np.outer(shares, shares).ravel())
    return found


def _to_absent(tables: Floats, profiles: Ints, law: Floats) -> tuple[Floats, Floats]:
    """Covariances of who is there (R, n), and of who is absent (n,), with who is absent."""
    found = (tables @ law[..., None])[..., 0]  # (n, q)
    return found[np.arange(len(tables)), profiles], (law * found).sum(axis=1)


def _of_pairs(gained: Floats, absent: Floats, first: Ints, second: Ints) -> Floats:
    """(R, pairs, M) products of the gains (R, n, M) of two and the factors (n, M) of the absent others."""
    others = np.stack([np.delete(absent, pair, axis=0).prod(axis=0) for pair in zip(first, second, strict=True)])
    found: Floats = gained[:, first] * gained[:, second] * others
    return found
