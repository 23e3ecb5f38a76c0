"""Finite populations in the long run: the chain over monomorphic populations, that over all populations, and α-rank.

Rare mutations: Fudenberg and Imhof (2006). α-rank: Omidshafiei et al. (2019).
"""

import numpy as np
from scipy.special import expit, logsumexp

from commonweal.agents.arrays import Floats, Ints, ratio
from commonweal.scenarios.studies.evolution.fixation import log_invasion_matrix
from commonweal.scenarios.studies.evolution.games import SymmetricGame, compositions

_WEAKEST = 2.0**-6  # intensity of selection per largest payoff difference with which α-rank starts
_FEWEST, _DOUBLINGS = 6, 60  # how often it doubles


def stationary(rates: Floats) -> Floats:
    """Stationary distribution by elimination without subtractions (Grassmann, Taksar and Heyman 1985).

    Args:
        rates: (..., n, n) transition rates or probabilities of irreducible chains; the diagonal is not looked at.

    Returns:
        (..., n) probabilities, however small, to full relative precision.
    """
    left = np.array(rates, dtype=np.float64)
    n = left.shape[-1]
    for last in range(n - 1, 0, -1):
        left[..., :last, last] /= left[..., last, :last].sum(axis=-1, keepdims=True)
        left[..., :last, :last] += left[..., :last, last, None] * left[..., last, None, :last]
    weight = np.zeros(left.shape[:-1])
    weight[..., 0] = 1.0
    for state in range(1, n):
        weight[..., state] = (weight[..., :state] * left[..., :state, state]).sum(axis=-1)
        weight /= np.maximum(weight[..., state, None], 1.0)  # or a long climb would overflow
    chances: Floats = weight / weight.sum(axis=-1, keepdims=True)
    return chances


def rare_mutation_shares(log_invasion: Floats) -> Floats:
    """Share of time that a population spends in each strategy when mutations are rare.

    The same elimination in logarithms, since fixation probabilities may be too small for numbers.

    Args:
        log_invasion: (..., M, M) logarithms of fixation probabilities, by resident and mutant.

    Returns:
        (..., M) shares.
    """
    left, M = np.array(log_invasion), log_invasion.shape[-1]
    for last in range(M - 1, 0, -1):
        left[..., :last, last] -= logsumexp(left[..., last, :last], axis=-1, keepdims=True)
        detour = left[..., :last, last, None] + left[..., last, None, :last]
        left[..., :last, :last] = np.logaddexp(left[..., :last, :last], detour)
    weight = np.zeros(left.shape[:-1])
    for state in range(1, M):
        weight[..., state] = logsumexp(weight[..., :state] + left[..., :state, state], axis=-1)
    shares: Floats = np.exp(weight - logsumexp(weight, axis=-1, keepdims=True))
    return shares


def population_chain(game: SymmetricGame, population: int, intensity: float, mutation: float, process: str) -> Floats:
    """Transition probabilities between all compositions of a population.

    Args:
        game: with payoffs (Q, M).
        population: Z.
        intensity: β, per payoff.
        mutation: chance that a step ends in another strategy, drawn evenly.
        process: "fermi", pairwise comparison, or "moran", with fitness exp(β π).

    Returns:
        (n, n) probabilities, n states in the order of ``compositions(population, M)``.
    """
    states, M = compositions(population, len(game.strategies)), len(game.strategies)
    present = (np.maximum(states, _one(M, i)) for i in range(M))  # what nobody plays earns something that nobody copies
    earned = np.stack([game.within(counts, i) for i, counts in enumerate(present)], axis=1)
    step = _fermi_step if process == "fermi" else _moran_step
    chance = step(states, earned, intensity, mutation)
    place = {tuple(state): number for number, state in enumerate(states.tolist())}
    matrix = np.zeros((len(states), len(states)))
    for a in range(M):
        for b in range(M):
            from_a = np.flatnonzero((states[:, a] > 0) & (a != b))
            after = states[from_a] - _one(M, a) + _one(M, b)
            matrix[from_a, [place[tuple(state)] for state in after.tolist()]] = chance[from_a, a, b]
    matrix[np.diag_indices(len(states))] = 1 - matrix.sum(axis=1)
    return matrix


def _one(M: int, i: int) -> Ints:
    one: Ints = np.eye(M, dtype=np.int64)[i]
    return one


def _fermi_step(states: Ints, earned: Floats, intensity: float, mutation: float) -> Floats:
    """(n, M, M) chance that a member of strategy a turns to b."""
    Z, M = states[0].sum(), states.shape[1]
    adopts = expit(intensity * (earned[:, None, :] - earned[:, :, None]))
    imitated = (1 - mutation) * states[:, None, :] / (Z - 1) * adopts
    chance: Floats = states[:, :, None] / Z * (imitated + mutation / (M - 1))
    return chance


def _moran_step(states: Ints, earned: Floats, intensity: float, mutation: float) -> Floats:
    """(n, M, M) chance that a member of strategy a dies and one of b is born."""
    Z, M = states[0].sum(), states.shape[1]
    scaled = np.where(states > 0, intensity * earned, -np.inf)
    weight = states * np.exp(scaled - scaled.max(axis=1, keepdims=True))
    parent = weight / weight.sum(axis=1, keepdims=True)
    born = (1 - mutation) * parent + mutation * (1 - parent) / (M - 1)
    chance: Floats = states[:, :, None] / Z * born[:, None, :]
    return chance


def mean_shares(game: SymmetricGame, population: int, intensity: float, mutation: float, process: str) -> Floats:
    """(M,) mean share of each strategy in the stationary distribution over all compositions; arguments as above."""
    chain = population_chain(game, population, intensity, mutation, process)
    shares: Floats = stationary(chain) @ compositions(population, len(game.strategies)) / population
    return shares


def symmetric_alpha_rank(leads: Floats) -> Floats:
    """α-rank of the strategies of a symmetric game, one population, selection as strong as settles the ranking.

    Args:
        leads: (..., M, M, Z − 1) what mutants earn more than residents, from ``fixation.leads``.

    Returns:
        (..., M) stationary shares at the first doubling of the intensity that leaves them as they are.
    """
    spread = np.abs(leads).max(axis=(-3, -2, -1), keepdims=True)
    unit = ratio(leads, spread)
    shares = rare_mutation_shares(log_invasion_matrix(unit, _WEAKEST))
    settled = np.zeros((*shares.shape[:-1], 1), dtype=bool)
    for doubling in range(1, _DOUBLINGS):
        after = rare_mutation_shares(log_invasion_matrix(unit, _WEAKEST * 2.0**doubling))
        stays = np.isclose(after, shares, rtol=1e-5, atol=1e-8).all(axis=-1, keepdims=True)
        shares = np.where(settled, shares, after)
        settled |= stays & (doubling > _FEWEST)
        if settled.all():
            break
    return shares
