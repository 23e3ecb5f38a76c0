"""A sparse Fourier series from chosen profiles: sub-sampling folds coefficients into bins, and peeling parts them.

On the profiles M ℓ + d, ℓ over b free coordinates, the transform of f has in bin j the sum of F[k] ω^⟨d, k⟩ over all k
with Mᵀ k = j. A bin that holds one coefficient shows its k by its turn under shifts d by one action of one player; what
is found is taken out of the other groups, where it may have hidden another one. After q-SFT (Erginbas, Kang, Aghazadeh
and Ramchandran 2023, arXiv 2301.06200), which SHAP zero builds on. It finds coefficients of any degree among q^n, if
they are few: about as many as a group has bins. Outcomes of runs have many; a process is the better tool there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.fourier import Sparse, least_squares

PASSES = 50  # over all bins, at most
SINGLE = 0.05  # of a bin's energy that one coefficient may leave unexplained
EMPTY = 1e-10  # of the outcomes' variance: less in a bin is nothing


@dataclass(frozen=True, eq=False)
class Subsampling:
    """Groups of profiles of n players with q actions each whose transforms fold the coefficients differently."""

    actions: int  # q
    folds: Ints  # (G, n, b) M of each group
    offsets: Ints  # (G, D, n) D shifts of each group; each n + 1 of them differ by one action of one player

    @property
    def every(self) -> Ints:
        """(G, D, q^b, n) profile of each group, shift and free coordinates."""
        free = np.stack(np.unravel_index(np.arange(self.bins), (self.actions,) * self.folds.shape[2]), axis=1)
        lines = np.einsum("gnb,lb->gln", self.folds, free)
        found: Ints = (lines[:, None] + self.offsets[:, :, None]) % self.actions
        return found

    @property
    def profiles(self) -> Ints:
        """(M, n) the different profiles that have to be played, and no others."""
        found: Ints = np.unique(self.every.reshape(-1, self.folds.shape[1]), axis=0)
        return found

    @property
    def bins(self) -> int:
        """q^b of a group."""
        return int(self.actions ** self.folds.shape[2])


def subsampling(
    players: int, actions: int, free: int, groups: int, rng: np.random.Generator, repeats: int = 1
) -> Subsampling:
    """Random groups; at most groups · repeats · (n + 1) · q^free profiles.

    Args:
        players: n.
        actions: q of each player.
        free: b, so that a group has q^b bins.
        groups: G, at least 2.
        rng: draws folds and shifts.
        repeats: shifted copies of the n + 1 shifts, which outvote noise.

    Raises:
        InputError: if a number is out of range.
    """
    if not (actions >= 2 and 1 <= free <= players and groups >= 2 and repeats >= 1):
        raise InputError(f"subsampling: free = {free} must be 1 to {players}, groups = {groups} at least 2")
    starts = rng.integers(0, actions, (groups, repeats, 1, players)) if repeats > 1 else 0
    shifts = np.concatenate([np.zeros((1, players), dtype=np.int64), np.eye(players, dtype=np.int64)])
    offsets = np.broadcast_to(starts + shifts, (groups, repeats, players + 1, players)) % actions
    folds = rng.integers(0, actions, (groups, players, free))
    return Subsampling(actions, folds, offsets.reshape(groups, -1, players))


def fit_subsampled(design: Subsampling, outcomes: Floats) -> Sparse:
    """The series whose coefficients the bins show.

    Args:
        design: of the profiles.
        outcomes: (M,) of ``design.profiles``, in that order.

    Returns:
        Coefficients by least squares on all outcomes, for the frequencies that were found.
    """
    players, every = design.folds.shape[1], design.every
    order, places = np.unique(every.reshape(-1, players), axis=0, return_inverse=True)
    if len(outcomes) != len(order):
        raise InputError(f"{len(outcomes)} outcomes for {len(order)} profiles of the design")
    cubes = outcomes[places.ravel()].reshape(*every.shape[:2], *(design.actions,) * design.folds.shape[2])
    axes = tuple(range(2, cubes.ndim))
    bins = (np.fft.fftn(cubes, axes=axes) / design.bins).reshape(*every.shape[:2], design.bins)
    found = _peel(design, bins, EMPTY * float(outcomes.var()))
    levels = np.full(players, design.actions)
    largest = sorted(_halves(found, levels), key=lambda k: (-_size(found, k, levels), k))[: len(outcomes) // 2 - 1]
    frequencies = np.array([(0,) * players, *largest], dtype=np.int64)
    return least_squares(design.profiles, outcomes, frequencies, levels)


def _peel(design: Subsampling, bins: NDArray[np.complex128], empty: float) -> dict[tuple[int, ...], complex]:
    """Coefficients by frequency; takes those found out of ``bins`` (G, D, q^b)."""
    found: dict[tuple[int, ...], complex] = {}
    for _ in range(PASSES):
        fresh = 0
        for group in range(len(bins)):
            for frequency, value in _singles(design, bins[group], group, empty):
                found[frequency] = found.get(frequency, 0.0) + value
                _take_out(design, bins, np.array(frequency), value)
                fresh += 1
        if not fresh:
            break
    return found


def _singles(
    design: Subsampling, bins: NDArray[np.complex128], group: int, empty: float
) -> list[tuple[tuple[int, ...], complex]]:
    """Frequency and coefficient of the bins (D, q^b) of a group that hold one alone."""
    q, offsets = design.actions, design.offsets[group]
    players = offsets.shape[1]
    by_copy = bins.reshape(-1, players + 1, bins.shape[1])
    turns = (by_copy[:, 1:] * by_copy[:, :1].conj()).sum(axis=0)  # (n, q^b)
    frequencies = np.rint(np.angle(turns) * q / (2 * np.pi)).astype(np.int64).T % q  # (q^b, n)
    waves = np.exp(2j * np.pi / q * (frequencies @ offsets.T)).T  # (D, q^b)
    values = (waves.conj() * bins).mean(axis=0)
    energy = (np.abs(bins) ** 2).mean(axis=0)
    left = energy - np.abs(values) ** 2
    own = np.ravel_multi_index(tuple((frequencies @ design.folds[group] % q).T), (q,) * design.folds.shape[2])
    alone = (energy > empty) & (left < SINGLE * energy) & (own == np.arange(bins.shape[1]))
    return [(tuple(frequencies[place].tolist()), complex(values[place])) for place in np.flatnonzero(alone)]


def _take_out(design: Subsampling, bins: NDArray[np.complex128], frequency: Ints, value: complex) -> None:
    q, free = design.actions, design.folds.shape[2]
    for group in range(len(bins)):
        place = np.ravel_multi_index(tuple(frequency @ design.folds[group] % q), (q,) * free)
        bins[group, :, place] -= value * np.exp(2j * np.pi / q * (design.offsets[group] @ frequency))


def _halves(found: dict[tuple[int, ...], complex], levels: Ints) -> set[tuple[int, ...]]:
    """One frequency of each conjugate pair that was found, without 0."""
    pairs = {min(k, tuple((-np.array(k) % levels).tolist())) for k in found}
    return {k for k in pairs if any(k)}


def _size(found: dict[tuple[int, ...], complex], frequency: tuple[int, ...], levels: Ints) -> float:
    conjugate = tuple((-np.array(frequency) % levels).tolist())
    return max(abs(found.get(frequency, 0.0)), abs(found.get(conjugate, 0.0)))
