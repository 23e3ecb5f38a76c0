"""Fixation by closed forms, member by member, and on graphs: who lives where decides who benefits from whom.

On a graph a random member dies and its neighbours compete for the place in proportion to fitness 1 + δ π (Ohtsuki et
al. 2006).
"""

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError

Move = Callable[[Ints], Ints]
"""How many mutants each of some runs gains or loses in a step, from how many there are."""

_LARGEST = 12  # nodes; a chain has 2^N states
_STEP = 1e-30  # of the complex step that gives the derivative at δ = 0


def moran_fixation(fitness: float, population: int) -> float:
    """Moran process, mutants of constant relative fitness r: (1 − 1/r) / (1 − r^−Z) (Moran 1958)."""
    if fitness == 1:
        return 1 / population
    return float(np.expm1(-np.log(fitness)) / np.expm1(-population * np.log(fitness)))


def moran_ratios(mutant: Floats, resident: Floats) -> Floats:
    """(..., Z − 1) log T⁻/T⁺ of the Moran process, from the fitnesses with 1, …, Z − 1 mutants (Nowak et al. 2004)."""
    ratios: Floats = np.log(resident) - np.log(mutant)
    return ratios


def simulate_moran(fitness: Floats, other: Floats, runs: int, generator: np.random.Generator) -> Floats:
    """Play the Moran process from one mutant until it fixates or dies out.

    Args:
        fitness: (Z − 1,) of a mutant among 1, …, Z − 1 mutants.
        other: (Z − 1,) of a resident.
        runs: how often.
        generator: randomness.

    Returns:
        (runs,) 1 where the mutant's strategy fixated, else 0.
    """
    Z = len(fitness) + 1

    def move(mutants: Ints) -> Ints:
        weight = mutants * fitness[mutants - 1]
        born, dies = generator.random((2, len(mutants)))
        chance = weight / (weight + (Z - mutants) * other[mutants - 1])
        change: Ints = (born < chance).astype(np.int64) - (dies < mutants / Z)
        return change

    return _until_absorbed(move, Z, runs)


def simulate_fermi(lead: Floats, intensity: float, runs: int, generator: np.random.Generator) -> Floats:
    """Play pairwise comparison from one mutant until it fixates or dies out.

    Args:
        lead: (Z − 1,) mutants' payoffs less residents', among 1, …, Z − 1 mutants.
        intensity: β, per payoff.
        runs: how often.
        generator: randomness.

    Returns:
        (runs,) 1 where the mutant's strategy fixated, else 0.
    """
    Z = len(lead) + 1

    def move(mutants: Ints) -> Ints:
        focal, model, adopts = generator.random((3, len(mutants)))
        own = focal < mutants / Z
        other = model < (mutants - own) / (Z - 1)
        gain = np.where(other, 1, -1) * lead[mutants - 1]
        return np.where((own != other) & (adopts < expit(intensity * gain)), np.where(other, 1, -1), 0)

    return _until_absorbed(move, Z, runs)


def _until_absorbed(move: Move, Z: int, runs: int) -> Floats:
    """(runs,) whether each run of a chain of steps ends with Z mutants rather than none."""
    mutants = np.ones(runs, dtype=np.int64)
    while (alive := np.flatnonzero((mutants > 0) & (mutants < Z))).size:
        mutants[alive] += move(mutants[alive])
    fixated: Floats = (mutants == Z).astype(np.float64)
    return fixated


def death_birth_threshold(nodes: int, degree: int) -> float:
    """Benefit over cost above which weak selection favours cooperators on a regular graph: (N − 2) / (N/k − 2).

    Source: Taylor, Day and Wild (2007).
    """
    return (nodes - 2) / (nodes / degree - 2)


def death_birth_fixation(edges: Floats, benefit: float, cost: float, selection: complex) -> complex:
    """Fixation probability of a cooperator on a random node, from the chain over all 2^N states.

    Each node plays the donation game with all its neighbours.

    Args:
        edges: (N, N) symmetric, 1 where two nodes are neighbours.
        benefit: b.
        cost: c.
        selection: δ; complex for its derivative.

    Raises:
        InputError: if there are more than 12 nodes.
    """
    N = len(edges)
    if N > _LARGEST:
        raise InputError(f"a graph of {N} nodes has 2^{N} states; the exact chain takes at most {_LARGEST} nodes")
    states = (np.arange(2**N)[:, None] >> np.arange(N)) & 1  # (2^N, N) 1: cooperator
    fitness = 1 + selection * (states @ edges * benefit - states * cost * edges.sum(axis=0))
    chance = ((states * fitness) @ edges) / (fitness @ edges) / N  # (2^N, N) a cooperator takes each node
    matrix = np.zeros((2**N, 2**N), dtype=np.complex128)
    state = np.arange(2**N)
    for node in range(N):
        matrix[state, state | 1 << node] += chance[:, node]
        matrix[state, state & ~(1 << node)] += 1 / N - chance[:, node]
    inner = slice(1, -1)
    rho = np.linalg.solve(np.eye(2**N - 2) - matrix[inner, inner], matrix[inner, -1])
    return complex(rho[(1 << np.arange(N)) - 1].mean())


def weak_selection_threshold(edges: Floats) -> float:
    """Benefit over cost above which weak selection favours cooperators on a graph (N, N), from the exact chain."""
    gains = [death_birth_fixation(edges, *terms, 1j * _STEP).imag for terms in ((1.0, 0.0), (0.0, 1.0))]
    return -gains[1] / gains[0]
