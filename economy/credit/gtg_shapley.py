"""GTG-Shapley: guided truncated orders (Liu, Chen, Yu, Liu and Cui 2022, ACM TIST; arXiv 2109.02053)."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.credit.estimated import exact_or, gather, run_game
from commonweal.economy.credit.estimators import CoalitionGame, Estimate, Estimator
from commonweal.economy.credit.estimators.game import error_of_mean
from commonweal.economy.credit.game import Credit, ValueGame, credit_rule
from commonweal.economy.credit.probabilistic import shapley


@dataclass(frozen=True)
class Truncation:
    """When GTG-Shapley stops looking; scalars of one run."""

    between: float  # () loss units: a round that changed less credits nobody
    within: float  # () share of v(N): so close to it, the rest of an order adds nothing
    converged: float  # () mean relative change at which no further orders are drawn


@credit_rule("gtg_shapley", by_values=True, needs_updates=True, stands_for="shapley")
def gtg_shapley(game: ValueGame) -> Credit:
    """Marginal contributions along orders that everybody leads in turn, cut off where little is left to gain.

    Where the budget allows every coalition nothing is drawn or cut off: it is the round's exact Shapley value.
    """
    found = []
    for run, players in enumerate(game.contributors()):
        own, generator = run_game(game, run, players), game.stream.generators[run]
        estimator = exact_or(_guided_by(game, run))
        found.append(estimator(own, shapley(len(players)), generator) if len(players) else None)
    return gather(game, "gtg_shapley", found)


def _guided_by(game: ValueGame, run: int) -> Estimator:
    """``guided`` under the truncation of one run."""
    terms = game.terms.gtg_shapley
    truncation = Truncation(*(float(part[run, 0]) for part in (terms.between, terms.within, terms.converged)))
    return lambda own, _, generator: guided(own, truncation, generator)


def guided(game: CoalitionGame, truncation: Truncation, generator: np.random.Generator) -> Estimate:
    """The paper's algorithm 1, in blocks of orders that are walked side by side.

    Args:
        game: of n players.
        truncation: thresholds.
        generator: draws the orders.

    Returns:
        Values that miss v(N) by what was cut off; that is the residual, and is not shared out.
    """
    (empty, whole), players = game.ends(), game.players
    if abs(whole - empty) < truncation.between:
        return Estimate(np.zeros(players), np.zeros(players), game.evaluations, whole - empty)
    gained, mean = np.zeros((0, players)), np.zeros(players)
    while (count := min(players, game.left // max(players - 1, 1))) > 0:
        leaders = np.arange(len(gained), len(gained) + count) % players
        gained = np.vstack([gained, _walk(game, _led(leaders, players, generator), empty, whole, truncation.within)])
        before, mean = mean, gained.mean(axis=0)
        if len(gained) > players and np.abs(mean - before).sum() <= truncation.converged * np.abs(mean).sum():
            break
        if players == 1:
            break
    error = np.zeros(1) if players == 1 else error_of_mean(gained)
    return Estimate(mean, error, game.evaluations, whole - empty - float(mean.sum()), exact=players == 1)


def _led(leaders: Ints, players: int, generator: np.random.Generator) -> Ints:
    """(C, n) random orders with these leaders (C,)."""
    priority = generator.random((len(leaders), players))
    priority[np.arange(len(leaders)), leaders] = -1.0
    return priority.argsort(axis=1)


def _walk(game: CoalitionGame, orders: Ints, empty: float, whole: float, within: float) -> Floats:
    """(C, n) what each player adds in each order, 0 once v is within a share of v(N)."""
    count, players = orders.shape
    gained = np.zeros((count, players))
    coalitions, worth = np.zeros((count, players), dtype=bool), np.full(count, empty)
    for place in range(players):
        going = np.flatnonzero(np.abs(whole - worth) > within * abs(whole - empty))
        joining = orders[going, place]
        coalitions[going, joining] = True
        last = place == players - 1
        reached = np.full(len(going), whole) if last else game.values(coalitions[going])
        gained[going, joining], worth[going] = reached - worth[going], reached
    return gained
