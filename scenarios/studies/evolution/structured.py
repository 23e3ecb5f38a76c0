"""Death–birth updating on graphs: who lives where decides who benefits from whom (Ohtsuki et al. 2006).

A random member dies and its neighbours compete for the place in proportion to fitness 1 + δ π.
"""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError

_LARGEST = 12  # nodes; a chain has 2^N states
_STEP = 1e-30  # of the complex step that gives the derivative at δ = 0


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
