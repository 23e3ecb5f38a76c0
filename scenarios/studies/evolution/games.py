"""Symmetric N-player games as payoff tables, and the public-goods games of the literature.

A row of the table is what the N − 1 co-players do, so a table is complete and says the deviation gain at once
(heuristic payoff tables: Wellman 2006).
"""

from collections.abc import Callable, Sequence
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


def symmetric_game(strategies: Sequence[str], players: int, payoff: Callable[[Ints], Floats]) -> SymmetricGame:
    """A game from its rule.

    Args:
        strategies: M names.
        players: N.
        payoff: from (Q, M) compositions of co-players to (Q, M) payoffs.
    """
    others = compositions(players - 1, len(strategies))
    return SymmetricGame(tuple(strategies), others, payoff(others))


def matrix_game(strategies: Sequence[str], matrix: Sequence[Sequence[float]] | Floats) -> SymmetricGame:
    """The symmetric game of two players in which row i gets ``matrix[i, j]`` against column j."""
    return symmetric_game(strategies, 2, lambda others: others @ np.asarray(matrix, dtype=np.float64).T)


def prisoners_dilemma(temptation: float, reward: float, punishment: float, sucker: float) -> SymmetricGame:
    """Prisoner's dilemma: temptation > reward > punishment > sucker's payoff (Rapoport and Chammah 1965)."""
    return matrix_game(("cooperate", "defect"), [[reward, sucker], [temptation, punishment]])


def donation_game(benefit: float, cost: float) -> SymmetricGame:
    """Donation game: a cooperator pays the cost, the other gets the benefit (Sigmund 2010)."""
    return prisoners_dilemma(benefit, benefit - cost, 0.0, -cost)


def linear_public_goods(players: int, factor: float, cost: float = 1.0) -> SymmetricGame:
    """Contributions are multiplied by ``factor`` and divided by all N (Ledyard 1995)."""

    def payoff(others: Ints) -> Floats:
        share = factor * cost / players
        return np.stack([share * (others[:, 0] + 1) - cost, share * others[:, 0]], axis=1)

    return symmetric_game(("contribute", "withhold"), players, payoff)


def critical_factor(players: int, population: int) -> float:
    """Multiplication factor above which contributors out-earn withholders among Z: N (Z − 1) / (Z − N)."""
    return players * (population - 1) / (population - players)


def volunteers_dilemma(players: int, benefit: float, cost: float) -> SymmetricGame:
    """All get the benefit if at least one bears the cost (Diekmann 1985)."""

    def payoff(others: Ints) -> Floats:
        return np.stack([np.full(len(others), benefit - cost), benefit * (others[:, 0] > 0)], axis=1)

    return symmetric_game(("volunteer", "wait"), players, payoff)


def optional_public_goods(players: int, factor: float, loner: float) -> SymmetricGame:
    """Public goods at unit cost among those who take part; loners get a fixed payoff (Hauert et al. 2002).

    Whoever finds nobody else to play with gets the loner's payoff.
    """

    def payoff(others: Ints) -> Floats:
        contributors, partners = others[:, 0], others[:, 0] + others[:, 1]
        contribute = factor * (contributors + 1) / (partners + 1) - 1
        defect = factor * contributors / (partners + 1)
        alone = np.full(len(others), float(loner))
        return np.stack([np.where(partners == 0, alone, gain) for gain in (contribute, defect, alone)], axis=1)

    return symmetric_game(("cooperate", "defect", "loner"), players, payoff)
