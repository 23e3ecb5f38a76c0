"""Symmetric N-player games as payoff tables.

A row of the table is what the N − 1 co-players do, so a table is complete and says the deviation gain at once
(heuristic payoff tables: Wellman 2006).
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import binom, gammaln

from commonweal.agents.arrays import Floats, Ints


@dataclass(frozen=True)
class SymmetricGame:
    """A game of N players whose payoff depends on their own strategy and on how many others play each of M."""

    strategies: tuple[str, ...]  # M names
    others: Ints  # (Q, M) every composition of the N − 1 co-players
    payoffs: Floats  # (..., Q, M) payoff of each strategy against each composition

    @property
    def players(self) -> int:
        """N."""
        return int(self.others[0].sum()) + 1

    def expected(self, shares: Floats) -> Floats:
        """Payoff of each strategy when co-players are drawn from an infinite population.

        Args:
            shares: (G, M) share of each strategy, or (M,); complex numbers are allowed, for derivatives.

        Returns:
            (..., G, M) or (..., M) payoffs.
        """
        return encounters(self.others, shares) @ self.payoffs

    def within(self, counts: Ints, strategy: int) -> Floats:
        """Payoff of a member of a finite population in which groups are drawn without replacement.

        Args:
            counts: (G, M) how many of the Z members, oneself included, play each strategy; Z at least N.
            strategy: what oneself plays.

        Returns:
            (..., G) payoffs; meaningless where nobody plays ``strategy``.
        """
        meetings = draws(self.others, counts - np.eye(counts.shape[-1], dtype=np.int64)[strategy])
        earned: Floats = self.payoffs[..., strategy] @ meetings.T
        return earned


def compositions(total: int, parts: int) -> Ints:
    """(Q, M) all ways of writing ``total`` as a sum of ``parts`` whole numbers from zero, in lexicographic order."""
    bars = np.array(list(combinations(range(total + parts - 1), parts - 1)), dtype=np.int64).reshape(-1, parts - 1)
    ends = np.full((len(bars), 1), total + parts - 1)
    return np.diff(np.hstack([np.full_like(ends, -1), bars, ends]), axis=1) - 1


def encounters(others: Ints, shares: Floats) -> Floats:
    """(..., Q) multinomial probability of each composition (Q, M) of co-players, drawn from shares (..., M)."""
    ways = np.exp(gammaln(others[0].sum() + 1) - gammaln(others + 1).sum(axis=1))
    powers = shares[..., None] ** np.arange(others[0].sum() + 1)  # (..., M, N), looked up and not computed Q times
    chance: Floats = np.ones((*shares.shape[:-1], len(others)), dtype=shares.dtype)
    for strategy, counts in enumerate(others.T):
        chance *= powers[..., strategy, counts]
    chance *= ways
    return chance


def draws(others: Ints, pool: Ints) -> Floats:
    """(G, Q) hypergeometric probability of each composition (Q, M) drawn from counts (G, M) without replacement."""
    ways = np.prod(binom(np.maximum(pool, 0)[:, None, :], others), axis=-1)
    chance: Floats = ways / binom(pool.sum(axis=1), others[0].sum())[:, None]
    return chance
