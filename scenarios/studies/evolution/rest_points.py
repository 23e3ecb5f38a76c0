"""Rest points of flows on the simplex, whether they are stable, and whether they are evolutionarily stable.

Replicator: a rest point for every support on which the played strategies earn alike (Hofbauer and Sigmund 1998).
Regular ESS: a quasi-strict equilibrium at which DF is negative definite along its support (Sandholm 2010, section 8.3).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert
from scipy.optimize import brentq, root

from commonweal.agents.arrays import Floats, Ints
from commonweal.scenarios.studies.evolution.flows import Flow, follow, jacobian, logit, replicator
from commonweal.scenarios.studies.evolution.games import SymmetricGame, compositions

_SAME = 1e-6  # shares closer than this are the same rest point
_ZERO = 1e-9  # of the payoffs' spread: what counts as no difference
_STARTS = 6  # cuts of each edge between starting points of the search
_LONG = 200.0  # units of time after which a flow whose payoffs differ by 1 has nearly come to rest
_ENOUGH = 10_000  # evaluations of a flow that is followed only for places to search from


@dataclass(frozen=True)
class RestPoint:
    """Where a flow stands still."""

    shares: Floats  # (M,)
    eigenvalues: NDArray[np.complex128]  # (M − 1,) of the flow along the simplex
    ess: bool  # () whether it is a regular ESS

    @property
    def stability(self) -> str:
        """Stable, saddle, unstable, or neutral where an eigenvalue's sign does not tell."""
        rates = self.eigenvalues.real
        least = _ZERO * max(float(np.abs(self.eigenvalues).max(initial=0.0)), _ZERO)
        if (rates < -least).all():
            return "stable"
        if (rates > least).any():
            return "unstable" if (rates > least).all() else "saddle"
        return "neutral"


def replicator_rest_points(game: SymmetricGame) -> list[RestPoint]:
    """All rest points of the replicator flow that are isolated.

    On edges every sign change of the payoff difference is found; on larger faces a solver starts from a grid. Whole
    lines of rest points, where two strategies always earn alike, are left out but for their ends.

    Args:
        game: with payoffs (Q, M).

    Returns:
        Small supports first.
    """
    flow, sizes = replicator(game.expected), range(1, len(game.strategies) + 1)
    supports = (support for size in sizes for support in combinations(range(len(game.strategies)), size))
    points = (point for support in supports for point in _standing(game, support))
    return [RestPoint(point, eigenvalues(flow, point), is_ess(game, point)) for point in points]


def logit_rest_points(game: SymmetricGame, noise: float) -> list[RestPoint]:
    """Logit equilibria found from where the flow leads, in so many evaluations, and from the replicator's rest points.

    Args:
        game: with payoffs (Q, M).
        noise: in payoff.
    """
    flow, M = logit(game.expected, noise), len(game.strategies)
    rests = [point.shares for point in replicator_rest_points(game)]
    starts = np.vstack([follow(flow, _inside(M), _LONG, _ENOUGH), *(0.98 * rest + 0.02 / M for rest in rests)])
    found = (_solve(flow, start) for start in starts)
    return [RestPoint(point, eigenvalues(flow, point), False) for point in _distinct(found)]


def eigenvalues(flow: Flow, shares: Floats) -> NDArray[np.complex128]:
    """(M − 1,) eigenvalues of the flow's Jacobian along the simplex at shares (M,)."""
    tangent = helmert(len(shares))
    return np.linalg.eigvals(tangent @ jacobian(flow, shares) @ tangent.T).astype(np.complex128)


def is_ess(game: SymmetricGame, shares: Floats) -> bool:
    """Whether a rest point of the replicator flow is a regular ESS.

    Args:
        game: with payoffs (Q, M).
        shares: (M,).
    """
    played, earned = shares > _SAME, game.expected(shares)
    zero = _ZERO * float(np.ptp(game.payoffs))
    if (earned[~played] >= earned[played].min() - zero).any():
        return False
    if played.sum() == 1:
        return True
    tangent = helmert(int(played.sum()))
    curvature = tangent @ jacobian(game.expected, shares)[np.ix_(played, played)] @ tangent.T
    return bool((np.linalg.eigvalsh(curvature + curvature.T) < -zero).all())


def tracked(game: SymmetricGame, shares: Floats) -> Floats | None:
    """The replicator's rest point on the same support that a solver reaches from ``shares``; None if there is none.

    Args:
        game: a table a little different from the one whose rest point is given.
        shares: (M,) rest point.
    """
    support = np.flatnonzero(shares > _SAME)
    return shares if len(support) == 1 else _equal_earners(game, support, shares)


