"""A sparse Fourier series of bounded degree over action profiles, found by orthogonal matching pursuit.

f(x) = Σ_k Re(F[k] exp(2πi Σ_j k_j x_j / q_j)) over frequencies k with at most DEGREE entries other than 0; pursuit by
Pati, Rezaiifar and Krishnaprasad (1993). How many coefficients is chosen by cross-validation. Profiles may be any
sample, so no query is spent on a design.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.products import ProductSum

DEGREE = 3  # players in one interaction, at most
MOST = 20_000  # frequencies that are searched
FOLDS = 5
PROFILES_PER_COEFFICIENT = 4  # the most coefficients that so many profiles may have


@dataclass(frozen=True, eq=False)
class Sparse:
    """A function of action profiles with few Fourier coefficients."""

    frequencies: Ints  # (K, n) k, one of each conjugate pair; the first is 0
    cosines: Floats  # (K,) factors of cos(2π Σ k x / q)
    sines: Floats  # (K,) and of the sine
    levels: Ints  # (n,)

    @cached_property
    def function(self) -> ProductSum:
        """The same as a sum of products: cosine and sine of a sum of angles, multiplied out."""
        steps = np.arange(self.levels.max())
        tables, weights = [], []
        for frequency, even, odd in zip(self.frequencies, self.cosines, self.sines, strict=True):
            angle = 2 * np.pi * frequency[:, None] * steps / self.levels[:, None]
            members = np.flatnonzero(frequency)
            for sines in product((False, True), repeat=len(members)):
                table = np.ones_like(angle)
                table[members] = np.where(np.array(sines)[:, None], np.sin(angle[members]), np.cos(angle[members]))
                turns, sign = sum(sines), (-1.0) ** (sum(sines) // 2)  # powers of i
                tables.append(table)
                weights.append(sign * (odd if turns % 2 else even))
        return ProductSum(np.stack(tables, axis=2), np.array(weights))

    def error(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n) nan: it knows of no errors."""
        return np.full(profiles.shape, np.nan)

    def pair_error(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n, n) nan."""
        return np.full((*profiles.shape, profiles.shape[1]), np.nan)


def fit_sparse(profiles: Ints, outcomes: Floats, levels: Ints, degree: int = DEGREE) -> Sparse:
    """The series with as many coefficients as cross-validation wants.

    Args:
        profiles: (m, n) actions, from 0.
        outcomes: (m,) of them.
        levels: (n,) actions of each player.
        degree: players in one interaction, at most.

    Raises:
        InputError: if there are too many frequencies of this degree.
    """
    frequencies = frequencies_of(levels, degree)
    waves = _waves(profiles, frequencies, levels)
    most = max(1, min(len(frequencies), len(profiles) // PROFILES_PER_COEFFICIENT))
    fold = np.arange(len(profiles)) % min(FOLDS, len(profiles))
    missed = np.zeros(most)
    for held in range(fold.max() + 1) if fold.max() else ():
        rest, tested = fold != held, fold == held
        for place, (chosen, found) in enumerate(_pursue(waves[rest], outcomes[rest], most)):
            missed[place] += ((_design(waves[tested], chosen) @ found - outcomes[tested]) ** 2).sum()
    *_, (chosen, found) = _pursue(waves, outcomes, int(missed.argmin()) + 1)
    even, odd = found[: len(chosen)], found[len(chosen) :]
    return Sparse(frequencies[chosen], even, odd, levels)


def least_squares(profiles: Ints, outcomes: Floats, frequencies: Ints, levels: Ints) -> Sparse:
    """The series of given frequencies (K, n), 0 first, that comes closest to outcomes (m,) of profiles (m, n)."""
    chosen = [*range(len(frequencies))]
    design = _design(_waves(profiles, frequencies, levels), chosen)
    found: Floats = lstsq(design, outcomes, cond=1e-10, lapack_driver="gelsy")[0]
    return Sparse(frequencies, found[: len(chosen)], found[len(chosen) :], levels)


def frequencies_of(levels: Ints, degree: int) -> Ints:
    """(K, n) frequencies of at most so many players, 0 first, one of each conjugate pair k, −k.

    Raises:
        InputError: if there are too many.
    """
    found = [np.zeros(len(levels), dtype=np.int64)]
    for size in range(1, min(degree, len(levels)) + 1):
        for members in combinations(range(len(levels)), size):
            for entries in product(*(range(1, levels[player]) for player in members)):
                negative = tuple(int(levels[player]) - entry for player, entry in zip(members, entries, strict=True))
                if entries <= negative:
                    frequency = np.zeros(len(levels), dtype=np.int64)
                    frequency[list(members)] = entries
                    found.append(frequency)
            if len(found) > MOST:
                raise InputError(f"sketch.kind = 'fourier': more than {MOST} frequencies of degree {degree}")
    return np.stack(found)


def _waves(profiles: Ints, frequencies: Ints, levels: Ints) -> NDArray[np.complex128]:
    """(m, K) exp(2πi Σ_j k_j x_j / q_j)."""
    waves: NDArray[np.complex128] = np.exp(2j * np.pi * (profiles / levels) @ frequencies.T)
    return waves


def _pursue(waves: NDArray[np.complex128], outcomes: Floats, most: int) -> Iterator[tuple[list[int], Floats]]:
    """Frequencies chosen one by one, 0 first, each time with least-squares factors of their cosines and sines.

    Yields ``most`` times; once nothing is left, the same again.
    """
    chosen = [0]
    norms = np.sqrt((np.abs(waves) ** 2).sum(axis=0))
    for _ in range(most):
        design = _design(waves, chosen)
        found: Floats = lstsq(design, outcomes, cond=1e-10, lapack_driver="gelsy")[0]  # some sines are 0 everywhere
        yield list(chosen), found
        left = outcomes - design @ found
        gains = np.abs(waves.conj().T @ left) / norms
        gains[chosen] = 0.0
        if gains.max() > 1e-12 * max(1.0, float(np.abs(outcomes).max())):
            chosen.append(int(gains.argmax()))


def _design(waves: NDArray[np.complex128], chosen: list[int]) -> Floats:
    return np.hstack([waves[:, chosen].real, waves[:, chosen].imag])
