"""Sums of products over action profiles, and their values as cooperative games in closed form.

f(x) = Σ_m w_m Π_i g_mi(x_i). With the other players' actions drawn from a product law, each term is the product game
v(S) = Π_{i∈S} g_i(x_i) Π_{i∉S} e_i, e_i = E g_i. Its Shapley value is the integral over t of the partial derivatives of
Π_i ((1 − t) e_i + t g_i) along the diagonal (Owen 1972), a polynomial of degree n − 1: ⌈n/2⌉ Gauss–Legendre nodes are
exact.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints

CHUNK = 1 << 21  # numbers that are held at a time


@dataclass(frozen=True, eq=False)
class ProductSum:
    """A function of the actions of n players as a sum of M products."""

    tables: Floats  # (n, q, M) factor of each term at each action of each player
    weights: Floats  # (M,) of the terms

    def factors(self, profiles: Ints) -> Floats:
        """(R, n, M) factors of every term at profiles (R, n)."""
        found: Floats = self.tables[np.arange(len(self.tables)), profiles]
        return found

    def at(self, profiles: Ints) -> Floats:
        """(R,) the function at profiles (R, n)."""
        parts = [self.factors(some).prod(axis=1) @ self.weights for some in self._chunks(profiles)]
        return np.concatenate(parts)

    def mean(self, law: Floats) -> float:
        """The mean under a product law (n, q) over actions."""
        return float(self.expected(law).prod(axis=0) @ self.weights)

    def expected(self, law: Floats) -> Floats:
        """(n, M) mean of every factor under a product law (n, q)."""
        expected: Floats = (law[:, None] @ self.tables)[:, 0]
        return expected

    def shapley(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n) Shapley values of the games at profiles (R, n), absent players drawn from a law (n, q)."""
        absent = self.expected(law)
        parts = [shapley_parts(self.factors(some), absent) @ self.weights for some in self._chunks(profiles)]
        return np.concatenate(parts)

    def pairs(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n, n) Harsanyi dividends of pairs, 0 on the diagonal; profiles and law as for ``shapley``."""
        absent = self.expected(law)
        gained = self.factors(profiles) - absent
        players = len(absent)
        found = np.zeros((len(profiles), players, players))
        for player in range(players - 1):
            others = products_of_others(np.delete(absent, player, axis=0)[None])[0]  # without player and one more
            later = others[player:] * self.weights
            found[:, player, player + 1 :] = np.einsum(
                "rm,rjm,jm->rj", gained[:, player], gained[:, player + 1 :], later
            )
        return found + found.transpose(0, 2, 1)

    def dividend(self, profiles: Ints, law: Floats, members: Ints) -> Floats:
        """(R,) Harsanyi dividends of one coalition of players; profiles and law as for ``shapley``."""
        absent = self.expected(law)
        inside = (self.factors(profiles) - absent)[:, members].prod(axis=1)
        found: Floats = inside @ (np.delete(absent, members, axis=0).prod(axis=0) * self.weights)
        return found

    def _chunks(self, profiles: Ints) -> list[Ints]:
        most = max(1, CHUNK // max(1, self.tables[:, 0].size))
        return [profiles[at : at + most] for at in range(0, max(len(profiles), 1), most)]


def shapley_parts(present: Floats, absent: Floats) -> Floats:
    """Shapley values of product games.

    Args:
        present: (R, n, M) factors of players who are there.
        absent: (n, M) factors of players who are not.

    Returns:
        (R, n, M) values of every player in every game.
    """
    gained = present - absent
    nodes, shares = np.polynomial.legendre.leggauss((present.shape[1] + 1) // 2)
    total = np.zeros_like(present)
    for node, share in zip((nodes + 1) / 2, shares / 2, strict=True):
        total += share * products_of_others(absent + node * gained)
    return gained * total


def products_of_others(factors: Floats) -> Floats:
    """(R, n, M) product of the factors (R, n, M) of all other players; factors may be 0."""
    before, after = np.ones_like(factors), np.ones_like(factors)
    np.cumprod(factors[:, :-1], axis=1, out=before[:, 1:])
    np.cumprod(factors[:, :0:-1], axis=1, out=after[:, -2::-1])
    return before * after


def of_cube(outcomes: Floats) -> ProductSum:
    """The function given by its values (q, …, q) at all profiles, a term per profile."""
    levels = outcomes.shape
    profiles = all_profiles(np.array(levels))
    tables = np.zeros((len(levels), max(levels), len(profiles)))
    tables[np.arange(len(levels))[:, None], profiles.T, np.arange(len(profiles))] = 1.0
    return ProductSum(tables, outcomes.ravel())


def all_profiles(levels: Ints) -> Ints:
    """(Π levels, n) every profile of n players with so many actions each, the last player's changing fastest."""
    found: Ints = np.stack(np.unravel_index(np.arange(int(np.prod(levels))), tuple(levels)), axis=1).astype(np.int64)
    return found