def _standing(game: SymmetricGame, support: Sequence[int]) -> list[Floats]:
    """Rest points at which exactly the strategies of the support are played."""
    M = len(game.strategies)
    if len(support) == 1:
        return [np.eye(M)[support[0]]]
    if len(support) == 2:
        return _on_edge(game, *support)
    inner = compositions(_STARTS, len(support))
    starts = np.zeros(((inner > 0).all(axis=1).sum(), M))
    starts[:, list(support)] = inner[(inner > 0).all(axis=1)] / _STARTS
    return _distinct(_equal_earners(game, np.array(support), start) for start in starts)


def _on_edge(game: SymmetricGame, i: int, j: int) -> list[Floats]:
    """Where two strategies earn alike, nobody else being there."""
    corner = np.eye(len(game.strategies))

    def lead(share: Any) -> Any:
        earned = game.expected(np.multiply.outer(share, corner[i]) + np.multiply.outer(1 - share, corner[j]))
        return earned[..., i] - earned[..., j]

    grid = (1 - np.cos(np.linspace(0, np.pi, 8 * game.players + 2)[1:-1])) / 2
    leads = lead(grid)
    clear = np.abs(leads) > 1e-12 * np.ptp(game.payoffs)
    grid, leads = grid[clear], leads[clear]
    roots = [brentq(lead, grid[k], grid[k + 1], xtol=1e-14) for k in np.flatnonzero(leads[:-1] * leads[1:] < 0)]
    return [share * corner[i] + (1 - share) * corner[j] for share in roots]


def _equal_earners(game: SymmetricGame, support: Ints, start: Floats) -> Floats | None:
    """(M,) shares near ``start`` at which the strategies of the support all earn the same; None if none is reached."""

    def full(free: Floats) -> Floats:
        shares = np.zeros(len(start))
        shares[support] = [*free, 1 - free.sum()]
        return shares

    def leads(free: Floats) -> Floats:
        earned = game.expected(full(free))[support]
        gaps: Floats = (earned[:-1] - earned[-1]) / np.ptp(game.payoffs)
        return gaps

    solved = root(leads, start[support[:-1]], tol=1e-13)
    shares = full(solved.x)
    return shares if np.abs(solved.fun).max() < _ZERO and (shares[support] > _SAME).all() else None


def _solve(flow: Flow, start: Floats) -> Floats | None:
    """(M,) rest point of a flow that a solver reaches from ``start``; None if it leaves the simplex."""

    def velocity(free: Floats) -> Floats:
        return flow(np.append(free, 1 - free.sum()))[:-1]

    solved = root(velocity, start[:-1], tol=1e-13)
    shares = np.append(solved.x, 1 - solved.x.sum())
    return shares if np.abs(solved.fun).max() < _ZERO and (shares >= 0).all() else None


def _inside(M: int) -> Floats:
    """Points spread over the inside of the simplex."""
    cuts = {2: 60, 3: 12, 4: 6}.get(M, 3)
    grid = (compositions(cuts, M) + 0.1) / (cuts + 0.1 * M)
    return np.asarray(grid, dtype=np.float64)


def _distinct(found: Iterator[Floats | None]) -> list[Floats]:
    kept: list[Floats] = []
    for point in found:
        if point is not None and all(np.abs(point - other).max() > 100 * _SAME for other in kept):
            kept.append(point)
    return kept


def basins(game: SymmetricGame, points: Sequence[RestPoint]) -> Floats:
    """Share of starting points, spread evenly, from which the replicator flow ends in each stable rest point.

    Args:
        game: with payoffs (Q, M).
        points: its rest points.

    Returns:
        (number of points,) shares; their sum falls short of 1 where the flow cycles or hardly moves.
    """
    stable = np.array([point.stability == "stable" for point in points])  # cycles pass by others and do not end there
    if not stable.any():
        return np.zeros(len(points))  # a cycle is not followed round and round
    least = 0.01 * float(np.ptp(game.payoffs))

    def hurried(shares: Floats) -> Floats:
        """Payoffs in units of how much they differ here: the flow runs the same way, but slows down nowhere.

        What all earn alike is left out: it moves nothing, but in such units it would be large where payoffs are flat,
        and shares that do not sum to 1 quite would be drawn back so fast that a solver takes tiny steps.
        """
        earned = game.expected(shares)
        more = earned - earned.min(axis=-1, keepdims=True)
        paid: Floats = more / (more.max(axis=-1, keepdims=True) + least)
        return paid

    ends = follow(replicator(hurried), _inside(len(game.strategies)), _LONG)
    places = np.stack([point.shares for point in points])
    distance = np.abs(ends[:, None] - places).max(axis=2)
    near = (distance == distance.min(axis=1, keepdims=True)) & (distance < 0.02)
    shares: Floats = near.mean(axis=0) * stable
    return shares
