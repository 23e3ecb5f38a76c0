"""Games of the literature, and what is known of them: deviation gains, NashConv (Lanctot et al. 2017) and α-rank."""

from collections.abc import Callable, Sequence

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.scenarios.studies.evolution.chains import stationary
from commonweal.scenarios.studies.evolution.fixation import log_fixation
from commonweal.scenarios.studies.evolution.flows import Flow, Payoffs
from commonweal.scenarios.studies.evolution.games import SymmetricGame, compositions


def symmetric_game(strategies: Sequence[str], players: int, payoff: Callable[[Ints], Floats]) -> SymmetricGame:
    """A game from its rule.

    Args:
        strategies: M names.
        players: N.
        payoff: from (Q, M) compositions of co-players to (Q, M) payoffs.
    """
    others = compositions(players - 1, len(strategies))
    return SymmetricGame(tuple(strategies), others, payoff(others))


def matrix_game(strategies: Sequence[str], matrix: Sequence[Sequence[float]] | Floats) -> SymmetricGame:
    """The symmetric game of two players in which row i gets ``matrix[i, j]`` against column j."""
    return symmetric_game(strategies, 2, lambda others: others @ np.asarray(matrix, dtype=np.float64).T)


def prisoners_dilemma(temptation: float, reward: float, punishment: float, sucker: float) -> SymmetricGame:
    """Prisoner's dilemma: temptation > reward > punishment > sucker's payoff (Rapoport and Chammah 1965)."""
    return matrix_game(("cooperate", "defect"), [[reward, sucker], [temptation, punishment]])


def donation_game(benefit: float, cost: float) -> SymmetricGame:
    """Donation game: a cooperator pays the cost, the other gets the benefit (Sigmund 2010)."""
    return prisoners_dilemma(benefit, benefit - cost, 0.0, -cost)


def linear_public_goods(players: int, factor: float, cost: float = 1.0) -> SymmetricGame:
    """Contributions are multiplied by ``factor`` and divided by all N (Ledyard 1995)."""

    def payoff(others: Ints) -> Floats:
        share = factor * cost / players
        return np.stack([share * (others[:, 0] + 1) - cost, share * others[:, 0]], axis=1)

    return symmetric_game(("contribute", "withhold"), players, payoff)


def critical_factor(players: int, population: int) -> float:
    """Multiplication factor above which contributors out-earn withholders among Z: N (Z − 1) / (Z − N)."""
    return players * (population - 1) / (population - players)


def volunteers_dilemma(players: int, benefit: float, cost: float) -> SymmetricGame:
    """All get the benefit if at least one bears the cost (Diekmann 1985)."""

    def payoff(others: Ints) -> Floats:
        return np.stack([np.full(len(others), benefit - cost), benefit * (others[:, 0] > 0)], axis=1)

    return symmetric_game(("volunteer", "wait"), players, payoff)


def optional_public_goods(players: int, factor: float, loner: float) -> SymmetricGame:
    """Public goods at unit cost among those who take part; loners get a fixed payoff (Hauert et al. 2002).

    Whoever finds nobody else to play with gets the loner's payoff.
    """

    def payoff(others: Ints) -> Floats:
        contributors, partners = others[:, 0], others[:, 0] + others[:, 1]
        contribute = factor * (contributors + 1) / (partners + 1) - 1
        defect = factor * contributors / (partners + 1)
        alone = np.full(len(others), float(loner))
        return np.stack([np.where(partners == 0, alone, gain) for gain in (contribute, defect, alone)], axis=1)

    return symmetric_game(("cooperate", "defect", "loner"), players, payoff)


def deviation_gains(payoffs: Floats, strategies: Sequence[Floats]) -> list[Floats]:
    """What every player would gain by each pure strategy, the others playing on.

    Args:
        payoffs: (n, A_1, …, A_n) payoff of each of n players in each profile of actions.
        strategies: n mixed strategies, (A_p,) each.

    Returns:
        n arrays (A_p,).
    """
    gains = []
    for player, table in enumerate(payoffs):
        for other in reversed(range(len(strategies))):  # from the last axis, so that those before keep their numbers
            if other != player:
                table = np.tensordot(table, strategies[other], axes=(other, 0))
        gains.append(table - table @ strategies[player])
    return gains


def nash_conv(payoffs: Floats, strategies: Sequence[Floats]) -> float:
    """Sum over players of their largest deviation gain; zero exactly in a Nash equilibrium. Arguments as above."""
    return float(sum(gain.max() for gain in deviation_gains(payoffs, strategies)))


def exploitability(payoffs: Floats, strategies: Sequence[Floats]) -> float:
    """NashConv per player."""
    return nash_conv(payoffs, strategies) / len(strategies)


def symmetric_nash_conv(game: SymmetricGame, shares: Floats) -> Floats:
    """NashConv when all N players mix alike.

    Args:
        game: with payoffs (..., Q, M).
        shares: (M,) the common mixed strategy.

    Returns:
        (...) N times the largest gain of a pure strategy.
    """
    payoffs = game.expected(shares)
    gain: Floats = game.players * (payoffs.max(axis=-1) - payoffs @ shares)
    return gain


def alpha_rank(payoffs: Floats, intensity: float, population: int = 50) -> Floats:
    """α-rank of the pure profiles of a normal-form game, one population per player.

    Args:
        payoffs: (n, A_1, …, A_n) payoff of each of n players in each profile of actions.
        intensity: α, per payoff.
        population: size of each player's population.

    Returns:
        (A_1, …, A_n) stationary share of each profile.
    """
    sizes = payoffs.shape[1:]
    rates = np.zeros((*sizes, *sizes))
    for profile in np.ndindex(*sizes):
        for player, size in enumerate(sizes):
            for action in set(range(size)) - {profile[player]}:
                other = (*profile[:player], action, *profile[player + 1 :])
                lead = payoffs[player][other] - payoffs[player][profile]
                rates[(*profile, *other)] = np.exp(log_fixation(np.full(population - 1, -intensity * lead)))
    return stationary(rates.reshape(np.prod(sizes), -1)).reshape(sizes)


def best_response(payoffs: Payoffs) -> Flow:
    """ẋ = BR(x) − x, ties shared evenly (Gilboa and Matsui 1991)."""

    def flow(shares: Floats) -> Floats:
        earned = payoffs(shares)
        best = (earned == earned.max(axis=-1, keepdims=True)).astype(np.float64)
        velocity: Floats = best / best.sum(axis=-1, keepdims=True) - shares
        return velocity

    return flow
