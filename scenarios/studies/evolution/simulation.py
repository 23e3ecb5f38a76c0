"""Moran and pairwise-comparison processes played member by member, many runs at once, to check theory against."""

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from commonweal.agents.arrays import Floats, Ints

Move = Callable[[Ints], Ints]
"""How many mutants each of some runs gains or loses in a step, from how many there are."""


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
