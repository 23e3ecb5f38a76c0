"""Probabilistic values: averages of marginal contributions, weighted by how many others are there already.

Weber, "Probabilistic values for games" (1988); Shapley (1953); Banzhaf (1965), weighted by Li and Yu (2023, arXiv
2310.00380); Beta(α, β) by Kwon and Zou (2022, arXiv 2110.14049).
"""

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from math import comb

import numpy as np
from scipy.special import betaln, gammaln

from commonweal.agents.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class ProbabilisticValue:
    """φ_i = Σ_k q_k · mean of v(S∪i) − v(S) over the coalitions S of k others."""

    law: Floats  # (n,) q_k, the probability that k others are there; sums to 1

    @property
    def players(self) -> int:
        """How many players, n."""
        return len(self.law)

    @property
    def weights(self) -> Floats:
        """(n,) p_k = q_k / C(n−1, k), the weight of one coalition of k others."""
        weights: Floats = self.law / np.array([float(comb(self.players - 1, k)) for k in range(self.players)])
        return weights

    @cached_property
    def is_efficient(self) -> bool:
        """Whether the values of any game sum to v(N) − v(∅): only Shapley's do."""
        return bool(np.allclose(self.law, 1 / self.players, rtol=1e-12, atol=0))

    @cached_property
    def is_symmetric(self) -> bool:
        """Whether p_k = p_{n−1−k}, so that the value of a game is that of its odd part (v(S) − v(N∖S)) / 2."""
        return bool(np.allclose(self.law, self.law[::-1], rtol=1e-9, atol=0))

    @cached_property
    def inside(self) -> Floats:
        """(n+1,) what the mean of v over the coalitions of s counts for a member: p_{s−1} C(n, s)."""
        size = np.arange(1, self.players + 1)
        return np.concatenate([[0.0], self.law * self.players / size])

    @cached_property
    def outside(self) -> Floats:
        """(n+1,) what it takes from who is not a member: p_s C(n, s)."""
        size = np.arange(self.players)
        return np.concatenate([self.law * self.players / (self.players - size), [0.0]])

    def coefficients(self, coalitions: Bools) -> Floats:
        """(C, n) what a coalition counts in every player's value: φ_i = Σ_S coefficient_i(S) v(S) / C(n, |S|)."""
        size = coalitions.sum(axis=1)
        counts: Floats = np.where(coalitions, self.inside[size][:, None], -self.outside[size][:, None])
        return counts

    def chance(self, present: int, absent: int) -> float:
        """Probability that of the n − 1 others ``present`` given ones are there and ``absent`` given ones are not."""
        return float(np.sum(self.law * _chances(self.players - 1, present, absent)))

    def disagreements(self) -> Floats:
        """(n, n) probability that, among the n − 1 others, the coalition differs from u given ones in d places."""
        return _disagreements(tuple(self.law))


def shapley(players: int) -> ProbabilisticValue:
    """The Shapley value: every number of others is equally likely."""
    return ProbabilisticValue(np.full(players, 1 / players))


def banzhaf(players: int) -> ProbabilisticValue:
    """The Banzhaf value: every coalition of others is equally likely."""
    return weighted_banzhaf(players, 0.5)


def weighted_banzhaf(players: int, weight: float) -> ProbabilisticValue:
    """Every other is there with probability ``weight``, independently: q_k is binomial."""
    others = np.arange(players)
    log = _log_binomial(np.full(players, players - 1), others)
    return ProbabilisticValue(np.exp(log + others * np.log(weight) + (players - 1 - others) * np.log1p(-weight)))


def beta(players: int, alpha: float, beta: float) -> ProbabilisticValue:
    """Beta(α, β): p_k = B(k + β, n − 1 − k + α) / B(α, β); a large α stresses small coalitions, (1, 1) is Shapley's."""
    others = np.arange(players)
    log = _log_binomial(np.full(players, players - 1), others) - betaln(alpha, beta)
    return ProbabilisticValue(np.exp(log + betaln(others + beta, players - 1 - others + alpha)))


def _log_binomial(n: Ints, k: Ints) -> Floats:
    """Logarithm of C(n, k), −∞ where there is none."""
    valid = (k >= 0) & (k <= n)
    n, k = np.where(valid, n, 0), np.where(valid, k, 0)
    return np.where(valid, gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), -np.inf)


@cache
def _chances(others: int, present: int, absent: int) -> Floats:
    """(others+1,) by the size of a uniform coalition of others: chance that it has these members and not those."""
    size = np.arange(others + 1)
    free = np.full_like(size, others - present - absent)
    return np.exp(_log_binomial(free, size - present) - _log_binomial(np.full_like(size, others), size))


@lru_cache(maxsize=64)
def _disagreements(law: tuple[float, ...]) -> Floats:
    """(n, n) as ``disagreements``; one u at a time, since all at once would be n³ numbers."""
    others = len(law) - 1
    size, differing = np.ogrid[: others + 1, : others + 1]
    every = _log_binomial(np.full(others + 1, others), np.arange(others + 1))[:, None]
    found = np.empty((others + 1, others + 1))
    for given in range(others + 1):
        common, is_whole = (size + given - differing) // 2, (size + given - differing) % 2 == 0
        members = _log_binomial(np.full_like(common, given), common)
        strangers = _log_binomial(np.full_like(common, others - given), size - common)
        found[given] = np.array(law) @ np.where(is_whole, np.exp(members + strangers - every), 0.0)
    return found
