"""Fixation: the chance that one mutant's strategy takes over a finite population (Nowak 2006, chapters 6 and 7).

A population of two strategies moves one member at a time, so the chance follows from the ratios of the probabilities of
losing and of gaining one: ρ = 1 / (1 + Σ_k Π_{j ≤ k} T⁻_j / T⁺_j).
"""

import numpy as np
from scipy.special import logsumexp

from commonweal.agents.arrays import Floats, Ints
from commonweal.scenarios.studies.evolution.games import SymmetricGame


def log_fixation(log_ratios: Floats) -> Floats:
    """Logarithm of the fixation probability of a single mutant, which is finite however small the probability.

    Args:
        log_ratios: (..., Z − 1) logarithm of T⁻/T⁺ when 1, …, Z − 1 of Z members are mutants.

    Returns:
        (...) logarithms.
    """
    sums = np.cumsum(log_ratios, axis=-1)
    chances: Floats = -logsumexp(np.concatenate([np.zeros_like(sums[..., :1]), sums], axis=-1), axis=-1)
    return chances


def fermi_ratios(leads: Floats, intensity: float) -> Floats:
    """(..., Z − 1) log T⁻/T⁺ of pairwise comparison, from mutants' payoffs less residents' (Traulsen et al. 2006).

    They are also those of the Moran process with fitness exp(β π).
    """
    return -intensity * leads


def leads(game: SymmetricGame, population: int) -> Floats:
    """How much more mutants earn than residents, for every pair of strategies.

    Args:
        game: with payoffs (..., Q, M) of N players; groups are drawn from the population without replacement.
        population: Z, at least N.

    Returns:
        (..., M, M, Z − 1) by resident, mutant and number of mutants; zero on the diagonal.
    """
    M, mutants = len(game.strategies), np.arange(1, population)
    table = np.zeros((*game.payoffs.shape[:-2], M, M, population - 1))
    for resident in range(M):
        for mutant in range(resident):
            counts = _pair(M, mutants, mutant, population - mutants, resident)
            lead = game.within(counts, mutant) - game.within(counts, resident)
            table[..., resident, mutant, :] = lead
            table[..., mutant, resident, :] = -lead[..., ::-1]
    return table


def _pair(M: int, first: Ints, i: int, second: Ints, j: int) -> Ints:
    counts = np.zeros((len(first), M), dtype=np.int64)
    counts[:, i], counts[:, j] = first, second
    return counts


def log_invasion_matrix(leads: Floats, intensity: float) -> Floats:
    """Logarithms of the fixation probabilities of every strategy in every other, by pairwise comparison.

    Args:
        leads: (..., M, M, Z − 1) what mutants earn more than residents, from ``leads``.
        intensity: β, per payoff.

    Returns:
        (..., M, M) by resident and mutant; that of the neutral 1/Z on the diagonal.
    """
    return log_fixation(fermi_ratios(leads, intensity))


def stable_in_finite_population(leads: Floats, invasion: Floats) -> Floats:
    """Which strategies are ESS_N: no single mutant earns more, and none is favoured to fixate (Nowak et al. 2004).

    Args:
        leads: (..., M, M, Z − 1) as from ``leads``.
        invasion: (..., M, M) fixation probabilities by resident and mutant.

    Returns:
        (..., M) 1 or 0.
    """
    M, population = invasion.shape[-1], leads.shape[-1] + 1
    resists = (leads[..., 0] < 0) & (invasion < 1 / population)
    stable: Floats = (resists | np.eye(M, dtype=bool)).all(axis=-1).astype(np.float64)
    return stable
